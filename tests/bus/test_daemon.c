/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The real accesspkgd on a real bus: what callers may and may not do, and what survives. */
#include "dbus/variant.h"
#include "tests/support/live.h"
#include "tests/support/suite.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <unistd.h>

#define DB_ADMINS                                                                                            \
    "[package]\ndescription = Production databases\ngroups = dbadmins backup\n[policy]\n"                    \
    "requestors = %staff\njustification = required\nduration = 1h\nmax_duration = 2h\n"                      \
    "approvers = %dba-leads\n"
#define SHORT "[package]\ngroups = auditors\n[policy]\napproval = none\nduration = 1s\n"
#define OPEN  "[package]\ngroups = auditors\n[policy]\napprovers = bob\n"

static void setup(void)
{
    live_start("db-admins", DB_ADMINS, "short", SHORT, "open", OPEN, NULL);
}

static json_t *packed(json_t *value)
{
    ck_assert_ptr_nonnull(value);
    return value;
}

static json_t *submit_arguments(const char *user, const char *package, const char *why)
{
    return packed(json_pack("[s, [s], {s:s}]", user, package, "justification", why));
}

static enum bus_error submit(const char *user, const char *package, const char *why, json_t **ret)
{
    return live_call(user, -1, "Submit", "sasa{sv}", submit_arguments("", package, why), ret);
}

static int64_t file(const char *user, const char *package)
{
    json_t *value = NULL;
    ck_assert_msg(submit(user, package, "because", &value) == BUS_ERROR_NONE, "%s", live_message);
    const int64_t id = json_integer_value(json_object_get(value, "id"));
    json_decref(value);
    return id;
}

static enum bus_error approve(const char *user, int64_t id)
{
    return live_call(user, -1, "Approve", "xa{sv}",
                     packed(json_pack("[I, {s:s}]", (json_int_t)id, "reason", "fine")), NULL);
}

static enum bus_error deny(const char *user, int64_t id, const char *reason)
{
    return live_call(user, -1, "Deny", "xs", packed(json_pack("[I, s]", (json_int_t)id, reason)), NULL);
}

static const char *state_of(int64_t id)
{
    static char state[64];
    json_t *value = NULL;
    ck_assert_int_eq(
        live_call("root", -1, "GetRequest", "x", packed(json_pack("[I]", (json_int_t)id)), &value),
        BUS_ERROR_NONE);
    snprintf(state, sizeof(state), "%s", json_string_value(json_object_get(value, "state")));
    json_decref(value);
    return state;
}

#define ck_assert_state(id, expected)                                                                        \
    do {                                                                                                     \
        const char *state_now = state_of(id);                                                                \
        ck_assert_str_eq(state_now, expected);                                                               \
    } while (0)

/* Rules 2 and 3 on the bus: when Approve has answered, the next look-up shows the groups. */
START_TEST(test_life)
{
    const int64_t id = file("alice", "db-admins");
    ck_assert(!live_in_group("alice", "dbadmins"));
    ck_assert_int_eq(approve("bob", id), BUS_ERROR_NONE);
    ck_assert(live_in_group("alice", "dbadmins"));
    ck_assert(live_in_group("alice", "backup"));
    ck_assert(!live_in_group("dave", "dbadmins"));
    ck_assert_int_eq(live_run("root", "getent group dbadmins"), 0);
    ck_assert_str_eq(live_output, "dbadmins:x:2001:\n"); /* nobody writes alice back as a member */
    ck_assert_state(id, "fulfilled");
    ck_assert_int_eq(deny("carol", id, "late"), BUS_ERROR_ALREADY_DECIDED); /* rule 4 */
    ck_assert_ptr_nonnull(strstr(live_message, "approved by bob"));
    ck_assert_ptr_nonnull(strstr(live_message, "fine"));
}
END_TEST

