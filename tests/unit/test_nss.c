/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The NSS module's answers, by the real clock, against a state folder of the test's own. Rule 1 (what cannot be
 * believed adds nothing) and the allow-list of docs/ARCHITECTURE.md (no gid that root did not name, never gid 0).
 */
#include "common/grantdir.h"
#include "nss_module/groups.h"
#include "tests/unit/statedir.h"

#include <errno.h>
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
    snprintf(path, sizeof(path), "allow/name-%s", name);
    snprintf(line, sizeof(line), "%u\n", gid);
    put_text(path, line);
}

static void grant(const char *user, size_t count, struct grant_group *groups)
{
    const struct grant_user file = {
        .user = user, .uid = 1001, .written = now, .groups = groups, .n_groups = count};
    ck_assert_int_eq(grantdir_write_user(state, &file, false), 0);
}

static void members(gid_t gid, const char *name, size_t count, struct grant_member *list)
{
    const struct grant_gid file = {
        .gid = gid, .name = name, .written = now, .members = list, .n_members = count};
    ck_assert_int_eq(grantdir_write_gid(state, &file), 0);
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
    struct group group;
    char buffer[512];
    int error = UNTOUCHED;
    grant("alice", 1, groups);
    struct rlimit limit;
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &(struct rlimit){0, limit.rlim_max}), 0);
    const enum nss_status user = ask(&list, "alice", -1);
    const enum nss_status gid = groups_by_gid(state, 2001, &group, buffer, sizeof(buffer), &error);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    ck_assert_int_eq(user, NSS_STATUS_UNAVAIL);
    ck_assert_int_eq(list.error, EMFILE);
    ck_assert_int_eq(gid, NSS_STATUS_UNAVAIL);
    ck_assert_int_eq(list.used, 1);
    free(list.gids);
}
END_TEST

/* ---- getgrnam, getgrgid --------------------------------------------------------------------------------------- */

START_TEST(group_by_name_and_gid)
{
    struct grant_member list[] = {{.name = "alice", .span = current()},
                                  {.name = "bob", .span = ended()},
                                  {.name = "DOM\\carol", .span = {now - HOUR, GRANT_FOREVER}},
                                  {.name = "dave", .span = ahead()}};
    members(2001, "what-the-daemon-says", 4, list);
    for (int by_name = 0; by_name < 2; by_name++) {
        struct group group;
        char buffer[256];
        int error = UNTOUCHED;
        errno = UNTOUCHED;
        const enum nss_status status =
            by_name ? groups_by_name(state, "dbadmins", &group, buffer, sizeof(buffer), &error)
                    : groups_by_gid(state, 2001, &group, buffer, sizeof(buffer), &error);
        ck_assert_int_eq(status, NSS_STATUS_SUCCESS);
        ck_assert_int_eq(errno, UNTOUCHED);
        ck_assert_int_eq(error, UNTOUCHED);
        ck_assert_str_eq(group.gr_name, "dbadmins"); /* root's word, never the daemon's */
        ck_assert_str_eq(group.gr_passwd, "*");
        ck_assert_uint_eq(group.gr_gid, 2001);
        ck_assert_str_eq(group.gr_mem[0], "alice");
        ck_assert_str_eq(group.gr_mem[1], "DOM\\carol");
        ck_assert_ptr_null(group.gr_mem[2]);
    }
}
END_TEST

START_TEST(every_buffer_size)
{
    struct grant_member list[] = {{.name = "alice", .span = current()}, {.name = "carol", .span = current()}};
    members(2001, "dbadmins", 2, list);
    const size_t needed =
        3 * sizeof(char *) + sizeof("dbadmins") + sizeof("*") + sizeof("alice") + sizeof("carol");
    for (size_t size = 0; size < needed + 16; size++) {
        for (size_t odd = 0; odd < sizeof(char *); odd++) {
            /* The buffer ends where the memory ends, so that a sanitizer sees a byte too many. */
            char *memory = malloc(size + odd);
            char *buffer = memory + odd;
            struct group group = {.gr_gid = UNTOUCHED};
            int error = UNTOUCHED;
            const size_t padding = odd ? sizeof(char *) - odd : 0;
            const enum nss_status status = groups_by_name(state, "dbadmins", &group, buffer, size, &error);
            if (size < needed + padding) {
                ck_assert_int_eq(status, NSS_STATUS_TRYAGAIN);
                ck_assert_int_eq(error, ERANGE);
                ck_assert_uint_eq(group.gr_gid, UNTOUCHED);
            } else {
                ck_assert_int_eq(status, NSS_STATUS_SUCCESS);
                ck_assert_str_eq(group.gr_mem[1], "carol");
                ck_assert(group.gr_mem[1] + sizeof("carol") <= buffer + size);
                ck_assert_uint_eq((uintptr_t)group.gr_mem % sizeof(char *), 0);
            }
            free(memory);
        }
    }
}
END_TEST

