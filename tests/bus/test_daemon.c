/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The real accesspkgd on a real bus: what it survives, reloads, bounds, and how it ends. */
#include "dbus/variant.h"
#include "tests/support/live_calls.h"
#include "tests/support/suite.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <unistd.h>

/* Rule 2: what was acknowledged is there after kill -9; a clean stop ends with 0. */
START_TEST(test_kill_and_stop)
{
    const int64_t first = live_file("alice", "db-admins");
    const int64_t second = live_file("dave", "db-admins");
    ck_assert_int_eq(live_approve("bob", first), BUS_ERROR_NONE);
    ck_assert_int_eq(live_stop_daemon(SIGKILL), -SIGKILL);
    ck_assert(live_in_group("alice", "dbadmins")); /* a holder does not need the daemon */
    live_start_daemon();
    live_check_state(first, "fulfilled");
    live_check_state(second, "pending-approval");
    ck_assert_int_eq(live_stop_daemon(SIGTERM), 0);
    live_start_daemon();
    ck_assert(live_in_group("alice", "dbadmins"));
    ck_assert_int_eq(live_approve("carol", second), BUS_ERROR_NONE);
    ck_assert(live_in_group("dave", "dbadmins"));
}
END_TEST

/* A grant file that lags behind the store when the daemon starts is put right before it is ready. */
START_TEST(test_lost_files)
{
    ck_assert_int_eq(live_approve("bob", live_file("alice", "db-admins")), BUS_ERROR_NONE);
    ck_assert_int_eq(live_stop_daemon(SIGTERM), 0);
    ck_assert_int_eq(live_run("root", "rm /var/lib/accesspkg/state.db*"), 0);
    live_start_daemon(); /* a newborn store adopts the files */
    ck_assert(live_in_group("alice", "dbadmins"));
    json_t *value = NULL;
    ck_assert_int_eq(live_submit("alice", "db-admins", "again", &value), BUS_ERROR_NONE);
    ck_assert(json_is_true(json_object_get(value, "held")));
    json_decref(value);
}
END_TEST

START_TEST(test_reload)
{
    live_write_package("db-admins",
                       "[package]\ngroups = dbadmins\nfrobnicate = yes\n[policy]\napprovers = bob\n");
    live_write_package("open", "[package]\ngroups =\n");
    ck_assert_int_eq(live_call("root", -1, "Reload", "", NULL, NULL), BUS_ERROR_INVALID_CONFIGURATION);
    ck_assert_ptr_nonnull(strstr(live_message, "db-admins.conf:3"));
    ck_assert_ptr_nonnull(strstr(live_message, "open.conf")); /* every error, not the first */
    ck_assert_int_eq(live_run("root", "pkg-admin reload"), 78);
    const int64_t id = live_file("alice", "db-admins"); /* the running policy stays */
    ck_assert_int_eq(live_approve("carol", id), BUS_ERROR_NONE);

    /* A start with errors falls back to the last good policy, and says so. */
    ck_assert_int_eq(live_stop_daemon(SIGTERM), 0);
    live_start_daemon();
    json_t *value = NULL;
    ck_assert_int_eq(live_call("root", -1, "GetStatus", "", NULL, &value), BUS_ERROR_NONE);
    ck_assert_ptr_nonnull(strstr(json_string_value(json_object_get(value, "policy_problem")), "open.conf"));
    ck_assert_ptr_nonnull(strstr(json_string_value(json_object_get(value, "policy_problem")),
                                 "Mend them, then run: pkg-admin"));
    ck_assert_int_eq(json_integer_value(json_object_get(value, "packages")), 3);
    json_decref(value);
    live_file("dave", "db-admins");

    live_remove_package("open");
    live_write_package("db-admins", LIVE_DB_ADMINS);
    live_write_package("more", "[package]\ngroups = staff\n[policy]\napprovers = bob\n");
    live_expect("root", "pkg-admin reload", 0, "");
    ck_assert_int_eq(live_submit("alice", "open", "x", NULL), BUS_ERROR_NO_SUCH_PACKAGE);
    ck_assert_int_eq(live_approve("bob", live_file("dave", "more")), BUS_ERROR_NONE);
}
END_TEST

