/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Replacing and removing the files of the contract on disk, with disks that fill up or die. The cases that need
 * another owner run as root only.
 */
#include "tests/support/suite.h"
#include "tests/unit/grantfiles.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <sys/resource.h>

static struct grant_package package = {.name = "db-admins", .span = {100, 200}, .assignment = 12};
static struct grant_group group = {.gid = 2001, .name = "dbadmins", .span = {100, 200}};

static struct grant_user file_of(const char *user)
{
    return (struct grant_user){.user = user,
                               .uid = 1001,
                               .written = NOW,
                               .packages = &package,
                               .n_packages = 1,
                               .groups = &group,
                               .n_groups = 1};
}

#define U20  "uuuuuuuuuuuuuuuuuuuu"
#define U200 U20 U20 U20 U20 U20 U20 U20 U20 U20 U20

static const char *const odd_names[] = {
    "../x", "DOM\\user",   ".hidden", ".new-1-0", "by-gid", "..",
    ".",    "/etc/passwd", "a b",     "\xff\xfe", "a\nb",   U200,
};

enum { N_ODD_NAMES = sizeof(odd_names) / sizeof(*odd_names) };

static int count_user(const char *user, void *data)
{
    for (int i = 0; i < N_ODD_NAMES; i++)
        if (strcmp(odd_names[i], user) == 0)
            ((int *)data)[i]++;
    return 0;
}

START_TEST(odd_user_names)
{
    int seen[N_ODD_NAMES] = {0};
    for (int i = 0; i < N_ODD_NAMES; i++) {
        const struct grant_user written = file_of(odd_names[i]);
        struct grant_user file;
        ck_assert_int_eq(grantdir_read_user(state, odd_names[i], NOW, &file), -ENOENT);
        ck_assert_int_eq(grantdir_write_user(state, &written, false), 0);
        ck_assert_int_eq(grantdir_read_user(state, odd_names[i], NOW, &file), 0);
        ck_assert_str_eq(file.user, odd_names[i]);
        grant_user_deinit(&file);
    }
    ck_assert_int_eq(count_entries("grants/user"), N_ODD_NAMES);
    ck_assert_int_eq(count_entries(""), 2);
    ck_assert_int_eq(grantdir_each_user(state, count_user, seen), 0);
    for (int i = 0; i < N_ODD_NAMES; i++) {
        ck_assert_int_eq(seen[i], 1);
        ck_assert_int_eq(grantdir_remove_user(state, odd_names[i]), 0);
    }
    ck_assert_int_eq(count_entries("grants/user"), 0);

    char name[NAME_MAX + 2];
    memset(name, 'u', sizeof(name));
    name[NAME_MAX + 1] = '\0';
    const struct grant_user written = file_of(name);
    struct grant_user file;
    ck_assert_int_eq(grantdir_write_user(state, &written, false), -ENAMETOOLONG);
    ck_assert_int_eq(grantdir_read_user(state, name, NOW, &file), -ENAMETOOLONG);
}
END_TEST

START_TEST(write_and_remove)
{
    const struct grant_user alice = file_of("alice");
    umask(0077);
    for (int durable = 0; durable < 2; durable++) {
        struct stat st;
        ck_assert_int_eq(grantdir_write_user(state, &alice, durable), 0);
        ck_assert_int_eq(read_alice(), 0);
        ck_assert_int_eq(stat(in_state("grants/user/alice"), &st), 0);
        ck_assert_uint_eq(st.st_mode & 07777, 0644);
        ck_assert_int_eq(count_entries("grants/user"), 1);
    }
    ck_assert_int_eq(grantdir_remove_user(state, "alice"), 0);
    ck_assert_int_eq(grantdir_remove_user(state, "alice"), -ENOENT);
    ck_assert_int_eq(read_alice(), -ENOENT);
}
END_TEST

