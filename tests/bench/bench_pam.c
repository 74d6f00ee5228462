/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a granted check costs: whole PAM transactions of service files with one line each, in turn in one process, so
 * that all see the same machine. Prints medians, and each as a multiple of pam_permit's. Usage: bench_pam [ROUNDS
 * [MODULE...]], where each MODULE is the path of another build of ours to measure beside it. All are copied into one
 * folder, as file systems differ in cost. Run by tests/bench/run in a private root.
 */
#include "common/grantdir.h"
#include "common/paths.h"

#include <security/pam_appl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS = 5000, WARM_UP = 100, MODULES_MAX = 16 };
static const double AIM = 1.18; /* of pam_permit's time */

#define SECURITY          BENCH_PAMDIR "/"
#define GRANTED_ARGUMENTS "package=db-admins"

static char folder[] = "/tmp/pam.d-XXXXXX";

static struct contender {
    const char *module;
    const char *arguments;
    double *times; /* microseconds */
} contenders[MODULES_MAX] = {
    {SECURITY "pam_permit.so", "", NULL},
    {SECURITY "pam_accesspkg.so", GRANTED_ARGUMENTS, NULL},
    {SECURITY "pam_listfile.so", "item=user sense=allow onerr=fail file=/tmp/listfile", NULL},
    {SECURITY "pam_succeed_if.so", "quiet uid >= 1000", NULL},
    {SECURITY "pam_access.so", "accessfile=/tmp/access.conf", NULL},
};
enum { PERMIT, GRANTED, MODULES = 5 };

static double transaction(const struct contender *contender)
{
    const struct pam_conv conversation = {NULL, NULL};
    char service[24];
    struct timespec begun, ended;
    pam_handle_t *pamh = NULL;
    snprintf(service, sizeof(service), "%td", contender - contenders);
    clock_gettime(CLOCK_MONOTONIC, &begun);
    int code = pam_start_confdir(service, "alice", &conversation, folder, &pamh);
    if (code == PAM_SUCCESS)
        code = pam_acct_mgmt(pamh, 0);
    pam_end(pamh, code);
    clock_gettime(CLOCK_MONOTONIC, &ended);
    if (code != PAM_SUCCESS) {
        fprintf(stderr, "bench_pam: %s: refused (%d)\n", contender->module, code);
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

/* Each finds the caches as another one left them. */
static void shuffle(int *order, int count)
{
    for (int i = count - 1; i > 0; i--) {
        const int other = rand() % (i + 1), kept = order[i];
        order[i] = order[other];
        order[other] = kept;
    }
}

static _Noreturn void give_up(const char *what)
{
    fprintf(stderr, "bench_pam: %s; this needs a private root (tests/support/private-root)\n", what);
    exit(1);
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    if (!file || fputs(text, file) < 0 || fclose(file) != 0)
        give_up(path);
}

static void write_service(const struct contender *contender)
{
    char path[128], text[1024];
    snprintf(text, sizeof(text), "cp '%s' %s/%td.so", contender->module, folder, contender - contenders);
    if (system(text) != 0)
        give_up("a module cannot be copied");
    snprintf(path, sizeof(path), "%s/%td", folder, contender - contenders);
    snprintf(text, sizeof(text), "account required %s.so %s\n", path, contender->arguments);
    write_file(path, text);
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

static void prepare(int count, int rounds)
{
    char path[128];
    if (!mkdtemp(folder))
        give_up(folder);
    write_file("/tmp/listfile", "alice\n");
    write_file("/tmp/access.conf", "+:alice:ALL\n");
    /* Without it libpam logs a line in each transaction. */
    snprintf(path, sizeof(path), "%s/other", folder);
    write_file(path, "account required pam_deny.so\n");
    grant_alice();
    for (int i = 0; i < count; i++) {
        write_service(&contenders[i]);
        contenders[i].times = calloc((size_t)rounds, sizeof(double));
        if (!contenders[i].times)
            give_up("there is not enough memory");
    }
}

int main(int argc, char **argv)
{
    const int given = argc > 1 ? atoi(argv[1]) : 0, rounds = given > 0 ? given : ROUNDS;
    double medians[MODULES_MAX];
    int count = MODULES, order[MODULES_MAX];
    for (int i = 2; i < argc && count < MODULES_MAX; i++)
        contenders[count++] = (struct contender){argv[i], GRANTED_ARGUMENTS, NULL};
    prepare(count, rounds);
    for (int i = 0; i < count; i++)
        order[i] = i;
    for (int round = -WARM_UP; round < rounds; round++) {
        shuffle(order, count);
        for (int n = 0; n < count; n++) {
            const int i = order[n];
            const double took = transaction(&contenders[i]);
            if (round >= 0)
                contenders[i].times[round] = took;
        }
    }
    printf("A whole PAM transaction, median of %d, by turns in one process:\n", rounds);
    for (int i = 0; i < count; i++) {
        medians[i] = median(&contenders[i], rounds);
        printf("  %-52s %7.1f us  %5.2f\n", contenders[i].module, medians[i], medians[i] / medians[PERMIT]);
        free(contenders[i].times);
    }
    const double ratio = medians[GRANTED] / medians[PERMIT];
    printf("A granted check takes %.2f times pam_permit's (aim: at most %.2f): %s\n", ratio, AIM,
           ratio <= AIM ? "met" : "missed");
    return ratio <= AIM ? 0 : 1;
}
