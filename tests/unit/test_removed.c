/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A package whose file is taken away: what is held of it, what waits, and what becomes of root's allow-list. */
#include "common/grantdir.h"
#include "helperd/config/configure.h"
#include "helperd/config/packages_allow.h"
#include "tests/support/acts.h"
#include "tests/support/suite.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static struct fixture fixture;

#define KEPT "[package]\ngroups = dbadmins\n[policy]\napproval = none\nduration = 1h\nextension = allowed\n"
#define ENDED                                                                                                \
    "[package]\ngroups = backup\n[policy]\napproval = none\nduration = 1h\nextension = allowed\n"            \
    "on_removed = revoke\n"
#define ASKED "[package]\ngroups = backup\n[policy]\napprovers = bob\nduration = 1h\non_removed = revoke\n"

static void setup(void)
{
    fixture_init(&fixture, "kept", KEPT, "ended", ENDED, "asked", ASKED, NULL);
    fixture.now = time(NULL); /* the commands that root runs ask the host's clock */
}

/* As the daemon reloads: what is to end ends before the new policy is in force. */
static void reload(void)
{
    char path[256];
    struct problems problems = {0};
    struct packages *packages = NULL;
    snprintf(path, sizeof(path), "%s/packages.d", fixture.folder);
    ck_assert_int_eq(packages_load(path, geteuid(), &packages, &problems), 0);
    ck_assert_int_eq(engine_end_removed_packages(&fixture.engine, fixture.packages, packages), 0);
    problems_deinit(&problems);
    packages_free(packages);
    fixture_reload(&fixture);
}

START_TEST(test_keep)
{
    const int64_t id = acts_hold(&fixture, "alice", "kept");
    acts_remove_package(&fixture, "kept");
    reload();
    ck_assert_str_eq(fixture_state(&fixture, id), "fulfilled");
    ck_assert(fixture_gate_opens(&fixture, "alice", "kept"));
    ck_assert_int_eq(acts_extend(&fixture, "alice", "kept", 60, NULL), BUS_ERROR_POLICY_REFUSED);
    acts_pass(&fixture, 3600);
    ck_assert_str_eq(fixture_state(&fixture, id), "access-expired");
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "kept", "x", NULL), BUS_ERROR_NO_SUCH_PACKAGE);
}
END_TEST

START_TEST(test_revoke)
{
    json_t *value = NULL;
    char *names[] = {(char *)"ended", NULL};
    const struct submission later = {.packages = names, .start = fixture.now + 1000};
    const int64_t first = acts_hold(&fixture, "alice", "ended");
    const int64_t second = acts_hold(&fixture, "bob", "ended");
    ck_assert_int_eq(acts_submit(&fixture, "carol", &later, &value), 0);
    const int64_t third = fixture_id(value);
    reload(); /* it is there: nothing ends */
    ck_assert_str_eq(fixture_state(&fixture, first), "fulfilled");
    ck_assert_str_eq(fixture_state(&fixture, third), "approved");
    acts_remove_package(&fixture, "ended");
    reload();
    ck_assert_str_eq(fixture_state(&fixture, first), "revoked");
    ck_assert_str_eq(fixture_state(&fixture, second), "revoked");
    ck_assert_str_eq(fixture_state(&fixture, third), "cancelled"); /* approved, its start ahead */
    ck_assert(!fixture_gate_opens(&fixture, "alice", "ended"));
    ck_assert(!fixture_in_group(&fixture, "bob", 34));
    /* Rule 12 */
    ck_assert_int_eq(acts_count(&fixture, "SELECT count(*) FROM audit WHERE detail ="
                                          " 'the package was removed from packages.d'"),
                     3);
    reload(); /* rule 7 */
    ck_assert_int_eq(acts_count(&fixture, "SELECT count(*) FROM audit WHERE event = 'revoke'"), 2);
}
END_TEST

/* What is still asked stays, under either: nobody can approve it, it can be denied, and it is there when the file
 * comes back. */
START_TEST(test_pending)
{
    json_t *value = NULL;
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "asked", "x", &value), 0);
    const int64_t id = fixture_id(value);
    acts_remove_package(&fixture, "asked");
    reload();
    ck_assert_str_eq(fixture_state(&fixture, id), "pending-approval");
    ck_assert_int_eq(fixture_decide(&fixture, "bob", id, true, "", NULL), BUS_ERROR_POLICY_REFUSED);
    ck_assert_ptr_nonnull(strstr(fixture_message, "no longer in packages.d"));
    fixture_write_package(&fixture, "asked", ASKED);
    reload();
    ck_assert_int_eq(fixture_decide(&fixture, "bob", id, true, "", NULL), 0);
    ck_assert(fixture_gate_opens(&fixture, "alice", "asked"));
}
END_TEST