START_TEST(missing_folders_are_made)
{
    const struct grant_user alice = file_of("alice");
    struct stat st;
    rmdir(in_state("grants/user"));
    rmdir(in_state("grants"));
    umask(0077);
    ck_assert_int_eq(grantdir_remove_user(state, "alice"), -ENOENT);
    ck_assert_int_eq(grantdir_write_user(state, &alice, true), 0);
    ck_assert_int_eq(read_alice(), 0);
    ck_assert_int_eq(stat(in_state("grants/user"), &st), 0);
    ck_assert_uint_eq(st.st_mode & 07777, 0755);
}
END_TEST

/* A write that fails leaves the old file as it was, and nothing else. */
START_TEST(failed_write)
{
    struct grant_user alice = file_of("alice");
    ck_assert_int_eq(grantdir_write_user(state, &alice, true), 0);
    alice.written = -1;
    ck_assert_int_eq(grantdir_write_user(state, &alice, true), -EINVAL);
    ck_assert_int_eq(read_alice(), 0);
    ck_assert_int_eq(count_entries("grants/user"), 1);

    enum { TOO_MANY = 10000 };
    static struct grant_package many[TOO_MANY];
    for (int i = 0; i < TOO_MANY; i++)
        many[i] = package;
    alice = file_of("alice");
    alice.packages = many;
    alice.n_packages = TOO_MANY;
    ck_assert_int_eq(grantdir_write_user(state, &alice, true), -EFBIG);
    ck_assert_int_eq(read_alice(), 0);
    ck_assert_int_eq(count_entries("grants/user"), 1);

    /* nothing is written into a folder that the readers would not believe */
    ck_assert_int_eq(chmod(in_state("grants/user"), 0777), 0);
    alice = file_of("bob");
    ck_assert_int_eq(grantdir_write_user(state, &alice, true), -EPERM);
    ck_assert_int_eq(count_entries("grants/user"), 1);
}
END_TEST

/* Nothing half-written ever stands under the name that readers open (rule 1), and no remains stay beside it. */
START_TEST(full_disk)
{
    const struct grant_user alice = file_of("alice");
    struct rlimit limit;
    ck_assert_int_eq(grantdir_write_user(state, &alice, true), 0);
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
    signal(SIGXFSZ, SIG_IGN);
    for (rlim_t size = 0; size < 100; size += 33) {
        ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &(struct rlimit){size, limit.rlim_max}), 0);
        const int written = grantdir_write_user(state, &alice, true);
        const struct allow_entry entry = {2001, "a-name-too-long-for-the-space"};
        const int allowed = grantdir_write_allow(state, &entry, size < 20);
        ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
        ck_assert_int_eq(written, -EFBIG);
        ck_assert_int_eq(allowed, size < 20 ? -EFBIG : 0);
    }
    ck_assert_int_eq(read_alice(), 0);
    ck_assert_int_eq(count_entries("grants/user"), 1);
    ck_assert_int_eq(count_entries("allow"), 0);
}
END_TEST

START_TEST(name_that_cannot_be_replaced)
{
    const struct grant_user alice = file_of("alice");
    ck_assert_int_eq(mkdir(in_state("grants/user/alice"), 0755), 0);
    ck_assert_int_eq(grantdir_write_user(state, &alice, true), -EISDIR);
    ck_assert_int_eq(grantdir_remove_user(state, "alice"), -EISDIR);
    ck_assert_int_eq(count_entries("grants/user"), 1);
}
END_TEST

/*
 * In place of the C library's: keeps a record of what was brought to stable storage ('f' a file that stands under no
 * final name yet, 'd' a folder, '?' anything else), and can fail as a dying disk does.
 */
static char synced[16];
static size_t failing_sync = SIZE_MAX;

int fsync(int fd)
{
    char link[64], path[512] = "";
    struct stat st;
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ck_assert(readlink(link, path, sizeof(path) - 1) > 0 && fstat(fd, &st) == 0);
    const size_t n = strlen(synced);
    synced[n] = S_ISDIR(st.st_mode) ? 'd' : strstr(path, "/.new-") ? 'f' : '?';
    errno = EIO;
    return n == failing_sync ? -1 : 0;
}

