/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The NSS module's answers, by the real clock, against a state folder of the test's own. Rule 1 (what cannot be
 * believed adds nothing) and the allow-list of docs/ARCHITECTURE.md (no gid that root did not name, never gid 0).
 */
#include "common/grantdir.h"
#include "nss_module/groups.h"
#include "tests/support/suite.h"
#include "tests/unit/statedir.h"

#include <errno.h>
#include <pwd.h>
#include <stdint.h>
#include <sys/resource.h>
#include <time.h>

enum { HOUR = 3600, UNTOUCHED = 77 };

static int64_t now;

static void allow(gid_t gid, const char *name)
{
    char path[128], line[128];
    snprintf(path, sizeof(path), "allow/gid-%u", gid);
    snprintf(line, sizeof(line), "%s\n", name);
    put_text(path, line);
}

static void grant(const char *user, size_t count, struct grant_group *groups)
{
    const struct grant_user file = {
        .user = user, .uid = 1001, .written = now, .groups = groups, .n_groups = count};
    ck_assert_int_eq(grantdir_write_user(state, &file, false), 0);
}

/* In place of the C library's: the one user who there is, or a directory that fails. */
static struct {
    uid_t uid;
    int error;
    size_t needs; /* bytes */
    size_t asked;
} directory;

int getpwnam_r(const char *name, struct passwd *entry, char *buffer, size_t size, struct passwd **ret)
{
    directory.asked++;
    *ret = NULL;
    if (directory.error)
        return directory.error;
    if (size < directory.needs)
        return ERANGE;
    if (strcmp(name, "alice") != 0)
        return 0;
    buffer[directory.needs ? directory.needs - 1 : 0] = '\0';
    *entry = (struct passwd){.pw_name = buffer, .pw_uid = directory.uid};
    *ret = entry;
    return 0;
}

static struct grant_span current(void)
{
    return (struct grant_span){now - HOUR, now + HOUR};
}

static struct grant_span ended(void)
{
    return (struct grant_span){now - HOUR, now - 1};
}

static struct grant_span ahead(void)
{
    return (struct grant_span){now + HOUR, now + 2 * HOUR};
}

static void setup(void)
{
    state_setup();
    directory.uid = 1001;
    now = time(NULL);
    allow(2001, "dbadmins");
    allow(34, "backup");
}

/* ---- initgroups -------------------------------------------------------------------------------------------- */

/* The list as glibc hands it over: room for `size`, the primary group in the first place. */
struct list {
    gid_t *gids;
    long int used, size;
    int error;
};

static struct list list_of(long int size)
{
    struct list list = {
        .gids = calloc((size_t)size, sizeof(gid_t)), .used = 1, .size = size, .error = UNTOUCHED};
    list.gids[0] = 1001;
    return list;
}

static enum nss_status ask(struct list *list, const char *user, long int limit)
{
    return groups_initgroups(state, user, 1001, &list->used, &list->size, &list->gids, limit, &list->error);
}

START_TEST(initgroups_by_the_clock)
{
    struct grant_group groups[] = {{.gid = 2001, .name = "dbadmins", .span = current()},
                                   {.gid = 34, .name = "backup", .span = ended()},
                                   {.gid = 34, .name = "backup", .span = ahead()}};
    struct list list = list_of(4);
    grant("alice", 3, groups);
    errno = UNTOUCHED;
    ck_assert_int_eq(ask(&list, "alice", -1), NSS_STATUS_SUCCESS);
    ck_assert_int_eq(errno, UNTOUCHED);
    ck_assert_int_eq(list.error, UNTOUCHED);
    ck_assert_int_eq(list.used, 2);
    ck_assert_uint_eq(list.gids[1], 2001);

    groups[0].span = ended();
    grant("alice", 3, groups);
    ck_assert_int_eq(ask(&list, "alice", -1), NSS_STATUS_NOTFOUND);
    ck_assert_int_eq(list.error, ENOENT);
    ck_assert_int_eq(list.used, 2);
    free(list.gids);
}
END_TEST

START_TEST(initgroups_of_others)
{
    static const char *const names[] = {"bob", "", ".", "..", "../alice", "ALICE", "alice/", "by-gid"};
    struct grant_group groups[] = {{.gid = 2001, .name = "dbadmins", .span = current()}};
    struct list list = list_of(4);
    grant("alice", 1, groups);
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        ck_assert_msg(ask(&list, names[i], -1) == NSS_STATUS_NOTFOUND, "'%s'", names[i]);
        ck_assert_int_eq(list.used, 1);
    }
    /* alice's file under another's name */
    char from[512];
    snprintf(from, sizeof(from), "%s", in_state("grants/user/alice"));
    ck_assert_int_eq(rename(from, in_state("grants/user/bob")), 0);
    ck_assert_int_eq(ask(&list, "bob", -1), NSS_STATUS_NOTFOUND);
    ck_assert_int_eq(list.used, 1);
    free(list.gids);
}
END_TEST

