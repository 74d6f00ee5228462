/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The installed NSS module under the real glibc, in a private root: who has which groups, and that no group ever shows
 * who holds it for a while. What the module answers by itself is in tests/unit/test_nss.c. Each case runs in a process of its own, so
 * each reads /etc/nsswitch.conf anew.
 */
#include "common/grantdir.h"
#include "common/paths.h"
#include "tests/support/suite.h"

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
    const struct grant_user file = {
        .user = user, .uid = uid, .written = current.start, .groups = &group, .n_groups = 1};
    ck_assert_int_eq(seteuid(DAEMON), 0);
    ck_assert_int_eq(grantdir_write_user(PATH_STATE, &file, false), 0);
    ck_assert_int_eq(seteuid(0), 0);
}

static int remove_one(const char *user, void *data)
{
    (void)data;
    return grantdir_remove_user(PATH_STATE, user);
}

static void setup(void)
{
    const int64_t now = time(NULL);
    current = (struct grant_span){now, now + 3600};
    ended = (struct grant_span){now - 3600, now};
    write_nsswitch("group: files accesspkg");
    ck_assert_int_eq(chmod(PATH_STATE, 01775), 0);
    ck_assert_int_eq(grantdir_each_user(PATH_STATE, remove_one, NULL), 0);
    ck_assert_int_eq(grantdir_write_allow(PATH_STATE, allowed, 2), 0);
}

static void teardown(void)
{
    ck_assert_int_eq(seteuid(0), 0);
    ck_assert_int_eq(setegid(0), 0);
}

static const struct group *find_in_all(gid_t gid)
{
    const struct group *group;
    setgrent();
    while ((group = getgrent()) && group->gr_gid != gid)
        ;
    endgrent();
    return group;
}

/* "alice,bob": the members that getgrnam, getgrgid and getgrent show alike; "-" when there is no such group. */
static const char *members_of(const char *name, gid_t gid)
{
    static char shown[3][512];
    for (int way = 0; way < 3; way++) {
        const struct group *group = way == 0 ? getgrgid(gid) : way == 1 ? getgrnam(name) : find_in_all(gid);
        strcpy(shown[way], group ? "" : "-");
        for (char **member = group ? group->gr_mem : NULL; member && *member; member++)
            strcat(strcat(shown[way], *shown[way] ? "," : ""), *member);
        ck_assert(!group || (group->gr_gid == gid && strcmp(group->gr_name, name) == 0));
    }
    ck_assert_str_eq(shown[0], shown[1]);
    ck_assert_str_eq(shown[0], shown[2]);
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

static const char *const lines_with_us[] = {
    "group: files accesspkg",
    "group: files [SUCCESS=merge] accesspkg", /* as earlier versions told to write it */
    "group: accesspkg files",
    "group: files [SUCCESS=merge] systemd [SUCCESS=merge] accesspkg",
    "group: files nonexistent accesspkg",
};

/* The look-up of a user's groups has ours; whoever asks for a group sees its standing members alone. */
START_TEST(groups_of_users_alone)
{
    write_nsswitch(lines_with_us[_i]);
    const struct allow_entry entries[] = {{DBADMINS, "dbadmins"}, {STAFF, "staff"}, {VAULT, "vault"}};
    ck_assert_int_eq(grantdir_write_allow(PATH_STATE, entries, 3), 0);
    give("alice", ALICE, DBADMINS, current);
    give("bob", 1002, STAFF, current);
    give("carol", 1003, VAULT, current); /* which no other service knows */
    ck_assert(is_in("alice", DBADMINS) && is_in("alice", STAFF) && !is_in("bob", DBADMINS));
    ck_assert(is_in("bob", STAFF) && is_in("carol", VAULT));
    ck_assert_str_eq(members_of("dbadmins", DBADMINS), "");
    ck_assert_str_eq(members_of("staff", STAFF), "alice,carol,dave");
    ck_assert_str_eq(members_of("vault", VAULT), "-");
    give("alice", ALICE, DBADMINS, ended);
    ck_assert(!is_in("alice", DBADMINS) && is_in("alice", STAFF));
}
END_TEST

static void append_line(const char *path, const char *line)
{
    FILE *file = fopen(path, "a");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fprintf(file, "%s\n", line), 0);
    ck_assert_int_eq(fclose(file), 0);
}

/* What a script does that takes one member out: reads all through NSS and writes the others back. */
START_TEST(members_that_are_read_and_written_back)
{
    give("alice", ALICE, DBADMINS, current);
    ck_assert_int_eq(system("gpasswd -M carol,dave dbadmins >/dev/null"), 0);
    ck_assert_int_eq(
        system("gpasswd -M \"$(getent group dbadmins | cut -d: -f4 | sed s/dave,*//)\" dbadmins >/dev/null"
               " && grep -q '^dbadmins:.*:carol,*$' /etc/group"),
        0);
    ck_assert_int_eq(system("usermod -aG dbadmins erin && grep -q '^dbadmins:.*:carol,erin$' /etc/group"), 0);
    ck_assert(is_in("alice", DBADMINS));
    give("alice", ALICE, DBADMINS, ended);
    ck_assert(!is_in("alice", DBADMINS) && is_in("erin", DBADMINS));
    ck_assert_int_eq(system("gpasswd -M '' dbadmins >/dev/null"), 0);
}
END_TEST

/* An account made anew under the name, while every process of ours is dead. */
START_TEST(account_made_anew)
{
    give("zoe", 4001, DBADMINS, current);
    ck_assert(!is_in("zoe", DBADMINS)); /* there is no such user */
    append_line("/etc/passwd", "zoe:x:4001:4001::/:/bin/sh");
    ck_assert(is_in("zoe", DBADMINS));
    ck_assert_int_eq(system("sed -i s/^zoe:x:4001:/zoe:x:4002:/ /etc/passwd"), 0);
    ck_assert(!is_in("zoe", DBADMINS));
    ck_assert_int_eq(system("sed -i /^zoe:/d /etc/passwd"), 0);
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

START_TEST(initgroups_line)
{
    give("alice", ALICE, DBADMINS, current);
    write_nsswitch("group: files accesspkg\ninitgroups: files");
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
    for (int i = 0; i < 10; i++) /* glibc keeps buffers, which find their size */
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
        if (!is_in("alice", DBADMINS))
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
    suite_case("glibc", setup, teardown);
    suite_rows(groups_of_users_alone, lines_with_us);
    suite_add(members_that_are_read_and_written_back, account_made_anew, no_such_group,
              state_that_is_not_believed, every_user_may_ask, taken_over_daemon, initgroups_line,
              initgroups_line_with_us, nothing_is_left_behind, readers_beside_a_writer);
    return suite_run();
}
