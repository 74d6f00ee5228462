/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Row 4: so many at once. Starts COUNT processes that wait for each other, then does in each the account phase of SERVICE
 * (a line for it, written here) for the user s1, s2, ..., or runs a command in which @ is that number. Prints how long
 * each took, and, of phases, how many were refused and how many told that it could not be found out. Usage:
 *   bench_storm NAME COUNT LINE
 *   bench_storm NAME COUNT -- COMMAND...
 */
#include "tests/bench/bench.h"

#include <fcntl.h>
#include <security/pam_appl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ARGUMENTS_MAX = 32 };

/* Shared with the children. */
struct outcome {
    double took; /* ms */
    int code;
};

static void run_command(char *const *command, int number)
{
    char *arguments[ARGUMENTS_MAX + 1] = {NULL};
    char texts[ARGUMENTS_MAX][128];
    for (int i = 0; i < ARGUMENTS_MAX && command[i]; i++) {
        const char *mark = strchr(command[i], '@');
        arguments[i] = command[i];
        if (mark) {
            snprintf(texts[i], sizeof(texts[i]), "%.*s%d%s", (int)(mark - command[i]), command[i], number,
                     mark + 1);
            arguments[i] = texts[i];
        }
    }
    const int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int fd = 0; fd < 3; fd++)
        dup2(nowhere, fd);
    execvp(arguments[0], arguments);
    _exit(127);
}

static void time_command(char *const *command, int number, struct outcome *outcome)
{
    const double begin = bench_now();
    const pid_t pid = fork();
    if (pid == 0)
        run_command(command, number);
    waitpid(pid, &outcome->code, 0);
    outcome->took = (bench_now() - begin) / 1e3;
}

static void take_part(char *const *command, int number, int gate, struct outcome *outcome)
{
    char user[32], nothing;
    snprintf(user, sizeof(user), "s%d", number);
    if (read(gate, &nothing, 1) < 0) /* until the parent closes its end */
        _exit(1);
    if (command)
        time_command(command, number, outcome);
    else
        outcome->took = bench_account("storm", user, &outcome->code) / 1e3;
    _exit(0);
}

static void print(const char *name, double began, const struct outcome *outcomes, int count)
{
    struct side side;
    int denied = 0, unavailable = 0;
    side_name(&side, "ms", "%s", name);
    for (int i = 0; i < count; i++) {
        side_add(&side, outcomes[i].took);
        denied += outcomes[i].code == PAM_PERM_DENIED;
        unavailable += outcomes[i].code != PAM_PERM_DENIED && outcomes[i].code != PAM_AUTH_ERR;
    }
    side.began = began;
    side_print(&side);
    bench_tell("", denied, "%s.refused", name);
    bench_tell("", unavailable, "%s.unavailable", name);
}

int main(int argc, char **argv)
{
    int gate[2];
    if (argc < 4)
        bench_fail("usage: bench_storm NAME COUNT LINE | NAME COUNT -- COMMAND...");
    const int count = (int)bench_number(argv[2]);
    char **command = strcmp(argv[3], "--") == 0 ? argv + 4 : NULL;
    struct outcome *outcomes = mmap(NULL, (size_t)count * sizeof(*outcomes), PROT_READ | PROT_WRITE,
                                    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (outcomes == MAP_FAILED || pipe2(gate, O_CLOEXEC) < 0)
        bench_fail("there is not enough memory");
    if (!command)
        bench_service("storm", argv[3]);
    for (int i = 0; i < count; i++) {
        const pid_t pid = fork();
        if (pid < 0)
            bench_fail("%d processes cannot be started", count);
        if (pid == 0) {
            close(gate[1]);
            take_part(command, i + 1, gate[0], &outcomes[i]);
        }
    }
    const double began = bench_time();
    close(gate[1]);
    while (wait(NULL) > 0)
        continue;
    print(argv[1], began, outcomes, count);
    return 0;
}
