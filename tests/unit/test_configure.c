/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* check-config and the allow-list: packages against a host that the test makes up, in folders of its own. */
#include "common/grantdir.h"
#include "helperd/config/packages_allow.h"
#include "tests/support/suite.h"
#include "tests/unit/configured.h"

#include <stdlib.h>
#include <sys/stat.h>

static char root[FOLDER_MAX];
static char state[96];
static char config[96];
static char *output;

static void set_up(void)
{
    make_folder();
    folder_make(root);
    snprintf(state, sizeof(state), "%s/state", root);
    snprintf(config, sizeof(config), "%s/accesspkg.conf", root);
    ck_assert_int_eq(mkdir(state, 0755), 0);
    ck_assert_int_eq(chmod(state, 0755), 0);
    output = NULL;
    groups = usual_groups;
    asked = 0;
}

static void tear_down(void)
{
    free(output);
    folder_remove(root);
    remove_folder();
}

static int run(int (*command)(const struct configure_place *, FILE *))
{
    const struct configure_place place = {
        .config = config, .packages = folder, .state = state, .owner = getuid(), .lookup = &lookup};
    size_t size = 0;
    free(output);
    output = NULL;
    FILE *out = open_memstream(&output, &size);
    const int code = command(&place, out);
    fclose(out);
    return code;
}

/* As a reload does when nobody holds what no package gives any more. */
static int write_list(const struct configure_place *place, FILE *out)
{
    return configure_write_allow_list_at(place, NULL, 0, out);
}

static void assert_allowed(const char *group, gid_t gid)
{
    char name[256];
    ck_assert(grantdir_allows(state, gid));
    ck_assert_int_eq(grantdir_allowed_name(state, gid, name, sizeof(name)), 0);
    ck_assert_str_eq(name, group);
}

static void assert_not_allowed(const char *group, gid_t gid)
{
    struct packages_allowed allowed = {0};
    ck_assert_int_eq(packages_read_allowed(state, &allowed), 0);
    ck_assert_ptr_null(packages_allowed_group(&allowed, group));
    packages_allowed_deinit(&allowed);
    ck_assert(!grantdir_allows(state, gid));
}

START_TEST(a_check_that_finds_nothing)
{
    define("a", "dbadmins", "%staff", "bob");
    ck_assert_int_eq(run(configure_check_at), 0);
    ck_assert_str_eq(output, "1 package, 0 warnings\n");
}
END_TEST

START_TEST(a_check_tells_all_files_problems)
{
    folder_write(config, "[limits]\nnonsense = 1\n");
    put("a.conf", "[package]\ngroups = root\n[policy]\napprovers = bob\n");
    ck_assert_int_eq(run(configure_check_at), 78);
    ck_assert_str_eq(
        output,
        "error: accesspkg.conf:2: [limits] has no key nonsense; check its spelling, or take it out\n"
        "error: a.conf:2: groups: no package can give the group root; give a group that sudoers names "
        "instead\n"
        "2 errors, 0 warnings; mend the errors, then run this again\n");
}
END_TEST

START_TEST(a_bad_accesspkg_conf_alone_is_an_error)
{
    define("a", "dbadmins", "%staff", "bob");
    folder_write(config, "nonsense\n");
    ck_assert_int_eq(run(configure_check_at), 78);
    ck_assert_int_eq(run(write_list), 78);
    assert_not_allowed("dbadmins", 2001);
}
END_TEST

/* ---- a folder that is to become packages.d ---- */

static int check_apart(const struct configure_place *place, FILE *out)
{
    struct configure_place apart = *place;
    apart.apart = true;
    return configure_check_at(&apart, out);
}

static int check_unseen(const struct configure_place *place, FILE *out)
{
    struct configure_place unseen = *place;
    unseen.apart = true;
    unseen.config = NULL;
    unseen.lookup = NULL;
    return configure_check_at(&unseen, out);
}

/* "FOLDER/text" stands in the output, as a line of its own or the begin of one. */
static void assert_said(const char *text)
{
    char line[512];
    snprintf(line, sizeof(line), "%s/%s", folder, text);
    ck_assert_msg(strstr(output, line), "%s: %s", line, output);
}

