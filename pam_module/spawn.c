/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Running a program inside a process that is not ours. What must hold, whatever the host does:
 * MUST 1  no descriptor, child, signal disposition, mask or handler of the host is left changed;
 * MUST 2  between fork and exec only what is safe after a fork of a threaded process;
 * MUST 3  the child is held back until its pidfd is open, so that no pid that was reused can ever be killed;
 * MUST 4  the verdict is what came through the socket, never the exit status, which a host's handler may take;
 * MUST 5  nothing here waits longer than the deadline and a moment for the child to die.
 * Called by submission.c.
 */
#include "pam_module/spawn.h"

#include "common/cleanup.h"
#include "pam_module/descriptor.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { LAST_STANDARD = STDERR_FILENO, DEATH_MS = 1000 };

/* ---- in the child, before exec: MUST 2 --------------------------------------------------------------------- */

static void default_signals(void)
{
    const struct sigaction standard = {.sa_handler = SIG_DFL};
    sigset_t none;
    for (int number = 1; number < NSIG; number++)
        sigaction(number, &standard, NULL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static _Noreturn void become(const char *program, int ours, int question)
{
    char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
    char *const argv[] = {(char *)program, NULL};
    char *const environment[] = {path, NULL};
    char byte;
    default_signals();
    close(ours);
    /* MUST 3: the question comes once the pidfd is open; a socket that is shut, as it is when the host dies, says
     * that none will come. */
    if (recv(question, &byte, 1, MSG_PEEK) <= 0)
        _exit(1);
    if (dup2(question, STDIN_FILENO) < 0 || dup2(question, STDOUT_FILENO) < 0)
        _exit(1);
    const int null = open("/dev/null", O_RDWR);
    if (null < 0 || dup2(null, STDERR_FILENO) < 0 || close_range(LAST_STANDARD + 1, UINT_MAX, 0) < 0)
        _exit(1);
    execve(program, argv, environment);
    _exit(1);
}

/* ---- in the host -------------------------------------------------------------------------------------------- */

static int make_channel(int *ret_ours, int *ret_theirs)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
        return -errno;
    _cleanup_close_ int ours = ends[0], theirs = ends[1];
    int r = descriptor_above_standard(&ours);
    if (r == 0)
        r = descriptor_above_standard(&theirs);
    if (r < 0)
        return r;
    *ret_ours = steal_fd(&ours);
    *ret_theirs = steal_fd(&theirs);
    return 0;
}

/* All signals are held back meanwhile, so that no handler of the host runs in the child. */
static pid_t fork_child(const char *program, int ours, int theirs)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const pid_t pid = _Fork();
    if (pid == 0)
        become(program, ours, theirs);
    const int error = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return pid < 0 ? -error : pid;
}

/* MUST 3. Somebody may have killed the child already and a handler reaped it: then this pid is no child of ours. */
static int open_child(pid_t pid)
{
    siginfo_t info;
    _cleanup_close_ int pidfd = pidfd_open(pid, 0);
    if (pidfd < 0 || waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED | WNOHANG | WNOWAIT) < 0)
        return -errno;
    return steal_fd(&pidfd);
}

/*
 * MUST 1, 5. A child that even SIGKILL does not end at once (a stuck file system) must not hold the login. One that is
 * dead is waited for in earnest: if root traces it, the tracer sees it first, for a moment.
 */
static void end_child(int pidfd)
{
    struct pollfd ended = {.fd = pidfd, .events = POLLIN};
    siginfo_t info;
    int dead;
    pidfd_send_signal(pidfd, SIGKILL, NULL, 0);
    do
        dead = poll(&ended, 1, DEATH_MS);
    while (dead < 0 && errno == EINTR);
    while (waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED | (dead > 0 ? 0 : WNOHANG)) < 0 && errno == EINTR)
        continue;
}

/* A child without a pidfd is still held back: told that no question comes, it ends by itself. */
static void abandon_child(int ours, pid_t pid)
{
    shutdown(ours, SHUT_RDWR);
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        continue;
}

static int64_t now_ms(void)
{
    struct timespec time = {0};
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/* Until there is an answer or the child is dead: another child of the host may hold a copy of its socket. */
static int wait_answer(int ours, int pidfd, int64_t deadline)
{
    for (;;) {
        struct pollfd fds[] = {{.fd = ours, .events = POLLIN}, {.fd = pidfd, .events = POLLIN}};
        const int64_t left = deadline - now_ms();
        if (left <= 0)
            return -ETIME;
        const int n = poll(fds, 2, (int)left);
        if (n > 0)
            return 0;
        if (n < 0 && errno != EINTR)
            return -errno;
    }
}

static int take_answer(int ours, int pidfd, int64_t deadline, struct protocol_message *ret)
{
    const int r = wait_answer(ours, pidfd, deadline);
    if (r < 0)
        return r;
    const ssize_t size = recv(ours, ret->text, sizeof(ret->text), MSG_TRUNC | MSG_DONTWAIT);
    if (size < 0)
        return errno == ECONNRESET || errno == EAGAIN ? -ENODATA : -errno;
    if (size == 0)
        return -ENODATA;
    ret->size = (size_t)size;
    ret->overflowed = false;
    return (size_t)size <= sizeof(ret->text) && protocol_is_whole(ret) ? 0 : -EBADMSG;
}

static int converse(int ours, int pidfd, const struct protocol_message *question, int64_t deadline,
                    struct protocol_message *ret_answer)
{
    /* MSG_NOSIGNAL: a SIGPIPE would be the host's. */
    if (send(ours, question->text, question->size, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
        return errno == EPIPE ? -ENODATA : -errno;
    shutdown(ours, SHUT_WR);
    return take_answer(ours, pidfd, deadline, ret_answer);
}

int spawn_ask(const char *program, const struct protocol_message *question, unsigned seconds,
              struct protocol_message *ret_answer)
{
    const int64_t deadline = now_ms() + (int64_t)seconds * 1000;
    _cleanup_close_ int ours = -1, theirs = -1, pidfd = -1;
    int r = make_channel(&ours, &theirs);
    if (r < 0)
        return r;
    const pid_t pid = fork_child(program, ours, theirs);
    if (pid < 0)
        return pid;
    close(steal_fd(&theirs));
    pidfd = open_child(pid);
    if (pidfd < 0) {
        abandon_child(ours, pid);
        return pidfd;
    }
    r = converse(ours, pidfd, question, deadline, ret_answer);
    end_child(pidfd);
    return r;
}