static const char *record(void)
{
    static char taken[sizeof(synced)];
    memcpy(taken, synced, sizeof(taken));
    memset(synced, 0, sizeof(synced));
    return taken;
}

/* What narrows access is on stable storage before it counts as done: the file, then its name. */
START_TEST(durable_when_it_narrows)
{
    const struct grant_user alice = file_of("alice");
    const struct allow_entry entry = {2001, "dbadmins"};
    ck_assert_int_eq(grantdir_write_user(state, &alice, false), 0);
    ck_assert_str_eq(record(), "");
    ck_assert_int_eq(grantdir_write_user(state, &alice, true), 0);
    ck_assert_str_eq(record(), "fd");
    ck_assert_int_eq(grantdir_remove_user(state, "alice"), 0);
    ck_assert_str_eq(record(), "d");
    /* again (rule 7): the first may have been cut off before the folder was synced */
    ck_assert_int_eq(grantdir_remove_user(state, "alice"), -ENOENT);
    ck_assert_str_eq(record(), "d");
    ck_assert_int_eq(grantdir_write_allow(state, &entry, 1), 0);
    ck_assert_str_eq(record(), "fd");
    ck_assert_int_eq(grantdir_write_allow(state, &entry, 1), 0); /* nothing is new */
    ck_assert_str_eq(record(), "d");
}
END_TEST

START_TEST(dying_disk)
{
    struct grant_user alice = file_of("alice");
    ck_assert_int_eq(grantdir_write_user(state, &alice, false), 0);
    failing_sync = 0;
    alice.uid = 1002;
    ck_assert_int_eq(grantdir_write_user(state, &alice, true), -EIO);
    ck_assert_str_eq(record(), "f");
    ck_assert_int_eq(read_alice(), 0); /* the old one, uid 1001 */
    ck_assert_int_eq(count_entries("grants/user"), 1);
    failing_sync = 1;
    ck_assert_int_eq(grantdir_write_user(state, &alice, true), -EIO);
    ck_assert_str_eq(record(), "fd");
    failing_sync = 0;
    ck_assert_int_eq(grantdir_remove_user(state, "alice"), -EIO);
    ck_assert_str_eq(record(), "d");
    ck_assert_int_eq(grantdir_write_allow(state, NULL, 0), -EIO);
}
END_TEST

/* What widened access is put on stable storage later, for several at once: the files, then their names. */
START_TEST(durable_later)
{
    char *const users[] = {(char *)"alice", (char *)"gone", (char *)"bob", NULL};
    const struct grant_user alice = file_of("alice"), bob = file_of("bob");
    ck_assert_int_eq(grantdir_sync_users(state, users), 0);
    ck_assert_str_eq(record(), "d");
    ck_assert_int_eq(grantdir_write_user(state, &alice, false), 0);
    ck_assert_int_eq(grantdir_write_user(state, &bob, false), 0);
    ck_assert_int_eq(grantdir_sync_users(state, users), 0);
    ck_assert_str_eq(record(), "??d");
    for (failing_sync = 0; failing_sync < 3; failing_sync++) {
        ck_assert_int_eq(grantdir_sync_users(state, users), -EIO);
        record();
    }
    ck_assert_int_eq(grantdir_sync_all(state), 0);
    ck_assert_int_eq(grantdir_sync_all("/nowhere"), -ENOENT);
}
END_TEST

/* Another user, for whom the folder is not writable. */
START_TEST(folder_of_another)
{
    const struct grant_user alice = file_of("alice");
    ck_assert_int_eq(seteuid(990), 0);
    const int written = grantdir_write_user(state, &alice, true);
    ck_assert_int_eq(seteuid(0), 0);
    ck_assert_int_eq(written, -EACCES);
    ck_assert_int_eq(count_entries("grants/user"), 0);
}
END_TEST

