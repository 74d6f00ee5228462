/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which groups the process lacks that ran a set-uid program, from a /proc of its own. */
#include "pam_module/calling.h"
#include "tests/support/suite.h"
#include "tests/unit/statedir.h"

#include <errno.h>

#define STATUS "Name:\tbash\nUid:\t1001\t1001\t1001\t1001\nGid:\t2000\t2000\t2000\t2000\n"

static const struct grant_group groups[] = {{.gid = 2000}, {.gid = 2001}, {.gid = 200}, {.gid = 20010}};
enum { COUNT = sizeof(groups) / sizeof(groups[0]) };

/* Which it lacks, as "0110"; or the error. */
static const char *lacks(const char *text, uid_t uid)
{
    static char shown[32];
    bool found[COUNT];
    mkdir(in_state("7"), 0755);
    put_text("7/status", text);
    const struct calling_process process = {state, 7, uid};
    const int r = calling_find_missing(&process, groups, COUNT, found);
    if (r < 0)
        return strcpy(shown, r == -ESRCH ? "not theirs" : "error");
    for (size_t i = 0; i < COUNT; i++)
        shown[i] = found[i] ? '1' : '0';
    shown[COUNT] = '\0';
    return shown;
}

START_TEST(each_way_to_have_one)
{
    ck_assert_str_eq(lacks(STATUS "Groups:\t2001 20010 \n", 1001), "0010");
    ck_assert_str_eq(lacks(STATUS "Groups:\t \n", 1001), "0111");
    ck_assert_str_eq(lacks(STATUS, 1001), "0111");
}
END_TEST

START_TEST(somebody_elses)
{
    ck_assert_str_eq(lacks(STATUS "Groups:\t2001\n", 1002), "not theirs");
    ck_assert_str_eq(lacks("", 1001), "not theirs");
    const struct calling_process gone = {state, 8, 1001};
    bool found[COUNT];
    ck_assert_int_eq(calling_find_missing(&gone, groups, COUNT, found), -ENOENT);
}
END_TEST

int main(void)
{
    suite_case("process", state_setup, state_teardown);
    suite_add(each_way_to_have_one, somebody_elses);
    return suite_run();
}
