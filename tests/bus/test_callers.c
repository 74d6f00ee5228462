/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The real accesspkgd on a real bus: what callers may and may not do. */
#include "dbus/variant.h"
#include "tests/support/live_calls.h"
#include "tests/support/suite.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

/* Rules 2 and 3 on the bus: when Approve has answered, the next look-up shows the groups. */
START_TEST(test_life)
{
    const int64_t id = live_file("alice", "db-admins");
    ck_assert(!live_in_group("alice", "dbadmins"));
    ck_assert_int_eq(live_approve("bob", id), BUS_ERROR_NONE);
    ck_assert(live_in_group("alice", "dbadmins"));
    ck_assert(live_in_group("alice", "backup"));
    ck_assert(!live_in_group("dave", "dbadmins"));
    ck_assert_int_eq(live_run("root", "getent group dbadmins"), 0);
    ck_assert_str_eq(live_output, "dbadmins:x:2001:\n"); /* nobody writes alice back as a member */
    live_check_state(id, "fulfilled");
    ck_assert_int_eq(live_deny("carol", id, "late"), BUS_ERROR_ALREADY_DECIDED); /* rule 4 */
    ck_assert_ptr_nonnull(strstr(live_message, "approved by bob"));
    ck_assert_ptr_nonnull(strstr(live_message, "fine"));
}
END_TEST

START_TEST(test_callers)
{
    const int64_t id = live_file("alice", "db-admins");
    json_t *for_alice = live_submit_arguments("alice", "db-admins", "x");
    ck_assert_int_eq(live_call("bob", -1, "Submit", "sasa{sv}", for_alice, NULL), BUS_ERROR_NOT_AUTHORIZED);
    ck_assert_int_eq(live_approve("alice", id), BUS_ERROR_NOT_AUTHORIZED);
    ck_assert_int_eq(live_approve("dave", id), BUS_ERROR_NOT_AUTHORIZED);
    ck_assert_int_eq(live_approve("root", id), BUS_ERROR_NOT_AUTHORIZED); /* uid 0 only where it is listed */
    ck_assert_int_eq(live_deny("bob", id, ""), BUS_ERROR_INVALID_ARGUMENT);
    ck_assert_int_eq(live_approve("bob", id + 100), BUS_ERROR_NO_SUCH_REQUEST);
    ck_assert_int_eq(
        live_call("dave", -1, "GetRequest", "x", live_packed(json_pack("[I]", (json_int_t)id)), NULL),
        BUS_ERROR_NO_SUCH_REQUEST);
    json_t *reason = live_packed(json_pack("[I, s]", (json_int_t)id, ""));
    ck_assert_int_eq(live_call("bob", -1, "Cancel", "xs", reason, NULL), BUS_ERROR_NO_SUCH_REQUEST);
    ck_assert_int_eq(live_call("alice", -1, "Reload", "", NULL, NULL), BUS_ERROR_NOT_AUTHORIZED);
    ck_assert_int_eq(live_call("alice", -1, "GetStatus", "", NULL, NULL), BUS_ERROR_NOT_AUTHORIZED);
    ck_assert_int_eq(live_call("alice", -1, "ListRequests", "a{sv}",
                               live_packed(json_pack("[{s:s}]", "role", "all")), NULL),
                     BUS_ERROR_NOT_AUTHORIZED);
    live_check_state(id, "pending-approval");
    /* Nobody may be impersonated, nor the name be taken. */
    ck_assert_int_ne(live_run("alice", "dbus-send --system --print-reply --dest=org.freedesktop.DBus / "
                                       "org.freedesktop.DBus.RequestName string:org.accesspkg1 uint32:2"),
                     0);
}
END_TEST

