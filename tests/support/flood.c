/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/support/flood.h"

#include "tests/support/suite.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

enum { CONNECTIONS_MAX = 256, BATCH_BYTES = 32 * 1024 };

/* Past libdbus, which would queue what the bus does not read: the same bytes again and again. */
struct batch {
    char *bytes;
    size_t size;
    size_t calls;
};

struct stream {
    size_t sent; /* bytes of the batch */
};

struct task {
    struct flood flood;
    size_t connections;
    int ready;
};

static DBusMessage *make_call(const struct flood *flood)
{
    DBusMessage *call = dbus_message_new_method_call(BUS_NAME, flood->path, flood->interface, flood->member);
    const char *letter = "x";
    DBusMessageIter arguments;
    DBusMessageIter strings;
    dbus_message_set_no_reply(call, !flood->answered);
    if (flood->strings > 0) {
        dbus_message_iter_init_append(call, &arguments);
        dbus_message_iter_open_container(&arguments, DBUS_TYPE_ARRAY, "s", &strings);
        for (size_t i = 0; i < flood->strings; i++)
            dbus_message_iter_append_basic(&strings, DBUS_TYPE_STRING, &letter);
        dbus_message_iter_close_container(&arguments, &strings);
    }
    return call;
}

/* Each with a number of its own: the bus takes no two of one number that both wait for an answer. */
static void make_batch(const struct flood *flood, struct batch *ret)
{
    enum { SERIAL_AT = 8, FIRST = 1000 };
    DBusMessage *call = make_call(flood);
    char *one = NULL;
    int size = 0;
    dbus_message_set_serial(call, FIRST);
    if (!dbus_message_marshal(call, &one, &size))
        _exit(3);
    ret->calls = flood->answered ? FLOOD_ANSWERED : 1 + BATCH_BYTES / (size_t)size;
    ret->size = ret->calls * (size_t)size;
    ret->bytes = malloc(ret->size);
    for (uint32_t i = 0; i < ret->calls; i++) {
        const uint32_t serial = FIRST + i;
        memcpy(one + SERIAL_AT, &serial, sizeof(serial));
        memcpy(ret->bytes + i * (size_t)size, one, (size_t)size);
    }
    dbus_free(one);
    dbus_message_unref(call);
}

static bool send_on(struct pollfd *fd, const struct batch *batch, struct stream *stream, bool once)
{
    const ssize_t sent = write(fd->fd, batch->bytes + stream->sent, batch->size - stream->sent);
    if (sent < 0)
        return errno == EAGAIN;
    stream->sent = (stream->sent + (size_t)sent) % batch->size;
    if (once && stream->sent == 0)
        fd->events = 0;
    return true;
}

static void open_connections(struct pollfd *fds, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        DBusConnection *connection = dbus_bus_get_private(DBUS_BUS_SYSTEM, NULL);
        if (!connection || !dbus_connection_get_unix_fd(connection, &fds[i].fd))
            _exit(2);
        fds[i].events = POLLOUT;
    }
}

static int flood_without_end(void *data)
{
    const struct task *task = data;
    static struct pollfd fds[CONNECTIONS_MAX];
    static struct stream streams[CONNECTIONS_MAX];
    struct batch batch;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    open_connections(fds, task->connections);
    make_batch(&task->flood, &batch);
    for (bool told = false;; told = true) {
        if (told && poll(fds, task->connections, -1) < 0)
            return 4;
        for (size_t i = 0; i < task->connections; i++)
            if ((!told || fds[i].revents) && !send_on(&fds[i], &batch, &streams[i], task->flood.answered))
                return 5;
        if (!told && write(task->ready, "", 1) != 1)
            return 6;
    }
}

pid_t flood_start(const char *user, const struct flood *flood, size_t connections)
{
    int ready[2];
    char byte;
    ck_assert_uint_le(connections, CONNECTIONS_MAX);
    ck_assert_int_eq(pipe2(ready, O_CLOEXEC), 0);
    struct task task = {*flood, connections, ready[1]};
    const pid_t pid = live_fork(user, flood_without_end, &task);
    close(ready[1]);
    ck_assert_msg(read(ready[0], &byte, 1) == 1, "the flood ended with %d", live_join(pid));
    close(ready[0]);
    return pid;
}

void flood_stop(pid_t pid)
{
    ck_assert_int_eq(kill(pid, SIGKILL), 0);
    ck_assert_int_eq(live_join(pid), -SIGKILL);
}
