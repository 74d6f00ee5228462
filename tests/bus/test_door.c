/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Root's own door: which way a call of root's takes, and what is answered there whatever became of the bus. */
#include "common/monotonic.h"
#include "common/paths.h"
#include "dbus/variant.h"
#include "tests/support/live_calls.h"
#include "tests/support/suite.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

enum { DEADLINE = 2, CONNECTIONS_OF_USER = 12 };

static int listen_at(const char *path, bool listens, int backlog)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    if (listens)
        ck_assert_int_eq(listen(fd, backlog), 0);
    return fd;
}

/* ---- the ways ---------------------------------------------------------------------------------------------------- */

enum door { DOOR_OK, DOOR_ABSENT, DOOR_REFUSES, DOOR_MUTE };
enum bus { BUS_OK, BUS_DEAD, BUS_MUTE, BUS_FULL };

/* What a caller tells by the exit status; the deadline tells itself. */
enum outcome { BY_DOOR = 10, BY_BUS, FAILED, LATE = EX_UNAVAILABLE };

static int call_once(void *data)
{
    struct client client;
    struct client_error error;
    json_t *value = NULL;
    (void)data;
    client_deadline(DEADLINE);
    if (client_open(&client, &error) < 0 ||
        client_call(&client, client_message("ListPackages", "", NULL), &value, &error) < 0)
        return FAILED;
    return client.door ? BY_DOOR : BY_BUS;
}

/* In a process that is told to: fills the bus, says so, and stays. */
struct filling {
    void (*fill)(void);
    int ready[2];
};

static int fill_and_stay(void *data)
{
    const struct filling *filling = data;
    filling->fill();
    if (write(filling->ready[1], "", 1) != 1)
        return 1;
    pause();
    return 0;
}

static pid_t begin_filling(void (*fill)(void))
{
    struct filling filling = {.fill = fill};
    char byte;
    ck_assert_int_eq(pipe2(filling.ready, O_CLOEXEC), 0);
    const pid_t pid = live_fork("root", fill_and_stay, &filling);
    close(filling.ready[1]);
    ck_assert_int_eq(read(filling.ready[0], &byte, 1), 1);
    close(filling.ready[0]);
    return pid;
}

static void end_filling(pid_t pid)
{
    kill(pid, SIGKILL);
    live_join(pid);
}

/* Uid 0 has all the connections that one user may have. */
static void take_connections(void)
{
    while (dbus_bus_get_private(DBUS_BUS_SYSTEM, NULL))
        continue;
}

/* Connections that a mute bus does not accept fill its queue, where another connect() would wait for ever. */
static void fill_queue(void)
{
    const struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "/run/dbus/system_bus_socket"};
    int fd;
    do
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    while (connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0);
}

/* Calls with descriptors are on their way to accesspkgd, from as many connections as may have any at a time. */
static void send_files(void)
{
    const int file = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int i = 0; i < 2; i++) {
        DBusConnection *connection = dbus_bus_get_private(DBUS_BUS_SYSTEM, NULL);
        DBusMessage *call = dbus_message_new_method_call(BUS_NAME, BUS_PATH, BUS_INTERFACE_MANAGER, "Backup");
        dbus_message_append_args(call, DBUS_TYPE_UNIX_FD, &file, DBUS_TYPE_INVALID);
        dbus_connection_send(connection, call, NULL);
        dbus_message_unref(call);
        dbus_bus_name_has_owner(connection, BUS_NAME, NULL); /* answered after the bus has passed it on */
    }
}

static void set_door(enum door door)
{
    if (door != DOOR_OK)
        ck_assert_int_eq(unlink(PATH_DOOR), 0);
    if (door == DOOR_REFUSES || door == DOOR_MUTE)
        listen_at(PATH_DOOR, door == DOOR_MUTE, 8);
}

static pid_t set_bus(enum bus bus)
{
    if (bus == BUS_DEAD)
        live_kill_bus();
    else if (bus == BUS_MUTE)
        live_signal_bus(SIGSTOP);
    else if (bus == BUS_FULL)
        return begin_filling(take_connections);
    return 0;
}

