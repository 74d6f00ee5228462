/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "common/child_loop.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

struct child {
    struct ev_loop *loop;
    struct child_terms terms; /* done NULL: it was killed by child_kill() */
    pid_t pid;
    int fd; /* its output; -1: it was closed */
    ev_io io;
    ev_child ended;
    ev_timer timer;
    bool timed_out;
    size_t size;
    char output[]; /* with room for a zero */
};

static void close_output(struct child *child)
{
    if (child->fd < 0)
        return;
    ev_io_stop(child->loop, &child->io);
    close(child->fd);
    child->fd = -1;
}

/* Reads beyond output_max, too, and drops that, so that the child does not block. False: there is no more now. */
static bool read_some(struct child *child)
{
    char rest[4096];
    const size_t room = child->terms.output_max - child->size;
    const ssize_t n =
        room > 0 ? read(child->fd, child->output + child->size, room) : read(child->fd, rest, sizeof(rest));
    if (n > 0 && room > 0)
        child->size += (size_t)n;
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
        close_output(child);
    return n > 0;
}

static void on_output(struct ev_loop *loop, ev_io *io, int events)
{
    (void)loop, (void)events;
    read_some(io->data);
}

static void on_deadline(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop, (void)events;
    struct child *child = timer->data;
    child->timed_out = true;
    kill(-child->pid, SIGKILL); /* not reaped yet, so the pid is still its own */
}

/* Does not wait for the end of the output: a process in the background, as of an MTA, may keep it open. */
static void on_ended(struct ev_loop *loop, ev_child *ended, int events)
{
    (void)events;
    struct child *child = ended->data;
    ev_child_stop(loop, ended);
    ev_timer_stop(loop, &child->timer);
    while (child->fd >= 0 && child->size < child->terms.output_max && read_some(child))
        continue;
    close_output(child);
    child->output[child->size] = '\0';
    if (child->terms.done)
        child->terms.done(&(struct child_end){ended->rstatus, child->timed_out, child->output, child->size},
                          child->terms.data);
    free(child);
}

int child_run(struct ev_loop *loop, const struct child_plan *plan, const struct child_terms *terms,
              struct child **ret)
{
    struct child_plan own = *plan;
    int output[2];
    struct child *child = malloc(sizeof(*child) + terms->output_max + 1);
    int r = !child ? -ENOMEM : pipe2(output, O_CLOEXEC) < 0 ? -errno : 0;
    if (r < 0) {
        free(child);
        return r;
    }
    own.leads = true;
    for (size_t i = 0; i < own.n_fds; i++)
        if (own.fds[i] == CHILD_OUTPUT)
            own.fds[i] = output[1];
    *child = (struct child){.loop = loop, .terms = *terms, .fd = output[0]};
    r = child_start(&own, &child->pid);
    close(output[1]);
    if (r < 0) {
        close(output[0]);
        free(child);
        return r;
    }
    fcntl(child->fd, F_SETFL, O_NONBLOCK);
    ev_io_init(&child->io, on_output, child->fd, EV_READ);
    child->io.data = child;
    ev_io_start(loop, &child->io);
    ev_child_init(&child->ended, on_ended, child->pid, 0);
    child->ended.data = child;
    ev_child_start(loop, &child->ended);
    ev_timer_init(&child->timer, on_deadline, terms->deadline, 0.);
    child->timer.data = child;
    if (terms->deadline > 0)
        ev_timer_start(loop, &child->timer);
    *ret = child;
    return 0;
}

void child_kill(struct child *child)
{
    close_output(child);
    child->terms.done = NULL;
    kill(-child->pid, SIGKILL);
}