/* Rule 5: the audit login uid of either must not be the other's. */
START_TEST(test_login_of_the_other)
{
    const int64_t id = live_file("alice", "db-admins");
    json_t *decision = live_decision("bob", id, "");
    ck_assert_int_eq(live_call("bob", 1001, "Approve", "xa{sv}", decision, NULL), BUS_ERROR_NOT_AUTHORIZED);
    ck_assert_ptr_nonnull(strstr(live_message, "your own"));
    decision = live_decision("bob", id, "");
    ck_assert_int_eq(live_call("bob", 1002, "Approve", "xa{sv}", decision, NULL), BUS_ERROR_NONE);
    json_t *by_su = live_submit_arguments("", "db-admins", "x");
    json_t *value = NULL;
    ck_assert_int_eq(live_call("dave", 1002, "Submit", "sasa{sv}", by_su, &value), BUS_ERROR_NONE);
    ck_assert_int_eq(live_approve("bob", json_integer_value(json_object_get(value, "id"))),
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
        {"Submit", "sasa{sv}", live_submit_arguments("", "nothing", "x"), BUS_ERROR_NO_SUCH_PACKAGE},
        {"Submit", "sasa{sv}", live_submit_arguments("", "../../etc/passwd", "x"),
         BUS_ERROR_INVALID_ARGUMENT},
        {"Submit", "sasa{sv}", live_submit_arguments("", "db-admins", huge), BUS_ERROR_INVALID_ARGUMENT},
        {"Submit", "sasa{sv}", live_submit_arguments("", "db-admins", "a\nb"), BUS_ERROR_INVALID_ARGUMENT},
        {"Submit", "sasa{sv}", live_submit_arguments("", "db-admins", "\033]0;x\a"),
         BUS_ERROR_INVALID_ARGUMENT},
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
        const enum bus_error code = live_call("alice", -1, table[i].method, table[i].signature,
                                              live_packed(table[i].arguments), NULL);
        ck_assert_msg(code == table[i].expected, "row %zu: %d, %s", i, code, live_message);
        ck_assert_msg(*live_message, "row %zu says nothing", i);
    }
    free(huge);
    json_t *value = NULL;
    ck_assert_int_eq(live_call("root", -1, "ListRequests", "a{sv}",
                               live_packed(json_pack("[{s:s}]", "role", "all")), &value),
                     BUS_ERROR_NONE);
    ck_assert_int_eq(json_array_size(value), 0); /* nothing of all this was filed */
    json_decref(value);
    live_file("alice", "db-admins");
}
END_TEST

/* Only spaces and what nobody sees are no reason where one is required. */
START_TEST(test_blank_reasons)
{
    ck_assert_int_eq(live_submit("alice", "db-admins", "  ", NULL), BUS_ERROR_POLICY_REFUSED);
    ck_assert_int_eq(live_submit("alice", "db-admins", "\xe2\x80\x8b \xe2\x80\x8f", NULL),
                     BUS_ERROR_POLICY_REFUSED);
    const int64_t id = live_file("alice", "db-admins");
    ck_assert_int_eq(live_deny("bob", id, " "), BUS_ERROR_INVALID_ARGUMENT);
    ck_assert_int_eq(live_deny("bob", id, "\xf3\xa0\x81\x81\xe3\x80\x80"), BUS_ERROR_INVALID_ARGUMENT);
    ck_assert_int_eq(live_approve("bob", id), BUS_ERROR_NONE);
    ck_assert_int_eq(live_call("root", -1, "Revoke", "sss",
                               live_packed(json_pack("[s, s, s]", "alice", "db-admins", "\xe2\x80\x8b")),
                               NULL),
                     BUS_ERROR_INVALID_ARGUMENT);
}
END_TEST

