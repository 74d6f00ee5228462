/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs a program from inside the host process. Whatever the host does:
 * MUST 1  leave no descriptor, child, signal disposition, mask or handler of the host changed;
 * MUST 2  show no child of ours to the host's handlers, or to its threads that wait for children;
 * MUST 3  kill through a pidfd only, so that a reused pid is never hit;
 * MUST 4  take the verdict from the socket only, never from an exit status;
 * MUST 5  wait no longer than the deadline, and DEATH_MS for the program to die.
 * Called by submission.c.
 */
#include "pam_module/spawn.h"

#include "common/cleanup.h"
#include "common/monotonic.h"
#include "pam_module/descriptor.h"
#include "pam_module/keeper.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { DEATH_MS = 1000 };

/* Makes an answer that names the call that failed. */
static int answer_failure(const char *call, int error, struct protocol_message *ret)
{
    char digits[12];
    snprintf(digits, sizeof(digits), "%d", error);
    ret->size = 0;
    ret->overflowed = false;
    protocol_add(ret, "failed", call);
    protocol_add(ret, "errno", digits);
    return 0;
}

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

/* All signals are blocked meanwhile, so that no handler of the host runs in the keeper. */
static int start_keeper(const char *program, int theirs, int *ret_pidfd)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const pid_t pid = keeper_clone(ret_pidfd);
    if (pid == 0)
        keeper_run(program, theirs);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return pid < 0 ? pid : 0;
}

static bool dies_soon(int pidfd)
{
    struct pollfd ended = {.fd = pidfd, .events = POLLIN};
    int n;
    do
        n = poll(&ended, 1, DEATH_MS);
    while (n < 0 && errno == EINTR);
    return n > 0;
}

/*
 * MUST 1, 5. When the socket is shut, the keeper kills the program and exits. We kill the keeper only if that takes too
 * long (it is stopped, or the program hangs in a stuck file system): the program would be an orphan then, which a host
 * that is a subreaper gets. A dead keeper is waited for without WNOHANG: if root traces it, the tracer sees its end
 * first, and ours comes a moment later.
 */
static void end_keeper(int ours, int pidfd)
{
    siginfo_t info;
    shutdown(ours, SHUT_RDWR);
    bool dead = dies_soon(pidfd);
    if (!dead) {
        syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
        dead = dies_soon(pidfd);
    }
    while (waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED | __WALL | (dead ? 0 : WNOHANG)) < 0 && errno == EINTR)
        continue;
}

/* Waits for an answer or the keeper's death. The end of the socket alone would not do: another child of the host may
 * hold a copy of it. */
static int wait_answer(int ours, int pidfd, int64_t deadline)
{
    for (;;) {
        struct pollfd fds[] = {{.fd = ours, .events = POLLIN}, {.fd = pidfd, .events = POLLIN}};
        const int64_t left = deadline - monotonic_ms();
        if (left <= 0)
            return -ETIME;
        const int n = poll(fds, 2, (int)left);
        if (n > 0)
            return 0;
        if (n < 0 && errno != EINTR)
            return -errno;
    }
}

static int receive_answer(int ours, int pidfd, int64_t deadline, struct protocol_message *ret)
{
    const int r = wait_answer(ours, pidfd, deadline);
    if (r == -ETIME)
        return r;
    if (r < 0)
        return answer_failure("poll", -r, ret);
    ssize_t size = recv(ours, ret->text, sizeof(ret->text), MSG_TRUNC | MSG_DONTWAIT);
    if (size < 0 && errno == ECONNRESET) /* it ended with the question unread; its report comes next */
        size = recv(ours, ret->text, sizeof(ret->text), MSG_TRUNC | MSG_DONTWAIT);
    if (size <= 0)
        return -ENODATA;
    ret->size = (size_t)size;
    ret->overflowed = false;
    return (size_t)size <= sizeof(ret->text) && protocol_is_whole(ret) ? 0 : -EBADMSG;
}

/* Sends the question before the keeper starts, so that the reader cannot be gone already. */
static int ask_program(const char *program, const struct protocol_message *question, int64_t deadline,
                       struct protocol_message *ret_answer)
{
    _cleanup_close_ int ours = -1, theirs = -1, pidfd = -1;
    int r = make_channel(&ours, &theirs);
    if (r < 0)
        return answer_failure("socketpair", -r, ret_answer);
    if (send(ours, question->text, question->size, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
        return answer_failure("send", errno, ret_answer);
    shutdown(ours, SHUT_WR);
    r = start_keeper(program, theirs, &pidfd);
    if (r < 0)
        return answer_failure("clone", -r, ret_answer);
    close(steal_fd(&theirs));
    r = receive_answer(ours, pidfd, deadline, ret_answer);
    end_keeper(ours, pidfd);
    return r;
}

/* Without cancellation: a cancelled thread would leave a child and descriptors, or be cancelled in the keeper. */
int spawn_ask(const char *program, const struct protocol_message *question, unsigned seconds,
              struct protocol_message *ret_answer)
{
    const int64_t deadline = monotonic_ms() + (int64_t)seconds * 1000;
    int state;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
    const int r = ask_program(program, question, deadline, ret_answer);
    pthread_setcancelstate(state, NULL);
    return r;
}
