/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which user a grant file is for, where the directory is not as simple as /etc/passwd: it knows a user by several
 * names, or the user changes while we look. Stands in for libpam's look-up of users, for no directory does that to
 * order. Rule 1: what does not fit lets nobody in.
 */
#include "pam_module/check.h"
#include "tests/support/suite.h"
#include "tests/unit/statedir.h"

#include <errno.h>
#include <pwd.h>
#include <security/pam_modutil.h>

#define NOW 1763940000

static struct alias {
    const char *asked;
    char *name;
    uid_t uid;
} aliases[4];
static const char *removed_on_look_up;

static bool find(const char *asked, struct passwd *ret)
{
    if (removed_on_look_up)
        unlink(in_state(removed_on_look_up));
    for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++)
        if (aliases[i].asked && strcmp(aliases[i].asked, asked) == 0) {
            *ret = (struct passwd){.pw_name = aliases[i].name, .pw_uid = aliases[i].uid};
            return true;
        }
    return false;
}

/* These take the place of libpam's and the C library's in this program. */
struct passwd *pam_modutil_getpwnam(pam_handle_t *pamh, const char *user)
{
    static struct passwd found;
    (void)pamh;
    return find(user, &found) ? &found : NULL;
}

/* What is answered where nobody is found; of somebody ERANGE. */
static int unanswered;

int getpwnam_r(const char *name, struct passwd *user, char *buffer, size_t size, struct passwd **ret)
{
    (void)buffer, (void)size;
    *ret = unanswered != ERANGE && find(name, user) ? user : NULL;
    return *ret ? 0 : unanswered;
}

static char alice[] = "alice", upper[] = "ALICE", third[] = "third";

static void put_grant(const char *user)
{
    char path[64], text[256];
    snprintf(path, sizeof(path), "grants/user/%s", user);
    snprintf(text, sizeof(text),
             "accesspkg-grants 1\nuser %s 1001\nwritten 1763940000\npackage db-admins 1763935940 1763950340 "
             "12\nend\n",
             user);
    put_text(path, text);
}

static struct check check(const struct judged *judged)
{
    const struct gate_options options = {.packages = {"db-admins"}, .n_packages = 1};
    static char handle; /* nobody looks into it */
    struct check result;
    const struct check_context context = {(pam_handle_t *)(void *)&handle, state, NOW};
    check_grant(&context, judged, &options, &result);
    return result;
}

START_TEST(another_name_of_a_holder)
{
    aliases[0] = (struct alias){"ALICE", alice, 1001};
    aliases[1] = (struct alias){"alice", alice, 1001};
    put_grant("alice");
    const struct check found = check(&(struct judged){.name = "ALICE"});
    ck_assert_int_eq(found.outcome, CHECK_HOLDS);
    ck_assert_str_eq(found.name, "alice");
}
END_TEST

/* Only the canonical name has a file: what stands under another was not written for anybody. */
START_TEST(file_of_another_name)
{
    aliases[0] = (struct alias){"ALICE", alice, 1001};
    aliases[1] = (struct alias){"alice", alice, 1001};
    put_grant("ALICE");
    const struct check found = check(&(struct judged){.name = "ALICE"});
    ck_assert_int_eq(found.outcome, CHECK_NONE);
    ck_assert_str_eq(found.name, "alice");
}
END_TEST

START_TEST(names_in_a_circle)
{
    aliases[0] = (struct alias){"alice", upper, 1001};
    aliases[1] = (struct alias){"ALICE", third, 1001};
    aliases[2] = (struct alias){"third", alice, 1001};
    put_grant("alice");
    put_grant("ALICE");
    put_grant("third");
    ck_assert_int_eq(check(&(struct judged){.name = "alice"}).outcome, CHECK_UNKNOWN_USER);
}
END_TEST

/* A directory that is away is no answer: nobody is let in, and nobody is said to be unknown. */
START_TEST(directory_is_away)
{
    put_grant("alice");
    ck_assert_int_eq(check(&(struct judged){.name = "alice"}).outcome, CHECK_UNKNOWN_USER);
    unanswered = EIO;
    const struct judged judged[] = {{.name = "alice"}, {.name = "alice", .is_real = true, .uid = 1001}};
    for (size_t i = 0; i < 2; i++) {
        const struct check found = check(&judged[i]);
        ck_assert_int_eq(found.outcome, CHECK_UNANSWERED);
        ck_assert_int_eq(found.error, EIO);
        ck_assert_ptr_null(found.name);
    }
    unanswered = ERANGE; /* there is somebody, by now */
    ck_assert_int_eq(check(&judged[0]).outcome, CHECK_UNANSWERED);
    ck_assert_int_eq(check(&judged[0]).error, EAGAIN);
}
END_TEST

/* An entry for which there is no room at first. */
START_TEST(long_entry)
{
    aliases[0] = (struct alias){"alice", alice, 1001};
    put_grant("alice");
    unanswered = ERANGE;
    const struct check found = check(&(struct judged){.name = "alice"});
    ck_assert_int_eq(found.outcome, CHECK_HOLDS);
    ck_assert_str_eq(found.name, "alice");
}
END_TEST

START_TEST(real_user_of_another_uid)
{
    aliases[0] = (struct alias){"alice", alice, 1001};
    put_grant("alice");
    ck_assert_int_eq(check(&(struct judged){.name = "alice", .is_real = true, .uid = 1001}).outcome,
                     CHECK_HOLDS);
    ck_assert_int_eq(check(&(struct judged){.name = "alice", .is_real = true, .uid = 1002}).outcome,
                     CHECK_UNKNOWN_USER);
}
END_TEST

/* The user is looked up behind the file: made anew in between, with another uid, the old file is no longer theirs. */
START_TEST(file_first)
{
    aliases[0] = (struct alias){"alice", alice, 1001};
    put_grant("alice");
    removed_on_look_up = "grants/user/alice";
    ck_assert_int_eq(check(&(struct judged){.name = "alice"}).outcome, CHECK_HOLDS);
    ck_assert_int_eq(check(&(struct judged){.name = "alice"}).outcome, CHECK_NONE);
    removed_on_look_up = NULL;
    put_grant("alice");
    aliases[0].uid = 1042;
    const struct check found = check(&(struct judged){.name = "alice"});
    ck_assert_int_eq(found.outcome, CHECK_NONE);
    ck_assert_str_eq(found.fault, "the grant file was written for another uid");
}
END_TEST

int main(void)
{
    suite_case("users", state_setup, state_teardown);
    suite_add(another_name_of_a_holder, file_of_another_name, names_in_a_circle, real_user_of_another_uid,
              file_first, directory_is_away, long_entry);
    return suite_run();
}