START_TEST(test_callers)
{
    const int64_t id = file("alice", "db-admins");
    json_t *for_alice = submit_arguments("alice", "db-admins", "x");
    ck_assert_int_eq(live_call("bob", -1, "Submit", "sasa{sv}", for_alice, NULL), BUS_ERROR_NOT_AUTHORIZED);
    ck_assert_int_eq(approve("alice", id), BUS_ERROR_NOT_AUTHORIZED);
    ck_assert_int_eq(approve("dave", id), BUS_ERROR_NOT_AUTHORIZED);
    ck_assert_int_eq(approve("root", id), BUS_ERROR_NOT_AUTHORIZED); /* uid 0 only where it is listed */
    ck_assert_int_eq(deny("bob", id, ""), BUS_ERROR_INVALID_ARGUMENT);
    ck_assert_int_eq(approve("bob", id + 100), BUS_ERROR_NO_SUCH_REQUEST);
    ck_assert_int_eq(live_call("dave", -1, "GetRequest", "x", packed(json_pack("[I]", (json_int_t)id)), NULL),
                     BUS_ERROR_NO_SUCH_REQUEST);
    json_t *reason = packed(json_pack("[I, s]", (json_int_t)id, ""));
    ck_assert_int_eq(live_call("bob", -1, "Cancel", "xs", reason, NULL), BUS_ERROR_NO_SUCH_REQUEST);
    ck_assert_int_eq(live_call("alice", -1, "Reload", "", NULL, NULL), BUS_ERROR_NOT_AUTHORIZED);
    ck_assert_int_eq(live_call("alice", -1, "GetStatus", "", NULL, NULL), BUS_ERROR_NOT_AUTHORIZED);
    ck_assert_int_eq(
        live_call("alice", -1, "ListRequests", "a{sv}", packed(json_pack("[{s:s}]", "role", "all")), NULL),
        BUS_ERROR_NOT_AUTHORIZED);
    ck_assert_state(id, "pending-approval");
    /* Nobody may be impersonated, nor the name be taken. */
    ck_assert_int_ne(live_run("alice", "dbus-send --system --print-reply --dest=org.freedesktop.DBus / "
                                       "org.freedesktop.DBus.RequestName string:org.accesspkg1 uint32:2"),
                     0);
}
END_TEST

/* Rule 5: the audit login uid of either must not be the other's. */
START_TEST(test_login_of_the_other)
{
    const int64_t id = file("alice", "db-admins");
    json_t *decision = packed(json_pack("[I, {}]", (json_int_t)id));
    ck_assert_int_eq(live_call("bob", 1001, "Approve", "xa{sv}", decision, NULL), BUS_ERROR_NOT_AUTHORIZED);
    ck_assert_ptr_nonnull(strstr(live_message, "your own"));
    decision = packed(json_pack("[I, {}]", (json_int_t)id));
    ck_assert_int_eq(live_call("bob", 1002, "Approve", "xa{sv}", decision, NULL), BUS_ERROR_NONE);
    json_t *by_su = submit_arguments("", "db-admins", "x");
    json_t *value = NULL;
    ck_assert_int_eq(live_call("dave", 1002, "Submit", "sasa{sv}", by_su, &value), BUS_ERROR_NONE);
    ck_assert_int_eq(approve("bob", json_integer_value(json_object_get(value, "id"))),
                     BUS_ERROR_NOT_AUTHORIZED);
    json_decref(value);
}
END_TEST

