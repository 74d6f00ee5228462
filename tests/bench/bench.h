/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the programs of tests/bench share. Each runs on the host that tests/bench/run boots, as root, and prints a line for
 * each side that it measured, fields separated by tabs, for tests/bench/page to read:
 *   side NAME UNIT MEDIAN P99 COUNT BEGAN ENDED        BEGAN and ENDED in seconds since the epoch
 * Sides that are to be compared are measured in turn, in small rounds.
 */
#pragma once

#include "dbus/client.h"

#include <stdbool.h>
#include <stddef.h>

#define BENCH_LIBRARY "/usr/local/lib/bench"
#define BENCH_DELAY   "/run/bench-delay" /* microseconds that each sync takes longer: slow_sync.c */

struct side {
    char name[64];
    const char *unit;
    double *values;
    size_t count;
    size_t room;
    double began;
    double ended;
};

/* Microseconds of a clock that only goes forward; seconds since the epoch. */
double bench_now(void);
double bench_time(void);

/* side_name(side, "us", "granted@%s", size). The rest of the side is zero. */
void side_name(struct side *side, const char *unit, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void side_add(struct side *side, double value);
/* Prints its line, and frees what it has. */
void side_print(struct side *side);
/* A side of one value. */
void bench_tell(const char *unit, double value, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

_Noreturn void bench_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
long bench_number(const char *text); /* at least 0; fails for what is none */
void bench_write(const char *path, const char *text);
uid_t bench_uid(const char *user);

/* This process is this user's from now on. accesspkgd believes no process that merely connected as somebody else. */
void bench_become(const char *user);
void bench_open(struct client *client);
/* Microseconds of a call that has to succeed; *ret_value (NULL: not wanted) is a new reference. */
double bench_call(struct client *client, struct client_message message, json_t **ret_value);

/* A service file that has this line alone, in a folder that bench_service makes. */
void bench_service(const char *service, const char *line);
/* Microseconds of a whole account phase, from pam_start to pam_end; *ret_code: what it ended with. */
double bench_account(const char *service, const char *user, int *ret_code);
