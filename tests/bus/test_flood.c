/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whoever floods waits for themselves (rule 15): on the real daemon and bus, with alice's connections calling without an
 * end. What the daemon does meanwhile for others, what it refuses her, and what memory it takes.
 */
#include "dbus/server.h"
#include "tests/support/flood.h"
#include "tests/support/live_calls.h"
#include "tests/support/suite.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LARGE = 127, LARGE_BYTES = 65400, HALVES = 22 }; /* which fill 8 MiB */
enum { CONNECTIONS = 64, MANY = 200 };
/* KiB. The address sanitizer keeps for a while what was freed. */
#ifdef __SANITIZE_ADDRESS__
enum { MEMORY_MAX = 512 * 1024 };
#else
enum { MEMORY_MAX = 64 * 1024 };
#endif

static const struct flood calls = {BUS_PATH, BUS_INTERFACE_MANAGER, "ListPackages", 0, false};

/* What lies in the sockets of the connections that are gone counts against her still. */
static void wait_until_served(const char *user)
{
    while (live_call(user, -1, "ListPackages", "", NULL, NULL) != BUS_ERROR_NONE)
        continue;
}

/* An eighth of them, but in `make check-load`. */
static pid_t begin_flood(const char *user, const struct flood *flood, size_t connections)
{
    return flood_start(user, flood, connections / (size_t)suite_load(8, 1));
}

static long read_peak(void)
{
    live_expect("root", "sed -n 's/^VmHWM:[ \\t]*\\([0-9]*\\).*/\\1/p' /proc/$(pidof accesspkgd)/status", 0,
                "");
    return strtol(live_output, NULL, 10);
}

/* Root's revocation is done beside it, by a command that has 25 seconds; the backlog goes with the flood. */
START_TEST(test_revoke)
{
    live_expect("root", "pkg-admin assign open alice -m 'until she floods'", 0, "");
    live_expect("root", "test -e /var/lib/accesspkg/grants/user/alice", 0, "");
    const pid_t flood = begin_flood("alice", &calls, MANY);
    live_expect("root", "pkg-admin revoke open alice -m flooding", 0, "Revoked");
    live_expect("root", "test ! -e /var/lib/accesspkg/grants/user/alice", 0, "");
    flood_stop(flood);
}
END_TEST

/* Who floods is refused sooner or later; nobody else is. */
START_TEST(test_who_is_refused)
{
    const pid_t flood = begin_flood("alice", &calls, CONNECTIONS);
    for (int i = 0; i < 3; i++) {
        ck_assert_msg(live_call("carol", -1, "ListPackages", "", NULL, NULL) == BUS_ERROR_NONE, "%s",
                      live_message);
        ck_assert_msg(live_call("root", -1, "GetStatus", "", NULL, NULL) == BUS_ERROR_NONE, "%s",
                      live_message);
    }
    enum bus_error refused = BUS_ERROR_NONE;
    while (refused == BUS_ERROR_NONE)
        refused = live_call("alice", -1, "ListPackages", "", NULL, NULL);
    ck_assert_int_eq(refused, BUS_ERROR_LIMIT_EXCEEDED);
    ck_assert_str_eq(live_message, "Too many calls of yours are under way. Please try again in a moment.");
    flood_stop(flood);
    wait_until_served("alice");
}
END_TEST

static const struct {
    struct flood flood;
    size_t connections;
    bool
        others_wait; /* for the bus, where a processor is short: it queues 127 MiB for us, or serves this many */
} floods[] = {
    {{BUS_PATH, BUS_INTERFACE_MANAGER, "Submit", 7900, false}, 250, true},
    {{BUS_PATH, BUS_INTERFACE_MANAGER, "NoSuchMethod", 0, false}, CONNECTIONS, false},
    {{BUS_PATH, DBUS_INTERFACE_INTROSPECTABLE, "Introspect", 0, false}, CONNECTIONS, false},
    {{"/no/such/object", BUS_INTERFACE_MANAGER, "ListPackages", 0, false}, CONNECTIONS, false},
    {{BUS_PATH, DBUS_INTERFACE_PEER, "Ping", 0, false}, CONNECTIONS, false},
    /* With answers that nobody reads: no more than the bus holds for them, for beyond that it serves nobody. */
    {{BUS_PATH, DBUS_INTERFACE_INTROSPECTABLE, "Introspect", 0, true}, CONNECTIONS, false},
    {{BUS_PATH, BUS_INTERFACE_MANAGER, "NoSuchMethod", 0, true}, MANY, false},
};

