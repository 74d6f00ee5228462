/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The contract on disk. Rule 1: whatever is wrong with a file or a folder, the readers refuse. The cases that need
 * another owner run as root only.
 */
#include "common/grantdir.h"
#include "tests/unit/statedir.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>

#define NOW 1763940000

#define ALICE                                                                                                \
    "accesspkg-grants 1\nuser alice 1001\nwritten 1763940000\npackage db-admins 1763935940 1763950340 12\n"  \
    "group 2001 dbadmins 1763935940 1763950340\nend\n"
#define MEMBERS                                                                                              \
    "accesspkg-members 1\ngroup 2001 dbadmins\nwritten 1763940000\nmember alice 1763935940 "                 \
    "1763950340\nend\n"

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

/* What reading alice's file gives; a good result is given back at once. */
static int read_alice(void)
{
    struct grant_user file = {.uid = 77};
    const int r = grantdir_read_user(state, "alice", NOW, &file);
    ck_assert_uint_eq(file.uid, r == 0 ? 1001 : 77);
    if (r == 0)
        grant_user_deinit(&file);
    return r;
}

static int read_members(void)
{
    struct grant_gid file = {.gid = 77};
    const int r = grantdir_read_gid(state, 2001, NOW, &file);
    ck_assert_uint_eq(file.gid, r == 0 ? 2001 : 77);
    if (r == 0)
        grant_gid_deinit(&file);
    return r;
}

static int count_entries(const char *folder)
{
    DIR *entries = opendir(in_state(folder));
    ck_assert_ptr_nonnull(entries);
    int count = -2; /* "." and ".." */
    while (readdir(entries))
        count++;
    closedir(entries);
    return count;
}

/* ---- readers ----------------------------------------------------------------------------------------------- */

START_TEST(good_files)
{
    put_text("grants/user/alice", ALICE);
    put_text("grants/gid/2001", MEMBERS);
    ck_assert_int_eq(read_alice(), 0);
    ck_assert_int_eq(read_members(), 0);
}
END_TEST

START_TEST(nothing_there)
{
    static const char *const gone[] = {"grants/user", "grants/gid", "grants", "allow", ""};
    struct grant_user file;
    for (size_t i = 0; i < sizeof(gone) / sizeof(*gone); i++) {
        ck_assert_int_eq(read_alice(), -ENOENT);
        ck_assert_int_eq(read_members(), -ENOENT);
        ck_assert(!grantdir_allows(state, 2001));
        ck_assert_int_eq(rmdir(in_state(gone[i])), 0);
    }
    ck_assert_int_eq(read_alice(), -ENOENT);
    ck_assert_int_eq(mkdir(state, 0755), 0);
    ck_assert_int_eq(grantdir_read_user(state, "", NOW, &file), -EINVAL);
}
END_TEST

START_TEST(what_others_may_write)
{
    static const struct {
        const char *path;
        mode_t mode;
        int result;
    } cases[] = {
        {"grants/user/alice", 0664, -EPERM},
        {"grants/user/alice", 0646, -EPERM},
        {"grants/user/alice", 0444, 0},
        {"grants/user", 0775, -EPERM},
        {"grants/user", 0757, -EPERM},
        {"grants", 0775, -EPERM},
        {"grants", 01777, -EPERM},
        {"", 01777, -EPERM},
        {"", 01775, 0}, /* the state folder as it is installed */
    };
    put_text("grants/user/alice", ALICE);
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct stat before;
        ck_assert_int_eq(stat(in_state(cases[i].path), &before), 0);
        ck_assert_int_eq(chmod(path_buffer, cases[i].mode), 0);
        ck_assert_msg(read_alice() == cases[i].result, "%s with mode %o", cases[i].path, cases[i].mode);
        ck_assert_int_eq(chmod(in_state(cases[i].path), before.st_mode & 07777), 0);
        ck_assert_int_eq(read_alice(), 0);
    }
}
END_TEST

