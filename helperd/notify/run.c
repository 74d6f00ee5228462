/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helperd/notify/run.h"

#include "common/log.h"
#include "common/names.h"
#include "common/strv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>
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

static void show_output(const char *output, char *ret, size_t size)
{
    char line[RUN_MESSAGE_MAX / 2];
    snprintf(line, sizeof(line), "%s", output);
    for (char *c = line; *c; c++)
        if (*c == '\n')
            *c = ' ';
    size_t length = strlen(line);
    while (length > 0 && line[length - 1] == ' ')
        line[--length] = '\0';
    text_visible(line, ret, size);
}

int run_describe_end(const struct child_end *end, const char *name, double deadline,
                     char ret_message[RUN_MESSAGE_MAX])
{
    char output[RUN_MESSAGE_MAX / 2];
    char how[RUN_MESSAGE_MAX / 4] = "";
    const int code = WIFEXITED(end->status) ? WEXITSTATUS(end->status) : -1;
    show_output(end->output, output, sizeof(output));
    if (code != 0 && end->timed_out)
        snprintf(how, sizeof(how), "%.64s: did not end within %g s and was killed", name, deadline);
    else if (code < 0)
        snprintf(how, sizeof(how), "%.64s: was ended by signal %d", name, WTERMSIG(end->status));
    else if (code > 0)
        snprintf(how, sizeof(how), "%.64s: exit status %d", name, code);
    snprintf(ret_message, RUN_MESSAGE_MAX, "%s%s%s", how, *how && *output ? ": " : "", output);
    return code;
}

bool run_note_absent(const char *name, int code, const char *message)
{
    static strv absent; /* such programs */
    size_t at = 0;
    while (absent && absent[at] && strcmp(absent[at], name) != 0)
        at++;
    const bool known = absent && absent[at];
    if (code == EX_OSFILE && !known) {
        log_warning("No notice goes by %s. %s", name, message);
        strv_add(&absent, name); /* else it is logged again */
    } else if (code != EX_OSFILE && known) {
        const size_t last = strv_length(absent) - 1;
        free(absent[at]);
        absent[at] = absent[last];
        absent[last] = NULL;
    }
    return code == EX_OSFILE;
}
