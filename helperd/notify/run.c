/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helperd/notify/run.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PROGRAM_FD = 3 };

/* Executes the descriptor, so that it is the file that was checked; a script's interpreter opens it again. */
static int execute_program(void *name)
{
    char *const arguments[] = {name, NULL};
    char *const environment[] = {(char *)"PATH=/usr/sbin:/usr/bin:/sbin:/bin", (char *)"LC_ALL=C.UTF-8",
                                 (char *)"HOME=/", NULL};
    if (chdir("/") == 0)
        fexecve(PROGRAM_FD, arguments, environment);
    dprintf(STDERR_FILENO, "it cannot be run: %s\n", strerror(errno));
    return 126;
}

int run_start(struct ev_loop *loop, int fd, const char *name, const char *text,
              const struct child_terms *terms)
{
    struct child *child;
    const int input = child_text(text);
    const struct child_plan plan = {.run = execute_program,
                                    .data = (char *)name,
                                    .fds = {input, CHILD_OUTPUT, CHILD_OUTPUT, fd},
                                    .n_fds = PROGRAM_FD + 1};
    if (input < 0)
        return input;
    const int r = child_run(loop, &plan, terms, &child);
    close(input);
    return r;
}
