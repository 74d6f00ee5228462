/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/helper.h"

#include "common/paths.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

extern char **environ;

/* The child's stdout becomes `out`. With -1 it stays, or with --json becomes stderr, as stdout is for the JSON. */
static int spawn_accesspkgd(const struct invocation *invocation, char *const *argv, int out, pid_t *ret_pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t defaults;
    int r;

    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
    posix_spawn_file_actions_init(&actions);
    if (out >= 0)
        posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    else if (invocation->output.json)
        posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
    r = posix_spawn(ret_pid, PATH_DAEMON, &actions, &attributes, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return r;
}

int helper_run_with(const struct invocation *invocation, char *const *argv, int out)
{
    pid_t pid;
    int status = 0;
    int r = spawn_accesspkgd(invocation, argv, out, &pid);

    while (r == 0 && waitpid(pid, &status, 0) < 0)
        r = errno == EINTR ? 0 : errno;
    if (r == 0 && WIFEXITED(status))
        return WEXITSTATUS(status);
    if (r == 0)
        output_message(invocation->program->name,
                       "%s was ended by signal %d. The journal says more: journalctl -e", PATH_DAEMON,
                       WTERMSIG(status));
    else
        output_message(invocation->program->name,
                       "%s could not be run: %s. It is a part of accesspkg: install that again.", PATH_DAEMON,
                       strerror(r));
    return EX_UNAVAILABLE;
}

int helper_run(const struct invocation *invocation, const char *argument, int out)
{
    char *const argv[] = {(char *)"accesspkgd", (char *)argument, NULL};

    return helper_run_with(invocation, argv, out);
}