START_TEST(initgroups_holds_to_the_allow_list)
{
    struct grant_group groups[] = {{.gid = 27, .name = "sudo", .span = current()},
                                   {.gid = 2001, .name = "dbadmins", .span = current()}};
    struct list list = list_of(4);
    grant("alice", 2, groups);
    ck_assert_int_eq(ask(&list, "alice", -1), NSS_STATUS_SUCCESS);
    ck_assert_int_eq(list.used, 2);
    ck_assert_uint_eq(list.gids[1], 2001);

    unlink(in_state("allow/gid-2001"));
    list.used = 1;
    ck_assert_int_eq(ask(&list, "alice", -1), NSS_STATUS_NOTFOUND);
    ck_assert_int_eq(list.used, 1);

    /* gid 0, in a file that only a taken-over daemon would write, and an entry that root never made */
    char text[256];
    snprintf(text, sizeof(text),
             "accesspkg-grants 1\nuser alice 1001\nwritten %lld\ngroup 0 root 0 forever\nend\n",
             (long long)now);
    put_text("grants/user/alice", text);
    allow(0, "root");
    ck_assert_int_eq(ask(&list, "alice", -1), NSS_STATUS_NOTFOUND);
    ck_assert_int_eq(list.used, 1);
    free(list.gids);
}
END_TEST

START_TEST(initgroups_adds_none_twice)
{
    struct grant_group groups[] = {{.gid = 2001, .name = "dbadmins", .span = current()},
                                   {.gid = 34, .name = "backup", .span = current()},
                                   {.gid = 2001, .name = "dbadmins", .span = current()}};
    struct list list = list_of(4);
    list.gids[list.used++] = 34;
    grant("alice", 3, groups);
    ck_assert_int_eq(ask(&list, "alice", -1), NSS_STATUS_SUCCESS);
    ck_assert_int_eq(list.used, 3);
    ck_assert_uint_eq(list.gids[2], 2001);
    ck_assert_int_eq(ask(&list, "alice", -1), NSS_STATUS_SUCCESS);
    ck_assert_int_eq(list.used, 3);

    /* the primary group, when the list does not begin with it */
    allow(1001, "alice");
    groups[0] = (struct grant_group){.gid = 1001, .name = "alice", .span = current()};
    grant("alice", 1, groups);
    list.used = 0;
    ck_assert_int_eq(ask(&list, "alice", -1), NSS_STATUS_SUCCESS);
    ck_assert_int_eq(list.used, 0);
    free(list.gids);
}
END_TEST

START_TEST(initgroups_grows_and_stops_at_the_limit)
{
    static const struct {
        long int size, limit, used;
    } cases[] = {{1, -1, 41}, {1, 0, 41}, {41, -1, 41}, {1, 10, 10}, {10, 10, 10}, {1, 1, 1}, {1, 41, 41}};
    struct grant_group groups[40];
    char name[16];
    for (unsigned i = 0; i < 40; i++) {
        snprintf(name, sizeof(name), "g%u", i);
        allow(3000 + i, name);
        groups[i] = (struct grant_group){.gid = 3000 + i, .name = "g", .span = current()};
    }
    grant("alice", 40, groups);
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct list list = list_of(cases[i].size);
        ask(&list, "alice", cases[i].limit);
        ck_assert_int_eq(list.used, cases[i].used);
        ck_assert_int_ge(list.size, list.used);
        ck_assert(cases[i].limit <= 0 || list.size <= cases[i].limit);
        ck_assert_uint_eq(list.gids[list.used - 1], list.used == 1 ? 1001u : 2998u + (unsigned)list.used);
        free(list.gids);
    }
}
END_TEST

START_TEST(initgroups_refuses_bad_files)
{
    struct grant_group groups[] = {{.gid = 2001, .name = "dbadmins", .span = current()}};
    struct list list = list_of(4);
    grant("alice", 1, groups);
    ck_assert_int_eq(chmod(in_state("grants/user/alice"), 0666), 0);
    ck_assert_int_eq(ask(&list, "alice", -1), NSS_STATUS_NOTFOUND);
    now += HOUR; /* written in the future */
    grant("alice", 1, groups);
    ck_assert_int_eq(ask(&list, "alice", -1), NSS_STATUS_NOTFOUND);
    put_text("grants/user/alice", "accesspkg-grants 1\nuser alice 1001\n");
    ck_assert_int_eq(ask(&list, "alice", -1), NSS_STATUS_NOTFOUND);
    unlink(in_state("grants/user/alice"));
    ck_assert_int_eq(mkfifo(in_state("grants/user/alice"), 0644), 0);
    ck_assert_int_eq(ask(&list, "alice", -1), NSS_STATUS_NOTFOUND);
    ck_assert_int_eq(list.used, 1);
    free(list.gids);
}
END_TEST

