/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Rows 10 to 12: floods a service (target.h) while a command runs, whose status it ends with. USER opens so many
 * connections, and writes calls without reply into each as fast as the bus takes them. Usage:
 *   bench_flood USER TARGET CONNECTIONS calls|strings COMMAND...
 * strings: each call has 7,900 texts, which are empty: as many as any limit on its bytes lets through.
 */
#include "tests/bench/bench.h"
#include "tests/bench/target.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CONNECTIONS_MAX = 250, STRINGS = 7900, BLOCK_MIN = 65536, RAMP_MS = 1000 };

struct flood {
    char *block; /* whole calls */
    size_t size;
    struct pollfd fds[CONNECTIONS_MAX];
    size_t sent[CONNECTIONS_MAX]; /* of the block */
    int count;
};

static DBusMessage *make_call(const struct target *target, bool strings)
{
    const char *empty = "";
    DBusMessageIter arguments, list;
    DBusMessage *call =
        strings ? dbus_message_new_method_call(target->name, target->path, target->interface, target->submit)
                : target_list(target);
    dbus_message_set_no_reply(call, TRUE);
    dbus_message_set_serial(call, 1000);
    if (!strings)
        return call;
    dbus_message_iter_init_append(call, &arguments);
    dbus_message_iter_append_basic(&arguments, DBUS_TYPE_STRING, &empty);
    dbus_message_iter_open_container(&arguments, DBUS_TYPE_ARRAY, "s", &list);
    for (int i = 0; i < STRINGS; i++)
        dbus_message_iter_append_basic(&list, DBUS_TYPE_STRING, &empty);
    dbus_message_iter_close_container(&arguments, &list);
    dbus_message_iter_open_container(&arguments, DBUS_TYPE_ARRAY, "{sv}", &list);
    dbus_message_iter_close_container(&arguments, &list);
    return call;
}

static char *write_call(const struct target *target, bool strings, int *ret_size)
{
    char *bytes = NULL;
    if (!dbus_message_marshal(make_call(target, strings), &bytes, ret_size))
        bench_fail("there is not enough memory");
    return bytes;
}

/* The bus takes 2 KiB of each connection in turn, however many calls these are. */
static void check_size(const struct target *target, int size)
{
    int peer = 0;
    if (strcmp(target->word, "accesspkgd") != 0)
        return;
    free(write_call(target_find("logind"), false, &peer));
    if (peer != size)
        bench_fail("a call of logind has %d bytes, ours %d: they must be of one size", peer, size);
}

static void make_block(struct flood *flood, const struct target *target, bool strings)
{
    int size = 0;
    const char *bytes = write_call(target, strings, &size);
    if (!strings)
        check_size(target, size);
    const size_t times = (size_t)size >= BLOCK_MIN ? 1 : BLOCK_MIN / (size_t)size;
    flood->size = times * (size_t)size;
    flood->block = malloc(flood->size);
    for (size_t i = 0; flood->block && i < times; i++)
        memcpy(flood->block + i * (size_t)size, bytes, (size_t)size);
}

/* libdbus says hello; what follows is written past it. */
static void connect_all(struct flood *flood)
{
    for (int i = 0; i < flood->count; i++) {
        DBusError error = DBUS_ERROR_INIT;
        DBusConnection *connection = dbus_bus_get_private(DBUS_BUS_SYSTEM, &error);
        if (!connection || !dbus_connection_get_socket(connection, &flood->fds[i].fd))
            bench_fail("connection %d: %s", i + 1, error.message);
        dbus_connection_set_exit_on_disconnect(connection, FALSE);
        fcntl(flood->fds[i].fd, F_SETFL, O_NONBLOCK);
        flood->fds[i].events = POLLIN | POLLOUT;
    }
}

static void serve_one(struct flood *flood, int i)
{
    static char answers[65536];
    struct pollfd *fd = &flood->fds[i];
    if (fd->revents & POLLIN && read(fd->fd, answers, sizeof(answers)) == 0)
        fd->fd = -1; /* the bus has had enough of it */
    if (fd->fd < 0 || !(fd->revents & POLLOUT))
        return;
    const ssize_t written = write(fd->fd, flood->block + flood->sent[i], flood->size - flood->sent[i]);
    if (written > 0)
        flood->sent[i] = (flood->sent[i] + (size_t)written) % flood->size;
    else if (written < 0 && errno != EAGAIN)
        fd->fd = -1;
}

static void run_flood(const char *user, struct flood *flood, int ready)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGPIPE, SIG_IGN);
    setrlimit(RLIMIT_NOFILE, &(struct rlimit){4096, 4096});
    bench_become(user);
    connect_all(flood);
    close(ready);
    while (poll(flood->fds, (nfds_t)flood->count, -1) >= 0)
        for (int i = 0; i < flood->count; i++)
            serve_one(flood, i);
    _exit(1);
}

static int run_command(char *const *command)
{
    int status = 0;
    const pid_t pid = fork();
    if (pid == 0) {
        execvp(command[0], command);
        _exit(127);
    }
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

int main(int argc, char **argv)
{
    static struct flood flood;
    int ready[2];
    char nothing;
    if (argc < 6)
        bench_fail("usage: bench_flood USER TARGET CONNECTIONS calls|strings COMMAND...");
    flood.count = (int)bench_number(argv[3]);
    if (flood.count > CONNECTIONS_MAX || pipe2(ready, O_CLOEXEC) < 0)
        bench_fail("%d are too many", flood.count);
    make_block(&flood, target_find(argv[2]), strcmp(argv[4], "strings") == 0);
    const pid_t flooder = fork();
    if (flooder == 0) {
        close(ready[0]);
        run_flood(argv[1], &flood, ready[1]);
    }
    close(ready[1]);
    if (read(ready[0], &nothing, 1) < 0) /* until all are connected */
        return 1;
    poll(NULL, 0, RAMP_MS);
    const int status = run_command(argv + 5);
    kill(flooder, SIGKILL);
    waitpid(flooder, NULL, 0);
    return status;
}