START_TEST(a_folder_apart_tells_where)
{
    char path[256];
    define("b", "nosuch", "%staff", "bob");
    put("a.conf", "[package]\ngroups = root\n[policy]\napprovers = bob\n");
    ck_assert_int_eq(run(check_apart), 1);
    assert_said("a.conf:2: error: groups: no package can give the group root; ");
    ck_assert_int_eq(unlink(path_of("a.conf", path)), 0);
    ck_assert_int_eq(run(check_apart), 0);
    assert_said("b.conf: warning: the group nosuch does not exist on this host; ");
    ck_assert_ptr_nonnull(strstr(output, "\n1 package, 1 warning\n"));
}
END_TEST

/* As a checkout is: its files are whose it is, and may be written by a group. */
START_TEST(a_folder_apart_is_anybodys)
{
    define("a", "dbadmins", "%staff", "bob");
    ck_assert_int_eq(chmod(folder, 0777), 0);
    ck_assert_int_eq(run(configure_check_at), 78);
    ck_assert_int_eq(run(check_apart), 0);
    ck_assert_str_eq(output, "1 package, 0 warnings\n");
}
END_TEST

START_TEST(without_look_ups_names_are_not_judged)
{
    char line[512];
    folder_write(config, "nonsense\n");
    define("a", "nosuch docker", "%nobody-knows", "erin");
    asked = 0;
    ck_assert_int_eq(run(check_unseen), 0);
    ck_assert_int_eq(asked, 0);
    ck_assert_str_eq(output, "1 package, 0 warnings\n");
    /* more chains than are listed: of no file */
    for (int i = 0; i < 110; i++) {
        char name[16], gives[16], approves[16];
        snprintf(name, sizeof(name), "p%d", i);
        snprintf(gives, sizeof(gives), "g%d", i);
        snprintf(approves, sizeof(approves), "%%g%d", i - 1);
        define(name, gives, NULL, i > 0 ? approves : "bob");
    }
    ck_assert_int_eq(run(check_unseen), 0);
    snprintf(line, sizeof(line), "%s: warning: more packages lead to each other", folder);
    ck_assert_ptr_nonnull(strstr(output, line));
    define("a", "dbadmins", "%staff", "%dbadmins"); /* chains are known from the files */
    ck_assert_int_eq(run(check_unseen), 1);
    assert_said("a.conf: error: ");
}
END_TEST

START_TEST(a_folder_apart_that_is_none)
{
    char line[512], path[256];
    define("a", "dbadmins", "%staff", "bob");
    put("half.conf", "[package]\ngroups = dba");
    ck_assert_int_eq(run(check_unseen), 1);
    assert_said("half.conf: error: nobody can approve this package; ");
    put("half.conf", "[package");
    ck_assert_int_eq(run(check_unseen), 1);
    assert_said("half.conf:1: error: ");
    ck_assert_int_eq(unlink(path_of("half.conf", path)), 0);
    ck_assert_int_eq(symlink("a.conf", path_of("b.conf", path)), 0);
    ck_assert_int_eq(run(check_unseen), 1);
    assert_said("b.conf: error: is a symbolic link, ");
    remove_folder();
    ck_assert_int_eq(run(check_unseen), 1);
    snprintf(line, sizeof(line), "%s: error: there is no such folder; ", folder);
    ck_assert_ptr_eq(strstr(output, line), output);
    make_folder();
}
END_TEST

START_TEST(a_check_counts_warnings)
{
    define("a", "nosuch", "%staff", "bob");
    define("b", "docker", "%staff", "bob");
    ck_assert_int_eq(run(configure_check_at), 0);
    ck_assert_ptr_nonnull(strstr(output, "warning: a.conf: the group nosuch does not exist on this host; "));
    ck_assert_ptr_nonnull(strstr(output, "\n2 packages, 2 warnings\n"));
}
END_TEST

START_TEST(a_check_writes_nothing)
{
    define("a", "dbadmins", "%staff", "bob");
    ck_assert_int_eq(run(configure_check_at), 0);
    assert_not_allowed("dbadmins", 2001);
}
END_TEST