/* A call that waits for a peer that never answers ends at its deadline; after connect() no other way is tried. */
static const struct {
    enum door door;
    enum bus bus;
    enum outcome expected;
} ways[] = {
    {DOOR_OK, BUS_OK, BY_DOOR},       {DOOR_OK, BUS_DEAD, BY_DOOR},    {DOOR_OK, BUS_MUTE, BY_DOOR},
    {DOOR_OK, BUS_FULL, BY_DOOR},     {DOOR_ABSENT, BUS_OK, BY_BUS},   {DOOR_ABSENT, BUS_DEAD, FAILED},
    {DOOR_ABSENT, BUS_MUTE, LATE},    {DOOR_ABSENT, BUS_FULL, FAILED}, {DOOR_REFUSES, BUS_OK, BY_BUS},
    {DOOR_REFUSES, BUS_DEAD, FAILED}, {DOOR_REFUSES, BUS_MUTE, LATE},  {DOOR_REFUSES, BUS_FULL, FAILED},
    {DOOR_MUTE, BUS_OK, LATE},        {DOOR_MUTE, BUS_DEAD, LATE},     {DOOR_MUTE, BUS_MUTE, LATE},
    {DOOR_MUTE, BUS_FULL, LATE},
};

START_TEST(test_ways)
{
    set_door(ways[_i].door);
    const pid_t holder = set_bus(ways[_i].bus);
    const int64_t began = monotonic_ms();
    ck_assert_int_eq(live_join(live_fork("root", call_once, NULL)), ways[_i].expected);
    printf("door %d, bus %d: %d after %d ms\n", ways[_i].door, ways[_i].bus, ways[_i].expected,
           (int)(monotonic_ms() - began));
    if (holder)
        end_filling(holder);
}
END_TEST

/* ---- who is let in ----------------------------------------------------------------------------------------------- */

/* By the door alone, whatever the uid. */
static int call_at_door(void *data)
{
    (void)data;
    DBusConnection *connection = dbus_connection_open_private("unix:path=" PATH_DOOR, NULL);
    DBusMessage *call =
        dbus_message_new_method_call(BUS_NAME, BUS_PATH, BUS_INTERFACE_MANAGER, "ListPackages");
    DBusMessage *answer =
        connection ? dbus_connection_send_with_reply_and_block(connection, call, 20000, NULL) : NULL;
    return !connection ? 1 : !answer ? 2 : 0;
}

START_TEST(test_root_alone)
{
    ck_assert_int_eq(live_join(live_fork("root", call_at_door, NULL)), 0);
    ck_assert_int_eq(live_join(live_fork("alice", call_at_door, NULL)), 1);
    ck_assert_int_eq(live_join(live_fork("accesspkg", call_at_door, NULL)), 1);
    ck_assert_int_eq(chmod(PATH_DOOR, 0666), 0);
    ck_assert_int_eq(live_join(live_fork("alice", call_at_door, NULL)), 2);
    ck_assert_int_eq(live_join(live_fork("accesspkg", call_at_door, NULL)), 2);
    ck_assert_int_eq(live_join(live_fork("root", call_at_door, NULL)), 0);
    live_expect("alice", "pkg-request packages", 0, "db-admins");
}
END_TEST

/* What root does is recorded by the name that uid 0 has at that time. */
START_TEST(test_name_of_root)
{
    live_expect("root", "pkg-admin assign open alice -m trial", 0, "");
    live_expect("root", "pkg-admin audit", 0, "root");
    live_expect("root",
                "sed -i 's/^root:/zero:/' /etc/passwd && pkg-admin revoke open alice -m enough; "
                "sed -i 's/^zero:/root:/' /etc/passwd",
                0, "");
    live_expect("root", "pkg-admin audit", 0, "zero");
}
END_TEST

/* Rule 5 at the door, too: whose login it is counts. */
START_TEST(test_login_id)
{
    live_write_package("by-root", "[package]\ngroups = backup\n[policy]\napprovers = root\nduration = 1h\n");
    live_expect("root", "pkg-admin reload", 0, "");
    const int64_t id = live_file("alice", "by-root");
    live_kill_bus();
    json_t *decision = live_decision("root", id, "");
    ck_assert_int_eq(live_call("root", 1001, "Approve", "xa{sv}", json_incref(decision), NULL),
                     BUS_ERROR_NOT_AUTHORIZED);
    ck_assert_ptr_nonnull(strstr(live_message, "your own"));
    ck_assert_int_eq(live_call("root", 1002, "Approve", "xa{sv}", decision, NULL), BUS_ERROR_NONE);
}
END_TEST