/* A planted link under the temporary name is neither followed nor in the way. */
START_TEST(planted_temporary)
{
    char name[64];
    const struct grant_user alice = file_of("alice");
    put_text("victim", "precious");
    snprintf(name, sizeof(name), "grants/user/.new-%ld-0", (long)getpid());
    ck_assert_int_eq(symlink("../../victim", in_state(name)), 0);
    ck_assert_int_eq(grantdir_write_user(state, &alice, false), 0);
    ck_assert_int_eq(read_alice(), 0);
    struct stat st;
    ck_assert_int_eq(stat(in_state("victim"), &st), 0);
    ck_assert_int_eq(st.st_size, strlen("precious"));
}
END_TEST

static int stop_at_second(const char *user, void *data)
{
    (void)user;
    return ++*(int *)data == 2 ? 42 : 0;
}

/* The mark tells what we wrote from what somebody made of it, also when it reads the same. */
START_TEST(marks)
{
    const struct grant_user file = file_of("alice");
    struct grantdir_mark written, now;
    char path[PATH_MAX], other[PATH_MAX];
    ck_assert_int_eq(grantdir_mark_user(state, "alice", &now), -ENOENT);
    ck_assert_int_eq(grantdir_write_user_marked(state, &file, false, &written), 0);
    ck_assert_int_eq(grantdir_mark_user(state, "alice", &now), 0);
    ck_assert(grantdir_same_mark(&written, &now));
    ck_assert(grantdir_has_our_mode(&now));
    snprintf(path, sizeof(path), "%s/grants/user/alice", state);
    snprintf(other, sizeof(other), "%s/grants/user/other", state);

    ck_assert_int_eq(chmod(path, 0600), 0);
    ck_assert_int_eq(grantdir_mark_user(state, "alice", &now), 0);
    ck_assert(!grantdir_same_mark(&written, &now));
    ck_assert(!grantdir_has_our_mode(&now));
    ck_assert_int_eq(chmod(path, 0644), 0);

    ck_assert_int_eq(rename(path, other), 0);
    ck_assert_int_eq(grantdir_write_user(state, &file, false), 0);
    ck_assert_int_eq(grantdir_mark_user(state, "alice", &now), 0);
    ck_assert(!grantdir_same_mark(&written, &now));
    ck_assert_int_eq(rename(other, path), 0);
    ck_assert_int_eq(grantdir_mark_user(state, "alice", &now), 0);
    ck_assert(grantdir_same_mark(&written, &now));

    const struct timespec times[2] = {{.tv_sec = 1}, {.tv_sec = 1}};
    ck_assert_int_eq(utimensat(AT_FDCWD, path, times, 0), 0);
    ck_assert_int_eq(grantdir_mark_user(state, "alice", &now), 0);
    ck_assert(!grantdir_same_mark(&written, &now));
}
END_TEST

START_TEST(walk)
{
    int count = 0;
    put_text("grants/user/alice", ALICE);
    put_text("grants/user/bob", "");
    put_text("grants/user/carol", "");
    put_text("grants/user/.new-77-0", "left by a killed writer");
    put_text("grants/user/not%2Dcanonical", "");
    ck_assert_int_eq(grantdir_each_user(state, stop_at_second, &count), 42);
    ck_assert_int_eq(count, 2);
    count = 100;
    ck_assert_int_eq(grantdir_each_user(state, stop_at_second, &count), 0);
    ck_assert_int_eq(count, 103);
    ck_assert_int_eq(count_entries("grants/user"), 4);
}
END_TEST