/* Its extension that waits has nothing to extend then. */
START_TEST(test_pending_extension)
{
    json_t *value = NULL;
    fixture_write_package(&fixture, "asked", ASKED "extension = approval\n");
    reload();
    acts_hold(&fixture, "alice", "asked");
    ck_assert_int_eq(acts_extend(&fixture, "alice", "asked", 60, &value), 0);
    const int64_t id = fixture_id(value);
    acts_remove_package(&fixture, "asked");
    reload();
    ck_assert_str_eq(fixture_state(&fixture, id), "cancelled");
}
END_TEST

/* The key counts that was in force: what the file said last before it went. */
START_TEST(test_the_key_in_force)
{
    const int64_t id = acts_hold(&fixture, "alice", "kept");
    fixture_write_package(&fixture, "kept", KEPT "on_removed = revoke\n");
    reload();
    ck_assert_str_eq(fixture_state(&fixture, id), "fulfilled");
    acts_remove_package(&fixture, "kept");
    reload();
    ck_assert_str_eq(fixture_state(&fixture, id), "revoked");
}
END_TEST

START_TEST(test_very_many)
{
    for (int i = 0; i < 250; i++) {
        char user[16];
        snprintf(user, sizeof(user), "user%d", i);
        struct assignment assignment = {.package = (char *)"ended",
                                        .user = user,
                                        .uid = (uid_t)(5000 + i),
                                        .state = STATE_FULFILLED,
                                        .span = {fixture.now, fixture.now + 9999}};
        ck_assert_int_eq(store_add_assignment(fixture.engine.store, &assignment), 0);
    }
    acts_remove_package(&fixture, "ended");
    reload();
    ck_assert_int_eq(acts_count(&fixture, "SELECT count(*) FROM assignment WHERE state = 'revoked'"), 250);
}
END_TEST

/* ---- the allow-list --------------------------------------------------------------------------------------------- */

static char output[8192];
static gid_t gid_of_dbadmins; /* 0: there is no such group */
static int directory_error;

static int find_group(const char *name, void *data, gid_t *ret_gid, strv *ret_members)
{
    (void)data;
    const bool dbadmins = strcmp(name, "dbadmins") == 0;
    if (directory_error)
        return directory_error;
    if ((dbadmins && !gid_of_dbadmins) || (!dbadmins && strcmp(name, "backup") != 0))
        return -ENOENT;
    *ret_gid = dbadmins ? gid_of_dbadmins : 34;
    *ret_members = strv_split("");
    return 0;
}

static const char *owner_of_2001; /* NULL: nobody */

static int find_name_of(gid_t gid, void *data, char **ret)
{
    (void)data;
    if (directory_error || gid != 2001 || !owner_of_2001)
        return directory_error ? directory_error : -ENOENT;
    *ret = strdup(owner_of_2001);
    return *ret ? 0 : -ENOMEM;
}

static int find_user(const char *name, void *data, struct configure_user *ret)
{
    (void)name, (void)data;
    *ret = (struct configure_user){.uid = 1001, .may_log_in = true};
    return 0;
}

/* accesspkgd --write-allow-list, in the folders of the fixture, with these gids of what is held. */
static void write_list(const gid_t *held, size_t count)
{
    static char config[256];
    char packages[256];
    const struct configure_lookup lookup = {.group = find_group, .user = find_user, .name_of = find_name_of};
    snprintf(packages, sizeof(packages), "%s/packages.d", fixture.folder);
    snprintf(config, sizeof(config), "%s/accesspkg.conf", fixture.folder);
    const struct configure_place place = {.config = config,
                                          .packages = packages,
                                          .state = fixture.state,
                                          .owner = geteuid(),
                                          .lookup = &lookup};
    FILE *file = fopen(config, "we");
    ck_assert_int_eq(fclose(file), 0);
    ck_assert_int_eq(chmod(config, 0644), 0);
    memset(output, 0, sizeof(output));
    FILE *out = fmemopen(output, sizeof(output) - 1, "w");
    const int code = configure_write_allow_list_at(&place, held, count, out);
    fclose(out);
    ck_assert_msg(code == 0, "%s", output);
}

static void setup_list(void)
{
    setup();
    gid_of_dbadmins = 2001;
    directory_error = 0;
    owner_of_2001 = NULL;
}

/* What the engine says is held, as the daemon compares and answers with it. */
static size_t compare(struct problems *problems, gid_t ret_gids[8])
{
    struct packages_held *held = NULL;
    size_t count = 0;
    ck_assert_int_eq(engine_list_held(&fixture.engine, fixture.packages, &held, &count), 0);
    ck_assert_int_eq(packages_compare_allow_list(fixture.packages, fixture.state, held, count, problems), 0);
    for (size_t i = 0; i < count; i++)
        ret_gids[i] = held[i].gid;
    engine_free_held(held, count);
    return count;
}