/* Two accounts with one uid: who is told a request's number is told who can read it. */
START_TEST(test_two_names)
{
    json_t *value = NULL;
    live_expect("root",
                "cp -p /etc/passwd /etc/passwd.first && echo 'alias:x:1001:1001::/:/bin/sh' >>/etc/passwd && "
                "sed -i 's/^\\(staff:.*\\)/\\1,alias/' /etc/group",
                0, "");
    ck_assert_int_eq(
        live_call("root", -1, "Submit", "sasa{sv}",
                  live_packed(json_pack("[s, [s], {s:s}]", "alias", "db-admins", "justification", "x")),
                  &value),
        BUS_ERROR_NONE);
    ck_assert_str_eq(json_string_value(json_object_get(value, "user")), "alias");
    ck_assert_str_eq(json_string_value(json_object_get(value, "runs_as")), "alice");
    json_decref(value);
    live_expect("alice", "pkg-request status 1", 1, "is of another account that has your uid");
    live_expect("carol", "pkg-request status 1 2>&1", 0, "alias");
    live_expect("root", "pkg-request status 1", 0, "alias");
    live_expect("root", "mv /etc/passwd.first /etc/passwd", 0, "");
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
        json_t *arguments = live_packed(json_pack("[s, [s], {}]", names[i], "short"));
        ck_assert_msg(live_call("root", -1, "Submit", "sasa{sv}", arguments, &value) == BUS_ERROR_NONE,
                      "%s: %s", names[i], live_message);
        ck_assert_str_eq(json_string_value(json_object_get(value, "user")), names[i]);
        ck_assert(json_is_true(json_object_get(value, "held")));
        json_decref(value);
    }
    char umlauts[261] = "";
    for (int i = 0; i < 130; i++)
        strcat(umlauts, "\xc3\xa4");
    json_t *arguments = live_packed(json_pack("[s, [s], {}]", umlauts, "short"));
    ck_assert_int_eq(live_call("root", -1, "Submit", "sasa{sv}", arguments, NULL),
                     BUS_ERROR_INVALID_ARGUMENT);
    arguments = live_packed(json_pack("[s, [s], {}]", "nobody-here", "short"));
    ck_assert_int_eq(live_call("root", -1, "Submit", "sasa{sv}", arguments, NULL), BUS_ERROR_NO_SUCH_USER);
    ck_assert_int_eq(live_run("root", "ls -A /var/lib/accesspkg/grants /var/lib/accesspkg"), 0);
    ck_assert_ptr_null(strstr(live_output, "\nx\n"));
}
END_TEST

/* The file of a user whose uid changed counts for nobody at once, and goes without anybody calling. */
START_TEST(test_uid_changed)
{
    ck_assert_int_eq(live_approve("bob", live_file("alice", "db-admins")), BUS_ERROR_NONE);
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
    ck_assert_int_eq(live_approve("bob", live_file("alice", "db-admins")), BUS_ERROR_NONE);
    ck_assert_int_eq(live_run("root", "rm /var/lib/accesspkg/grants/user/alice"), 0);
    ck_assert(!live_in_group("alice", "dbadmins"));
    json_t *value = NULL;
    json_t *arguments = live_packed(json_pack("[s, [s], {s:b}]", "alice", "db-admins", "gate", 1));
    ck_assert_int_eq(live_call("root", -1, "Submit", "sasa{sv}", arguments, &value), BUS_ERROR_NONE);
    ck_assert(json_is_false(json_object_get(value, "held")));
    ck_assert(json_is_true(json_object_get(value, "needs_retry")));
    json_decref(value);
    ck_assert(!live_in_group("alice", "dbadmins"));

    ck_assert_int_eq(live_submit("bob", "open", "x", &value), BUS_ERROR_NONE);
    ck_assert(json_is_true(json_object_get(value, "undecidable")));
    json_decref(value);
    live_expect("bob", "pkg-request submit open", 0, "nobody can decide it now");
}
END_TEST

START_TEST(test_expiry)
{
    json_t *value = NULL;
    const int inotify = inotify_init1(IN_CLOEXEC);
    ck_assert_int_ge(inotify_add_watch(inotify, "/var/lib/accesspkg/grants/user", IN_DELETE), 0);
    ck_assert_int_eq(live_submit("carol", "short", "x", &value), BUS_ERROR_NONE);
    ck_assert_str_eq(json_string_value(json_object_get(value, "state")), "fulfilled");
    const int64_t id = json_integer_value(json_object_get(value, "id"));
    json_decref(value);
    /* The daemon wakes by itself and takes the file away. */
    struct pollfd wait = {.fd = inotify, .events = POLLIN};
    ck_assert_int_eq(poll(&wait, 1, 20000), 1);
    close(inotify);
    live_check_state(id, "access-expired");
    ck_assert(!live_in_group("carol", "auditors"));
    ck_assert_int_ne(live_run("root", "test -e /var/lib/accesspkg/grants/user/carol"), 0);
}
END_TEST

int main(void)
{
    suite_case("callers", live_calls_setup, live_stop);
    suite_timeout(60);
    suite_add(test_life, test_callers, test_bad_arguments, test_blank_reasons, test_two_names, test_odd_names,
              test_uid_changed, test_gate_finds_it_wanting, test_expiry);
    if (live_can_set_loginuid())
        suite_add(test_login_of_the_other);
    else
        puts("Left out: test_login_of_the_other (this machine lets no test set its login uid).");
    return suite_run();
}