/* Whatever is called, and whether answers are read. */
START_TEST(test_memory)
{
    const pid_t flood = begin_flood("alice", &floods[_i].flood, floods[_i].connections);
    for (int i = 0; i < 3; i++) {
        live_expect("root", "pkg-admin status", 0, "Live assignments"); /* by its own door */
        if (!floods[_i].others_wait)
            ck_assert_msg(live_call("carol", -1, "ListPackages", "", NULL, NULL) == BUS_ERROR_NONE, "%s",
                          live_message);
    }
    flood_stop(flood);
    wait_until_served("alice");
    const long peak = read_peak();
    ck_assert_msg(peak > 0 && peak <= MEMORY_MAX, "the daemon grew to %ld KiB", peak);
}
END_TEST

static int told[2];

/* What was sent is on its way to accesspkgd when the bus has answered. */
static DBusConnection *send_call(size_t length, dbus_uint32_t *ret_serial)
{
    DBusConnection *connection = dbus_bus_get_private(DBUS_BUS_SYSTEM, NULL);
    DBusMessage *call =
        dbus_message_new_method_call(BUS_NAME, BUS_PATH, BUS_INTERFACE_MANAGER, "ListPackages");
    char *text = calloc(1, length + 1);
    memset(text, 'x', length);
    if (length > 0)
        dbus_message_append_args(call, DBUS_TYPE_STRING, &text, DBUS_TYPE_INVALID);
    dbus_connection_send(connection, call, ret_serial);
    dbus_bus_name_has_owner(connection, BUS_NAME, NULL);
    dbus_message_unref(call);
    free(text);
    return connection;
}

static int send_large_calls(void *data)
{
    (void)data;
    for (int i = 0; i < LARGE + HALVES; i++)
        send_call((size_t)(i < LARGE ? LARGE_BYTES : LARGE_BYTES >> (i - LARGE)), NULL);
    if (write(told[1], "", 1) == 1)
        pause();
    return 1;
}

static int send_small_call(void *data)
{
    (void)data;
    dbus_uint32_t serial = 0;
    DBusConnection *connection = send_call(0, &serial);
    if (write(told[1], "", 1) != 1)
        return 2;
    do
        for (DBusMessage *answer; (answer = dbus_connection_pop_message(connection));)
            if (dbus_message_get_reply_serial(answer) == serial)
                return dbus_message_get_type(answer) == DBUS_MESSAGE_TYPE_METHOD_RETURN ? 0 : 1;
    while (dbus_connection_read_write(connection, -1));
    return 3;
}

static pid_t begin(const char *user, int (*body)(void *data))
{
    char byte;
    const pid_t pid = live_fork(user, body, NULL);
    ck_assert_int_eq(read(told[0], &byte, 1), 1);
    return pid;
}

/* Large calls of connections whose user is not known yet leave room for the small ones of others. */
START_TEST(test_unknown)
{
    ck_assert_int_eq(pipe2(told, O_CLOEXEC), 0);
    live_expect("root", "kill -STOP $(pidof accesspkgd)", 0, "");
    const pid_t alice = begin("alice", send_large_calls);
    const pid_t carol = begin("carol", send_small_call);
    live_expect("root", "kill -CONT $(pidof accesspkgd)", 0, "");
    ck_assert_int_eq(live_join(carol), 0);
    flood_stop(alice);
}
END_TEST

/* It ends as told, with answers on their way out and calls on their way in. */
START_TEST(test_stop)
{
    static const struct flood answered = {BUS_PATH, BUS_INTERFACE_MANAGER, "NoSuchMethod", 0, true};
    live_stop_daemon(SIGTERM);
    /* What is used after it was freed is not what it was. */
    setenv("GLIBC_TUNABLES", "glibc.malloc.perturb=165:glibc.malloc.tcache_count=0", 1);
    live_start_daemon();
    live_expect("root", "kill -STOP $(pidof accesspkgd)", 0, "");
    const pid_t other = begin_flood("carol", &answered, CONNECTIONS);
    const pid_t flood = begin_flood("alice", &calls, CONNECTIONS);
    live_signal_bus(SIGSTOP);
    live_expect("root", "kill -CONT $(pidof accesspkgd)", 0, "");
    live_expect("root", "pkg-admin status", 0, "Live assignments"); /* what came before was taken in */
    live_expect("root", "kill -TERM $(pidof accesspkgd)", 0, "");
    live_signal_bus(SIGCONT); /* reads the answers now, and writes what it kept */
    ck_assert_int_eq(live_stop_daemon(SIGTERM), 0);
    flood_stop(flood);
    flood_stop(other);
}
END_TEST

/* ---- long lists ---- */

enum { FILED = 498, LISTERS = 8, LOOKS = 20 };