static void ask_for_none(const char *name, gid_t gid)
{
    struct group group;
    char buffer[256];
    int error = UNTOUCHED;
    ck_assert_int_eq(groups_by_name(state, name, &group, buffer, sizeof(buffer), &error),
                     NSS_STATUS_NOTFOUND);
    ck_assert_int_eq(error, ENOENT);
    error = UNTOUCHED;
    ck_assert_int_eq(groups_by_gid(state, gid, &group, buffer, sizeof(buffer), &error), NSS_STATUS_NOTFOUND);
    ck_assert_int_eq(error, ENOENT);
}

START_TEST(groups_of_nobody)
{
    struct grant_member list[] = {{.name = "alice", .span = ended()}, {.name = "bob", .span = ahead()}};
    ask_for_none("dbadmins", 2001); /* allowed, without a file */
    members(2001, "dbadmins", 2, list);
    ask_for_none("dbadmins", 2001);
    ask_for_none("", (gid_t)-1);
    ask_for_none("../gid-2001", 5);
}
END_TEST

START_TEST(groups_that_root_did_not_name)
{
    struct grant_member list[] = {{.name = "alice", .span = current()}};
    members(27, "sudo", 1, list);
    ask_for_none("sudo", 27);

    char text[256];
    snprintf(text, sizeof(text),
             "accesspkg-members 1\ngroup 0 root\nwritten %lld\nmember alice 0 forever\nend\n",
             (long long)now);
    put_text("grants/gid/0", text);
    allow(0, "root");
    ask_for_none("root", 0);

    /* a file for one gid under the name of another */
    members(2001, "dbadmins", 1, list);
    char from[512];
    snprintf(from, sizeof(from), "%s", in_state("grants/gid/2001"));
    ck_assert_int_eq(rename(from, in_state("grants/gid/34")), 0);
    ask_for_none("backup", 34);
}
END_TEST

/* A reload cut off between two entries: a name whose gid is called otherwise names nothing. */
START_TEST(entries_that_disagree)
{
    struct grant_member list[] = {{.name = "alice", .span = current()}};
    struct group group;
    char buffer[256];
    int error;
    members(2001, "dbadmins", 1, list);
    put_text("allow/name-oldname", "2001\n");
    ck_assert_int_eq(groups_by_name(state, "oldname", &group, buffer, sizeof(buffer), &error),
                     NSS_STATUS_NOTFOUND);
    ck_assert_int_eq(groups_by_name(state, "dbadmins", &group, buffer, sizeof(buffer), &error),
                     NSS_STATUS_SUCCESS);
}
END_TEST

START_TEST(no_state_folder)
{
    struct list list = list_of(4);
    state_teardown();
    ask_for_none("dbadmins", 2001);
    ck_assert_int_eq(ask(&list, "alice", -1), NSS_STATUS_NOTFOUND);
    free(list.gids);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("nss");
    TCase *users = tcase_create("initgroups");
    tcase_add_checked_fixture(users, setup, state_teardown);
    tcase_add_test(users, initgroups_by_the_clock);
    tcase_add_test(users, initgroups_of_others);
    tcase_add_test(users, initgroups_holds_to_the_allow_list);
    tcase_add_test(users, initgroups_adds_none_twice);
    tcase_add_test(users, initgroups_grows_and_stops_at_the_limit);
    tcase_add_test(users, initgroups_refuses_bad_files);
    tcase_add_test(users, without_descriptors_it_cannot_tell);
    suite_add_tcase(suite, users);
    TCase *groups = tcase_create("groups");
    tcase_add_checked_fixture(groups, setup, state_teardown);
    tcase_add_test(groups, group_by_name_and_gid);
    tcase_add_test(groups, every_buffer_size);
    tcase_add_test(groups, groups_of_nobody);
    tcase_add_test(groups, groups_that_root_did_not_name);
    tcase_add_test(groups, entries_that_disagree);
    tcase_add_test(groups, no_state_folder);
    suite_add_tcase(suite, groups);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failures = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failures != 0;
}
