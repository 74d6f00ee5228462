/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dbus/server_sieve.h"

#include "common/cleanup.h"
#include "dbus/server_header.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/timerfd.h>

enum {
    IN_BYTES = 64 * 1024,
    OUT_BYTES = 16 * 1024,
    READS_MAX = 4,          /* in one turn of the loop */
    REST_BYTES = 16 * 1024, /* a turn that read as much has no rest after it: the socket might fill */
    FDS_MAX = 253,          /* with one message, by the kernel */
};

struct sieve {
    struct ev_loop *loop;
    bool (*wanted)(const struct bus_header *header, void *data);
    void *data;
    int bus;   /* what the bus has the other end of */
    int inner; /* what libdbus has the other end of */
    int rest;  /* a timerfd, for libev counts in milliseconds */
    ev_io bus_io, inner_io, rest_io;
    ev_prepare before_waiting;
    bool written; /* something by libdbus, since the loop waited */
    bool ended;
    bool deaf;    /* reads nothing from the bus any more */
    bool dropped; /* a message that was not wanted, in this turn */
    size_t came;  /* bytes, in this turn */
    bool resting; /* reads nothing from the bus until the timer ends */
    bool began;   /* messages, after the lines by which the bus takes us */
    /* From the bus: bytes that came, from `at` on not dealt with; how many of them pass, or are skipped. */
    unsigned char in[IN_BYTES];
    size_t at, have;
    uint64_t pass, skip;
    /* Descriptors that came with the last message that began, until that is decided on and has gone on. */
    int fds[FDS_MAX];
    size_t n_fds;
    bool fds_pass; /* they go with the next bytes */
    bool fds_lost; /* there was no room for them here: their message is skipped */
    bool inner_full;
    /* To the bus. */
    unsigned char out[OUT_BYTES];
    size_t out_at, out_have;
};

/* ---- from the bus ---- */

static void close_fds(struct sieve *sieve)
{
    while (sieve->n_fds > 0)
        close(sieve->fds[--sieve->n_fds]);
    sieve->fds_pass = sieve->fds_lost = false;
}

/* libdbus sees the end once it has read what is before it. */
static void end(struct sieve *sieve)
{
    sieve->ended = true;
    shutdown(sieve->inner, SHUT_RDWR);
}

/* As sendmsg, with the descriptors that pass. */
static ssize_t send_part(const struct sieve *sieve, const unsigned char *bytes, size_t size)
{
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(FDS_MAX * sizeof(int))];
    } control;
    struct iovec part = {(void *)bytes, size};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    if (sieve->fds_pass) {
        message.msg_control = &control;
        message.msg_controllen = CMSG_SPACE(sieve->n_fds * sizeof(int));
        control.header = (struct cmsghdr){.cmsg_len = CMSG_LEN(sieve->n_fds * sizeof(int)),
                                          .cmsg_level = SOL_SOCKET,
                                          .cmsg_type = SCM_RIGHTS};
        memcpy(CMSG_DATA(&control.header), sieve->fds, sieve->n_fds * sizeof(int));
    }
    return sendmsg(sieve->inner, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* Sends bytes on. How many; 0: not now. */
static size_t send_inside(struct sieve *sieve, const unsigned char *bytes, size_t size)
{
    const ssize_t sent = send_part(sieve, bytes, size);
    if (sent > 0) {
        if (sieve->fds_pass)
            close_fds(sieve);
        return (size_t)sent;
    }
    if (errno == ETOOMANYREFS && sieve->fds_pass) { /* libdbus has not taken those before */
        close_fds(sieve);
        sieve->skip = sieve->pass;
        sieve->pass = 0;
    } else if (errno != EAGAIN && errno != EINTR) {
        end(sieve);
    }
    return 0;
}

/* A line of the handshake, none of which begins like a message. False: it is not all there. */
static bool pass_line(struct sieve *sieve)
{
    const unsigned char *line = sieve->in + sieve->at;
    const unsigned char *last = memchr(line, '\n', sieve->have - sieve->at);
    if (last)
        sieve->pass = (uint64_t)(last - line) + 1;
    return last != NULL;
}

/* Of one that is odd. The bus passes on no answers that we did not ask for; of all else anybody chooses the header. */
static bool is_answer(const unsigned char *header)
{
    return header[1] == DBUS_MESSAGE_TYPE_METHOD_RETURN || header[1] == DBUS_MESSAGE_TYPE_ERROR;
}

/* Decides on the message that begins. False: its header is not all there. */
static bool judge(struct sieve *sieve)
{
    struct bus_header header;
    uint64_t size;
    const size_t left = sieve->have - sieve->at;
    const unsigned char first = sieve->in[sieve->at];
    sieve->began = sieve->began || first == DBUS_LITTLE_ENDIAN || first == DBUS_BIG_ENDIAN;
    if (!sieve->began)
        return pass_line(sieve);
    const int r = header_read(sieve->in + sieve->at, left, &header, &size);
    if (r == HEADER_E_MORE)
        return false;
    /* Reading stops behind the message that brought descriptors: it is the one that nothing follows. */
    const bool owns_fds = size >= left;
    const bool lost = owns_fds && sieve->fds_lost;
    const bool passes =
        !lost && (r == HEADER_E_ODD ? is_answer(sieve->in + sieve->at) : sieve->wanted(&header, sieve->data));
    *(passes ? &sieve->pass : &sieve->skip) = size;
    sieve->dropped = sieve->dropped || !passes;
    if (owns_fds && passes)
        sieve->fds_pass = sieve->n_fds > 0;
    else if (owns_fds)
        close_fds(sieve);
    return true;
}

static size_t smaller(uint64_t a, size_t b)
{
    return a < b ? (size_t)a : b;
}

/* Deals with what came, until more has to come or libdbus has to read. */
static void sift(struct sieve *sieve)
{
    sieve->inner_full = false;
    while (sieve->at < sieve->have && !sieve->ended) {
        const size_t left = sieve->have - sieve->at;
        if (sieve->skip > 0) {
            const size_t skipped = smaller(sieve->skip, left);
            sieve->skip -= skipped;
            sieve->at += skipped;
        } else if (sieve->pass > 0) {
            const size_t sent = send_inside(sieve, sieve->in + sieve->at, smaller(sieve->pass, left));
            sieve->pass -= sent;
            sieve->at += sent;
            sieve->inner_full = sent == 0 && sieve->pass > 0;
            if (sieve->inner_full)
                return;
        } else if (!judge(sieve)) {
            break;
        }
    }
    memmove(sieve->in, sieve->in + sieve->at, sieve->have - sieve->at);
    sieve->have -= sieve->at;
    sieve->at = 0;
}

static void keep_fds(struct sieve *sieve, struct msghdr *message)
{
    if (message->msg_flags & MSG_CTRUNC)
        sieve->fds_lost = true;
    for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part; part = CMSG_NXTHDR(message, part)) {
        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS)
            continue;
        const size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        memcpy(sieve->fds, CMSG_DATA(part), count * sizeof(int));
        sieve->n_fds = count;
    }
}