START_TEST(wrong_owner)
{
    put_text("grants/user/alice", ALICE);
    put_text("grants/gid/2001", MEMBERS);
    ck_assert_int_eq(chown(in_state("grants/user/alice"), 1001, 1001), 0);
    ck_assert_int_eq(chown(in_state("grants/gid/2001"), 1001, 1001), 0);
    ck_assert_int_eq(read_alice(), -EPERM);
    ck_assert_int_eq(read_members(), -EPERM);
    /* root's own file in the daemon's folder is no grant of the daemon's either */
    ck_assert_int_eq(chown(in_state("grants/user/alice"), 0, 0), 0);
    ck_assert_int_eq(chown(in_state("grants/user"), 990, 990), 0);
    ck_assert_int_eq(read_alice(), -EPERM);
    ck_assert_int_eq(chown(in_state("grants/user/alice"), 990, 990), 0);
    ck_assert_int_eq(read_alice(), 0);
}
END_TEST

START_TEST(symbolic_links)
{
    put_text("alice", ALICE);
    ck_assert_int_eq(symlink("../../alice", in_state("grants/user/alice")), 0);
    ck_assert_int_eq(read_alice(), -ELOOP);

    unlink(in_state("grants/user/alice"));
    ck_assert_int_eq(rmdir(in_state("grants/user")), 0);
    ck_assert_int_eq(mkdir(in_state("elsewhere"), 0755), 0);
    put_text("elsewhere/alice", ALICE);
    ck_assert_int_eq(symlink("../elsewhere", in_state("grants/user")), 0);
    ck_assert_int_lt(read_alice(), 0);
    ck_assert_int_ne(read_alice(), -ENOENT);
}
END_TEST

/* Neither may a reader wait for a writer that never comes. */
START_TEST(no_regular_file)
{
    ck_assert_int_eq(mkfifo(in_state("grants/user/alice"), 0644), 0);
    ck_assert_int_eq(read_alice(), -EPERM);
    unlink(in_state("grants/user/alice"));

    ck_assert_int_eq(mkdir(in_state("grants/user/alice"), 0755), 0);
    ck_assert_int_eq(read_alice(), -EPERM);
    rmdir(in_state("grants/user/alice"));

    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof(address.sun_path), "%.100s", in_state("grants/user/alice"));
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    ck_assert_int_eq(read_alice(), -ENXIO);
    close(fd);
}
END_TEST

START_TEST(sizes)
{
    put_text("grants/user/alice", "");
    ck_assert_int_eq(read_alice(), -EBADMSG);
    put_text("grants/user/alice", ALICE);
    ck_assert_int_eq(truncate(in_state("grants/user/alice"), (off_t)GRANTFILE_USER_MAX + 1), 0);
    ck_assert_int_eq(read_alice(), -EBADMSG);
    ck_assert_int_eq(truncate(in_state("grants/user/alice"), (off_t)1 << 40), 0);
    ck_assert_int_eq(read_alice(), -EBADMSG);
    put_text("grants/gid/2001", MEMBERS);
    ck_assert_int_eq(truncate(in_state("grants/gid/2001"), (off_t)GRANTFILE_GID_MAX + 1), 0);
    ck_assert_int_eq(read_members(), -EBADMSG);
}
END_TEST

START_TEST(from_the_future)
{
    struct grant_user file;
    put_text("grants/user/alice", ALICE);
    put_text("grants/gid/2001", MEMBERS);
    ck_assert_int_eq(grantdir_read_user(state, "alice", NOW - GRANTFILE_SKEW - 1, &file), -ETIME);
    ck_assert_int_eq(grantdir_read_user(state, "alice", INT64_MIN, &file), -ETIME);
    ck_assert_int_eq(grantdir_read_user(state, "alice", NOW - GRANTFILE_SKEW, &file), 0);
    grant_user_deinit(&file);
    ck_assert_int_eq(grantdir_read_user(state, "alice", INT64_MAX, &file), 0);
    grant_user_deinit(&file);
    struct grant_gid members;
    ck_assert_int_eq(grantdir_read_gid(state, 2001, NOW - GRANTFILE_SKEW - 1, &members), -ETIME);
    ck_assert_int_eq(grantdir_read_gid(state, 2001, NOW - GRANTFILE_SKEW, &members), 0);
    grant_gid_deinit(&members);
}
END_TEST

START_TEST(renamed_for_another)
{
    struct grant_user file;
    struct grant_gid members;
    put_text("grants/user/mallory", ALICE);
    put_text("grants/gid/2002", MEMBERS);
    ck_assert_int_eq(grantdir_read_user(state, "mallory", NOW, &file), -EBADMSG);
    ck_assert_int_eq(grantdir_read_gid(state, 2002, NOW, &members), -EBADMSG);
}
END_TEST

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

/* ---- writers ----------------------------------------------------------------------------------------------- */