START_TEST(test_bad_arguments)
{
    char *huge = malloc(1024 * 1024 + 1);
    memset(huge, 'x', 1024 * 1024);
    huge[1024 * 1024] = '\0';
    const struct {
        const char *method;
        const char *signature;
        json_t *arguments;
        enum bus_error expected;
    } table[] = {
        {"Submit", "sasa{sv}", submit_arguments("", "nothing", "x"), BUS_ERROR_NO_SUCH_PACKAGE},
        {"Submit", "sasa{sv}", submit_arguments("", "../../etc/passwd", "x"), BUS_ERROR_INVALID_ARGUMENT},
        {"Submit", "sasa{sv}", submit_arguments("", "db-admins", huge), BUS_ERROR_INVALID_ARGUMENT},
        {"Submit", "sasa{sv}", submit_arguments("", "db-admins", "a\nb"), BUS_ERROR_INVALID_ARGUMENT},
        {"Submit", "sasa{sv}", submit_arguments("", "db-admins", "\033]0;x\a"), BUS_ERROR_INVALID_ARGUMENT},
        {"Submit", "sasa{sv}", json_pack("[s, [], {}]", ""), BUS_ERROR_INVALID_ARGUMENT},
        {"Submit", "sasa{sv}", json_pack("[s, [s], {s:s}]", "", "db-admins", "approve", "yes"),
         BUS_ERROR_INVALID_ARGUMENT},
        {"Submit", "sasa{sv}", json_pack("[s, [s], {s:s}]", "", "db-admins", "duration", "1h"),
         BUS_ERROR_INVALID_ARGUMENT},
        {"Submit", "sasa{sv}", json_pack("[s, [s], {s:i}]", "", "db-admins", "duration", -1),
         BUS_ERROR_INVALID_ARGUMENT},
        {"Submit", "sasa{sv}",
         json_pack("[s, [s], {s:s, s:i}]", "", "db-admins", "justification", "x", "duration", 7201),
         BUS_ERROR_POLICY_REFUSED},
        {"Submit", "s", json_pack("[s]", "db-admins"), BUS_ERROR_INVALID_ARGUMENT},
        {"ListRequests", "a{sv}", json_pack("[{s:i}]", "limit", 501), BUS_ERROR_INVALID_ARGUMENT},
        {"ListRequests", "a{sv}", json_pack("[{s:s}]", "role", "god"), BUS_ERROR_INVALID_ARGUMENT},
        {"ListRequests", "a{sv}", json_pack("[{s:s}]", "state", "happy"), BUS_ERROR_INVALID_ARGUMENT},
        {"GetRequest", "x", json_pack("[i]", -1), BUS_ERROR_NO_SUCH_REQUEST},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        const enum bus_error code =
            live_call("alice", -1, table[i].method, table[i].signature, packed(table[i].arguments), NULL);
        ck_assert_msg(code == table[i].expected, "row %zu: %d, %s", i, code, live_message);
        ck_assert_msg(*live_message, "row %zu says nothing", i);
    }
    free(huge);
    json_t *value = NULL;
    ck_assert_int_eq(
        live_call("root", -1, "ListRequests", "a{sv}", packed(json_pack("[{s:s}]", "role", "all")), &value),
        BUS_ERROR_NONE);
    ck_assert_int_eq(json_array_size(value), 0); /* nothing of all this was filed */
    json_decref(value);
    file("alice", "db-admins");
}
END_TEST

/* Only spaces are no reason where one is required. */
START_TEST(test_blank_reasons)
{
    ck_assert_int_eq(submit("alice", "db-admins", "  ", NULL), BUS_ERROR_POLICY_REFUSED);
    const int64_t id = file("alice", "db-admins");
    ck_assert_int_eq(deny("bob", id, " "), BUS_ERROR_INVALID_ARGUMENT);
    ck_assert_int_eq(approve("bob", id), BUS_ERROR_NONE);
    ck_assert_int_eq(live_call("root", -1, "Revoke", "sss",
                               packed(json_pack("[s, s, s]", "alice", "db-admins", " ")), NULL),
                     BUS_ERROR_INVALID_ARGUMENT);
}
END_TEST

