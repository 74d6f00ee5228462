/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The installed NSS module under the real glibc, in a private root: merged with `files`, beside it, above broken
 * files. What the module answers by itself is in tests/unit/test_nss.c. Each case runs in a process of its own, so
 * each reads /etc/nsswitch.conf anew.
 */
#include "common/grantdir.h"
#include "common/paths.h"

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <grp.h>
#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { ALICE = 1001, STAFF = 2000, DBADMINS = 2001, SHADOW = 42, VAULT = 2500, DAEMON = 990 };

static const struct allow_entry allowed[] = {{DBADMINS, "dbadmins"}, {VAULT, "vault"}};

static struct grant_span current, ended;

static void write_nsswitch(const char *lines)
{
    FILE *file = fopen("/etc/nsswitch.conf", "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fprintf(file, "passwd: files\n%s\n", lines), 0);
    ck_assert_int_eq(fclose(file), 0);
}

/* As accesspkgd does it, and with its rights alone. */
static void give(const char *user, uid_t uid, gid_t gid, struct grant_span span)
{
    struct grant_group group = {.gid = gid, .name = "any", .span = span};
    struct grant_member member = {.name = user, .span = span};
    const struct grant_user file = {
        .user = user, .uid = uid, .written = current.start, .groups = &group, .n_groups = 1};
    const struct grant_gid members = {
        .gid = gid, .name = "any", .written = current.start, .members = &member, .n_members = 1};
    ck_assert_int_eq(seteuid(DAEMON), 0);
    ck_assert_int_eq(grantdir_write_user(PATH_STATE, &file, false), 0);
    ck_assert_int_eq(grantdir_write_gid(PATH_STATE, &members), 0);
    ck_assert_int_eq(seteuid(0), 0);
}

static int remove_one(const char *user, void *data)
{
    (void)data;
    return grantdir_remove_user(PATH_STATE, user);
}

static int remove_gid(gid_t gid, void *data)
{
    (void)data;
    return grantdir_remove_gid(PATH_STATE, gid);
}

static void setup(void)
{
    const int64_t now = time(NULL);
    current = (struct grant_span){now, now + 3600};
    ended = (struct grant_span){now - 3600, now};
    write_nsswitch("group: files [SUCCESS=merge] accesspkg");
    ck_assert_int_eq(chmod(PATH_STATE, 01775), 0);
    ck_assert_int_eq(grantdir_each_user(PATH_STATE, remove_one, NULL), 0);
    ck_assert_int_eq(grantdir_each_gid(PATH_STATE, remove_gid, NULL), 0);
    ck_assert_int_eq(grantdir_write_allow(PATH_STATE, allowed, 2), 0);
}

static void teardown(void)
{
    ck_assert_int_eq(seteuid(0), 0);
    ck_assert_int_eq(setegid(0), 0);
}

/* "alice,bob": the members that getgrnam and, alike, getgrgid show; "-" when there is no such group. */
static const char *members_of(const char *name, gid_t gid)
{
    static char shown[2][512];
    for (int by_gid = 0; by_gid < 2; by_gid++) {
        const struct group *group = by_gid ? getgrgid(gid) : getgrnam(name);
        strcpy(shown[by_gid], group ? "" : "-");
        for (char **member = group ? group->gr_mem : NULL; member && *member; member++)
            strcat(strcat(shown[by_gid], *shown[by_gid] ? "," : ""), *member);
        ck_assert(!group || (group->gr_gid == gid && strcmp(group->gr_name, name) == 0));
    }
    ck_assert_str_eq(shown[0], shown[1]);
    return shown[0];
}

static bool is_in(const char *user, gid_t gid)
{
    gid_t gids[64];
    int count = 64;
    ck_assert_int_ge(getgrouplist(user, 60000, gids, &count), 0);
    for (int i = 0; i < count; i++)
        if (gids[i] == gid)
            return true;
    return false;
}

START_TEST(merged)
{
    give("alice", ALICE, DBADMINS, current);
    ck_assert_str_eq(members_of("dbadmins", DBADMINS), "alice");
    ck_assert(is_in("alice", DBADMINS) && is_in("alice", STAFF));
    ck_assert(!is_in("bob", DBADMINS));
    /* members that `files` has, and then ours */
    const struct allow_entry staff = {STAFF, "staff"};
    ck_assert_int_eq(grantdir_write_allow(PATH_STATE, &staff, 1), 0);
    give("bob", 1002, STAFF, current);
    ck_assert_str_eq(members_of("staff", STAFF), "alice,carol,dave,bob");
    ck_assert(is_in("bob", STAFF));
}
END_TEST

/* Nobody holds it now: the group that `files` has must not vanish. */
START_TEST(files_stand_alone)
{
    ck_assert_str_eq(members_of("dbadmins", DBADMINS), "");
    give("alice", ALICE, DBADMINS, ended);
    ck_assert_str_eq(members_of("dbadmins", DBADMINS), "");
    ck_assert(!is_in("alice", DBADMINS) && is_in("alice", STAFF));
    ck_assert_str_eq(members_of("staff", STAFF), "alice,carol,dave");
}
END_TEST

START_TEST(group_that_files_lack)
{
    give("alice", ALICE, VAULT, current);
    ck_assert_str_eq(members_of("vault", VAULT), "alice");
    ck_assert(is_in("alice", VAULT));
    give("alice", ALICE, VAULT, ended);
    ck_assert_str_eq(members_of("vault", VAULT), "-");
}
END_TEST

/* "No such group" must not become "error": callers refuse on an error. */
START_TEST(no_such_group)
{
    struct group group, *found = &group;
    char buffer[1024];
    ck_assert_int_eq(getgrnam_r("nosuch", &group, buffer, sizeof(buffer), &found), 0);
    ck_assert_ptr_null(found);
    ck_assert_int_eq(chmod(PATH_STATE, 01777), 0);
    ck_assert_int_eq(getgrnam_r("nosuch", &group, buffer, sizeof(buffer), &found), 0);
    ck_assert_ptr_null(found);
}
END_TEST

START_TEST(state_that_is_not_believed)
{
    give("alice", ALICE, DBADMINS, current);
    ck_assert_int_eq(chmod(PATH_STATE, 01777), 0);
    ck_assert_str_eq(members_of("dbadmins", DBADMINS), "");
    ck_assert(!is_in("alice", DBADMINS) && is_in("alice", STAFF));
    /* not even reachable for the one who asks */
    ck_assert_int_eq(chmod(PATH_STATE, 0700), 0);
    ck_assert_int_eq(setegid(ALICE), 0);
    ck_assert_int_eq(seteuid(ALICE), 0);
    ck_assert_str_eq(members_of("dbadmins", DBADMINS), "");
    ck_assert(!is_in("alice", DBADMINS) && is_in("alice", STAFF));
}
END_TEST

START_TEST(every_user_may_ask)
{
    give("alice", ALICE, DBADMINS, current);
    ck_assert_int_eq(setegid(ALICE), 0);
    ck_assert_int_eq(seteuid(ALICE), 0);
    ck_assert_str_eq(members_of("dbadmins", DBADMINS), "alice");
    ck_assert(is_in("alice", DBADMINS));
}
END_TEST

/* The daemon's user, with all it may do, hands out no group that root did not name. */
START_TEST(taken_over_daemon)
{
    ck_assert_int_eq(seteuid(DAEMON), 0);
    ck_assert_int_lt(rename(PATH_STATE "/allow", PATH_STATE "/aside"), 0);
    ck_assert_int_lt(mkdir(PATH_STATE "/allow/gid-42", 0755), 0);
    ck_assert_int_lt(symlink("gid-2001", PATH_STATE "/allow/gid-42"), 0);
    ck_assert_int_eq(seteuid(0), 0);
    give("alice", ALICE, SHADOW, current);
    ck_assert(!is_in("alice", SHADOW));
    ck_assert_str_eq(members_of("shadow", SHADOW), "");
}
END_TEST

START_TEST(every_buffer_size)
{
    give("alice", ALICE, DBADMINS, current);
    bool fits = false;
    for (size_t size = 0; size < 512; size++) {
        struct group group, *found = NULL;
        char buffer[512];
        const int r = getgrnam_r("dbadmins", &group, buffer, size, &found);
        ck_assert_int_eq(r, fits || r == 0 ? 0 : ERANGE);
        ck_assert(r != 0 || (found && strcmp(found->gr_mem[0], "alice") == 0));
        fits = r == 0;
    }
    ck_assert(fits);
}
END_TEST

/* What FIELD tells administrators: without merge `id` shows the group, `getent group` does not show the member. */
START_TEST(without_merge)
{
    write_nsswitch("group: files accesspkg");
    give("alice", ALICE, DBADMINS, current);
    ck_assert_str_eq(members_of("dbadmins", DBADMINS), "");
    ck_assert(is_in("alice", DBADMINS));
}
END_TEST

START_TEST(initgroups_line)
{
    give("alice", ALICE, DBADMINS, current);
    write_nsswitch("group: files [SUCCESS=merge] accesspkg\ninitgroups: files");
    ck_assert(!is_in("alice", DBADMINS));
}
END_TEST

START_TEST(initgroups_line_with_us)
{
    give("alice", ALICE, DBADMINS, current);
    write_nsswitch("group: files\ninitgroups: files [SUCCESS=continue] accesspkg");
    ck_assert(is_in("alice", DBADMINS) && is_in("alice", STAFF));
}
END_TEST

static int open_descriptors(void)
{
    DIR *descriptors = opendir("/proc/self/fd");
    int count = 0;
    while (readdir(descriptors))
        count++;
    closedir(descriptors);
    return count;
}

static void ask_everything(void)
{
    is_in("alice", DBADMINS);
    is_in("nosuch", DBADMINS);
    members_of("dbadmins", DBADMINS);
    members_of("vault", VAULT);
    members_of("nosuch", 4711);
}

START_TEST(nothing_is_left_behind)
{
    give("alice", ALICE, DBADMINS, current);
    ask_everything();
    const int descriptors = open_descriptors();
    const size_t memory = mallinfo2().uordblks;
    for (int i = 0; i < 1000; i++)
        ask_everything();
    ck_assert_int_eq(open_descriptors(), descriptors);
    ck_assert_uint_eq(mallinfo2().uordblks, memory);
}
END_TEST

static void *ask_in_thread(void *data)
{
    for (int i = 0; i < 500; i++) {
        struct group group, *found = NULL;
        char buffer[1024];
        if (!is_in("alice", DBADMINS) || getgrgid_r(DBADMINS, &group, buffer, sizeof(buffer), &found) != 0 ||
            !found || !found->gr_mem[0])
            return NULL;
    }
    return data;
}

/* While the files are replaced, every reader sees the old or the new one. */
START_TEST(readers_beside_a_writer)
{
    pthread_t threads[4];
    struct grant_group group = {.gid = DBADMINS, .name = "dbadmins", .span = current};
    const struct grant_user file = {
        .user = "alice", .uid = ALICE, .written = current.start, .groups = &group, .n_groups = 1};
    give("alice", ALICE, DBADMINS, current);
    ck_assert_int_eq(seteuid(DAEMON), 0);
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, ask_in_thread, &current), 0);
    for (int i = 0; i < 500; i++)
        ck_assert_int_eq(grantdir_write_user(PATH_STATE, &file, false), 0);
    for (int i = 0; i < 4; i++) {
        void *result = NULL;
        ck_assert_int_eq(pthread_join(threads[i], &result), 0);
        ck_assert_ptr_eq(result, &current);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("glibc");
    TCase *all = tcase_create("glibc");
    tcase_add_checked_fixture(all, setup, teardown);
    tcase_add_test(all, merged);
    tcase_add_test(all, files_stand_alone);
    tcase_add_test(all, group_that_files_lack);
    tcase_add_test(all, no_such_group);
    tcase_add_test(all, state_that_is_not_believed);
    tcase_add_test(all, every_user_may_ask);
    tcase_add_test(all, taken_over_daemon);
    tcase_add_test(all, every_buffer_size);
    tcase_add_test(all, without_merge);
    tcase_add_test(all, initgroups_line);
    tcase_add_test(all, initgroups_line_with_us);
    tcase_add_test(all, nothing_is_left_behind);
    tcase_add_test(all, readers_beside_a_writer);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failures = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failures != 0;
}
