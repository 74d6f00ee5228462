/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Row 6: what a refusal costs: the whole account phase of a user without access, in which a durable request is filed, and
 * once more while it is pending, beside a program that makes one bare call on the bus, started and waited for. In turn.
 * Usage: bench_refusal FIRST ROUNDS: the users c1, c2, ... each ask for the package of number FIRST, then for the next.
 */
#include "tests/bench/bench.h"
#include "tests/bench/stub.h"

#include <security/pam_appl.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>

enum { USERS = 100 };
enum { STUB, INSIDE, FILED, PENDING, SSS, SIDES };

extern char **environ;

static double run_stub(void)
{
    char *const arguments[] = {(char *)BENCH_LIBRARY "/bench_stub", (char *)"call", NULL};
    pid_t pid;
    int status = -1;
    const double begin = bench_now();
    if (posix_spawn(&pid, arguments[0], NULL, NULL, arguments, environ) != 0)
        bench_fail("the stub cannot be started");
    waitpid(pid, &status, 0);
    const double took = bench_now() - begin;
    if (status != 0)
        bench_fail("the stub was not answered");
    return took;
}

static double call_inside(void)
{
    const double begin = bench_now();
    if (!stub_call())
        bench_fail("the stub was not answered");
    return bench_now() - begin;
}

static double refuse(const char *package, const char *user)
{
    char line[128];
    int code;
    snprintf(line, sizeof(line), "account required pam_accesspkg.so package=%s timeout=10\n", package);
    bench_service(package, line);
    const double took = bench_account(package, user, &code);
    if (code != PAM_PERM_DENIED)
        bench_fail("the check of %s for %s ended with %d", user, package, code);
    return took;
}

static void measure(int round, int first, struct side sides[SIDES])
{
    char user[16], package[32];
    int code;
    snprintf(user, sizeof(user), "c%d", round % USERS + 1);
    snprintf(package, sizeof(package), "bench%d", first + round / USERS);
    side_add(&sides[STUB], run_stub());
    side_add(&sides[FILED], refuse(package, user));
    side_add(&sides[INSIDE], call_inside());
    side_add(&sides[PENDING], refuse(package, user));
    const double sss = bench_account("sss", "alice", &code);
    if (code == PAM_SUCCESS)
        side_add(&sides[SSS], sss);
}

int main(int argc, char **argv)
{
    static const char *const names[SIDES] = {"stub", "stub.inside", "filed", "pending", "sss.check"};
    struct side sides[SIDES];
    if (argc != 3)
        bench_fail("usage: bench_refusal FIRST ROUNDS");
    const int first = (int)bench_number(argv[1]), rounds = (int)bench_number(argv[2]);
    bench_service("sss", "account required pam_sss.so\n");
    for (int i = 0; i < SIDES; i++)
        side_name(&sides[i], "us", "%s", names[i]);
    for (int round = 0; round < rounds; round++)
        measure(round, first, sides);
    for (int i = 0; i < SIDES; i++)
        if (sides[i].count > 0)
            side_print(&sides[i]);
    return 0;
}