/* Users whose names are no file names. */
START_TEST(test_odd_names)
{
    char name[201];
    memset(name, 'n', 200);
    name[200] = '\0';
    const char *const names[] = {"../x", "DOM\\user", "by-gid", ".hidden", name};
    FILE *out = fopen("/etc/passwd", "ae");
    ck_assert_ptr_nonnull(out);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        fprintf(out, "%s:x:%zu:65534::/:/bin/sh\n", names[i], 3000 + i);
    for (int i = 0; i < 130; i++)
        fputs("\xc3\xa4", out); /* 260 bytes, 780 once encoded */
    fputs(":x:3100:65534::/:/bin/sh\n", out);
    ck_assert_int_eq(fclose(out), 0);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        json_t *value = NULL;
        json_t *arguments = packed(json_pack("[s, [s], {}]", names[i], "short"));
        ck_assert_msg(live_call("root", -1, "Submit", "sasa{sv}", arguments, &value) == BUS_ERROR_NONE,
                      "%s: %s", names[i], live_message);
        ck_assert_str_eq(json_string_value(json_object_get(value, "user")), names[i]);
        ck_assert(json_is_true(json_object_get(value, "held")));
        json_decref(value);
    }
    char umlauts[261] = "";
    for (int i = 0; i < 130; i++)
        strcat(umlauts, "\xc3\xa4");
    json_t *arguments = packed(json_pack("[s, [s], {}]", umlauts, "short"));
    ck_assert_int_eq(live_call("root", -1, "Submit", "sasa{sv}", arguments, NULL),
                     BUS_ERROR_INVALID_ARGUMENT);
    arguments = packed(json_pack("[s, [s], {}]", "nobody-here", "short"));
    ck_assert_int_eq(live_call("root", -1, "Submit", "sasa{sv}", arguments, NULL), BUS_ERROR_NO_SUCH_USER);
    ck_assert_int_eq(live_run("root", "ls -A /var/lib/accesspkg/grants /var/lib/accesspkg"), 0);
    ck_assert_ptr_null(strstr(live_output, "\nx\n"));
}
END_TEST

/* Rule 2: what was acknowledged is there after kill -9; a clean stop ends with 0. */
START_TEST(test_kill_and_stop)
{
    const int64_t first = file("alice", "db-admins");
    const int64_t second = file("dave", "db-admins");
    ck_assert_int_eq(approve("bob", first), BUS_ERROR_NONE);
    ck_assert_int_eq(live_stop_daemon(SIGKILL), -SIGKILL);
    ck_assert(live_in_group("alice", "dbadmins")); /* a holder does not need the daemon */
    live_start_daemon();
    ck_assert_state(first, "fulfilled");
    ck_assert_state(second, "pending-approval");
    ck_assert_int_eq(live_stop_daemon(SIGTERM), 0);
    live_start_daemon();
    ck_assert(live_in_group("alice", "dbadmins"));
    ck_assert_int_eq(approve("carol", second), BUS_ERROR_NONE);
    ck_assert(live_in_group("dave", "dbadmins"));
}
END_TEST

/* A grant file that lags behind the store when the daemon starts is put right before it is ready. */
START_TEST(test_lost_files)
{
    ck_assert_int_eq(approve("bob", file("alice", "db-admins")), BUS_ERROR_NONE);
    ck_assert_int_eq(live_stop_daemon(SIGTERM), 0);
    ck_assert_int_eq(live_run("root", "rm /var/lib/accesspkg/state.db*"), 0);
    live_start_daemon(); /* a newborn store adopts the files */
    ck_assert(live_in_group("alice", "dbadmins"));
    json_t *value = NULL;
    ck_assert_int_eq(submit("alice", "db-admins", "again", &value), BUS_ERROR_NONE);
    ck_assert(json_is_true(json_object_get(value, "held")));
    json_decref(value);
}
END_TEST

/* The file of a user whose uid changed counts for nobody at once, and goes without anybody calling. */
START_TEST(test_uid_changed)
{
    ck_assert_int_eq(approve("bob", file("alice", "db-admins")), BUS_ERROR_NONE);
    ck_assert_int_eq(live_stop_daemon(SIGTERM), 0);
    ck_assert_int_eq(live_run("root", "sed -i 's/^alice:x:1001:/alice:x:1234:/' /etc/passwd"), 0);
    ck_assert(!live_in_group("alice", "dbadmins"));
    const int inotify = inotify_init1(IN_CLOEXEC);
    ck_assert_int_ge(inotify_add_watch(inotify, "/var/lib/accesspkg/grants/user", IN_DELETE), 0);
    live_start_daemon();
    struct pollfd wait = {.fd = inotify, .events = POLLIN};
    ck_assert_int_eq(poll(&wait, 1, 20000), 1);
    close(inotify);
    ck_assert(!live_in_group("alice", "dbadmins"));
    ck_assert_int_eq(live_run("root", "sed -i 's/^alice:x:1234:/alice:x:1001:/' /etc/passwd"), 0);
}
END_TEST