START_TEST(test_list_keeps_what_is_held)
{
    struct problems problems = {0};
    gid_t held[8];
    acts_hold(&fixture, "alice", "kept");
    acts_remove_package(&fixture, "kept");
    reload();
    ck_assert_uint_eq(compare(&problems, held), 1);
    ck_assert_uint_eq(held[0], 2001);
    ck_assert_uint_eq(problems.count, 1);
    ck_assert_msg(strstr(problems.items[0].text,
                         "keeps the group dbadmins, which no package gives any more, for "
                         "what is held of it, until "),
                  "%s", problems.items[0].text);
    problems_deinit(&problems);
    write_list(held, 1);
    ck_assert(fixture_in_group(&fixture, "alice", 2001));

    ck_assert_int_eq(acts_revoke(&fixture, "alice", "kept", "x"), 0); /* how an administrator ends it */
    ck_assert_uint_eq(compare(&problems, held), 0);
    ck_assert_ptr_nonnull(strstr(problems.items[0].text, "`pkg-admin reload`, run as root, takes it off"));
    problems_deinit(&problems);
    write_list(NULL, 0);
    ck_assert(!grantdir_allows(fixture.state, 2001));
    ck_assert(grantdir_allows(fixture.state, 34));
}
END_TEST

/* Until when a group is held, over the packages that gave it; what ends does not count, nor what a package gives. */
START_TEST(test_held)
{
    struct packages_held *held = NULL;
    size_t count = 0;
    acts_hold(&fixture, "alice", "kept");
    fixture.now += 60;
    acts_hold(&fixture, "dave", "kept");
    acts_hold(&fixture, "dave", "ended");
    ck_assert_int_eq(engine_list_held(&fixture.engine, fixture.packages, &held, &count), 0);
    ck_assert_uint_eq(count, 0);
    acts_remove_package(&fixture, "kept");
    reload();
    ck_assert_int_eq(engine_list_held(&fixture.engine, fixture.packages, &held, &count), 0);
    ck_assert_uint_eq(count, 1);
    ck_assert_str_eq(held[0].group, "dbadmins");
    ck_assert_uint_eq(held[0].gid, 2001);
    ck_assert_int_eq(held[0].until, fixture.now + 3600);
    engine_free_held(held, count);
    fixture.now += 3600;
    ck_assert_int_eq(engine_tick(&fixture.engine), 0);
    ck_assert_int_eq(engine_list_held(&fixture.engine, fixture.packages, &held, &count), 0);
    ck_assert_uint_eq(count, 0);
    engine_free_held(held, count);
}
END_TEST

/* Only what root put there is kept, whatever the daemon says is held. */
START_TEST(test_list_adds_nothing)
{
    const struct allow_entry before[] = {{2001, "dbadmins"}, {34, "backup"}};
    const gid_t held[] = {2002, 0, (gid_t)-1, 42, 2001};
    acts_remove_package(&fixture, "kept");
    ck_assert_int_eq(grantdir_write_allow(fixture.state, before, 2), 0);
    write_list(held, 5);
    ck_assert(grantdir_allows(fixture.state, 2001));
    ck_assert(!grantdir_allows(fixture.state, 2002));
    ck_assert(!grantdir_allows(fixture.state, 42));
    write_list(NULL, 0);
    ck_assert(!grantdir_allows(fixture.state, 2001));
    write_list(held, 5); /* what was taken off does not come back */
    ck_assert(!grantdir_allows(fixture.state, 2001));
}
END_TEST

/* A group that is gone, or is another one by now, is not kept; where the directory does not answer, it is. */
START_TEST(test_list_and_the_directory)
{
    const struct allow_entry before[] = {{2001, "dbadmins"}, {34, "backup"}};
    const gid_t held[] = {2001};
    acts_hold(&fixture, "alice", "kept");
    acts_remove_package(&fixture, "kept");
    reload();
    directory_error = -EIO;
    write_list(held, 1);
    ck_assert(grantdir_allows(fixture.state, 2001));
    directory_error = 0;
    gid_of_dbadmins = 2003;
    write_list(held, 1);
    ck_assert(!grantdir_allows(fixture.state, 2001));
    ck_assert(!grantdir_allows(fixture.state, 2003));
    ck_assert_int_eq(grantdir_write_allow(fixture.state, before, 2), 0);
    gid_of_dbadmins = 0;
    write_list(held, 1);
    ck_assert(grantdir_allows(fixture.state, 2001));
    owner_of_2001 = "guests";
    write_list(held, 1);
    ck_assert(!grantdir_allows(fixture.state, 2001));
}
END_TEST

START_TEST(test_until)
{
    char text[PACKAGES_UNTIL_MAX];
    ck_assert_str_eq(packages_until(GRANT_FOREVER, text), "without an end");
    ck_assert_ptr_nonnull(strstr(packages_until(FIXTURE_NOW, text), " 2025-11-2"));
}
END_TEST

int main(void)
{
    suite_case("removed", setup, fixture_teardown);
    suite_add(test_keep, test_revoke, test_pending, test_pending_extension, test_the_key_in_force,
              test_very_many);
    suite_case("allow-list", setup_list, fixture_teardown);
    suite_add(test_list_keeps_what_is_held, test_held, test_list_adds_nothing, test_list_and_the_directory,
              test_until);
    return suite_run();
}