START_TEST(write_and_remove)
{
    const struct grant_user alice = file_of("alice");
    struct grant_member member = {.name = "alice", .span = {100, 200}};
    const struct grant_gid members = {
        .gid = 2001, .name = "dbadmins", .written = NOW, .members = &member, .n_members = 1};
    umask(0077);
    for (int durable = 0; durable < 2; durable++) {
        struct stat st;
        ck_assert_int_eq(grantdir_write_user(state, &alice, durable), 0);
        ck_assert_int_eq(grantdir_write_gid(state, &members), 0);
        ck_assert_int_eq(read_alice(), 0);
        ck_assert_int_eq(read_members(), 0);
        ck_assert_int_eq(stat(in_state("grants/user/alice"), &st), 0);
        ck_assert_uint_eq(st.st_mode & 07777, 0644);
        ck_assert_int_eq(count_entries("grants/user"), 1);
    }
    ck_assert_int_eq(grantdir_remove_user(state, "alice"), 0);
    ck_assert_int_eq(grantdir_remove_user(state, "alice"), -ENOENT);
    ck_assert_int_eq(grantdir_remove_gid(state, 2001), 0);
    ck_assert_int_eq(grantdir_remove_gid(state, 2001), -ENOENT);
    ck_assert_int_eq(read_alice(), -ENOENT);
    ck_assert_int_eq(read_members(), -ENOENT);
}
END_TEST