START_TEST(a_missing_folder_is_an_error_of_the_configuration)
{
    ck_assert_int_eq(rmdir(folder), 0);
    ck_assert_int_eq(run(configure_check_at), 78);
    ck_assert_ptr_nonnull(strstr(output, "there is no such folder"));
    ck_assert_ptr_nonnull(strstr(output, "1 error, 0 warnings; "));
}
END_TEST

START_TEST(what_is_found_is_told)
{
    put("a.conf", "");
    ck_assert_int_eq(unlink(path_of("a.conf", (char[256]){0})), 0);
    ck_assert_int_eq(run(write_list), 0);
    ck_assert_str_eq(output, "Groups that packages may give: none.\n");
    define("a", "dbadmins", "%staff", "bob");
    ck_assert_int_eq(run(write_list), 0);
    ck_assert_str_eq(output, "Groups that packages may give: 1, all found.\n");
    define("b", "away gone empty", "%staff", "bob");
    ck_assert_int_eq(run(write_list), 0);
    ck_assert_str_eq(output,
                     "Groups that packages may give: 4, not found: gone, could not be looked up: away.\n");
}
END_TEST

START_TEST(the_allow_list_has_what_resolves)
{
    define("a", "dbadmins nosuch", "%staff", "bob");
    define("b", "empty dbadmins", "%staff", "bob");
    ck_assert_int_eq(run(write_list), 0);
    ck_assert_ptr_nonnull(strstr(output, "Groups that packages may give: 3, not found: nosuch.\n"));
    assert_allowed("dbadmins", 2001);
    assert_allowed("empty", 2003);
    assert_not_allowed("nosuch", 0);
}
END_TEST

START_TEST(what_no_package_names_any_more_is_taken_off)
{
    define("a", "dbadmins empty", "%staff", "bob");
    ck_assert_int_eq(run(write_list), 0);
    define("a", "empty", "%staff", "bob");
    ck_assert_int_eq(run(write_list), 0);
    assert_allowed("empty", 2003);
    assert_not_allowed("dbadmins", 2001);
}
END_TEST

START_TEST(an_error_leaves_the_allow_list_as_it_is)
{
    define("a", "dbadmins", "%staff", "bob");
    ck_assert_int_eq(run(write_list), 0);
    define("a", "toor empty", "%staff", "bob");
    ck_assert_int_eq(run(configure_check_at), 78); /* at which a reload ends */
    ck_assert_int_eq(run(write_list), 1);
    ck_assert_int_eq(run(configure_extend_allow_list_at), 0);
    ck_assert_ptr_nonnull(strstr(output, "the group toor is not put on the allow-list: its gid is 0"));
    ck_assert(grantdir_allows(state, 2003));
    define("a", "dbadmins", "%staff", "bob");
    ck_assert_int_eq(run(write_list), 0);
    put("b.conf", "nonsense\n");
    ck_assert_int_eq(run(write_list), 78);
    ck_assert_int_eq(run(configure_extend_allow_list_at), 78);
    assert_allowed("dbadmins", 2001);
    assert_not_allowed("empty", 2003);
    assert_not_allowed("toor", 0);
}
END_TEST

START_TEST(a_closed_circle_writes_no_allow_list)
{
    define("a", "dbadmins", "%staff", "%dbadmins");
    ck_assert_int_eq(run(write_list), 78);
    ck_assert_int_eq(run(configure_extend_allow_list_at), 78);
    assert_not_allowed("dbadmins", 2001);
}
END_TEST

static const struct host_group outage[] = {
    {"staff", 0, 2000, "alice"}, {"dbadmins", -EIO, 0, ""},
    {"empty", -EIO, 0, ""},      {"docker", 0, 2003, ""}, /* has the gid that `empty` had */
    {NULL, 0, 0, NULL},
};