/* In steps, while files come and go: what is there all the time comes once. */
START_TEST(walk_in_steps)
{
    enum { FILES = 3000 };
    struct grantdir_list *list = NULL;
    char user[64], name[64];
    static bool seen[FILES];
    int r;
    folder_shell(state, "mkdir -p grants/user; cd grants/user; seq 0 2999 | sed s,^,u, | xargs touch");
    ck_assert_int_eq(grantdir_list_users(state, &list), 0);
    for (int i = 0; (r = grantdir_list_next(list, user, sizeof(user))) == 0; i++) {
        int number = -1;
        if (sscanf(user, "u%d", &number) == 1) {
            ck_assert(!seen[number]);
            seen[number] = true;
        }
        snprintf(name, sizeof(name), "grants/user/x%d", i % 50);
        put_text(name, "");
    }
    ck_assert_int_eq(r, -ENOENT);
    for (int i = 0; i < FILES; i++)
        ck_assert(seen[i]);
    grantdir_list_free(list);
    folder_shell(state, "rm -r grants");
    ck_assert_int_eq(grantdir_list_users(state, &list), -ENOENT);
}
END_TEST

/* ---- the allow-list ---------------------------------------------------------------------------------------- */

START_TEST(allow_list)
{
    const struct allow_entry first[] = {{2001, "dbadmins"}, {34, "backup"}, {2001, "dbadmins"}};
    const struct allow_entry second[] = {{2001, "dbadmins"}, {2010, "domain users"}};
    char name[256] = "untouched";
    rmdir(in_state("allow"));
    umask(0077);
    ck_assert_int_eq(grantdir_write_allow(state, first, 3), 0);
    ck_assert_int_eq(count_entries("allow"), 2);
    ck_assert(grantdir_allows(state, 2001) && grantdir_allows(state, 34));
    ck_assert(!grantdir_allows(state, 2010) && !grantdir_allows(state, 0) &&
              !grantdir_allows(state, (gid_t)-1));
    ck_assert_int_eq(grantdir_allowed_name(state, 2010, name, sizeof(name)), -ENOENT);
    ck_assert_str_eq(name, "untouched");

    put_text("allow/.new-77-0", "left by a killed writer");
    put_text("allow/name-dbadmins", "2001\n"); /* of an older version */
    ck_assert_int_eq(grantdir_write_allow(state, second, 2), 0);
    ck_assert_int_eq(count_entries("allow"), 2);
    ck_assert(grantdir_allows(state, 2001) && grantdir_allows(state, 2010) && !grantdir_allows(state, 34));
    ck_assert_int_eq(grantdir_allowed_name(state, 2010, name, sizeof(name)), 0);
    ck_assert_str_eq(name, "domain users");
    ck_assert_int_eq(grantdir_allowed_name(state, 2010, name, 5), -ENAMETOOLONG);

    ck_assert_int_eq(grantdir_write_allow(state, NULL, 0), 0);
    ck_assert_int_eq(count_entries("allow"), 0);
}
END_TEST

static int sum_allowed(gid_t gid, const char *name, void *data)
{
    *(unsigned long *)data += gid;
    return strcmp(name, "stop") == 0;
}

/* Only what readers would honour is told of, by the names that root wrote. */
START_TEST(allow_list_is_walked)
{
    unsigned long sum = 0;
    put_text("allow/gid-2001", "dbadmins\n");
    put_text("allow/gid-34", "backup\n");
    put_text("allow/gid-0", "root\n");
    put_text("allow/gid-007", "x\n");
    put_text("allow/gid-4294967295", "x\n");
    put_text("allow/gid-42949672960", "x\n");
    put_text("allow/gid-x", "x\n");
    put_text("allow/gid-40", "no newline");
    put_text("allow/name-dbadmins", "2001\n");
    put_text("allow/gid-41", "writable by others\n");
    ck_assert_int_eq(chmod(in_state("allow/gid-41"), 0666), 0);
    ck_assert_int_eq(grantdir_each_allowed(state, sum_allowed, &sum), 0);
    ck_assert_uint_eq(sum, 2035);
    put_text("allow/gid-2001", "stop\n");
    ck_assert_int_eq(grantdir_each_allowed(state, sum_allowed, &sum), 1);
    ck_assert_int_eq(chmod(in_state("allow"), 0775), 0);
    ck_assert_int_eq(grantdir_each_allowed(state, sum_allowed, &sum), -EPERM);
}
END_TEST

