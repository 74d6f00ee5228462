/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What our NSS module adds to getgrouplist: for a user without a grant and for one who holds two groups, beside the same
 * call with `files` alone, by turns in one process. Usage: bench_nss [ROUNDS]. Run by tests/bench/run in a private root.
 */
#include "common/grantdir.h"
#include "common/paths.h"

#include <grp.h>
#include <nss.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS = 2000, CALLS = 20, GROUPS_MAX = 32 };

static const struct contender {
    const char *name;
    const char *user;
    int added;     /* groups that the module adds */
    double aim_us; /* at most */
} contenders[] = {
    {"a user without a grant", "bob", 0, 2},
    {"a user who holds two groups", "alice", 2, 12},
};
enum { CONTENDERS = sizeof(contenders) / sizeof(contenders[0]) };

static _Noreturn void give_up(const char *what)
{
    fprintf(stderr, "bench_nss: %s; this needs a private root (tests/support/private-root)\n", what);
    exit(1);
}

/* As accesspkgd and `pkg-admin reload` leave them. */
static void grant_alice(void)
{
    static const struct allow_entry entries[] = {{2001, "dbadmins"}, {2002, "backup"}};
    struct grant_group groups[2] = {{.gid = 2001, .name = "dbadmins", .span = {0, GRANT_FOREVER}},
                                    {.gid = 2002, .name = "backup", .span = {0, GRANT_FOREVER}}};
    struct grant_package package = {.name = "db-admins", .span = {0, GRANT_FOREVER}, .assignment = 12};
    const struct grant_user file = {.user = "alice",
                                    .uid = 1001,
                                    .written = time(NULL),
                                    .packages = &package,
                                    .n_packages = 1,
                                    .groups = groups,
                                    .n_groups = 2};
    if (grantdir_write_user(PATH_STATE, &file, false) < 0 ||
        chown(PATH_STATE "/grants/user/alice", 990, 990) < 0 ||
        grantdir_write_allow(PATH_STATE, entries, 2) < 0)
        give_up("a grant cannot be written");
}

static int count_groups(const char *user)
{
    gid_t groups[GROUPS_MAX];
    int count = GROUPS_MAX;
    return getgrouplist(user, 1, groups, &count);
}

/* Microseconds of one call, the mean of a few. */
static double measure(const char *services, const char *user)
{
    struct timespec begun, ended;
    __nss_configure_lookup("group", services);
    count_groups(user); /* the first one after a change is another kind */
    clock_gettime(CLOCK_MONOTONIC, &begun);
    for (int i = 0; i < CALLS; i++)
        count_groups(user);
    clock_gettime(CLOCK_MONOTONIC, &ended);
    return ((double)(ended.tv_sec - begun.tv_sec) * 1e6 + (double)(ended.tv_nsec - begun.tv_nsec) / 1e3) /
           CALLS;
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, int count)
{
    qsort(values, (size_t)count, sizeof(*values), by_size);
    return values[count / 2];
}

/* True when the aim is met. */
static bool compare(const struct contender *contender, int rounds)
{
    double *without = calloc((size_t)rounds, sizeof(*without)),
           *added = calloc((size_t)rounds, sizeof(*added));
    if (!without || !added)
        give_up("there is not enough memory");
    __nss_configure_lookup("group", "files");
    const int before = count_groups(contender->user);
    __nss_configure_lookup("group", "files accesspkg");
    if (count_groups(contender->user) != before + contender->added)
        give_up("the module does not add the groups");
    for (int i = 0; i < rounds; i++) {
        without[i] = measure("files", contender->user);
        added[i] = measure("files accesspkg", contender->user) - without[i];
    }
    const double more = median(added, rounds);
    printf("  %-30s %6.1f us with files alone, %5.1f us more with accesspkg (aim: at most %.0f): %s\n",
           contender->name, median(without, rounds), more, contender->aim_us,
           more <= contender->aim_us ? "met" : "missed");
    free(without);
    free(added);
    return more <= contender->aim_us;
}

int main(int argc, char **argv)
{
    const int given = argc > 1 ? atoi(argv[1]) : 0, rounds = given > 0 ? given : ROUNDS;
    bool met = true;
    grant_alice();
    printf("getgrouplist, median of %d times %d calls:\n", rounds, CALLS);
    for (int i = 0; i < CONTENDERS; i++)
        met &= compare(&contenders[i], rounds);
    return met ? 0 : 1;
}
