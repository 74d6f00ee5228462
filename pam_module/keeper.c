/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * See the header. All of this runs in a copy of a host whose threads may have held any lock at that moment:
 * MUST 1  call nothing but the kernel: no allocation, no stdio, no locale, no look-up;
 * MUST 2  change ids by raw system calls: glibc's functions signal threads that this process does not have;
 * MUST 3  set PR_SET_PDEATHSIG again after every change of ids, which may clear it;
 * MUST 4  keep no descriptor of the host open: another process may wait for its end.
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
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LAST_STANDARD = STDERR_FILENO, REPORT_MAX = 64 };

/* Not clone3(2), which RestrictNamespaces= and many containers refuse. */
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

/* Writes "key=number" at `at`; returns the byte after its final zero. */
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

static void send_report(const char *text, const char *end)
{
    send(STDIN_FILENO, text, (size_t)(end - text), MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* Reports the call that failed, and exits. */
static _Noreturn void fail_call(const char *call)
{
    const int error = errno;
    char text[REPORT_MAX];
    char *at = stpcpy(stpcpy(text, "failed="), call) + 1;
    send_report(text, add_number(at, "errno", error));
    _exit(1);
}

/* ---- the program's process, until execve ----------------------------------------------------------------------- */

static void unblock_signals(void)
{
    const sigset_t none = {0};
    pthread_sigmask(SIG_SETMASK, &none, NULL);
}

static _Noreturn void exec_program(const char *program, pid_t keeper)
{
    char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
    char *const argv[] = {(char *)program, NULL};
    char *const environment[] = {path, NULL};
    if (syscall(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
        fail_call("prctl");
    if (getppid() != keeper) /* the keeper was killed before prctl */
        _exit(1);
    if (dup2(STDIN_FILENO, STDOUT_FILENO) < 0)
        fail_call("dup2");
    const int null = openat(AT_FDCWD, "/dev/null", O_RDWR);
    if (null < 0)
        fail_call("open /dev/null");
    if (null != LAST_STANDARD && dup2(null, LAST_STANDARD) < 0)
        fail_call("dup2");
    if (syscall(SYS_close_range, LAST_STANDARD + 1, UINT_MAX, 0) < 0)
        fail_call("close_range");
    unblock_signals();
    execve(program, argv, environment);
    fail_call("execve");
}

/* ---- the keeper ------------------------------------------------------------------------------------------------ */

/* Signals stay blocked; but with SIGCHLD ignored, as by the host, the kernel would reap the program. */
static void reset_dispositions(void)
{
    const struct sigaction standard = {.sa_handler = SIG_DFL};
    for (int number = 1; number < NSIG; number++)
        sigaction(number, &standard, NULL);
}

/*
 * Under su and sudo the real user is the person at the terminal, who could stop or kill a process with their uid. Only
 * zeros, so it does not matter whether ids have 16 or 32 bits.
 */
static int take_root_uids(void)
{
    return geteuid() == 0 ? (int)syscall(SYS_setresuid, 0, 0, 0) : 0;
}

/* Waits until the host shuts or loses its end, or the program ends. True when the program ended. */
static bool wait_for_end(int pidfd)
{
    struct pollfd fds[] = {{.fd = STDIN_FILENO}, {.fd = pidfd, .events = POLLIN}};
    while (poll(fds, 2, -1) < 0 && errno == EINTR)
        continue;
    return fds[1].revents != 0;
}

static void reap_program(int pidfd, siginfo_t *ret)
{
    *ret = (siginfo_t){.si_status = 0};
    while (waitid(P_PIDFD, (id_t)pidfd, ret, WEXITED | __WALL) < 0 && errno == EINTR)
        continue;
}

/* If the program sent an answer or a report, that is in the socket already and is read first. */
static void report_end(const siginfo_t *info)
{
    char text[REPORT_MAX];
    send_report(text, add_number(text, info->si_code == CLD_EXITED ? "ended" : "killed", info->si_status));
}

_Noreturn void keeper_run(const char *program, int socket)
{
    siginfo_t info;
    int pidfd = -1;
    reset_dispositions();
    if (dup2(socket, STDIN_FILENO) < 0)
        _exit(1);
    if (take_root_uids() < 0)
        fail_call("setresuid");
    if (syscall(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) <
        0) /* MUST 3; a host that died before has closed the socket */
        fail_call("prctl");
    if (syscall(SYS_close_range, STDIN_FILENO + 1, UINT_MAX, 0) < 0) /* MUST 4 */
        fail_call("close_range");
    const pid_t self = (pid_t)syscall(SYS_getpid);
    const pid_t pid = keeper_clone(&pidfd);
    if (pid == 0)
        exec_program(program, self);
    if (pid < 0) {
        errno = -pid;
        fail_call("clone");
    }
    const bool program_ended = wait_for_end(pidfd);
    syscall(SYS_kill, pid, SIGKILL); /* only we can reap it, so the pid is still its own */
    reap_program(pidfd, &info);
    if (program_ended)
        report_end(&info);
    _exit(0);
}