/* The settings are read with the policy: an error in either leaves both as they were. */
START_TEST(test_reload_settings)
{
    ck_assert_int_eq(live_run("root",
                              "cp -p /etc/accesspkg/accesspkg.conf /tmp/first.conf && "
                              "printf '[limits]\\npending_per_user = 1\\n' >/etc/accesspkg/accesspkg.conf"),
                     0);
    ck_assert_int_eq(live_run("root", "pkg-admin reload"), 0);
    live_write_package("more", "[package]\ngroups = staff\n[policy]\napprovers = bob\n");
    ck_assert_int_eq(live_run("root", "echo '[nonsense]' >>/etc/accesspkg/accesspkg.conf"), 0);
    ck_assert_int_eq(live_call("root", -1, "Reload", "", NULL, NULL), BUS_ERROR_INVALID_CONFIGURATION);
    ck_assert_ptr_nonnull(strstr(live_message, "accesspkg.conf:3"));
    ck_assert_int_eq(live_submit("dave", "more", "x", NULL), BUS_ERROR_NO_SUCH_PACKAGE);
    ck_assert_int_eq(live_run("root", "sed -i '$d' /etc/accesspkg/accesspkg.conf && pkg-admin reload"), 0);
    live_file("alice", "db-admins");
    ck_assert_int_eq(live_submit("alice", "more", "x", NULL), BUS_ERROR_LIMIT_EXCEEDED);

    /* A start with errors falls back to the last good settings, and says so; a good packages.d counts. */
    ck_assert_int_eq(live_stop_daemon(SIGTERM), 0);
    ck_assert_int_eq(live_run("root", "echo '[nonsense]' >>/etc/accesspkg/accesspkg.conf"), 0);
    live_write_package("late", "[package]\ngroups = staff\n[policy]\napprovers = bob\n");
    live_start_daemon();
    live_expect("root", "pkg-admin status", 0, "The last good accesspkg.conf is in use instead");
    live_expect("root", "pkg-admin status", 0, "accesspkg.conf:3");
    ck_assert_int_eq(live_submit("alice", "late", "x", NULL), BUS_ERROR_LIMIT_EXCEEDED);
    live_file("dave", "late");

    /* Both have errors: both are told. What a reload mends is kept. */
    ck_assert_int_eq(live_stop_daemon(SIGTERM), 0);
    live_write_package("late", "[package]\ngroups =\n");
    live_start_daemon();
    live_expect("root", "pkg-admin status --json", 0, "late.conf:2");
    live_expect("root", "pkg-admin status --json", 0, "accesspkg.conf:3");
    live_remove_package("late");
    ck_assert_int_eq(live_run("root", "sed -i '$d' /etc/accesspkg/accesspkg.conf && pkg-admin reload"), 0);
    live_expect("root", "pkg-admin status --json | grep -c policy_problem", 1, "0");

    /* A copy of an older version has no settings. */
    ck_assert_int_eq(live_stop_daemon(SIGTERM), 0);
    ck_assert_int_eq(live_run("root", "rm /var/lib/accesspkg/policy/settings"), 0);
    live_start_daemon();
    live_expect("root", "test -s /var/lib/accesspkg/policy/settings", 0, "");
    ck_assert_int_eq(live_run("root", "mv /tmp/first.conf /etc/accesspkg/accesspkg.conf"), 0);
}
END_TEST

/* A group that root did not allow is not given, whatever the daemon was told. */
START_TEST(test_allow_list)
{
    live_write_package("sneaky", "[package]\ngroups = shadow\n[policy]\napproval = none\n");
    ck_assert_int_eq(live_call("root", -1, "Reload", "", NULL, NULL), BUS_ERROR_NONE);
    json_t *value = NULL;
    ck_assert_int_eq(live_submit("alice", "sneaky", "x", &value), BUS_ERROR_NONE);
    ck_assert_str_eq(json_string_value(json_object_get(value, "state")), "partially-fulfilled");
    const char *problem = json_string_value(json_array_get(json_object_get(value, "problems"), 0));
    ck_assert_ptr_nonnull(strstr(problem, "pkg-admin reload"));
    ck_assert(!live_in_group("alice", "shadow"));
    json_decref(value);
}
END_TEST

/*
 * Sends more calls at once than one user may have under way. The exit status: how many were refused for that; with
 * `data`, how many the daemon gave up (it may have left others unread).
 */
static int flood(void *data)
{
    enum { CALLS = 100 };
    DBusError error = DBUS_ERROR_INIT;
    DBusConnection *connection = dbus_bus_get_private(DBUS_BUS_SYSTEM, &error);
    DBusPendingCall *calls[CALLS];
    int refused = 0;
    int given_up = 0;
    for (size_t i = 0; i < CALLS; i++) {
        DBusMessage *message =
            dbus_message_new_method_call(BUS_NAME, BUS_PATH, BUS_INTERFACE_MANAGER, "ListPackages");
        if (!connection || !message ||
            !dbus_connection_send_with_reply(connection, message, &calls[i], 20000))
            return 255;
        dbus_message_unref(message);
    }
    for (size_t i = 0; i < CALLS; i++) {
        dbus_pending_call_block(calls[i]);
        DBusMessage *answer = dbus_pending_call_steal_reply(calls[i]);
        if (dbus_message_is_error(answer, bus_error_name(BUS_ERROR_LIMIT_EXCEEDED)))
            refused++;
        else if (dbus_message_is_error(answer, bus_error_name(BUS_ERROR_UNAVAILABLE)))
            given_up++;
        else if (!data)
            return 254;
        dbus_message_unref(answer);
    }
    return data ? given_up : refused;
}