/* How much may be read now. While descriptors wait for the header of their message, no more than that. */
static size_t get_room(const struct sieve *sieve)
{
    const size_t have = sieve->have;
    const size_t room = sizeof(sieve->in) - have;
    if (sieve->n_fds == 0 && !sieve->fds_lost)
        return room;
    return have < HEADER_FIXED ? HEADER_FIXED - have : header_size(sieve->in) - have;
}

/* False: there is nothing more, or no room. */
static bool read_from_bus(struct sieve *sieve)
{
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(FDS_MAX * sizeof(int))];
    } control;
    struct iovec part = {sieve->in + sieve->have, get_room(sieve)};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};
    if (sieve->inner_full || sieve->ended)
        return false;
    const ssize_t got = recvmsg(sieve->bus, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
        end(sieve);
    if (got <= 0)
        return false;
    keep_fds(sieve, &message);
    sieve->have += (size_t)got;
    sieve->came += (size_t)got;
    sift(sieve);
    return (size_t)got == part.iov_len;
}

/* ---- to the bus ---- */

static void send_outside(struct sieve *sieve)
{
    while (!sieve->ended) {
        if (sieve->out_at == sieve->out_have) {
            const ssize_t got = recv(sieve->inner, sieve->out, sizeof(sieve->out), MSG_DONTWAIT);
            sieve->out_at = 0;
            sieve->out_have = got > 0 ? (size_t)got : 0;
            if (got <= 0)
                return;
        }
        const ssize_t sent = send(sieve->bus, sieve->out + sieve->out_at, sieve->out_have - sieve->out_at,
                                  MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN && errno != EINTR)
            end(sieve);
        if (sent < 0)
            return;
        sieve->out_at += (size_t)sent;
        if (sieve->out_at == sieve->out_have && sieve->out_have < sizeof(sieve->out))
            return;
    }
}

bool sieve_holds_back(const struct sieve *sieve)
{
    char byte;
    return !sieve->ended &&
           (sieve->out_at < sieve->out_have || recv(sieve->inner, &byte, 1, MSG_DONTWAIT | MSG_PEEK) > 0);
}

/* ---- the loop ---- */

static int events_of_bus(const struct sieve *sieve)
{
    if (sieve->ended)
        return 0;
    return (sieve->inner_full || sieve->deaf || sieve->resting ? 0 : EV_READ) |
           (sieve->out_at < sieve->out_have ? EV_WRITE : 0);
}

static int events_of_inner(const struct sieve *sieve)
{
    if (sieve->ended)
        return 0;
    return (sieve->inner_full && !sieve->deaf ? EV_WRITE : 0) |
           (sieve->out_at < sieve->out_have ? 0 : EV_READ);
}

static void watch(struct sieve *sieve, ev_io *io, int fd, int events)
{
    if (ev_is_active(io) && (io->events & (EV_READ | EV_WRITE)) == events)
        return;
    ev_io_stop(sieve->loop, io);
    ev_io_set(io, fd, events);
    if (events)
        ev_io_start(sieve->loop, io);
}

static void watch_both(struct sieve *sieve)
{
    watch(sieve, &sieve->bus_io, sieve->bus, events_of_bus(sieve));
    watch(sieve, &sieve->inner_io, sieve->inner, events_of_inner(sieve));
}