START_TEST(missing_folders_are_made)
{
    const struct grant_user alice = file_of("alice");
    struct stat st;
    rmdir(in_state("grants/user"));
    rmdir(in_state("grants/gid"));
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

static int sum_gids(gid_t gid, void *data)
{
    *(unsigned long *)data += gid;
    return 0;
}

START_TEST(walk)
{
    int count = 0;
    unsigned long sum = 0;
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

    put_text("grants/gid/2001", "");
    put_text("grants/gid/34", "");
    put_text("grants/gid/0", "");
    put_text("grants/gid/007", "");
    put_text("grants/gid/4294967295", "");
    put_text("grants/gid/42949672960", "");
    put_text("grants/gid/x", "");
    ck_assert_int_eq(grantdir_each_gid(state, sum_gids, &sum), 0);
    ck_assert_uint_eq(sum, 2035);
}
END_TEST

/* ---- the allow-list ---------------------------------------------------------------------------------------- */

START_TEST(allow_list)
{
    const struct allow_entry first[] = {{2001, "dbadmins"}, {34, "backup"}, {2001, "dbadmins"}};
    const struct allow_entry second[] = {{2001, "dbadmins"}, {2010, "domain users"}};
    char name[256] = "untouched";
    gid_t gid = 77;
    rmdir(in_state("allow"));
    umask(0077);
    ck_assert_int_eq(grantdir_write_allow(state, first, 3), 0);
    ck_assert_int_eq(count_entries("allow"), 4);
    ck_assert(grantdir_allows(state, 2001) && grantdir_allows(state, 34));
    ck_assert(!grantdir_allows(state, 2010) && !grantdir_allows(state, 0) &&
              !grantdir_allows(state, (gid_t)-1));
    ck_assert_int_eq(grantdir_allowed_name(state, 2010, name, sizeof(name)), -ENOENT);
    ck_assert_str_eq(name, "untouched");
    ck_assert_int_eq(grantdir_allowed_gid(state, "domain users", &gid), -ENOENT);
    ck_assert_uint_eq(gid, 77);

    put_text("allow/.new-77-0", "left by a killed writer");
    ck_assert_int_eq(grantdir_write_allow(state, second, 2), 0);
    ck_assert_int_eq(count_entries("allow"), 4);
    ck_assert(grantdir_allows(state, 2001) && grantdir_allows(state, 2010) && !grantdir_allows(state, 34));
    ck_assert_int_eq(grantdir_allowed_name(state, 2010, name, sizeof(name)), 0);
    ck_assert_str_eq(name, "domain users");
    ck_assert_int_eq(grantdir_allowed_name(state, 2010, name, 5), -ENAMETOOLONG);
    ck_assert_int_eq(grantdir_allowed_gid(state, "domain users", &gid), 0);
    ck_assert_uint_eq(gid, 2010);

    ck_assert_int_eq(grantdir_write_allow(state, NULL, 0), 0);
    ck_assert_int_eq(count_entries("allow"), 0);
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
    gid_t gid = 77;
    char name[256];
    put_text("allow/gid-0", "root\n");
    put_text("allow/name-root", "0\n");
    ck_assert(!grantdir_allows(state, 0));
    ck_assert_int_eq(grantdir_allowed_name(state, 0, name, sizeof(name)), -ENOENT);
    ck_assert_int_eq(grantdir_allowed_gid(state, "root", &gid), -EBADMSG);
    ck_assert_uint_eq(gid, 77);
}
END_TEST

START_TEST(allow_list_entries_are_checked)
{
    static const char *const bad_gids[] = {"",         "\n",           "2001",         "02001\n", "2001 \n",
                                           "2001\n\n", "4294967295\n", "4294969297\n", "-1\n",    "x\n"};
    static const char *const bad_names[] = {"", "\n", "dbadmins", "db admins\n", "a\nb\n", "%64b\n"};
    gid_t gid;
    char name[256];
    for (size_t i = 0; i < sizeof(bad_gids) / sizeof(*bad_gids); i++) {
        put_text("allow/name-dbadmins", bad_gids[i]);
        ck_assert_msg(grantdir_allowed_gid(state, "dbadmins", &gid) == -EBADMSG, "'%s'", bad_gids[i]);
    }
    for (size_t i = 0; i < sizeof(bad_names) / sizeof(*bad_names); i++) {
        put_text("allow/gid-2001", bad_names[i]);
        ck_assert_msg(grantdir_allowed_name(state, 2001, name, sizeof(name)) == -EBADMSG, "'%s'",
                      bad_names[i]);
    }
    put_text("allow/gid-2001", "dbadmins\n");
    ck_assert(grantdir_allows(state, 2001));
    chmod(in_state("allow/gid-2001"), 0664);
    ck_assert(!grantdir_allows(state, 2001));
    ck_assert_int_eq(grantdir_allowed_name(state, 2001, name, sizeof(name)), -EPERM);
    unlink(in_state("allow/gid-2001"));
    put_text("elsewhere", "dbadmins\n");
    ck_assert_int_eq(symlink("../elsewhere", in_state("allow/gid-2001")), 0);
    ck_assert(!grantdir_allows(state, 2001));
    unlink(in_state("allow/gid-2001"));
    put_text("allow/gid-2001", "dbadmins\n");
    chmod(in_state("allow"), 0775);
    ck_assert(!grantdir_allows(state, 2001));
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
    gid_t gid;
    ck_assert_int_eq(grantdir_allowed_gid(state, "dbadmins", &gid), -EPERM);
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
    Suite *suite = suite_create("grantdir");
    TCase *readers = tcase_create("readers");
    tcase_add_checked_fixture(readers, state_setup, state_teardown);
    tcase_add_test(readers, good_files);
    tcase_add_test(readers, nothing_there);
    tcase_add_test(readers, what_others_may_write);
    tcase_add_test(readers, symbolic_links);
    tcase_add_test(readers, no_regular_file);
    tcase_add_test(readers, sizes);
    tcase_add_test(readers, from_the_future);
    tcase_add_test(readers, renamed_for_another);
    tcase_add_test(readers, odd_user_names);
    if (geteuid() == 0)
        tcase_add_test(readers, wrong_owner);
    suite_add_tcase(suite, readers);
    TCase *writers = tcase_create("writers");
    tcase_add_checked_fixture(writers, state_setup, state_teardown);
    tcase_add_test(writers, write_and_remove);
    tcase_add_test(writers, missing_folders_are_made);
    tcase_add_test(writers, failed_write);
    tcase_add_test(writers, full_disk);
    tcase_add_test(writers, name_that_cannot_be_replaced);
    tcase_add_test(writers, planted_temporary);
    if (geteuid() == 0)
        tcase_add_test(writers, folder_of_another);
    tcase_add_test(writers, walk);
    suite_add_tcase(suite, writers);
    TCase *allow = tcase_create("allow-list");
    tcase_add_checked_fixture(allow, state_setup, state_teardown);
    tcase_add_test(allow, allow_list);
    tcase_add_test(allow, allow_list_refuses_root);
    tcase_add_test(allow, allow_list_entries_are_checked);
    if (geteuid() == 0)
        tcase_add_test(allow, allow_list_of_another_owner);
    suite_add_tcase(suite, allow);
    if (geteuid() != 0)
        puts("not root: the cases that need another owner were left out");
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failures = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failures != 0;
}