static json_t *call(struct client *client, const char *method, const char *signature, json_t *arguments)
{
    struct client_error error;
    json_t *value = NULL;
    return client_call(client, client_message(method, signature, arguments), &value, &error) < 0 ? NULL
                                                                                                 : value;
}

/* As many as the host lets one user file in an hour, with words as long as may be, and withdrawn with as many. */
static int file_long(void *data)
{
    struct client client;
    struct client_error error;
    char words[BUS_TEXT_MAX + 1];
    (void)data;
    memset(words, 'x', BUS_TEXT_MAX);
    words[BUS_TEXT_MAX] = '\0';
    client_deadline(100);
    if (client_open(&client, &error) < 0)
        return 1;
    for (int i = 0; i < FILED; i++) {
        json_t *filed = call(&client, "Submit", "sasa{sv}",
                             json_pack("[s, [s], {s:s}]", "", "open", "justification", words));
        const json_int_t id = json_integer_value(json_object_get(filed, "id"));
        json_t *cancelled = call(&client, "Cancel", "xs", json_pack("[I, s]", id, words));
        if (!filed || !cancelled)
            return 2;
        json_decref(filed);
        json_decref(cancelled);
    }
    client_close(&client);
    return 0;
}

/* Lists again and again, until it is killed. */
static int list_long(void *data)
{
    const bool *packages = data;
    struct client client;
    struct client_error error;
    while (client_open(&client, &error) == 0) {
        json_t *list = json_object();
        while (list) {
            json_decref(list);
            list = *packages
                       ? call(&client, "ListPackages", "", json_array())
                       : call(&client, "ListRequests", "a{sv}", json_pack("[{s:i}]", "limit", BUS_PAGE_MAX));
        }
        client_close(&client);
    }
    return 0;
}

/* Calls of carol's are answered, while each of these lists as often as one user may at a time. */
static void list_beside(const char *const users[], bool packages)
{
    pid_t listers[3 * LISTERS];
    size_t count = 0;
    for (; *users; users++)
        for (size_t i = 0; i < LISTERS; i++)
            listers[count++] = live_fork(*users, list_long, &packages);
    for (int i = 0; i < LOOKS; i++)
        ck_assert_msg(live_call("carol", -1, "ListDelegations", "", NULL, NULL) == BUS_ERROR_NONE, "%s",
                      live_message);
    for (size_t i = 0; i < count; i++) {
        kill(listers[i], SIGKILL);
        live_join(listers[i]);
    }
}

/* An answer of 4 MiB had accesspkgd leave the bus, as if nobody read what it sends. */
START_TEST(test_long_lists)
{
    static const char *const alone[] = {"alice", NULL};
    ck_assert_int_eq(live_join(live_fork("alice", file_long, NULL)), 0);
    list_beside(alone, false);
    live_expect("alice", "pkg-request list -n 1000 --json | grep -c cancel_reason", 0, "498");
}
END_TEST

/* So had many answers of half a MiB at a time. */
START_TEST(test_many_packages)
{
    static const char *const several[] = {"alice", "dave", "erin", NULL};
    live_expect("root",
                "description=$(printf '%0300d' 0); for i in $(seq 1000); do printf '[package]\ndescription = "
                "%s\ngroups = dbadmins\n[policy]\napprovers = bob\n' $description "
                ">/etc/accesspkg/packages.d/many$i.conf; done; pkg-admin reload",
                0, "");
    list_beside(several, true);
    live_expect("root", "rm /etc/accesspkg/packages.d/many*.conf; pkg-admin reload", 0, "");
    const long peak = read_peak();
    ck_assert_msg(peak > 0 && peak <= MEMORY_MAX, "the daemon grew to %ld KiB", peak);
}
END_TEST

/* What libdbus would answer by itself. */
START_TEST(test_peer)
{
    live_expect("alice",
                "dbus-send --system --print-reply --dest=org.accesspkg1 /org/accesspkg1 "
                "org.freedesktop.DBus.Peer.Ping",
                0, "method return");
    live_expect("alice",
                "dbus-send --system --print-reply --dest=org.accesspkg1 /any org.freedesktop.DBus.Peer.Pong",
                1, "UnknownMethod");
    live_expect(
        "alice",
        "dbus-send --system --print-reply --dest=org.accesspkg1 /any org.accesspkg1.Manager.ListPackages", 1,
        "UnknownObject");
}
END_TEST

int main(void)
{
    suite_case("flood", live_calls_setup, live_stop);
    suite_timeout(120);
    suite_add(test_revoke, test_who_is_refused, test_long_lists, test_many_packages, test_unknown, test_peer);
    suite_rows(test_memory, floods);
    suite_case("end", live_calls_setup, live_stop);
    suite_timeout(60);
    suite_add(test_stop);
    return suite_run();
}
