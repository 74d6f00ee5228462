/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * See the header. Everything here runs in a copy of a host that may have threads, at a moment when they may have held
 * any lock:
 * MUST 1  nothing but system calls: no allocation, no stdio, no locale, no lookup;
 * MUST 2  ids change by raw system calls: those of glibc signal threads that this process does not have;
 * MUST 3  PR_SET_PDEATHSIG is set again after every change of ids, which may clear it;
 * MUST 4  no descriptor of the host stays open here: others may wait for its end.
 * Called by spawn.c.
 */
#include "pam_module/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LAST_STANDARD = STDERR_FILENO, REPORT_MAX = 64 };

/* Not clone3(2), which units with RestrictNamespaces= and many containers refuse. */
pid_t keeper_clone(int *ret_pidfd)
{
    const unsigned long flags = CLONE_PIDFD; /* and no exit signal */
    int pidfd = -1;
#if defined(__s390__)
    const long pid = syscall(SYS_clone, NULL, flags, &pidfd, NULL, NULL);
#else
    const long pid = syscall(SYS_clone, flags, NULL, &pidfd, NULL, NULL);
#endif
    if (pid < 0)
        return -errno;
    if (pid > 0)
        *ret_pidfd = pidfd;
    return (pid_t)pid;
}

/* ---- reports ------------------------------------------------------------------------------------------------- */

/* "key=number" behind what `at` points to; the byte after its final zero. */
static char *add_number(char *at, const char *key, int number)
{
    char digits[12];
    char *digit = digits + sizeof(digits);
    *--digit = '\0';
    do
        *--digit = (char)('0' + number % 10);
    while ((number /= 10) > 0);
    return stpcpy(stpcpy(stpcpy(at, key), "="), digit) + 1;
}

static void report(const char *text, const char *end)
{
    send(STDIN_FILENO, text, (size_t)(end - text), MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* What the program could not be run for. */
static _Noreturn void fail(const char *call)
{
    const int error = errno;
    char text[REPORT_MAX];
    char *at = stpcpy(stpcpy(text, "failed="), call) + 1;
    report(text, add_number(at, "errno", error));
    _exit(1);
}

/* ---- the program's process, until it is the program ------------------------------------------------------------ */

static void unblock_signals(void)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static _Noreturn void become(const char *program, pid_t keeper)
{
    char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
    char *const argv[] = {(char *)program, NULL};
    char *const environment[] = {path, NULL};
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
        fail("prctl");
    if (getppid() != keeper) /* it was killed before */
        _exit(1);
    if (dup2(STDIN_FILENO, STDOUT_FILENO) < 0)
        fail("dup2");
    const int null = open("/dev/null", O_RDWR);
    if (null < 0)
        fail("open /dev/null");
    if (null != LAST_STANDARD && dup2(null, LAST_STANDARD) < 0)
        fail("dup2");
    if (close_range(LAST_STANDARD + 1, UINT_MAX, 0) < 0)
        fail("close_range");
    unblock_signals();
    execve(program, argv, environment);
    fail("execve");
}

/* ---- the keeper ------------------------------------------------------------------------------------------------ */

/* Blocked they stay; but a host that ignores SIGCHLD would have the kernel reap the program. */
static void default_signals(void)
{
    const struct sigaction standard = {.sa_handler = SIG_DFL};
    for (int number = 1; number < NSIG; number++)
        sigaction(number, &standard, NULL);
}

/*
 * Under su and sudo the real user is the person at the terminal, who could stop or kill what carries their uid. Zeros
 * alone, so it is the same whether ids have 16 or 32 bits.
 */
static int become_root_wholly(void)
{
    return geteuid() == 0 ? (int)syscall(SYS_setresuid, 0, 0, 0) : 0;
}

/* Until the host shuts its end, or is gone, or the program has ended. Whether the program ended by itself. */
static bool wait_for_either(int pidfd)
{
    struct pollfd fds[] = {{.fd = STDIN_FILENO}, {.fd = pidfd, .events = POLLIN}};
    while (poll(fds, 2, -1) < 0 && errno == EINTR)
        continue;
    return fds[1].revents != 0;
}

static void reap(int pidfd, siginfo_t *ret)
{
    *ret = (siginfo_t){.si_status = 0};
    while (waitid(P_PIDFD, (id_t)pidfd, ret, WEXITED | __WALL) < 0 && errno == EINTR)
        continue;
}

/* An answer, or a report of why it could not be run, is in the socket already, and is read first. */
static void report_end(const siginfo_t *info)
{
    char text[REPORT_MAX];
    report(text, add_number(text, info->si_code == CLD_EXITED ? "ended" : "killed", info->si_status));
}

_Noreturn void keeper_run(const char *program, int socket)
{
    siginfo_t info;
    int pidfd = -1;
    default_signals();
    if (dup2(socket, STDIN_FILENO) < 0)
        _exit(1);
    if (become_root_wholly() < 0)
        fail("setresuid");
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0) /* MUST 3; a host that was gone before has shut the socket */
        fail("prctl");
    if (close_range(STDIN_FILENO + 1, UINT_MAX, 0) < 0) /* MUST 4 */
        fail("close_range");
    const pid_t self = getpid();
    const pid_t pid = keeper_clone(&pidfd);
    if (pid == 0)
        become(program, self);
    if (pid < 0) {
        errno = -pid;
        fail("clone");
    }
    const bool by_itself = wait_for_either(pidfd);
    kill(pid, SIGKILL); /* nobody else can reap it, so it is this process still */
    reap(pidfd, &info);
    if (by_itself)
        report_end(&info);
    _exit(0);
}