static void rest_if_flooded(struct sieve *sieve)
{
    static const struct itimerspec soon = {.it_value.tv_nsec = SIEVE_REST_US * 1000L};
    sieve->resting =
        sieve->dropped && sieve->came < REST_BYTES && timerfd_settime(sieve->rest, 0, &soon, NULL) == 0;
    sieve->dropped = false;
    sieve->came = 0;
}

static void work(struct sieve *sieve, bool inwards, bool outwards)
{
    if (outwards)
        send_outside(sieve);
    inwards = inwards && !sieve->deaf;
    if (inwards && sieve->inner_full)
        sift(sieve);
    for (int i = 0; inwards && i < READS_MAX && read_from_bus(sieve); i++)
        continue;
    if (inwards)
        rest_if_flooded(sieve);
    watch_both(sieve);
}

static void on_bus_io(struct ev_loop *loop, ev_io *io, int events)
{
    (void)loop;
    work(io->data, events & EV_READ, events & EV_WRITE);
}

static void on_inner_io(struct ev_loop *loop, ev_io *io, int events)
{
    (void)loop;
    work(io->data, events & EV_WRITE, events & EV_READ);
}

static void on_rested(struct ev_loop *loop, ev_io *io, int events)
{
    (void)loop, (void)events;
    struct sieve *sieve = io->data;
    uint64_t times;
    if (read(sieve->rest, &times, sizeof(times)) != sizeof(times))
        return;
    sieve->resting = false;
    work(sieve, true, false);
}

/* At once, and not when the loop has heard that there is something: that may be after a good part of a flood. */
static void on_before_waiting(struct ev_loop *loop, ev_prepare *prepare, int events)
{
    (void)loop, (void)events;
    struct sieve *sieve = prepare->data;
    if (sieve->written)
        work(sieve, false, true);
    sieve->written = false;
}

void sieve_send_soon(struct sieve *sieve, bool full)
{
    sieve->written = true;
    if (full)
        work(sieve, false, true);
}

void sieve_stop_reading(struct sieve *sieve)
{
    sieve->deaf = true;
    watch_both(sieve);
}

static short poll_events(int events)
{
    return (short)((events & EV_READ ? POLLIN : 0) | (events & EV_WRITE ? POLLOUT : 0));
}

void sieve_wait(struct sieve *sieve, int timeout)
{
    sieve->resting = false;
    struct pollfd fds[] = {{sieve->bus, poll_events(events_of_bus(sieve)), 0},
                           {sieve->inner, poll_events(events_of_inner(sieve)), 0}};
    if (poll(fds, 2, timeout) > 0)
        work(sieve, fds[0].revents & ~POLLOUT || fds[1].revents & POLLOUT,
             fds[1].revents & ~POLLOUT || fds[0].revents & POLLOUT);
}

/* 0 or -errno; what was opened until then is the caller's to free. */
static int open_ends(struct sieve *sieve, int fd)
{
    int pair[2];
    sieve->bus = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (sieve->bus < 0)
        return -errno;
    sieve->rest = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (sieve->rest < 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0)
        return -errno;
    sieve->inner = pair[1];
    const int r = dup3(pair[0], fd, O_CLOEXEC) < 0 ? -errno : 0;
    close(pair[0]);
    return r;
}

int sieve_new(struct ev_loop *loop, int fd, bool (*wanted)(const struct bus_header *header, void *data),
              void *data, struct sieve **ret)
{
    struct sieve *sieve = calloc(1, sizeof(*sieve));
    if (!sieve)
        return -ENOMEM;
    *sieve = (struct sieve){.loop = loop, .wanted = wanted, .data = data, .bus = -1, .inner = -1, .rest = -1};
    ev_init(&sieve->bus_io, on_bus_io);
    ev_init(&sieve->inner_io, on_inner_io);
    ev_prepare_init(&sieve->before_waiting, on_before_waiting);
    const int r = open_ends(sieve, fd);
    if (r < 0) {
        sieve_free(sieve);
        return r;
    }
    ev_io_init(&sieve->rest_io, on_rested, sieve->rest, EV_READ);
    sieve->bus_io.data = sieve->inner_io.data = sieve->rest_io.data = sieve->before_waiting.data = sieve;
    ev_io_start(loop, &sieve->rest_io);
    ev_prepare_start(loop, &sieve->before_waiting);
    watch_both(sieve);
    *ret = sieve;
    return 0;
}

void sieve_free(struct sieve *sieve)
{
    if (!sieve)
        return;
    ev_io_stop(sieve->loop, &sieve->bus_io);
    ev_io_stop(sieve->loop, &sieve->inner_io);
    ev_io_stop(sieve->loop, &sieve->rest_io);
    ev_prepare_stop(sieve->loop, &sieve->before_waiting);
    close_fds(sieve);
    const int fds[] = {sieve->bus, sieve->inner, sieve->rest};
    for (size_t i = 0; i < sizeof(fds) / sizeof(*fds); i++)
        if (fds[i] >= 0)
            close(fds[i]);
    free(sieve);
}