static int introspect(void *data)
{
    (void)data;
    DBusError error = DBUS_ERROR_INIT;
    DBusConnection *connection = dbus_bus_get_private(DBUS_BUS_SYSTEM, &error);
    DBusMessage *message =
        dbus_message_new_method_call(BUS_NAME, BUS_PATH, DBUS_INTERFACE_INTROSPECTABLE, "Introspect");
    DBusMessage *answer =
        connection ? dbus_connection_send_with_reply_and_block(connection, message, 1000, &error) : NULL;
    return answer ? 0 : 1;
}

/*
 * A directory that hangs (here: look-up processes that never answer) costs the calls that needed it; the daemon goes
 * on, and whoever floods it is refused at once. When the directory is back all is well.
 */
START_TEST(test_stalled_directory)
{
    ck_assert_int_eq(
        live_run("root",
                 "printf '#!/bin/sh\\nexec tail -f /dev/null\\n' >/tmp/mute && chmod 755 /tmp/mute && "
                 "mount --bind /tmp/mute /usr/libexec/accesspkg/accesspkg-lookup"),
        0);
    const pid_t flooder = live_fork("dave", flood, NULL);
    const pid_t other = live_fork("alice", introspect, NULL);
    ck_assert_int_eq(live_join(other), 0);
    ck_assert_int_eq(live_call("carol", -1, "ListPackages", "", NULL, NULL), BUS_ERROR_UNAVAILABLE);
    const int refused = live_join(flooder);
    ck_assert_msg(refused >= 90 && refused <= 92, "%d", refused);
    ck_assert_int_eq(live_run("root", "umount /usr/libexec/accesspkg/accesspkg-lookup"), 0);
    ck_assert_int_eq(live_call("carol", -1, "ListPackages", "", NULL, NULL), BUS_ERROR_NONE);
    ck_assert_int_eq(live_call("dave", -1, "ListPackages", "", NULL, NULL), BUS_ERROR_NONE);
}
END_TEST

/* Sends 1,000 calls with 16 open files each along, and does not wait for answers. */
static int flood_with_descriptors(void *data)
{
    (void)data;
    enum { CALLS = 1000, DESCRIPTORS = 16 };
    DBusConnection *connection = dbus_bus_get_private(DBUS_BUS_SYSTEM, NULL);
    const int fd = STDERR_FILENO;
    for (int i = 0; connection && i < CALLS; i++) {
        DBusMessage *message =
            dbus_message_new_method_call(BUS_NAME, BUS_PATH, BUS_INTERFACE_MANAGER, "ListPackages");
        for (int j = 0; j < DESCRIPTORS; j++)
            if (!dbus_message_append_args(message, DBUS_TYPE_UNIX_FD, &fd, DBUS_TYPE_INVALID))
                return 1;
        dbus_message_set_no_reply(message, TRUE);
        if (!dbus_connection_send(connection, message, NULL))
            return 1;
        dbus_connection_flush(connection);
        dbus_message_unref(message);
    }
    return connection ? 0 : 1;
}

/* A million names of one package, which would be that many times its groups to look up; then texts of 8 MiB. */
static int flood_with_memory(void *data)
{
    (void)data;
    enum { NAMES = 1000 * 1000, CALLS = 6, TEXT = 8 * 1024 * 1024 };
    DBusConnection *connection = dbus_bus_get_private(DBUS_BUS_SYSTEM, NULL);
    char *text = calloc(1, TEXT + 1);
    json_t *names = json_array();
    if (!connection || !text)
        return 1;
    memset(text, 'x', TEXT);
    for (int i = 0; i < NAMES; i++)
        json_array_append_new(names, json_string("db-admins"));
    json_t *many = json_pack("[s, o, {}]", "", names);
    json_t *large = json_pack("[s, [s], {s:s}]", "", "db-admins", "justification", text);
    for (int i = 0; i <= CALLS; i++) {
        DBusMessage *message =
            dbus_message_new_method_call(BUS_NAME, BUS_PATH, BUS_INTERFACE_MANAGER, "Submit");
        DBusError error = DBUS_ERROR_INIT;
        if (variant_append_message(message, "sasa{sv}", i == 0 ? many : large) < 0)
            return 2;
        DBusMessage *answer = dbus_connection_send_with_reply_and_block(connection, message, 20000, &error);
        if (answer || !dbus_error_has_name(&error, bus_error_name(BUS_ERROR_INVALID_ARGUMENT)))
            return 3;
        dbus_error_free(&error);
        dbus_message_unref(message);
    }
    return 0;
}

