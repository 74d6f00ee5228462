/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Asks a service as an honest caller would. A call that is refused, or not answered within 10 s, counts as 10 s. Usage:
 *   bench_call loop NAME USER TARGET SECONDS      one call after the other (the first of the connection: NAME.first)
 *   bench_call once NAME COMMAND...               how long a command takes; not done within 25 s counts as 25 s
 *   bench_call storm NAME COUNT TARGET            so many processes of root's at once, each of which connects, calls and goes:
 *                                                 ours at root's own socket, others on the bus (NAME, NAME.unanswered)
 *   bench_call first NAME UNIT TARGET ROUNDS      stops the unit, and has a call start it: from its exec, and from the call,
 *                                                 to the answer (NAME, NAME.called)
 */
#include "tests/bench/bench.h"
#include "tests/bench/target.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CALL_MS = 10000, COMMAND_MS = 25000 };

static bool ask(DBusConnection *connection, const struct target *target)
{
    DBusError error = DBUS_ERROR_INIT;
    DBusMessage *call = target_list(target);
    DBusMessage *answer = dbus_connection_send_with_reply_and_block(connection, call, CALL_MS, &error);
    if (answer)
        dbus_message_unref(answer);
    dbus_message_unref(call);
    dbus_error_free(&error);
    return answer != NULL;
}

/* Milliseconds. */
static double measure(DBusConnection *connection, const struct target *target)
{
    const double begin = bench_now();
    return ask(connection, target) ? (bench_now() - begin) / 1e3 : CALL_MS;
}

static void loop(char **argv)
{
    const struct target *target = target_find(argv[2]);
    const double end = bench_time() + (double)bench_number(argv[3]);
    struct client client;
    struct side side;
    side_name(&side, "ms", "%s", argv[0]);
    bench_become(argv[1]);
    bench_open(&client);
    bench_tell("ms", measure(client.connection, target), "%s.first", argv[0]);
    do
        side_add(&side, measure(client.connection, target));
    while (bench_time() < end);
    side_print(&side);
    client_close(&client);
}

static int once(char **argv)
{
    int status = 1;
    const double begin = bench_now();
    const pid_t pid = fork();
    if (pid == 0) {
        dup2(open("/dev/null", O_WRONLY | O_CLOEXEC), STDOUT_FILENO);
        execvp(argv[1], argv + 1);
        _exit(127);
    }
    struct pollfd end = {.fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN};
    if (poll(&end, 1, COMMAND_MS) == 0)
        kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
    const double took = status == 0 ? (bench_now() - begin) / 1e3 : COMMAND_MS;
    bench_tell("ms", took, "%s", argv[0]);
    return 0;
}

static DBusConnection *connect_to(const struct target *target)
{
    struct client client;
    struct client_error error;
    if (strcmp(target->word, "accesspkgd") != 0)
        return dbus_bus_get_private(DBUS_BUS_SYSTEM, NULL);
    return client_open(&client, &error) == 0 && client.door ? client.connection : NULL;
}

static void take_part(const struct target *target, int gate, double *ret_took)
{
    char nothing;
    if (read(gate, &nothing, 1) < 0) /* until the parent closes its end */
        _exit(1);
    const double begin = bench_now();
    DBusConnection *connection = connect_to(target);
    if (connection && ask(connection, target))
        *ret_took = (bench_now() - begin) / 1e3;
    _exit(0);
}

static void storm(char **argv)
{
    const int count = (int)bench_number(argv[1]);
    const struct target *target = target_find(argv[2]);
    double *took =
        mmap(NULL, (size_t)count * sizeof(*took), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int gate[2], unanswered = 0;
    struct side side;
    if (took == MAP_FAILED || pipe2(gate, O_CLOEXEC) < 0)
        bench_fail("there is not enough memory");
    for (int i = 0; i < count; i++) {
        took[i] = CALL_MS;
        const pid_t pid = fork();
        if (pid < 0)
            bench_fail("%d processes cannot be started", count);
        if (pid == 0) {
            close(gate[1]);
            take_part(target, gate[0], &took[i]);
        }
    }
    side_name(&side, "ms", "%s", argv[0]);
    close(gate[1]);
    while (wait(NULL) > 0)
        continue;
    for (int i = 0; i < count; i++) {
        side_add(&side, took[i]);
        unanswered += took[i] >= CALL_MS;
    }
    side_print(&side);
    bench_tell("", unanswered, "%s.unanswered", argv[0]);
}

static double started_at(const char *unit)
{
    char line[256] = "";
    snprintf(line, sizeof(line), "systemctl show -P ExecMainStartTimestampMonotonic %s", unit);
    FILE *in = popen(line, "re");
    if (!in || !fgets(line, sizeof(line), in) || pclose(in) != 0)
        bench_fail("%s: systemctl does not say when it was started", unit);
    return strtod(line, NULL);
}

/* A call of bob's on a connection that is there already: when it was answered, and when it was made. */
static double call_as_bob(const struct target *target, double *ret_begin)
{
    int times[2];
    double begin_end[2] = {0};
    if (pipe2(times, O_CLOEXEC) < 0)
        bench_fail("there is no pipe");
    const pid_t pid = fork();
    if (pid == 0) {
        struct client client;
        bench_become("bob");
        bench_open(&client);
        begin_end[0] = bench_now();
        const bool answered = ask(client.connection, target);
        begin_end[1] = bench_now();
        _exit(answered && write(times[1], begin_end, sizeof(begin_end)) == sizeof(begin_end) ? 0 : 1);
    }
    close(times[1]);
    if (read(times[0], begin_end, sizeof(begin_end)) != sizeof(begin_end))
        bench_fail("%s was not started by a call", target->word);
    close(times[0]);
    waitpid(pid, NULL, 0);
    *ret_begin = begin_end[0];
    return begin_end[1];
}

static void first(char **argv)
{
    const struct target *target = target_find(argv[2]);
    const long rounds = bench_number(argv[3]);
    struct side called, started;
    char stop[256];
    side_name(&started, "ms", "%s", argv[0]);
    side_name(&called, "ms", "%s.called", argv[0]);
    snprintf(stop, sizeof(stop), "systemctl stop %s 2>/dev/null && systemctl reset-failed", argv[1]);
    for (long i = 0; i < rounds; i++) {
        double begin;
        if (system(stop) != 0)
            bench_fail("%s cannot be stopped", argv[1]);
        const double end = call_as_bob(target, &begin);
        side_add(&called, (end - begin) / 1e3);
        side_add(&started, (end - started_at(argv[1])) / 1e3);
    }
    side_print(&started);
    side_print(&called);
}

int main(int argc, char **argv)
{
    if (argc == 6 && strcmp(argv[1], "loop") == 0)
        loop(argv + 2);
    else if (argc >= 4 && strcmp(argv[1], "once") == 0)
        return once(argv + 2);
    else if (argc == 5 && strcmp(argv[1], "storm") == 0)
        storm(argv + 2);
    else if (argc == 6 && strcmp(argv[1], "first") == 0)
        first(argv + 2);
    else
        bench_fail(
            "usage: bench_call loop NAME USER TARGET SECONDS | once NAME COMMAND... | storm NAME COUNT "
            "TARGET | first NAME UNIT TARGET ROUNDS");
    return 0;
}
