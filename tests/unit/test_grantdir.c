/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reading the contract on disk. Rule 1: whatever is wrong with a file or a folder, the readers refuse. The cases that
 * need another owner run as root only.
 */
#include "tests/support/suite.h"
#include "tests/unit/grantfiles.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>

START_TEST(good_files)
{
    put_text("grants/user/alice", ALICE);
    ck_assert_int_eq(read_alice(), 0);
}
END_TEST

START_TEST(nothing_there)
{
    static const char *const gone[] = {"grants/user", "grants", "allow", ""};
    struct grant_user file;
    for (size_t i = 0; i < sizeof(gone) / sizeof(*gone); i++) {
        ck_assert_int_eq(read_alice(), -ENOENT);
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
    ck_assert_int_eq(chown(in_state("grants/user/alice"), 1001, 1001), 0);
    ck_assert_int_eq(read_alice(), -EPERM);
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
    ck_assert_int_eq(read_alice(), -EISDIR);
    rmdir(in_state("grants/user/alice"));

    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof(address.sun_path), "%.100s", in_state("grants/user/alice"));
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    ck_assert_int_eq(read_alice(), -ENXIO);
    close(fd);
}
END_TEST

/* What is wrong with a file is said in words, not in those of errno: "Bad message", "Timer expired". */
START_TEST(faults_in_words)
{
    static const int results[] = {-EPERM, -EBADMSG, -ETIME, -ELOOP, -ENOTDIR, -EIO, -ENXIO};
    ck_assert_ptr_null(grantdir_fault(-ENOENT));
    for (size_t i = 0; i < sizeof(results) / sizeof(results[0]); i++) {
        ck_assert_ptr_nonnull(strstr(grantdir_fault(results[i]), "the grant file"));
        ck_assert_ptr_null(strstr(grantdir_fault(results[i]), strerror(-results[i])));
    }
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
}
END_TEST

START_TEST(from_the_future)
{
    struct grant_user file;
    put_text("grants/user/alice", ALICE);
    ck_assert_int_eq(grantdir_read_user(state, "alice", NOW - GRANTFILE_SKEW - 1, &file), -ETIME);
    ck_assert_int_eq(grantdir_read_user(state, "alice", INT64_MIN, &file), -ETIME);
    ck_assert_int_eq(grantdir_read_user(state, "alice", NOW - GRANTFILE_SKEW, &file), 0);
    grant_user_deinit(&file);
    ck_assert_int_eq(grantdir_read_user(state, "alice", INT64_MAX, &file), 0);
    grant_user_deinit(&file);
}
END_TEST

START_TEST(renamed_for_another)
{
    struct grant_user file;
    put_text("grants/user/mallory", ALICE);
    ck_assert_int_eq(grantdir_read_user(state, "mallory", NOW, &file), -EBADMSG);
}
END_TEST

START_TEST(allow_list_entries_are_checked)
{
    static const char *const bad_names[] = {"", "\n", "dbadmins", "db admins\n", "a\nb\n", "%64b\n"};
    char name[256];
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

int main(void)
{
    suite_case("files", state_setup, state_teardown);
    suite_add(good_files, nothing_there, what_others_may_write);
    if (geteuid() == 0)
        suite_add(wrong_owner);
    suite_add(symbolic_links, no_regular_file, faults_in_words, sizes, from_the_future, renamed_for_another);
    suite_case("allow-list", state_setup, state_teardown);
    suite_add(allow_list_entries_are_checked);
    if (geteuid() != 0)
        puts("not root: the cases that need another owner were left out");
    return suite_run();
}