/* During an outage of a directory a reload takes nothing away, and gives nothing that it cannot know. */
START_TEST(a_directory_that_does_not_answer)
{
    define("a", "dbadmins empty", "%staff", "bob");
    ck_assert_int_eq(run(write_list), 0);
    define("a", "dbadmins empty docker", "%staff", "bob");
    groups = outage;
    ck_assert_int_eq(run(write_list), 0);
    assert_allowed("dbadmins", 2001);
    assert_allowed("docker", 2003);
    struct packages_allowed allowed = {0};
    ck_assert_int_eq(packages_read_allowed(state, &allowed), 0);
    ck_assert_ptr_null(packages_allowed_group(&allowed, "empty"));
    packages_allowed_deinit(&allowed);
}
END_TEST

/* A directory that is away may look like one without the group, whatever it says. */
START_TEST(a_group_that_is_merely_not_found_keeps_its_entry)
{
    static const struct host_group without[] = {{"staff", 0, 2000, ""}, {NULL, 0, 0, NULL}};
    define("a", "dbadmins", "%staff", "bob");
    ck_assert_int_eq(run(write_list), 0);
    groups = without;
    ck_assert_int_eq(run(write_list), 0);
    assert_allowed("dbadmins", 2001);
    ck_assert_ptr_nonnull(strstr(output, "kept: the group dbadmins, which is not found just now\n"));
    ck_assert_ptr_nonnull(strstr(output, "Groups that packages may give: 1, not found: dbadmins.\n"));
    /* Nobody is told to make another one in its place. */
    ck_assert_int_eq(run(configure_check_at), 0);
    ck_assert_ptr_nonnull(strstr(output, "the group dbadmins, which is on the allow-list, is not found"));
    ck_assert_ptr_null(strstr(output, "Create it"));
}
END_TEST

START_TEST(a_group_whose_number_is_another_s_loses_its_entry)
{
    static const struct host_group taken[] = {
        {"staff", 0, 2000, ""}, {"guests", 0, 2001, ""}, {NULL, 0, 0, NULL}};
    define("a", "dbadmins", "%staff", "bob");
    ck_assert_int_eq(run(write_list), 0);
    groups = taken;
    ck_assert_int_eq(run(write_list), 0);
    assert_not_allowed("dbadmins", 2001);
}
END_TEST

/* The root service edits /etc/group alone: such a package would be partially fulfilled for ever. */
START_TEST(membership_in_files_of_a_directory_s_group)
{
    define("a", "dbadmins empty", "%staff", "bob");
    folder_write(config, "[grants]\nmembership = files\n");
    ck_assert_int_eq(run(configure_check_at), 78);
    ck_assert_ptr_nonnull(
        strstr(output, "error: a.conf: the group empty is a directory's: with `membership = files` "));
    ck_assert_ptr_nonnull(strstr(output, "1 error, 0 warnings"));
    folder_write(config, "[grants]\nmembership = nss\n");
    ck_assert_int_eq(run(configure_check_at), 0);
    define("a", "dbadmins", "%staff", "bob");
    folder_write(config, "[grants]\nmembership = files\n");
    ck_assert_int_eq(run(configure_check_at), 0);
    /* What is not found is told as elsewhere. */
    define("a", "nosuch", "%staff", "bob");
    ck_assert_int_eq(run(configure_check_at), 0);
    ck_assert_ptr_nonnull(strstr(output, "warning: a.conf: the group nosuch does not exist on this host; "));
}
END_TEST

START_TEST(a_list_that_cannot_be_written)
{
    define("a", "dbadmins", "%staff", "bob");
    ck_assert_int_eq(rmdir(state), 0);
    ck_assert_int_eq(run(write_list), 1);
    ck_assert_ptr_nonnull(strstr(output, "could not be written: No such file or directory"));
}
END_TEST

