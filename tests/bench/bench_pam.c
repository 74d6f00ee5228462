/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a granted check costs: whole PAM transactions of three service files, in turn in one process, so that all see
 * the same machine. Prints medians, and how much more our module takes than one that does nothing in the same place
 * (the aim: 20 µs at most). Run by tests/bench/run in a private root; the number of rounds may be given.
 */
#include "common/grantdir.h"
#include "common/paths.h"

#include <security/pam_appl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS = 5000, WARM_UP = 100, AIM_US = 20 };

#define NOOP "/tmp/pam_noop.so"

static char folder[] = "/tmp/pam.d-XXXXXX";

static struct contender {
    const char *name;
    const char *service;
    const char *lines;
    double *times; /* microseconds */
} contenders[] = {
    {"pam_permit alone", "permit", "account required pam_permit.so\n", NULL},
    {"and a module that does nothing", "noop", "account required " NOOP "\naccount required pam_permit.so\n",
     NULL},
    {"and pam_accesspkg, granted", "granted",
     "account required pam_accesspkg.so package=db-admins\naccount required pam_permit.so\n", NULL},
};

enum { PERMIT, DO_NOTHING, GRANTED, CONTENDERS };

static double transaction(const struct contender *contender)
{
    const struct pam_conv conversation = {NULL, NULL};
    struct timespec begun, ended;
    pam_handle_t *pamh = NULL;
    clock_gettime(CLOCK_MONOTONIC, &begun);
    int code = pam_start_confdir(contender->service, "alice", &conversation, folder, &pamh);
    if (code == PAM_SUCCESS)
        code = pam_acct_mgmt(pamh, 0);
    pam_end(pamh, code);
    clock_gettime(CLOCK_MONOTONIC, &ended);
    if (code != PAM_SUCCESS) {
        fprintf(stderr, "bench_pam: %s: refused (%d)\n", contender->name, code);
        exit(1);
    }
    return (double)(ended.tv_sec - begun.tv_sec) * 1e6 + (double)(ended.tv_nsec - begun.tv_nsec) / 1e3;
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(struct contender *contender, int rounds)
{
    qsort(contender->times, (size_t)rounds, sizeof(double), by_size);
    return contender->times[rounds / 2];
}

static _Noreturn void give_up(const char *what)
{
    fprintf(stderr, "bench_pam: %s; this needs a private root (tests/support/private-root)\n", what);
    exit(1);
}

static void write_service(const struct contender *contender)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/%s", folder, contender->service);
    FILE *file = fopen(path, "w");
    if (!file || fputs(contender->lines, file) < 0 || fclose(file) != 0)
        give_up("a service file cannot be written");
}

/* As accesspkgd leaves it: with the owner of its folder. */
static void grant_alice(void)
{
    struct grant_package package = {.name = "db-admins", .span = {0, GRANT_FOREVER}, .assignment = 12};
    struct grant_group group = {.gid = 2001, .name = "dbadmins", .span = package.span};
    const struct grant_user file = {.user = "alice",
                                    .uid = 1001,
                                    .written = time(NULL),
                                    .packages = &package,
                                    .n_packages = 1,
                                    .groups = &group,
                                    .n_groups = 1};
    if (grantdir_write_user(PATH_STATE, &file, false) < 0 ||
        chown(PATH_STATE "/grants/user/alice", 990, 990) < 0)
        give_up("a grant file cannot be written");
}

static void prepare(int rounds)
{
    if (!mkdtemp(folder) || system("cc -shared -fPIC -O2 -o " NOOP " tests/bench/module/noop.c") != 0)
        give_up("the module that does nothing cannot be built");
    grant_alice();
    for (int i = 0; i < CONTENDERS; i++) {
        write_service(&contenders[i]);
        contenders[i].times = calloc((size_t)rounds, sizeof(double));
        if (!contenders[i].times)
            give_up("there is not enough memory");
    }
}

int main(int argc, char **argv)
{
    const int given = argc > 1 ? atoi(argv[1]) : 0, rounds = given > 0 ? given : ROUNDS;
    double medians[CONTENDERS];
    prepare(rounds);
    for (int round = -WARM_UP; round < rounds; round++) {
        for (int i = 0; i < CONTENDERS; i++) {
            const double took = transaction(&contenders[i]);
            if (round >= 0)
                contenders[i].times[round] = took;
        }
    }
    printf("A whole PAM transaction, median of %d, in turn in one process:\n", rounds);
    for (int i = 0; i < CONTENDERS; i++) {
        medians[i] = median(&contenders[i], rounds);
        printf("  %-34s %7.1f us\n", contenders[i].name, medians[i]);
        free(contenders[i].times);
    }
    const double more = medians[GRANTED] - medians[DO_NOTHING];
    printf("A granted check takes %.1f us more than a module that does nothing (aim: at most %d): %s\n", more,
           AIM_US, more <= AIM_US ? "met" : "missed");
    return more <= AIM_US ? 0 : 1;
}
