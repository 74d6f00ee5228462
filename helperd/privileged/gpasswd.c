/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One run of gpasswd: absolute path, an environment of our own, no descriptor of ours, a deadline, always collected.
 * A member at a time: -M would overwrite what an administrator changes meanwhile.
 */
#include "helperd/privileged/gpasswd.h"

#include "common/cleanup.h"
#include "common/names.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/wait.h>

static int start(char *const argv[], int output, pid_t *ret)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;
    sigset_t all;
    char *const environment[] = {(char *)"PATH=/usr/sbin:/usr/bin:/sbin:/bin", (char *)"LC_ALL=C", NULL};
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO);
    posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    const int error = posix_spawn(ret, argv[0], &actions, &attributes, argv, environment);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return -error;
}

/* 0 when it ended well; -ENOEXEC when not; -ETIME. The process is gone afterwards. */
static int collect(pid_t pid)
{
    siginfo_t info = {0};
    _cleanup_close_ int pidfd = pidfd_open(pid, 0);
    struct pollfd ended = {.fd = pidfd, .events = POLLIN};
    int ready;
    do
        ready = poll(&ended, 1, GPASSWD_SECONDS * 1000);
    while (ready < 0 && errno == EINTR);
    if (ready != 1 || pidfd < 0) {
        ready = 0;
        kill(pid, SIGKILL);
    }
    while (waitid(P_PID, (id_t)pid, &info, WEXITED) < 0 && errno == EINTR)
        continue;
    if (ready == 0)
        return -ETIME;
    return info.si_code == CLD_EXITED && info.si_status == 0 ? 0 : -ENOEXEC;
}

/* On one line: what it printed, without the line breaks at its end. */
static void read_said(int output, char ret_said[GPASSWD_SAID_MAX])
{
    char text[GPASSWD_SAID_MAX];
    ssize_t got = pread(output, text, sizeof(text) - 1, 0);
    if (got < 0)
        got = 0;
    while (got > 0 && text[got - 1] == '\n')
        got--;
    text[got] = '\0';
    for (char *at = text; (at = strchr(at, '\n'));)
        *at = ' ';
    text_visible(text, ret_said, GPASSWD_SAID_MAX);
}

int gpasswd_run(const char *option, const char *user, const char *group, char ret_said[GPASSWD_SAID_MAX])
{
    char *const argv[] = {
        (char *)GPASSWD_PROGRAM, (char *)option, (char *)user, (char *)"--", (char *)group, NULL};
    pid_t pid = 0;
    ret_said[0] = '\0';
    _cleanup_close_ int output = memfd_create("gpasswd", MFD_CLOEXEC);
    int r = output < 0 ? -errno : start(argv, output, &pid);
    if (r < 0) {
        snprintf(ret_said, GPASSWD_SAID_MAX, "it cannot be run: %s", strerror(-r));
        return -ENOEXEC;
    }
    r = collect(pid);
    read_said(output, ret_said);
    return r;
}