/* What versions before listed by group goes, and takes nothing else along. */
START_TEST(member_lists_of_older_versions_go)
{
    ck_assert_int_eq(grantdir_remove_member_lists(state), 0);
    ck_assert_int_eq(mkdir(in_state("grants/gid"), 0755), 0);
    put_text("grants/gid/2001", "accesspkg-members 1\n");
    put_text("grants/gid/.new-77-0", "");
    put_text("grants/user/alice", ALICE);
    ck_assert_int_eq(grantdir_remove_member_lists(state), 0);
    ck_assert_int_lt(access(in_state("grants/gid"), F_OK), 0);
    ck_assert_int_eq(read_alice(), 0);
    ck_assert_int_eq(symlink("user", in_state("grants/gid")), 0);
    ck_assert_int_lt(grantdir_remove_member_lists(state), 0);
    ck_assert_int_eq(read_alice(), 0);
}
END_TEST

START_TEST(allow_list_refuses_root)
{
    const struct allow_entry good = {2001, "dbadmins"};
    const struct allow_entry bad[][2] = {{{2002, "dba-leads"}, {0, "root"}},
                                         {{2002, "dba-leads"}, {(gid_t)-1, "x"}},
                                         {{2002, "dba-leads"}, {5, ""}}};
    static const int results[] = {-EPERM, -EINVAL, -EINVAL};
    ck_assert_int_eq(grantdir_write_allow(state, &good, 1), 0);
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        ck_assert_int_eq(grantdir_write_allow(state, bad[i], 2), results[i]);
        ck_assert(grantdir_allows(state, 2001) && !grantdir_allows(state, 2002));
    }
    /* nor would the readers believe an entry for it */
    char name[256];
    put_text("allow/gid-0", "root\n");
    ck_assert(!grantdir_allows(state, 0));
    ck_assert_int_eq(grantdir_allowed_name(state, 0, name, sizeof(name)), -ENOENT);
}
END_TEST

/* The daemon's user may add to the state folder; an allow/ of its own making counts for nothing. */
START_TEST(allow_list_of_another_owner)
{
    const struct allow_entry entry = {2001, "dbadmins"};
    ck_assert_int_eq(grantdir_write_allow(state, &entry, 1), 0);
    ck_assert_int_eq(chown(in_state("allow/gid-2001"), 990, 990), 0);
    ck_assert(!grantdir_allows(state, 2001));
    ck_assert_int_eq(chown(in_state("allow"), 990, 990), 0);
    ck_assert(!grantdir_allows(state, 2001));
    char name[256];
    ck_assert_int_eq(grantdir_allowed_name(state, 2001, name, sizeof(name)), -EPERM);
    ck_assert_int_eq(grantdir_write_allow(state, &entry, 1), -EPERM);

    /* and in a folder that is not its own, nobody makes one */
    state_teardown();
    state_setup();
    rmdir(in_state("allow"));
    ck_assert_int_eq(chown(state, 990, 990), 0);
    ck_assert_int_eq(grantdir_write_allow(state, &entry, 1), -EPERM);
    ck_assert_int_lt(access(in_state("allow"), F_OK), 0);
}
END_TEST

int main(void)
{
    suite_case("files", state_setup, state_teardown);
    suite_add(odd_user_names, write_and_remove, missing_folders_are_made, failed_write, full_disk,
              name_that_cannot_be_replaced, durable_when_it_narrows, dying_disk, durable_later);
    if (geteuid() == 0)
        suite_add(folder_of_another);
    suite_add(planted_temporary, marks, walk, walk_in_steps, member_lists_of_older_versions_go);
    suite_case("allow-list", state_setup, state_teardown);
    suite_add(allow_list, allow_list_is_walked, allow_list_refuses_root);
    if (geteuid() == 0)
        suite_add(allow_list_of_another_owner);
    if (geteuid() != 0)
        puts("not root: the cases that need another owner were left out");
    return suite_run();
}
