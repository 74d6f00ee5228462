/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The audit login uid of a caller, from a /proc of the test's own: an unset one counts as none, an unreadable one
 * refuses (rule 5). */
#include "dbus/server_caller.h"
#include "tests/support/folder.h"
#include "tests/support/suite.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PID = 42 };

#define STAT(start)  "42 (a) 1 b) S 1 42 42 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 " start " 1 1\n"
#define STATUS(uids) "Name:\ta\\nUid:\t7\nState:\tS (sleeping)\nUid:\t" uids "\nGid:\t7\t7\t7\t7\n"

static char proc[FOLDER_MAX];
static char folder[96];
static struct bus_caller caller;

static const char *path_of(const char *name)
{
    static char path[128];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

static void put(const char *name, const char *text)
{
    folder_write(path_of(name), text);
}

static void setup(void)
{
    caller = (struct bus_caller){.uid = 123456789, .pid = PID};
    folder_make(proc);
    snprintf(folder, sizeof(folder), "%s/%d", proc, PID);
    ck_assert_int_eq(mkdir(folder, 0755), 0);
    put("stat", STAT("1000"));
    put("status", STATUS("123456789\t123456789\t123456789\t123456789"));
    put("loginuid", "123456789");
}

static void teardown(void)
{
    folder_remove(proc);
}

static int read_again(uid_t *ret)
{
    return bus_caller_read_loginuid(proc, &caller, ret);
}

static int read_it(uid_t *ret)
{
    caller.started = 0;
    return read_again(ret);
}

START_TEST(test_what_it_says)
{
    static const struct {
        const char *text;
        int expected;
        uid_t uid;
    } table[] = {
        {"123456789", 0, 123456789}, {"0", 0, 0},         {"4294967295", 0, UID_UNSET}, {"", -EBADMSG, 0},
        {"4294967296", -EBADMSG, 0}, {"-2", -EBADMSG, 0}, {"alice", -EBADMSG, 0},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        uid_t uid = 7;
        put("loginuid", table[i].text);
        ck_assert_msg(read_it(&uid) == table[i].expected, "row %zu", i);
        ck_assert_msg(uid == (table[i].expected == 0 ? table[i].uid : 7), "row %zu: %u", i, uid);
    }
}
END_TEST

/* The number of a process that ended may be a stranger's by now; a set-uid program is its user's still. */
START_TEST(test_whose_it_is)
{
    static const struct {
        const char *status;
        int expected;
    } table[] = {
        {STATUS("123456789\t0\t0\t0"), 0},
        {STATUS("0\t123456789\t0\t0"), 0},
        {STATUS("0\t0\t123456789\t0"), 0},
        {STATUS("7\t7\t7\t7"), -ESRCH},
        {STATUS("0\t0\t0\t0"), -ESRCH},
        {STATUS("1234567891\t0\t0\t0"), -ESRCH},
        {STATUS("123456789"), -EBADMSG},
        {"Name:\ta\nState:\tZ\n", -EBADMSG},
        {"", -EBADMSG},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        uid_t uid = 7;
        put("status", table[i].status);
        ck_assert_msg(read_it(&uid) == table[i].expected, "row %zu", i);
        ck_assert_msg(uid == (table[i].expected == 0 ? 123456789U : 7u), "row %zu: %u", i, uid);
    }
}
END_TEST

/* The folder of a process is its effective user's. */
START_TEST(test_whose_the_folder_is)
{
    uid_t uid = 7;
    caller.uid = getuid();
    put("status", "");
    ck_assert_int_eq(read_it(&uid), 0);
    ck_assert_uint_eq(uid, 123456789);
}
END_TEST

/* As it is now, of the process that was seen first: another one that has its number has its connection or none of ours. */
START_TEST(test_not_the_one_that_was_seen)
{
    uid_t uid = 7;
    char before[128];
    ck_assert_int_eq(read_it(&uid), 0);
    ck_assert_uint_eq(uid, 123456789);
    ck_assert_uint_eq(caller.started, 1000);
    FILE *file = fopen(path_of("loginuid"), "we"); /* the same file */
    ck_assert(file && fputs("1002", file) >= 0 && fclose(file) == 0);
    ck_assert_int_eq(read_again(&uid), 0);
    ck_assert_uint_eq(uid, 1002);
    snprintf(before, sizeof(before), "%s/before", proc);
    ck_assert_int_eq(rename(folder, before), 0);
    ck_assert_int_eq(mkdir(folder, 0755), 0);
    put("stat", STAT("1001"));
    put("status", STATUS("123456789\t123456789\t123456789\t123456789"));
    put("loginuid", "1003");
    ck_assert_int_eq(read_again(&uid), 0); /* by the first one's file */
    ck_assert_uint_eq(uid, 1002);
    struct bus_caller next = {.uid = 123456789, .pid = PID};
    ck_assert_int_eq(bus_caller_read_loginuid(proc, &next, &uid), 0);
    ck_assert_uint_eq(uid, 1003);
    ck_assert_int_eq(read_again(&uid), -ESRCH); /* whose file is kept no more */
    ck_assert_uint_eq(uid, 1003);
}
END_TEST

/* Several callers, whose pids share a place, each have their own. */
START_TEST(test_many)
{
    struct bus_caller callers[3];
    for (int round = 0; round < 3; round++)
        for (int i = 0; i < 3; i++) {
            char text[16];
            uid_t uid = 7;
            snprintf(folder, sizeof(folder), "%s/%d", proc, PID + 128 * i);
            snprintf(text, sizeof(text), "%d", 1000 + i);
            if (round == 0) {
                callers[i] = (struct bus_caller){.uid = getuid(), .pid = PID + 128 * i};
                ck_assert(mkdir(folder, 0755) == 0 || i == 0);
                put("stat", STAT("1000"));
                put("loginuid", text);
            }
            ck_assert_int_eq(bus_caller_read_loginuid(proc, &callers[i], &uid), 0);
            ck_assert_uint_eq(uid, 1000 + i);
        }
    snprintf(folder, sizeof(folder), "%s/%d", proc, PID);
}
END_TEST

/* By the kernel: who ended is nobody, though the folder of who has the number next says otherwise. */
START_TEST(test_ended)
{
    uid_t uid = 7, own = 8;
    const pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        pause();
        _exit(1);
    }
    caller = (struct bus_caller){.uid = getuid(), .pid = pid};
    struct bus_caller self = {.uid = getuid(), .pid = getpid()};
    ck_assert_int_eq(bus_caller_read_loginuid("/proc", &self, &own), 0);
    ck_assert_int_eq(bus_caller_read_loginuid("/proc", &caller, &uid), 0);
    ck_assert_uint_eq(uid, own);
    ck_assert_int_eq(kill(pid, SIGKILL), 0);
    ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
    uid = 7;
    ck_assert_int_eq(bus_caller_read_loginuid("/proc", &caller, &uid),
                     own == UID_UNSET && access("/proc/self/loginuid", F_OK) < 0 ? -ENOENT : -ESRCH);
    caller.started = 0;
    ck_assert_int_eq(bus_caller_read_loginuid("/proc", &caller, &uid), -ENOENT);
}
END_TEST

