/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* check-config and the allow-list: packages against a host that the test makes up, in folders of its own. */
#include "common/cleanup.h"
#include "common/grantdir.h"
#include "helperd/config/configure.h"
#include "helperd/config/configure_chain.h"
#include "helperd/config/packages_allow.h"
#include "tests/support/suite.h"

#include <errno.h>
#include <ftw.h>
#include <string.h>
#include <sys/stat.h>

static char root[64];
static char folder[96];
static char state[96];
static char config[96];
static struct problems problems;
static struct packages *packages;
static char *output;

/* ---- the host ------------------------------------------------------------------------------------------------- */

struct host_group {
    const char *name;
    int rc;
    gid_t gid;
    const char *members;
};

static const struct host_group usual_groups[] = {
    {"staff", 0, 2000, "alice carol dave"},
    {"dbadmins", 0, 2001, ""},
    {"dba-leads", 0, 2002, "bob carol"},
    {"empty", 0, 2003, ""},
    {"daemons", 0, 2004, "erin bob"},
    {"ghosts", 0, 2005, "nobody-knows bob"},
    {"docker", 0, 120, ""},
    {"toor", 0, 0, ""},
    {"dbadmins-too", 0, 2001, ""},
    {"away", -EAGAIN, 0, ""},
    {NULL, 0, 0, NULL},
};
static const struct host_group *groups;
static int asked;

static int fake_group(const char *name, void *data, gid_t *ret_gid, strv *ret_members)
{
    (void)data;
    asked++;
    for (const struct host_group *group = groups; group->name; group++)
        if (strcmp(group->name, name) == 0) {
            if (group->rc == 0) {
                *ret_gid = group->gid;
                *ret_members = strv_split(group->members);
            }
            return group->rc;
        }
    return -ENOENT;
}

static int fake_user(const char *name, void *data, bool *ret_may_log_in)
{
    (void)data;
    asked++;
    static const char *const users[] = {"alice", "bob", "carol", "dave", "erin"};
    for (size_t i = 0; i < 5; i++)
        if (strcmp(users[i], name) == 0) {
            *ret_may_log_in = strcmp(name, "erin") != 0;
            return 0;
        }
    return strcmp(name, "away") == 0 ? -EAGAIN : -ENOENT;
}

static int fake_name_of(gid_t gid, void *data, char **ret)
{
    (void)data;
    for (const struct host_group *group = groups; group->name; group++)
        if (group->rc == 0 && group->gid == gid)
            return (*ret = strdup(group->name)) ? 0 : -ENOMEM;
    return -ENOENT;
}

/* "empty" is a directory's. */
static int fake_local(const char *name, void *data)
{
    (void)data;
    return strcmp(name, "empty") == 0 ? -ENOENT : 0;
}

static const struct configure_lookup lookup = {
    .group = fake_group, .user = fake_user, .name_of = fake_name_of, .local = fake_local};

/* ---- places ---------------------------------------------------------------------------------------------------- */