START_TEST(a_start_adds_what_is_new_alone)
{
    define("a", "dbadmins empty", "%staff", "bob");
    ck_assert_int_eq(run(configure_extend_allow_list_at), 0);
    ck_assert_str_eq(output, "The group dbadmins (gid 2001) is on the allow-list now.\n"
                             "The group empty (gid 2003) is on the allow-list now.\n");
    assert_allowed("dbadmins", 2001);
    define("a", "empty docker", "%staff", "bob");
    asked = 0;
    ck_assert_int_eq(run(configure_extend_allow_list_at), 0);
    ck_assert_int_eq(asked, 1);       /* a directory that hangs keeps no start of what it knows already */
    assert_allowed("dbadmins", 2001); /* whether somebody holds it, the daemon knows */
    assert_allowed("docker", 120);
    asked = 0;
    ck_assert_int_eq(run(configure_extend_allow_list_at), 0);
    ck_assert_int_eq(asked, 0);
    ck_assert_str_eq(output, "");
}
END_TEST

START_TEST(a_start_adds_nothing_that_it_cannot_know)
{
    define("a", "nosuch away dbadmins", "%staff", "bob");
    ck_assert_int_eq(run(configure_extend_allow_list_at), 0);
    ck_assert_ptr_nonnull(strstr(output, "nosuch is not put on the allow-list: there is no such group"));
    ck_assert_ptr_nonnull(strstr(output, "away is not put on the allow-list: it could not be looked up"));
    assert_allowed("dbadmins", 2001);
    define("a", "dbadmins-too", "%staff", "bob"); /* renamed, or two names of one gid: a reload sees which */
    ck_assert_int_eq(run(configure_extend_allow_list_at), 0);
    ck_assert_ptr_nonnull(strstr(output, "its gid is on the list by another name"));
    assert_allowed("dbadmins", 2001);
    ck_assert_int_eq(run(write_list), 0);
    assert_allowed("dbadmins-too", 2001);
}
END_TEST

START_TEST(a_start_finds_no_difference)
{
    define("a", "dbadmins empty", "%staff", "bob");
    ck_assert_int_eq(run(write_list), 0);
    load_all();
    ck_assert_int_eq(packages_compare_allow_list(packages, state, NULL, 0, &problems), 0);
    ck_assert_uint_eq(problems.count, 0);
}
END_TEST

START_TEST(a_start_tells_both_differences)
{
    define("a", "dbadmins empty", "%staff", "bob");
    ck_assert_int_eq(run(write_list), 0);
    define("a", "dbadmins docker", "%staff", "bob");
    load_all();
    asked = 0;
    ck_assert_int_eq(packages_compare_allow_list(packages, state, NULL, 0, &problems), 0);
    ck_assert_int_eq(asked, 0);
    ck_assert_uint_eq(problems.count, 2);
    ck_assert(told(false, "the group docker is not on the allow-list, so nobody can be given it; run"));
    ck_assert(told(false, "the allow-list has the group empty, which no package gives any more; `pkg-admin"));
}
END_TEST

START_TEST(a_start_without_any_list)
{
    define("a", "dbadmins", "%staff", "bob");
    load_all();
    ck_assert_int_eq(packages_compare_allow_list(packages, state, NULL, 0, &problems), 0);
    ck_assert_uint_eq(problems.count, 1);
    ck_assert(told(false, "the group dbadmins is not on the allow-list"));
}
END_TEST

int main(void)
{
    suite_case("commands", set_up, tear_down);
    suite_add(a_folder_apart_tells_where, a_folder_apart_is_anybodys, without_look_ups_names_are_not_judged,
              a_folder_apart_that_is_none);
    suite_add(a_check_that_finds_nothing, a_check_tells_all_files_problems,
              a_bad_accesspkg_conf_alone_is_an_error, a_check_counts_warnings, a_check_writes_nothing,
              a_missing_folder_is_an_error_of_the_configuration, the_allow_list_has_what_resolves,
              what_is_found_is_told, what_no_package_names_any_more_is_taken_off,
              an_error_leaves_the_allow_list_as_it_is, a_closed_circle_writes_no_allow_list,
              a_directory_that_does_not_answer, a_group_that_is_merely_not_found_keeps_its_entry,
              a_group_whose_number_is_another_s_loses_its_entry, membership_in_files_of_a_directory_s_group,
              a_list_that_cannot_be_written, a_start_adds_what_is_new_alone,
              a_start_adds_nothing_that_it_cannot_know, a_start_finds_no_difference,
              a_start_tells_both_differences, a_start_without_any_list);
    return suite_run();
}