static long daemon_number(const char *command)
{
    live_expect("root", command, 0, "");
    return strtol(live_output, NULL, 10);
}

/* Whoever sends much, or open files, costs the daemon neither its connection nor its memory. */
START_TEST(test_floods)
{
    const char *const peak = "sed -n 's/^VmHWM:[ \t]*\\([0-9]*\\).*/\\1/p' /proc/$(pidof accesspkgd)/status";
    struct rlimit usual;
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &usual), 0);
    const struct rlimit few = {256, usual.rlim_max};
    ck_assert_int_eq(live_stop_daemon(SIGTERM), 0);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
    live_start_daemon();
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &usual), 0);
    const long pid = daemon_number("pidof accesspkgd");
    const pid_t flooder = live_fork("dave", flood_with_descriptors, NULL);
    for (int i = 0; i < 5; i++)
        ck_assert_msg(live_call("carol", -1, "ListPackages", "", NULL, NULL) == BUS_ERROR_NONE, "%s",
                      live_message);
    ck_assert_int_eq(live_join(flooder), 0);
    ck_assert_int_eq(live_call("carol", -1, "ListPackages", "", NULL, NULL), BUS_ERROR_NONE);
    ck_assert_int_eq(live_join(live_fork("dave", flood_with_memory, NULL)), 0);
    const long kilobytes = daemon_number(peak);
    ck_assert_msg(kilobytes < 256 * 1024, "the daemon grew to %ld KiB", kilobytes);
    ck_assert_int_eq(live_call("carol", -1, "ListPackages", "", NULL, NULL), BUS_ERROR_NONE);
    ck_assert_int_eq(daemon_number("pidof accesspkgd"), pid);
}
END_TEST

/* Look-ups that never answer, and calls of dave's that wait for one. */
static pid_t hang_calls(void)
{
    const int inotify = inotify_init1(IN_CLOEXEC);
    ck_assert_int_eq(live_run("root",
                              "rm -rf /tmp/asked && mkdir -m 777 /tmp/asked && "
                              "printf '#!/bin/sh\n: >/tmp/asked/one\nexec tail -f /dev/null\n' >/tmp/mute && "
                              "chmod 755 /tmp/mute && "
                              "mount --bind /tmp/mute /usr/libexec/accesspkg/accesspkg-lookup"),
                     0);
    ck_assert_int_ge(inotify_add_watch(inotify, "/tmp/asked", IN_CREATE), 0);
    const pid_t pid = live_fork("dave", flood, &(int){0});
    struct pollfd wait = {.fd = inotify, .events = POLLIN};
    ck_assert_int_eq(poll(&wait, 1, 20000), 1);
    close(inotify);
    return pid;
}

/* A stop answers what is under way. */
START_TEST(test_stop_with_calls)
{
    const pid_t flooder = hang_calls();
    ck_assert_int_eq(live_stop_daemon(SIGTERM), 0);
    const int given_up = live_join(flooder);
    ck_assert_msg(given_up >= 1 && given_up <= 100, "%d", given_up);
    ck_assert_int_eq(live_run("root", "umount /usr/libexec/accesspkg/accesspkg-lookup"), 0);
}
END_TEST

/* Rule 13: a bus that goes away takes what its callers asked along, and nothing else. */
START_TEST(test_lost_bus_with_calls)
{
    const pid_t flooder = hang_calls();
    live_kill_bus();
    live_join(flooder);
    ck_assert_int_eq(live_run("root", "umount /usr/libexec/accesspkg/accesspkg-lookup"), 0);
    live_expect("root", "pkg-admin status", 0, "Pending:");
    live_start_bus();
    live_wait_name(BUS_NAME, true);
    live_file("alice", "db-admins");
    ck_assert_int_eq(live_stop_daemon(SIGTERM), 0); /* it is the one that we started */
}
END_TEST

START_TEST(test_refuses_root)
{
    live_expect("root", "accesspkgd", 64, "does not run as root");
    ck_assert_int_eq(live_run("root", "accesspkgd --nonsense"), 64);
    live_expect("root", "accesspkgd --help", 0, "--write-allow-list [GID...]");
    ck_assert_int_eq(live_run("root", "accesspkgd --write-allow-list 2001 x"), 64);
    ck_assert_int_eq(live_run("root", "accesspkgd --extend-allow-list 2001"), 64);
    ck_assert_int_eq(live_run("alice", "accesspkgd --extend-allow-list"), 77);
}
END_TEST

int main(void)
{
    suite_case("daemon", live_calls_setup, live_stop);
    suite_timeout(60);
    suite_add(test_kill_and_stop, test_lost_files, test_reload, test_reload_settings, test_allow_list,
              test_stalled_directory, test_floods, test_stop_with_calls, test_lost_bus_with_calls,
              test_refuses_root);
    return suite_run();
}
