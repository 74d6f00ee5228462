/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See the header. Between fork() and the program only async-signal-safe functions are allowed. */
#include "common/child.h"

#include "common/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/wait.h>

enum { LOOK_MS = 10 };

/* Signals are blocked since before the fork, so that no handler of ours runs in the child. */
static void default_signals(void)
{
    const struct sigaction standard = {.sa_handler = SIG_DFL};
    sigset_t none;
    for (int number = 1; number < NSIG; number++)
        sigaction(number, &standard, NULL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Moves all descriptors above their final numbers first, as a source may have the number of another's target. *report,
 * too; it ends up after the last one and is closed by an exec. */
static int place_descriptors(const struct child_plan *plan, int *report)
{
    const int count = (int)plan->n_fds;
    int moved[CHILD_FDS_MAX];
    const int reported = *report;
    *report = fcntl(reported, F_DUPFD, count + 1);
    close(reported);
    for (int i = 0; i < count; i++) {
        moved[i] = fcntl(plan->fds[i], F_DUPFD, count + 1);
        if (moved[i] < 0 && errno != EBADF)
            return -errno;
    }
    for (int i = 0; i < count; i++) {
        if (moved[i] < 0)
            close(i); /* then open() returns i, the lowest free number: those below are open */
        if ((moved[i] < 0 ? open("/dev/null", i == 0 ? O_RDONLY : O_WRONLY) : dup2(moved[i], i)) < 0)
            return -errno;
    }
    if (dup3(*report, count, O_CLOEXEC) < 0)
        return -errno;
    *report = count;
    return close_range((unsigned)count + 1, UINT_MAX, 0) < 0 ? -errno : 0;
}

static _Noreturn void become(const struct child_plan *plan, const int pipe_ends[2])
{
    int report = pipe_ends[1];
    int r = plan->leads && setpgid(0, 0) < 0 ? -errno : 0;
    close(pipe_ends[0]);
    default_signals();
    if (r == 0)
        r = place_descriptors(plan, &report);
    if (r == 0 && plan->argv) {
        execve(plan->argv[0], plan->argv, plan->environment);
        r = -errno;
    }
    if (r == 0) {
        close(report);
        _exit(plan->run(plan->data));
    }
    _exit(write(report, &r, sizeof(r)) < 0);
}

int child_start(const struct child_plan *plan, pid_t *ret)
{
    sigset_t all, before;
    int report[2], r = 0;
    if (pipe2(report, O_CLOEXEC) < 0)
        return -errno;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    const pid_t pid = fork();
    if (pid == 0)
        become(plan, report);
    if (pid < 0)
        r = -errno;
    sigprocmask(SIG_SETMASK, &before, NULL);
    close(report[1]);
    while (r == 0 && read(report[0], &r, sizeof(r)) < 0 && errno == EINTR)
        continue;
    close(report[0]);
    if (r == 0)
        *ret = pid;
    else if (pid > 0)
        child_wait(pid, -1, &(int){0});
    return r;
}

/* False when it still runs after so many milliseconds. */
static bool has_ended(pid_t pid, int ms)
{
    siginfo_t info = {.si_pid = 0};
    int ready;
    _cleanup_close_ int pidfd = pidfd_open(pid, 0);
    struct pollfd ended = {.fd = pidfd, .events = POLLIN};
    if (pidfd >= 0) {
        while ((ready = poll(&ended, 1, ms)) < 0 && errno == EINTR)
            continue;
        return ready > 0;
    }
    /* There was no descriptor left. */
    while (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == 0) {
        if (ms <= 0)
            return false;
        poll(NULL, 0, LOOK_MS);
        ms -= LOOK_MS;
    }
    return true;
}

int child_wait(pid_t pid, int ms, int *ret_status)
{
    if (ms >= 0 && !has_ended(pid, ms))
        return -ETIME;
    while (waitpid(pid, ret_status, 0) < 0)
        if (errno != EINTR)
            return -errno;
    return 0;
}

int child_wait_or_kill(pid_t pid, int ms, int *ret_status)
{
    const int r = child_wait(pid, ms, ret_status);
    if (r == -ETIME) {
        kill(pid, SIGKILL); /* not collected yet, so the number is still its */
        child_wait(pid, -1, ret_status);
    }
    return r;
}

int child_text(const char *text)
{
    _cleanup_close_ int fd = memfd_create("text", MFD_CLOEXEC);
    if (fd < 0)
        return -errno;
    for (size_t left = strlen(text); left > 0;) {
        const ssize_t n = write(fd, text, left);
        if (n < 0 && errno != EINTR)
            return -errno;
        text += n > 0 ? n : 0;
        left -= n > 0 ? (size_t)n : 0;
    }
    return lseek(fd, 0, SEEK_SET) < 0 ? -errno : steal_fd(&fd);
}