/* ---- callers that leave ------------------------------------------------------------------------------------------ */

/* As the gate asks for a user. 0: not sent; else its serial. */
static dbus_uint32_t send_submit(DBusConnection *connection, const char *user)
{
    dbus_uint32_t serial = 0;
    json_t *arguments = live_submit_arguments(user, "db-admins", "x");
    DBusMessage *call = dbus_message_new_method_call(BUS_NAME, BUS_PATH, BUS_INTERFACE_MANAGER, "Submit");
    if (variant_append_message(call, "sasa{sv}", arguments) == 0)
        dbus_connection_send(connection, call, &serial);
    json_decref(arguments);
    dbus_message_unref(call);
    return serial;
}

/* Sends calls that wait for a look-up, and goes away at once. */
static int leave_calls_behind(void *data)
{
    (void)data;
    DBusConnection *connection = dbus_connection_open_private("unix:path=" PATH_DOOR, NULL);
    for (int i = 0; connection && i < 10; i++)
        if (!send_submit(connection, "alice"))
            return 1;
    while (!dbus_connection_get_is_authenticated(connection) && dbus_connection_read_write(connection, -1))
        continue;
    dbus_connection_flush(connection);
    return 0;
}

static void mute_look_ups(void)
{
    live_expect("root",
                "printf '#!/bin/sh\nexec tail -f /dev/null\n' >/tmp/mute && chmod 755 /tmp/mute && "
                "mount --bind /tmp/mute " PATH_LOOKUP,
                0, "");
}

/* Calls under way go with their connection, and cost nobody else anything. */
START_TEST(test_callers_leave)
{
    mute_look_ups();
    for (int i = 0; i < 20; i++)
        ck_assert_int_eq(live_join(live_fork("root", leave_calls_behind, NULL)), 0);
    live_expect("root", "pkg-admin status", 0, "Pending:");
    live_expect("root", "umount -l " PATH_LOOKUP, 0, "");
    live_file("alice", "db-admins");
}
END_TEST

enum { LOGINS = 300, LOGINS_TAKEN = 256 };

/* The next answer: its serial, and the error's name; "": none. */
static dbus_uint32_t next_answer(DBusConnection *connection, char ret_error[DBUS_MAXIMUM_NAME_LENGTH + 1])
{
    DBusMessage *answer;
    while (!(answer = dbus_connection_pop_message(connection)))
        if (!dbus_connection_read_write(connection, -1))
            return 0;
    const char *name = dbus_message_get_error_name(answer);
    snprintf(ret_error, DBUS_MAXIMUM_NAME_LENGTH + 1, "%s", name ? name : "");
    const dbus_uint32_t serial = dbus_message_get_reply_serial(answer);
    dbus_message_unref(answer);
    return serial;
}

/* Of very many logins of alice's the last are refused; a login of bob's, and root's own question, are not. */
static int log_in_very_often(void *data)
{
    (void)data;
    char error[DBUS_MAXIMUM_NAME_LENGTH + 1];
    dbus_uint32_t serial = 0;
    DBusConnection *connection = dbus_connection_open_private("unix:path=" PATH_DOOR, NULL);
    for (int i = 0; connection && i < LOGINS; i++)
        serial = send_submit(connection, "alice");
    for (int i = LOGINS_TAKEN; i < LOGINS; i++) {
        const dbus_uint32_t refused = next_answer(connection, error);
        if (refused <= serial - LOGINS + LOGINS_TAKEN || strcmp(error, BUS_ERROR_PREFIX "LimitExceeded") != 0)
            return 1;
    }
    send_submit(connection, "bob");
    DBusMessage *call = dbus_message_new_method_call(BUS_NAME, BUS_PATH, BUS_INTERFACE_MANAGER, "GetStatus");
    dbus_connection_send(connection, call, &serial);
    return next_answer(connection, error) == serial && !*error ? 0 : 2;
}

START_TEST(test_one_user_at_the_gate)
{
    mute_look_ups();
    ck_assert_int_eq(live_join(live_fork("root", log_in_very_often, NULL)), 0);
    live_expect("root", "umount -l " PATH_LOOKUP, 0, "");
}
END_TEST