static void set_up(void)
{
    snprintf(root, sizeof(root), "/tmp/accesspkg-configure-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(root));
    snprintf(folder, sizeof(folder), "%s/packages.d", root);
    snprintf(state, sizeof(state), "%s/state", root);
    snprintf(config, sizeof(config), "%s/accesspkg.conf", root);
    ck_assert_int_eq(mkdir(folder, 0755), 0);
    ck_assert_int_eq(mkdir(state, 0755), 0);
    ck_assert_int_eq(chmod(folder, 0755), 0);
    ck_assert_int_eq(chmod(state, 0755), 0);
    problems = (struct problems){0};
    packages = NULL;
    output = NULL;
    groups = usual_groups;
    asked = 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static void tear_down(void)
{
    packages_free(packages);
    problems_deinit(&problems);
    free(output);
    nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void put_at(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");
    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    ck_assert_int_eq(fchmod(fileno(file), 0644), 0);
    fclose(file);
}

static void put(const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof(path), "%s/%s.conf", folder, name);
    put_at(path, text);
}

/* A package in a line: what it gives, who asks (NULL: everybody), who approves (NULL: nobody has to). */
static void define(const char *name, const char *gives, const char *requestors, const char *approvers)
{
    char text[1024];
    snprintf(text, sizeof(text), "[package]\ngroups = %s\n[policy]\n%s%s\n%s%s\n", gives,
             requestors ? "requestors = " : "", requestors ? requestors : "",
             approvers ? "approvers = " : "approval = none", approvers ? approvers : "");
    put(name, text);
}

static void load(void)
{
    const int rc = packages_load(folder, getuid(), &packages, &problems);
    ck_assert_msg(rc == 0, "%s", problems.count ? problems.items[0].text : strerror(-rc));
}

static bool told(bool error, const char *fragment)
{
    for (size_t i = 0; i < problems.count; i++)
        if (problems.items[i].error == error && strstr(problems.items[i].text, fragment))
            return true;
    for (size_t i = 0; i < problems.count; i++)
        fprintf(stderr, "  told: %s\n", problems.items[i].text);
    return false;
}

/* ---- chains ---------------------------------------------------------------------------------------------------- */

static void check_chains(void)
{
    load();
    ck_assert_int_eq(configure_chain_check(packages, &problems), 0);
}

START_TEST(packages_that_do_not_touch)
{
    define("a", "ga", "%staff", "%leads");
    define("b", "gb", "%staff", "%leads gc ga");
    check_chains();
    ck_assert_uint_eq(problems.count, 0);
}
END_TEST

START_TEST(approving_one_s_own_package_is_an_error)
{
    define("a", "other ga", "%staff", "bob %ga");
    check_chains();
    ck_assert_uint_eq(problems.count, 1);
    ck_assert(told(true, "a.conf: who holds a is in ga and may approve a; they could keep each other in"));
}
END_TEST

START_TEST(approving_it_as_a_fallback_is_an_error_too)
{
    put("a", "[package]\ngroups = ga\n[stage 1]\napprovers = bob\n[stage 2]\napprovers = carol\n"
             "escalate_after = 1h\nfallback_approvers = %ga\n");
    check_chains();
    ck_assert_uint_eq(problems.errors, 1);
}
END_TEST

START_TEST(a_circle_of_approvals_is_told_once)
{
    define("a", "ga", NULL, "%gc");
    define("b", "gb", NULL, "%ga");
    define("c", "gc", NULL, "%gb");
    check_chains();
    ck_assert_uint_eq(problems.errors, 1);
    ck_assert(told(true,
                   "a.conf: who holds a is in ga and may approve b, who holds b is in gb and may approve c, "
                   "who holds c is in gc and may approve a; "));
}
END_TEST

/* The first package leads into a circle that it is no part of. */
START_TEST(a_circle_further_on_is_found)
{
    define("a", "ga", NULL, "bob");
    define("b", "gb", NULL, "%ga %gc");
    define("c", "gc", NULL, "%gb");
    check_chains();
    ck_assert_uint_eq(problems.errors, 1);
    ck_assert(told(
        true, "b.conf: who holds b is in gb and may approve c, who holds c is in gc and may approve b; "));
}
END_TEST

START_TEST(a_chain_is_a_warning_that_names_the_way)
{
    define("a", "ga", NULL, "bob");
    define("b", "gb", NULL, "%ga");
    define("c", "gc", "%gb", "bob");
    check_chains();
    ck_assert_uint_eq(problems.errors, 0);
    ck_assert_uint_eq(problems.count, 3);
    ck_assert(told(false, "a.conf: who holds a is in ga and may approve b; make sure"));
    ck_assert(told(
        false, "a.conf: who holds a is in ga and may approve b, who holds b is in gb and may request c; "));
    ck_assert(told(false, "b.conf: who holds b is in gb and may request c; "));
}
END_TEST

START_TEST(an_emergency_of_one_s_own_package_is_an_error)
{
    put("a", "[package]\ngroups = ga\n[policy]\napprovers = bob\nemergency = %ga\n");
    check_chains();
    ck_assert_uint_eq(problems.count, 1);
    ck_assert(told(true, "a.conf: who holds a is in ga and may take, as an emergency, a; they could keep"));
}
END_TEST

START_TEST(a_circle_of_emergency_and_approval_is_an_error)
{
    put("a", "[package]\ngroups = ga\n[policy]\napprovers = %gb\n");
    put("b", "[package]\ngroups = gb\n[policy]\napprovers = bob\nemergency = %ga\n");
    check_chains();
    ck_assert_uint_eq(problems.errors, 1);
    ck_assert(told(true,
                   "a.conf: who holds a is in ga and may take, as an emergency, b, who holds b is in gb "
                   "and may approve a; "));
}
END_TEST

START_TEST(an_emergency_chain_is_a_warning)
{
    define("a", "ga", NULL, "bob");
    put("b", "[package]\ngroups = gb\n[policy]\nrequestors = %ga\napprovers = bob\nemergency = %ga\n");
    check_chains();
    ck_assert_uint_eq(problems.errors, 0);
    ck_assert_uint_eq(problems.count, 1); /* the stronger of the two ways */
    ck_assert(told(false, "a.conf: who holds a is in ga and may take, as an emergency, b; make sure"));
}
END_TEST

START_TEST(requesting_one_s_own_package_is_a_warning)
{
    define("a", "ga", "%ga %staff", "bob");
    check_chains();
    ck_assert_uint_eq(problems.count, 1);
    ck_assert(told(false, "a.conf: who holds a is in ga and may request a; "));
}
END_TEST

START_TEST(a_circle_with_a_request_in_it_is_a_warning)
{
    define("a", "ga", "%gb", "bob");
    define("b", "gb", NULL, "%ga");
    check_chains();
    ck_assert_uint_eq(problems.errors, 0);
    ck_assert(told(false,
                   "a.conf: who holds a is in ga and may approve b, who holds b is in gb and may request a"));
}
END_TEST

START_TEST(very_many_chains_are_cut_short)
{
    for (int i = 0; i < 120; i++) {
        char name[16];
        snprintf(name, sizeof(name), "p%03d", i);
        define(name, i < 60 ? "first" : "second", NULL, i < 60 ? "bob" : "%first");
    }
    check_chains();
    ck_assert_uint_eq(problems.errors, 0);
    ck_assert_uint_eq(problems.count, CHAINS_TOLD_MAX + 1);
}
END_TEST

/* ---- names ----------------------------------------------------------------------------------------------------- */

static void check_names(void)
{
    load();
    ck_assert_int_eq(configure_names_check(packages, false, NULL, &lookup, &problems), 0);
}

START_TEST(names_that_all_resolve)
{
    define("a", "dbadmins", "%staff alice", "bob %dba-leads");
    check_names();
    ck_assert_uint_eq(problems.count, 0);
}
END_TEST

static const struct {
    const char *gives;
    const char *requestors;
    const char *approvers;
    bool error;
    const char *told;
} names[] = {
    {"nosuch", NULL, "bob", false,
     "a.conf: the group nosuch does not exist on this host; until it does, access stays"},
    {"away", NULL, "bob", false,
     "a.conf: the group away could not be looked up, for a directory does not answer, so whether it is there "
     "is "
     "not known; run this again when it does"},
    {"dbadmins", "%nosuch", "bob", false,
     "a.conf: the group nosuch does not exist on this host; nobody can request"},
    {"dbadmins", "nosuch", "bob", false,
     "a.conf: the user nosuch does not exist on this host; nobody can request"},
    {"dbadmins", NULL, "nosuch bob", false,
     "a.conf: the user nosuch does not exist on this host; nobody can approve"},
    {"dbadmins", NULL, "%nosuch bob", false,
     "a.conf: the group nosuch does not exist on this host; nobody can app"},
    {"dbadmins", NULL, "erin bob", false, "a.conf: erin has no login shell and so cannot approve"},
    {"dbadmins", NULL, "erin", false, "a.conf: stage 1 needs 1 approval, and 0 people can approve today"},
    {"dbadmins", NULL, "%empty", false, "a.conf: stage 1 needs 1 approval, and 0 people can approve today"},
    {"docker", NULL, "bob", false,
     "a.conf: who is in the group docker can start a container that owns the host; "},
    {"toor", NULL, "bob", true, "a.conf: the group toor has the gid 0, root's own"},
    {"dbadmins dbadmins-too", NULL, "bob", true,
     "the groups dbadmins and dbadmins-too are one on this host (gid 2001)"},
};
enum { N_NAMES = sizeof(names) / sizeof(*names) };

START_TEST(each_doubt_about_a_name)
{
    define("a", names[_i].gives, names[_i].requestors, names[_i].approvers);
    check_names();
    ck_assert_msg(told(names[_i].error, names[_i].told), "wanted %s", names[_i].told);
    ck_assert_uint_eq(problems.errors, names[_i].error ? 1 : 0);
}
END_TEST

static const struct {
    const char *stage;
    bool reached;
} quorums[] = {
    {"approvers = %dba-leads\nquorum = 2\n", true},
    {"approvers = %dba-leads bob\nquorum = 3\n", false}, /* bob counts once */
    {"approvers = %dba-leads alice\nquorum = 3\n", true},
    {"approvers = %daemons\nquorum = 2\n", false}, /* erin cannot log in */
    {"approvers = %ghosts\nquorum = 2\n", false},
    {"approvers = %dba-leads\nquorum = 3\nescalate_after = 1h\nfallback_approvers = alice\n", true},
    {"approvers = %dba-leads %away\nquorum = 3\n", true}, /* nobody knows: no warning */
};
enum { N_QUORUMS = sizeof(quorums) / sizeof(*quorums) };

START_TEST(quorums_that_can_be_reached_today)
{
    char text[512];
    snprintf(text, sizeof(text), "[package]\ngroups = dbadmins\n[stage 1]\n%s", quorums[_i].stage);
    put("a", text);
    check_names();
    bool warned = false;
    for (size_t i = 0; i < problems.count; i++)
        warned = warned || strstr(problems.items[i].text, "stage 1 needs");
    ck_assert_msg(warned == !quorums[_i].reached, "%s", quorums[_i].stage);
}
END_TEST

START_TEST(each_name_is_asked_for_once)
{
    define("a", "dbadmins", "%staff", "bob %dba-leads");
    define("b", "dbadmins", "%staff", "bob %dba-leads");
    check_names();
    ck_assert_int_eq(asked, 4);
}
END_TEST

/* ---- the two commands -------------------------------------------------------------------------------------------- */

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
    put_at(config, "[limits]\nnonsense = 1\n");
    put("a", "[package]\ngroups = root\n[policy]\napprovers = bob\n");
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
    put_at(config, "nonsense\n");
    ck_assert_int_eq(run(configure_check_at), 78);
    ck_assert_int_eq(run(write_list), 78);
    assert_not_allowed("dbadmins", 2001);
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

START_TEST(the_allow_list_has_what_resolves)
{
    define("a", "dbadmins nosuch", "%staff", "bob");
    define("b", "empty dbadmins", "%staff", "bob");
    ck_assert_int_eq(run(write_list), 0);
    ck_assert_ptr_nonnull(strstr(output, "The allow-list has 2 of 3 groups.\n"));
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
    put("b", "nonsense\n");
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
    ck_assert_ptr_nonnull(strstr(output, "The allow-list has 1 of 1 group.\n"));
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
    put_at(config, "[grants]\nmembership = files\n");
    ck_assert_int_eq(run(configure_check_at), 78);
    ck_assert_ptr_nonnull(
        strstr(output, "error: a.conf: the group empty is a directory's: with `membership = files` "));
    ck_assert_ptr_nonnull(strstr(output, "1 error, 0 warnings"));
    put_at(config, "[grants]\nmembership = nss\n");
    ck_assert_int_eq(run(configure_check_at), 0);
    define("a", "dbadmins", "%staff", "bob");
    put_at(config, "[grants]\nmembership = files\n");
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

/* ---- a start extends --------------------------------------------------------------------------------------------- */

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

/* ---- a start compares -------------------------------------------------------------------------------------------- */

START_TEST(a_start_finds_no_difference)
{
    define("a", "dbadmins empty", "%staff", "bob");
    ck_assert_int_eq(run(write_list), 0);
    load();
    ck_assert_int_eq(packages_compare_allow_list(packages, state, NULL, 0, &problems), 0);
    ck_assert_uint_eq(problems.count, 0);
}
END_TEST

START_TEST(a_start_tells_both_differences)
{
    define("a", "dbadmins empty", "%staff", "bob");
    ck_assert_int_eq(run(write_list), 0);
    define("a", "dbadmins docker", "%staff", "bob");
    load();
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
    load();
    ck_assert_int_eq(packages_compare_allow_list(packages, state, NULL, 0, &problems), 0);
    ck_assert_uint_eq(problems.count, 1);
    ck_assert(told(false, "the group dbadmins is not on the allow-list"));
}
END_TEST

/* The real look-ups, on names that every host has. */
START_TEST(the_host_s_look_ups)
{
    gid_t gid = 1;
    strv members = NULL;
    bool may_log_in = false;
    ck_assert_int_eq(configure_lookup_host.group("root", NULL, &gid, &members), 0);
    ck_assert_uint_eq(gid, 0);
    strv_free(members);
    ck_assert_int_eq(configure_lookup_host.user("root", NULL, &may_log_in), 0);
    ck_assert_int_eq(configure_lookup_host.user("no-such-user", NULL, &may_log_in), -ENOENT);
    ck_assert_int_eq(configure_lookup_host.group("no-such-group", NULL, &gid, &members), -ENOENT);
}
END_TEST

int main(void)
{
    suite_case("chains", set_up, tear_down);
    suite_add(packages_that_do_not_touch, approving_one_s_own_package_is_an_error,
              approving_it_as_a_fallback_is_an_error_too, a_circle_of_approvals_is_told_once,
              a_circle_further_on_is_found, a_chain_is_a_warning_that_names_the_way,
              an_emergency_of_one_s_own_package_is_an_error, a_circle_of_emergency_and_approval_is_an_error,
              an_emergency_chain_is_a_warning, requesting_one_s_own_package_is_a_warning,
              a_circle_with_a_request_in_it_is_a_warning, very_many_chains_are_cut_short);
    suite_case("names", set_up, tear_down);
    suite_add(names_that_all_resolve);
    suite_loop(each_doubt_about_a_name, 0, N_NAMES);
    suite_loop(quorums_that_can_be_reached_today, 0, N_QUORUMS);
    suite_add(each_name_is_asked_for_once, the_host_s_look_ups);
    suite_case("commands", set_up, tear_down);
    suite_add(a_check_that_finds_nothing, a_check_tells_all_files_problems,
              a_bad_accesspkg_conf_alone_is_an_error, a_check_counts_warnings, a_check_writes_nothing,
              a_missing_folder_is_an_error_of_the_configuration, the_allow_list_has_what_resolves,
              what_no_package_names_any_more_is_taken_off, an_error_leaves_the_allow_list_as_it_is,
              a_closed_circle_writes_no_allow_list, a_directory_that_does_not_answer,
              a_group_that_is_merely_not_found_keeps_its_entry,
              a_group_whose_number_is_another_s_loses_its_entry, membership_in_files_of_a_directory_s_group,
              a_list_that_cannot_be_written, a_start_adds_what_is_new_alone,
              a_start_adds_nothing_that_it_cannot_know, a_start_finds_no_difference,
              a_start_tells_both_differences, a_start_without_any_list);
    return suite_run();
}
