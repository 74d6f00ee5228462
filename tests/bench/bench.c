/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/bench/bench.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <security/pam_appl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define SERVICES "/run/bench-pam.d"

/* ---- figures ---- */

static double read_clock(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

double bench_now(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

double bench_time(void)
{
    return read_clock(CLOCK_REALTIME) / 1e6;
}

void side_name(struct side *side, const char *unit, const char *format, ...)
{
    va_list rest;
    *side = (struct side){.unit = unit};
    va_start(rest, format);
    vsnprintf(side->name, sizeof(side->name), format, rest);
    va_end(rest);
}

void side_add(struct side *side, double value)
{
    side->ended = bench_time();
    if (side->count == 0)
        side->began = side->ended;
    if (side->count == side->room) {
        side->room = side->room ? side->room * 2 : 1024;
        side->values = reallocarray(side->values, side->room, sizeof(*side->values));
        if (!side->values)
            bench_fail("there is not enough memory");
    }
    side->values[side->count++] = value;
}

static int by_size(const void *a, const void *b)
{
    const double left = *(const double *)a;
    const double right = *(const double *)b;
    return (left > right) - (left < right);
}

void side_print(struct side *side)
{
    if (side->count == 0)
        bench_fail("%s: nothing was measured", side->name);
    qsort(side->values, side->count, sizeof(*side->values), by_size);
    printf("side\t%s\t%s\t%.4f\t%.4f\t%zu\t%.3f\t%.3f\n", side->name, side->unit,
           side->values[side->count / 2], side->values[(side->count * 99 + 99) / 100 - 1], side->count,
           side->began, side->ended);
    fflush(stdout);
    free(side->values);
    side->values = NULL;
}

void bench_tell(const char *unit, double value, const char *format, ...)
{
    char name[64];
    va_list rest;
    va_start(rest, format);
    vsnprintf(name, sizeof(name), format, rest);
    va_end(rest);
    const double now = bench_time();
    printf("side\t%s\t%s\t%.4f\t%.4f\t1\t%.3f\t%.3f\n", name, unit, value, value, now, now);
    fflush(stdout);
}

/* ---- the rest ---- */

void bench_fail(const char *format, ...)
{
    va_list rest;
    va_start(rest, format);
    fprintf(stderr, "%s: ", program_invocation_short_name);
    vfprintf(stderr, format, rest);
    fputc('\n', stderr);
    va_end(rest);
    exit(1);
}

long bench_number(const char *text)
{
    char *end = NULL;
    const long number = text ? strtol(text, &end, 10) : -1;
    if (number < 0 || *end)
        bench_fail("'%s' is no number", text ? text : "");
    return number;
}

void bench_write(const char *path, const char *text)
{
    FILE *out = fopen(path, "we");
    if (!out || fputs(text, out) < 0 || fclose(out) != 0)
        bench_fail("%s: %s", path, strerror(errno));
}

uid_t bench_uid(const char *user)
{
    const struct passwd *entry = getpwnam(user);
    if (!entry)
        bench_fail("there is no user %s", user);
    return entry->pw_uid;
}

void bench_become(const char *user)
{
    const struct passwd *entry = getpwnam(user);
    if (!entry || setgroups(0, NULL) < 0 || setgid(entry->pw_gid) < 0 || setuid(entry->pw_uid) < 0)
        bench_fail("this process cannot become %s", user);
}

void bench_open(struct client *client)
{
    struct client_error error;
    if (client_open(client, &error) < 0)
        bench_fail("%s", error.message);
}

double bench_call(struct client *client, struct client_message message, json_t **ret_value)
{
    struct client_error error;
    json_t *value = NULL;
    const double begin = bench_now();
    if (client_call(client, message, &value, &error) < 0)
        bench_fail("%s: %s", message.method, error.message);
    const double took = bench_now() - begin;
    if (ret_value)
        *ret_value = value;
    else
        json_decref(value);
    return took;
}

void bench_service(const char *service, const char *line)
{
    char path[128];
    mkdir(SERVICES, 0755);
    /* What libpam takes for the rest; without it each transaction writes a line to the log. */
    bench_write(SERVICES "/other", "account required pam_deny.so\n");
    snprintf(path, sizeof(path), SERVICES "/%s", service);
    bench_write(path, line);
}

static int say_nothing(int count, const struct pam_message **messages, struct pam_response **ret, void *data)
{
    (void)messages, (void)data;
    *ret = calloc((size_t)count, sizeof(**ret));
    return *ret ? PAM_SUCCESS : PAM_BUF_ERR;
}

double bench_account(const char *service, const char *user, int *ret_code)
{
    const struct pam_conv conversation = {say_nothing, NULL};
    pam_handle_t *pam = NULL;
    const double begin = bench_now();
    *ret_code = pam_start_confdir(service, user, &conversation, SERVICES, &pam);
    if (*ret_code == PAM_SUCCESS)
        *ret_code = pam_acct_mgmt(pam, 0);
    pam_end(pam, *ret_code);
    return bench_now() - begin;
}