/* Who connects and says nothing is let go; what is no D-Bus is, too. */
START_TEST(test_strangers)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = PATH_DOOR};
    char text[512];
    const int mute = socket(AF_UNIX, SOCK_STREAM, 0);
    const int odd = socket(AF_UNIX, SOCK_STREAM, 0);
    ck_assert_int_eq(connect(mute, (struct sockaddr *)&address, sizeof(address)), 0);
    ck_assert_int_eq(connect(odd, (struct sockaddr *)&address, sizeof(address)), 0);
    ck_assert_int_gt(write(odd, "GET / HTTP/1.0\r\n\r\n", 18), 0);
    while (read(odd, text, sizeof(text)) > 0)
        continue;
    live_expect("root", "pkg-admin status", 0, "Pending:");
    ck_assert_int_eq(read(mute, text, sizeof(text)), 0);
}
END_TEST

/* ---- a thousand at once ------------------------------------------------------------------------------------------ */

enum { CALLERS = 1000 };

static int call_measured(void *data)
{
    struct client client;
    struct client_error error;
    json_t *value = NULL;
    const int64_t began = monotonic_ms();
    client_deadline(60);
    if (client_open(&client, &error) < 0 || !client.door ||
        client_call(&client, client_message("GetStatus", "", NULL), &value, &error) < 0)
        return 1;
    *(int *)data = (int)(monotonic_ms() - began);
    return 0;
}

static int compare_numbers(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

static void start_daemon_with(rlim_t descriptors)
{
    struct rlimit former;
    ck_assert_int_eq(live_stop_daemon(SIGTERM), 0);
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &former), 0);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &(struct rlimit){descriptors, former.rlim_max}), 0);
    live_start_daemon();
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &former), 0);
}

/* As the unit has it, and so few that most wait in the socket's queue. */
static const rlim_t descriptors[] = {4096, 128};

