/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns the processes that do the work: starting, listening, ending, collecting. Must never wait for one. */
#include "helperd/privileged/worker.h"

#include "common/log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { RESULT_MAX = 16 * 1024 * 1024, RESULT_FD = STDERR_FILENO + 1 };

struct worker {
    struct ev_loop *loop;
    worker_done done; /* NULL: nobody listens any more */
    void *data;
    pid_t pid;
    int fd;
    ev_io io;
    ev_child child;
    char *text;
    size_t size;
};

static void default_signals(void)
{
    const struct sigaction standard = {.sa_handler = SIG_DFL};
    sigset_t none;
    for (int number = 1; number < NSIG; number++)
        sigaction(number, &standard, NULL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* A group of its own, so that what it started ends with it. */
static _Noreturn void work(int fd, worker_run run, void *data)
{
    setpgid(0, 0);
    default_signals();
    if (fd != RESULT_FD && dup2(fd, RESULT_FD) < 0)
        _exit(1);
    if (fcntl(RESULT_FD, F_SETFD, FD_CLOEXEC) < 0 || close_range(RESULT_FD + 1, UINT_MAX, 0) < 0)
        _exit(1);
    json_t *result = run(data);
    _exit(result && json_dumpfd(result, RESULT_FD, JSON_COMPACT) == 0 ? 0 : 1);
}

static void stop_listening(struct worker *worker)
{
    ev_io_stop(worker->loop, &worker->io);
    close(worker->fd);
    worker->fd = -1;
    worker->done = NULL;
}

static void on_collected(struct ev_loop *loop, ev_child *child, int events)
{
    (void)events;
    struct worker *worker = child->data;
    ev_child_stop(loop, child);
    worker->pid = 0;
    if (worker->fd < 0) {
        free(worker->text);
        free(worker);
    }
}

static void finish(struct worker *worker)
{
    const worker_done done = worker->done;
    void *data = worker->data;
    json_t *result = json_loadb(worker->text ? worker->text : "", worker->size, 0, NULL);
    stop_listening(worker);
    if (worker->pid == 0) {
        free(worker->text);
        free(worker);
    }
    done(result, data);
}

static void on_readable(struct ev_loop *loop, ev_io *io, int events)
{
    (void)loop, (void)events;
    struct worker *worker = io->data;
    char *grown = realloc(worker->text, worker->size + 65536);
    if (grown)
        worker->text = grown;
    const ssize_t got =
        grown && worker->size < RESULT_MAX ? read(worker->fd, worker->text + worker->size, 65536) : 0;
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0)
        finish(worker);
    else
        worker->size += (size_t)got;
}

int worker_start(struct ev_loop *loop, worker_run run, worker_done done, void *data, struct worker **ret)
{
    int pipe_ends[2];
    struct worker *worker = calloc(1, sizeof(*worker));
    if (!worker)
        return -ENOMEM;
    if (pipe2(pipe_ends, O_CLOEXEC) < 0) {
        const int error = errno;
        free(worker);
        return -error;
    }
    const pid_t pid = fork();
    if (pid == 0)
        work(pipe_ends[1], run, data);
    const int error = errno;
    close(pipe_ends[1]);
    if (pid < 0) {
        log_error("Cannot start a process: %s", strerror(error));
        close(pipe_ends[0]);
        free(worker);
        return -error;
    }
    setpgid(pid, pid);
    fcntl(pipe_ends[0], F_SETFL, O_NONBLOCK);
    *worker = (struct worker){.loop = loop, .done = done, .data = data, .pid = pid, .fd = pipe_ends[0]};
    ev_io_init(&worker->io, on_readable, worker->fd, EV_READ);
    worker->io.data = worker;
    ev_io_start(loop, &worker->io);
    ev_child_init(&worker->child, on_collected, pid, 0);
    worker->child.data = worker;
    ev_child_start(loop, &worker->child);
    *ret = worker;
    return 0;
}

void worker_kill(struct worker *worker)
{
    stop_listening(worker);
    if (worker->pid) {
        kill(-worker->pid, SIGKILL); /* not collected yet, so the number is still its */
    } else {
        free(worker->text);
        free(worker);
    }
}
