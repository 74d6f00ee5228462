/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The main function of a suite: its cases one after the other, each with its tests, then suite_run(). Check calls the
 * suite what its program is called.
 */
#pragma once

#include <check.h>

/* Begins a case. Each of its tests runs between setup and teardown (NULL: none) in a process of its own. */
void suite_case(const char *name, SFun setup, SFun teardown);
/* How long a test of this case may take, where Check's own 4 seconds are too short. */
void suite_timeout(double seconds);
/* Adds tests to the case. */
#define suite_add(...) suite_add_tests((const TTest *const[]){__VA_ARGS__, NULL})
void suite_add_tests(const TTest *const *tests);
/* Adds a test that runs for each `_i` from first to before end, or for each row of a table. */
void suite_loop(const TTest *test, int first, int end);
#define suite_rows(test, rows) suite_loop((test), 0, (int)(sizeof(rows) / sizeof((rows)[0])))
/* How many: `few`, or `many` in `make check-load`. */
int suite_load(int few, int many);
/* Runs all of them: what main returns. */
int suite_run(void);