/* A grant file that somebody removed stays away when the gate asks; a request that nobody can decide says so. */
START_TEST(test_gate_finds_it_wanting)
{
    ck_assert_int_eq(approve("bob", file("alice", "db-admins")), BUS_ERROR_NONE);
    ck_assert_int_eq(live_run("root", "rm /var/lib/accesspkg/grants/user/alice"), 0);
    ck_assert(!live_in_group("alice", "dbadmins"));
    json_t *value = NULL;
    json_t *arguments = packed(json_pack("[s, [s], {s:b}]", "alice", "db-admins", "gate", 1));
    ck_assert_int_eq(live_call("root", -1, "Submit", "sasa{sv}", arguments, &value), BUS_ERROR_NONE);
    ck_assert(json_is_false(json_object_get(value, "held")));
    ck_assert(json_is_true(json_object_get(value, "needs_retry")));
    json_decref(value);
    ck_assert(!live_in_group("alice", "dbadmins"));

    ck_assert_int_eq(submit("bob", "open", "x", &value), BUS_ERROR_NONE);
    ck_assert(json_is_true(json_object_get(value, "undecidable")));
    json_decref(value);
    ck_assert_int_eq(live_run("bob", "pkg-request submit open"), 0);
    ck_assert_ptr_nonnull(strstr(live_output, "nobody can decide it now"));
}
END_TEST

START_TEST(test_expiry)
{
    json_t *value = NULL;
    const int inotify = inotify_init1(IN_CLOEXEC);
    ck_assert_int_ge(inotify_add_watch(inotify, "/var/lib/accesspkg/grants/user", IN_DELETE), 0);
    ck_assert_int_eq(submit("carol", "short", "x", &value), BUS_ERROR_NONE);
    ck_assert_str_eq(json_string_value(json_object_get(value, "state")), "fulfilled");
    const int64_t id = json_integer_value(json_object_get(value, "id"));
    json_decref(value);
    /* The daemon wakes by itself and takes the file away. */
    struct pollfd wait = {.fd = inotify, .events = POLLIN};
    ck_assert_int_eq(poll(&wait, 1, 20000), 1);
    close(inotify);
    ck_assert_state(id, "access-expired");
    ck_assert(!live_in_group("carol", "auditors"));
    ck_assert_int_ne(live_run("root", "test -e /var/lib/accesspkg/grants/user/carol"), 0);
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
    const int64_t id = file("alice", "db-admins"); /* the running policy stays */
    ck_assert_int_eq(approve("carol", id), BUS_ERROR_NONE);

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
    file("dave", "db-admins");

    live_remove_package("open");
    live_write_package("db-admins", DB_ADMINS);
    live_write_package("more", "[package]\ngroups = staff\n[policy]\napprovers = bob\n");
    ck_assert_msg(live_run("root", "pkg-admin reload") == 0, "%s", live_output);
    ck_assert_int_eq(submit("alice", "open", "x", NULL), BUS_ERROR_NO_SUCH_PACKAGE);
    ck_assert_int_eq(approve("bob", file("dave", "more")), BUS_ERROR_NONE);
}
END_TEST