START_TEST(test_thousand)
{
    int *took = mmap(NULL, CALLERS * sizeof(int), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t callers[CALLERS];
    ck_assert_ptr_ne(took, MAP_FAILED);
    start_daemon_with(descriptors[_i]);
    for (size_t i = 0; i < CALLERS; i++)
        callers[i] = live_fork("root", call_measured, &took[i]);
    for (size_t i = 0; i < CALLERS; i++)
        ck_assert_int_eq(live_join(callers[i]), 0);
    qsort(took, CALLERS, sizeof(int), compare_numbers);
    printf("%d callers at once: median %d ms, p99 %d ms, last %d ms\n", CALLERS, took[CALLERS / 2],
           took[CALLERS * 99 / 100], took[CALLERS - 1]);
}
END_TEST

/* Whose connections all stay open. */
static int call_by_thousand(void *data)
{
    static DBusConnection *connections[CALLERS];
    char error[DBUS_MAXIMUM_NAME_LENGTH + 1];
    (void)data;
    setrlimit(RLIMIT_NOFILE, &(struct rlimit){4096, 4096});
    for (size_t i = 0; i < CALLERS; i++) {
        connections[i] = dbus_connection_open_private("unix:path=" PATH_DOOR, NULL);
        DBusMessage *call =
            dbus_message_new_method_call(BUS_NAME, BUS_PATH, BUS_INTERFACE_MANAGER, "ListPackages");
        if (!connections[i] || !dbus_connection_send(connections[i], call, NULL))
            return 1;
    }
    for (size_t i = 0; i < CALLERS; i++)
        if (!next_answer(connections[i], error) || *error)
            return 2;
    return 0;
}

START_TEST(test_thousand_that_stay)
{
    start_daemon_with(4096);
    ck_assert_int_eq(live_join(live_fork("root", call_by_thousand, NULL)), 0);
    live_expect("root", "pkg-admin status", 0, "Pending:");
}
END_TEST

/* ---- without a bus ----------------------------------------------------------------------------------------------- */

static void give_alice(void)
{
    ck_assert_int_eq(live_approve("bob", live_file("alice", "db-admins")), BUS_ERROR_NONE);
    ck_assert(live_in_group("alice", "dbadmins"));
}

/* Rule 13: what narrows waits for no bus. */
static void check_root_is_served(void)
{
    live_expect("root", "pkg-admin revoke db-admins alice -m enough", 0, "");
    ck_assert(!live_in_group("alice", "dbadmins"));
    live_expect("root", "pkg-admin lock dave", 0, "dave is locked: holds no package here");
    live_expect("root", "pkg-admin unlock dave", 0, "");
    live_expect("root", "pkg-admin status", 0, "The system bus");
}

START_TEST(test_mute_bus)
{
    give_alice();
    live_signal_bus(SIGSTOP);
    live_expect("root", "pkg-admin revoke db-admins alice -m enough", 0, "");
    ck_assert(!live_in_group("alice", "dbadmins"));
    live_expect("root", "pkg-admin lock dave", 0, "dave is locked: holds no package here");
    live_signal_bus(SIGCONT);
    live_file("alice", "db-admins");
}
END_TEST

START_TEST(test_start_without_a_bus)
{
    give_alice();
    ck_assert_int_eq(live_stop_daemon(SIGTERM), 0);
    live_kill_bus();
    live_start_daemon();
    check_root_is_served();
    live_start_bus();
    live_wait_name(BUS_NAME, true);
    live_file("alice", "db-admins");
    live_expect("root", "! pkg-admin status | grep 'The system bus'", 0, "");
}
END_TEST

START_TEST(test_start_with_a_mute_bus)
{
    give_alice();
    ck_assert_int_eq(live_stop_daemon(SIGTERM), 0);
    live_signal_bus(SIGSTOP);
    const pid_t holder = _i ? begin_filling(fill_queue) : 0;
    live_start_daemon();
    check_root_is_served();
    if (holder)
        end_filling(holder);
    live_signal_bus(SIGCONT);
    live_wait_name(BUS_NAME, true);
    live_file("alice", "db-admins");
}
END_TEST

/* Nor do descriptors of callers whom a mute bus does not name. */
START_TEST(test_files_of_others)
{
    live_expect("root", "kill -STOP $(pidof accesspkgd)", 0, "");
    const pid_t sender = begin_filling(send_files);
    live_signal_bus(SIGSTOP);
    live_expect("root", "kill -CONT $(pidof accesspkgd)", 0, "");
    live_expect("root", "pkg-admin status", 0, "Live assignments"); /* they were taken in */
    live_expect("root", "pkg-admin backup /root/copy", 0, "");
    live_signal_bus(SIGCONT);
    end_filling(sender);
}
END_TEST

/* A bus that has not read our policy lets nobody have the name. */
START_TEST(test_bus_without_policy)
{
    give_alice();
    ck_assert_int_eq(live_stop_daemon(SIGTERM), 0);
    live_kill_bus();
    live_expect("root",
                "echo '<busconfig><policy user=\"accesspkg\"><deny own=\"*\"/></policy></busconfig>' "
                ">/run/live-bus.conf",
                0, "");
    live_start_bus();
    live_start_daemon();
    check_root_is_served();
    live_expect("root",
                "rm /run/live-bus.conf && "
                "dbus-send --system --print-reply --dest=org.freedesktop.DBus / "
                "org.freedesktop.DBus.ReloadConfig",
                0, "");
    live_wait_name(BUS_NAME, true);
    live_file("alice", "db-admins");
}
END_TEST

static void setup_full(void)
{
    char command[256];
    snprintf(command, sizeof(command),
             "echo '<busconfig><limit name=\"max_connections_per_user\">%d</limit></busconfig>' "
             ">/run/live-bus.conf",
             CONNECTIONS_OF_USER);
    live_expect("root", command, 0, "");
    live_calls_setup();
}

static void teardown_full(void)
{
    live_stop();
    unlink("/run/live-bus.conf");
}

int main(void)
{
    suite_case("ways", setup_full, teardown_full);
    suite_timeout(60);
    suite_rows(test_ways, ways);
    suite_case("door", live_calls_setup, live_stop);
    suite_timeout(120);
    suite_add(test_root_alone, test_callers_leave, test_one_user_at_the_gate, test_strangers,
              test_name_of_root, test_thousand_that_stay);
    suite_rows(test_thousand, descriptors);
    if (live_can_set_loginuid())
        suite_add(test_login_id);
    else
        puts("Left out: test_login_id (this machine lets no test set its login uid).");
    suite_case("without a bus", live_calls_setup, live_stop);
    suite_timeout(120);
    suite_add(test_mute_bus, test_files_of_others, test_start_without_a_bus, test_bus_without_policy);
    suite_loop(test_start_with_a_mute_bus, 0, 2);
    return suite_run();
}