START_TEST(without_descriptors_it_cannot_tell)
{
    struct grant_group groups[] = {{.gid = 2001, .name = "dbadmins", .span = current()}};
    struct list list = list_of(4);
    grant("alice", 1, groups);
    struct rlimit limit;
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &(struct rlimit){0, limit.rlim_max}), 0);
    const enum nss_status user = ask(&list, "alice", -1);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    ck_assert_int_eq(user, NSS_STATUS_UNAVAIL);
    ck_assert_int_eq(list.error, EMFILE);
    ck_assert_int_eq(list.used, 1);
    free(list.gids);
}
END_TEST

/* Rule 1: the file is of an account that is gone, and its name somebody else's now. */
START_TEST(account_made_anew)
{
    struct grant_group groups[] = {{.gid = 2001, .name = "dbadmins", .span = current()}};
    struct list list = list_of(4);
    grant("alice", 1, groups);
    directory.uid = 1002;
    ck_assert_int_eq(ask(&list, "alice", -1), NSS_STATUS_NOTFOUND);
    ck_assert_int_eq(list.used, 1);
    directory.uid = 1001;
    ck_assert_int_eq(ask(&list, "alice", -1), NSS_STATUS_SUCCESS);
    ck_assert_int_eq(list.used, 2);
    /* Who has no file, or holds nothing now, costs no look-up. */
    const size_t asked = directory.asked;
    groups[0].span = ended();
    grant("alice", 1, groups);
    ck_assert_int_eq(ask(&list, "alice", -1), NSS_STATUS_NOTFOUND);
    ck_assert_int_eq(ask(&list, "bob", -1), NSS_STATUS_NOTFOUND);
    ck_assert_uint_eq(directory.asked, asked);
    free(list.gids);
}
END_TEST

START_TEST(user_who_is_not_looked_up)
{
    static const struct {
        int error;
        enum nss_status status;
    } cases[] = {{ENOENT, NSS_STATUS_NOTFOUND}, {ESRCH, NSS_STATUS_NOTFOUND}, {EAGAIN, NSS_STATUS_UNAVAIL},
                 {EIO, NSS_STATUS_UNAVAIL},     {EMFILE, NSS_STATUS_UNAVAIL}, {ENOMEM, NSS_STATUS_UNAVAIL}};
    struct grant_group groups[] = {{.gid = 2001, .name = "dbadmins", .span = current()}};
    struct list list = list_of(4);
    grant("alice", 1, groups);
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        directory.error = cases[i].error;
        errno = UNTOUCHED;
        ck_assert_int_eq(ask(&list, "alice", -1), cases[i].status);
        ck_assert_int_eq(errno, UNTOUCHED);
        ck_assert_int_eq(list.used, 1);
    }
    directory.error = 0;
    free(list.gids);
}
END_TEST

START_TEST(entry_of_any_size)
{
    struct grant_group groups[] = {{.gid = 2001, .name = "dbadmins", .span = current()}};
    struct list list = list_of(4);
    grant("alice", 1, groups);
    for (size_t needs = 1; needs <= 1024 * 1024; needs = needs * 3 + 1) {
        directory.needs = needs;
        list.used = 1;
        ck_assert_int_eq(ask(&list, "alice", -1), NSS_STATUS_SUCCESS);
    }
    directory.needs = 1024 * 1024 + 1; /* no entry is so large: it is not believed */
    list.used = 1;
    ck_assert_int_eq(ask(&list, "alice", -1), NSS_STATUS_NOTFOUND);
    ck_assert_int_eq(list.used, 1);
    directory.needs = 0;
    free(list.gids);
}
END_TEST

START_TEST(no_state_folder)
{
    struct list list = list_of(4);
    state_teardown();
    ck_assert_int_eq(ask(&list, "alice", -1), NSS_STATUS_NOTFOUND);
    free(list.gids);
}
END_TEST

int main(void)
{
    suite_case("initgroups", setup, state_teardown);
    suite_add(initgroups_by_the_clock, initgroups_of_others, initgroups_holds_to_the_allow_list,
              initgroups_adds_none_twice, initgroups_grows_and_stops_at_the_limit,
              initgroups_refuses_bad_files, without_descriptors_it_cannot_tell, account_made_anew,
              user_who_is_not_looked_up, entry_of_any_size, no_state_folder);
    return suite_run();
}