/* A kernel without audit has the file for nobody. */
START_TEST(test_no_audit)
{
    uid_t uid = 7;
    ck_assert_int_eq(unlink(path_of("loginuid")), 0);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(read_again(&uid), 0);
        ck_assert_uint_eq(uid, UID_UNSET);
    }
}
END_TEST

/* The folder of a process that ended since it was opened has nothing: it must not pass for one whom no login was set for. */
START_TEST(test_gone_meanwhile)
{
    uid_t uid = 7;
    caller.uid = getuid();
    ck_assert_int_eq(unlink(path_of("stat")), 0);
    ck_assert_int_eq(read_it(&uid), -ENOENT);
    ck_assert_uint_eq(uid, 7);
}
END_TEST

/* In a container process 1 has a login id, and everybody's is its. */
START_TEST(test_container)
{
    ck_assert(bus_caller_login_ids_count(proc)); /* no audit in the kernel: nobody has one anyway */
    snprintf(folder, sizeof(folder), "%s/1", proc);
    ck_assert_int_eq(mkdir(folder, 0755), 0);
    put("loginuid", "4294967295");
    ck_assert(bus_caller_login_ids_count(proc));
    put("loginuid", "1000");
    ck_assert(!bus_caller_login_ids_count(proc));
    put("loginuid", "0");
    ck_assert(!bus_caller_login_ids_count(proc));
    ck_assert_int_eq(unlink(path_of("loginuid")) | rmdir(folder), 0);
    snprintf(folder, sizeof(folder), "%s/%d", proc, PID);
}
END_TEST

int main(void)
{
    suite_case("caller", setup, teardown);
    suite_add(test_what_it_says, test_whose_it_is, test_whose_the_folder_is, test_not_the_one_that_was_seen,
              test_many, test_ended, test_no_audit, test_gone_meanwhile, test_container);
    return suite_run();
}