/* The settings are read with the policy: an error in either leaves both as they were. */
START_TEST(test_reload_settings)
{
    ck_assert_int_eq(
        live_run("root", "printf '[limits]\\npending_per_user = 1\\n' >/etc/accesspkg/accesspkg.conf"), 0);
    ck_assert_int_eq(live_run("root", "pkg-admin reload"), 0);
    live_write_package("more", "[package]\ngroups = staff\n[policy]\napprovers = bob\n");
    ck_assert_int_eq(live_run("root", "echo '[nonsense]' >>/etc/accesspkg/accesspkg.conf"), 0);
    ck_assert_int_eq(live_call("root", -1, "Reload", "", NULL, NULL), BUS_ERROR_INVALID_CONFIGURATION);
    ck_assert_ptr_nonnull(strstr(live_message, "accesspkg.conf:3"));
    ck_assert_int_eq(submit("dave", "more", "x", NULL), BUS_ERROR_NO_SUCH_PACKAGE);
    ck_assert_int_eq(live_run("root", "sed -i '$d' /etc/accesspkg/accesspkg.conf && pkg-admin reload"), 0);
    file("alice", "db-admins");
    ck_assert_int_eq(submit("alice", "more", "x", NULL), BUS_ERROR_LIMIT_EXCEEDED);
    ck_assert_int_eq(live_run("root", "rm /etc/accesspkg/accesspkg.conf"), 0);
}
END_TEST

/* A group that root did not allow is not given, whatever the daemon was told. */
START_TEST(test_allow_list)
{
    live_write_package("sneaky", "[package]\ngroups = shadow\n[policy]\napproval = none\n");
    ck_assert_int_eq(live_call("root", -1, "Reload", "", NULL, NULL), BUS_ERROR_NONE);
    json_t *value = NULL;
    ck_assert_int_eq(submit("alice", "sneaky", "x", &value), BUS_ERROR_NONE);
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
    ck_assert_msg(live_run("root", command) == 0, "%s", live_output);
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

/* A stop answers what is under way; a bus that goes away takes it along. */
START_TEST(test_stop_with_calls)
{
    const pid_t flooder = hang_calls();
    ck_assert_int_eq(live_stop_daemon(SIGTERM), 0);
    const int given_up = live_join(flooder);
    ck_assert_msg(given_up >= 1 && given_up <= 100, "%d", given_up);
    ck_assert_int_eq(live_run("root", "umount /usr/libexec/accesspkg/accesspkg-lookup"), 0);
}
END_TEST

START_TEST(test_lost_bus_with_calls)
{
    const pid_t flooder = hang_calls();
    live_kill_bus();
    ck_assert_int_eq(live_wait_daemon(), 69);
    live_join(flooder);
    ck_assert_int_eq(live_run("root", "umount /usr/libexec/accesspkg/accesspkg-lookup"), 0);
}
END_TEST

START_TEST(test_lost_bus)
{
    live_kill_bus();
    ck_assert_int_eq(live_wait_daemon(), 69);
}
END_TEST

START_TEST(test_refuses_root)
{
    ck_assert_int_eq(live_run("root", "accesspkgd"), 64);
    ck_assert_ptr_nonnull(strstr(live_output, "does not run as root"));
    ck_assert_int_eq(live_run("root", "accesspkgd --nonsense"), 64);
    ck_assert_int_eq(live_run("root", "accesspkgd --help"), 0);
    ck_assert_ptr_nonnull(strstr(live_output, "--write-allow-list [GID...]"));
    ck_assert_int_eq(live_run("root", "accesspkgd --write-allow-list 2001 x"), 64);
    ck_assert_int_eq(live_run("root", "accesspkgd --check-config 2001"), 64);
    ck_assert_int_eq(live_run("alice", "accesspkgd --extend-allow-list"), 77);
}
END_TEST

int main(void)
{
    suite_case("daemon", setup, live_stop);
    suite_timeout(60);
    suite_add(test_life, test_callers);
    if (live_can_set_loginuid())
        suite_add(test_login_of_the_other);
    else
        puts("Left out: test_login_of_the_other (this machine lets no test set its login uid).");
    suite_add(test_bad_arguments, test_blank_reasons, test_odd_names, test_kill_and_stop, test_lost_files,
              test_uid_changed, test_gate_finds_it_wanting, test_expiry, test_reload, test_reload_settings,
              test_allow_list, test_stalled_directory, test_floods, test_stop_with_calls,
              test_lost_bus_with_calls, test_lost_bus, test_refuses_root);
    return suite_run();
}
