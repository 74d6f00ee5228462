/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Row 1: a granted check beside other modules in its place. A whole transaction of a service of one line each, in turn in
 * one process. All modules are loaded from one folder, as file systems differ in cost. Usage: bench_gate SIZE ROUNDS; SIZE
 * is the number of grant files, for the names of the sides.
 */
#include "tests/bench/bench.h"

#include <security/pam_appl.h>
#include <stdio.h>

enum { WARM_UP = 50 };

#define MODULES BENCH_LIBRARY "/modules/"

static const struct contender {
    const char *name;
    const char *module;
    const char *arguments;
    int each; /* measured in each, or in each so-manieth round: what is slow would take all the time */
} contenders[] = {
    {"permit", "pam_permit.so", "", 1},
    {"granted", "pam_accesspkg.so", "package=db-admins", 1},
    {"listfile", "pam_listfile.so", "item=user sense=allow onerr=fail file=/etc/bench.users", 1},
    {"succeed_if", "pam_succeed_if.so", "quiet uid >= 1000", 1},
    {"access", "pam_access.so", "accessfile=/etc/bench.access", 1},
    {"sss", "pam_sss.so", "", 10},
};

enum { CONTENDERS = sizeof(contenders) / sizeof(contenders[0]) };

static bool prepare(const struct contender *contender)
{
    char line[256];
    int code;
    snprintf(line, sizeof(line), "account required " MODULES "%s %s\n", contender->module,
             contender->arguments);
    bench_service(contender->name, line);
    bench_account(contender->name, "alice", &code);
    if (code != PAM_SUCCESS)
        fprintf(stderr, "bench_gate: %s lets nobody in here (%d), and is left out\n", contender->name, code);
    return code == PAM_SUCCESS;
}

static void measure(const struct contender *contender, bool counts, struct side *side)
{
    int code;
    const double took = bench_account(contender->name, "alice", &code);
    if (code != PAM_SUCCESS)
        bench_fail("%s refused (%d)", contender->name, code);
    if (counts)
        side_add(side, took);
}

int main(int argc, char **argv)
{
    struct side sides[CONTENDERS];
    bool there[CONTENDERS];
    if (argc != 3)
        bench_fail("usage: bench_gate SIZE ROUNDS");
    const int rounds = (int)bench_number(argv[2]);
    bench_write("/etc/bench.users", "alice\n");
    bench_write("/etc/bench.access", "+:(alice):ALL\n-:ALL:ALL\n"); /* her group, as ours gives one */
    for (int i = 0; i < CONTENDERS; i++) {
        side_name(&sides[i], "us", "%s@%s", contenders[i].name, argv[1]);
        there[i] = prepare(&contenders[i]);
    }
    for (int round = -WARM_UP; round < rounds; round++)
        for (int i = 0; i < CONTENDERS; i++)
            if (there[i] && round % contenders[i].each == 0)
                measure(&contenders[i], round >= 0, &sides[i]);
    for (int i = 0; i < CONTENDERS; i++)
        if (there[i])
            side_print(&sides[i]);
    return 0;
}
