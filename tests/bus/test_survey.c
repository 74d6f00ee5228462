/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who can decide, with the real daemon, the real accesspkg-lookup and groups that gpasswd and groupdel change meanwhile.
 * Waits for RequestChanged, never for a time.
 */
#include "tests/support/live.h"
#include "tests/support/suite.h"

#include <dbus/dbus.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define STAGE "[package]\ngroups = dbadmins\n[stage 1]\napprovers = %dba-leads\n"

enum { CHANGED_TIMEOUT_MS = 20000 };

static DBusConnection *watch;

static void setup(void)
{
    ck_assert_int_eq(live_run("root", "cp -p /etc/group /tmp/group"), 0);
    live_start(
        "early", STAGE "fallback_approvers = dave\n", "alone", STAGE, "two",
        "[package]\ngroups = dbadmins nightshift\n[policy]\nrequestors = %staff\njustification = required\n"
        "extension = approval\n[stage 1]\napprovers = %dba-leads\nquorum = 2\nfallback_approvers = dave\n"
        "[stage 2]\napprovers = erin\n",
        "short", STAGE "timeout = 1s\n", "lead", "[package]\ngroups = dba-leads\n[policy]\napproval = none\n",
        NULL);
    dbus_connection_set_change_sigpipe(FALSE);
    watch = dbus_bus_get_private(DBUS_BUS_SYSTEM, NULL);
    ck_assert_ptr_nonnull(watch);
    dbus_connection_set_exit_on_disconnect(watch, FALSE);
    dbus_bus_add_match(watch, "type='signal',member='RequestChanged'", NULL);
}

static void teardown(void)
{
    dbus_connection_close(watch);
    dbus_connection_unref(watch);
    live_stop();
    ck_assert_int_eq(live_run("root", "cp -p /tmp/group /etc/group"), 0);
}

/* Waits until this request is announced. */
static void await_change(int64_t id)
{
    for (;;) {
        DBusMessage *message;
        while ((message = dbus_connection_pop_message(watch))) {
            dbus_int64_t changed = 0;
            const bool is =
                dbus_message_is_signal(message, BUS_INTERFACE_MANAGER, "RequestChanged") &&
                dbus_message_get_args(message, NULL, DBUS_TYPE_INT64, &changed, DBUS_TYPE_INVALID);
            dbus_message_unref(message);
            if (is && changed == id)
                return;
        }
        ck_assert_msg(dbus_connection_read_write(watch, CHANGED_TIMEOUT_MS), "the bus went away");
    }
}

/* Takes what was announced so far. */
static void forget_changes(void)
{
    DBusMessage *message;
    dbus_connection_flush(watch);
    while (dbus_connection_read_write(watch, 0) && (message = dbus_connection_pop_message(watch)))
        dbus_message_unref(message);
}

/* The group goes: whoever is asked in its place need not wait for a survey. */
START_TEST(test_vanished_at_the_decision)
{
    live_expect("alice", "pkg-request submit early", 0, "It waits for: %dba-leads.");
    live_expect("dave", "pkg-approve approve 1", 77, "not an approver");
    live_expect("root", "groupdel dba-leads", 0, "");
    live_expect("dave", "pkg-approve approve 1", 0, "alice holds early");
}
END_TEST

/* A survey after a reload finds it, and says so to who follows the request. */
START_TEST(test_vanished_at_a_reload)
{
    live_expect("alice", "pkg-request submit early", 0, "is filed");
    await_change(1);
    live_expect("dave", "pkg-approve", 0, "Nothing waits for you");
    live_expect("root", "gpasswd -d bob dba-leads && gpasswd -d carol dba-leads", 0, "");
    live_expect("root", "pkg-admin reload", 0, "Policy reloaded");
    await_change(1);
    live_expect("alice", "pkg-request status 1", 0, "%dba-leads, dave");
    live_expect("alice", "pkg-request status 1", 0, "Fallback asked:");
    live_expect("dave", "pkg-approve", 0, "alice");
    live_expect("dave", "pkg-approve approve 1", 0, "alice holds early");
}
END_TEST

/* And so does the one after a start, for what happened meanwhile. */
START_TEST(test_vanished_while_stopped)
{
    live_expect("alice", "pkg-request submit early", 0, "is filed");
    ck_assert_int_eq(live_stop_daemon(SIGTERM), 0);
    live_expect("root", "groupdel dba-leads", 0, "");
    forget_changes();
    live_start_daemon();
    await_change(1);
    live_expect("alice", "pkg-request status 1", 0, "%dba-leads, dave");
}
END_TEST

/* The daemon wakes for it by itself, and tells. */
START_TEST(test_after_its_time)
{
    live_write_package("later", STAGE "fallback_approvers = dave\nescalate_after = 1s\n");
    live_expect("root", "pkg-admin reload", 0, "Policy reloaded");
    live_expect("alice", "pkg-request submit later", 0, "It waits for: %dba-leads");
    await_change(1); /* filed */
    await_change(1); /* and escalated */
    live_expect("alice", "pkg-request status 1", 0, "%dba-leads, dave");
    live_expect("dave", "pkg-approve approve 1", 0, "alice holds later");
}
END_TEST

START_TEST(test_undecidable_and_again)
{
    live_expect("alice", "pkg-request submit alone", 0, "is filed");
    await_change(1);
    live_expect("root", "! pkg-admin status | grep 'Nobody can decide'", 0, "");
    live_expect("root", "groupdel dba-leads", 0, "");
    live_expect("root", "pkg-admin reload", 0, "Policy reloaded");
    await_change(1);
    live_expect("alice", "pkg-request status 1", 0,
                "nobody can decide it now: nobody is left who may approve it");
    live_expect("alice", "pkg-request status 1", 0, "%dba-leads does not exist");
    live_expect("root", "pkg-approve show 1", 0, "nobody can decide it now");
    live_expect("root", "pkg-admin status", 0, "request 1, alone of alice: nobody is left");
    live_expect("root", "groupadd -g 2002 dba-leads && gpasswd -a bob dba-leads", 0, "");
    live_expect("root", "pkg-admin reload", 0, "Policy reloaded");
    await_change(1);
    live_expect("root", "! pkg-admin status | grep 'Nobody can decide'", 0, "");
    live_expect("bob", "pkg-approve approve 1", 0, "alice holds alone");
}
END_TEST

/* The answer of Submit is right at once, at the gate too, where the requestor is the only member. */
START_TEST(test_judged_at_submission)
{
    json_t *value = NULL;
    live_expect("root", "gpasswd -d carol dba-leads", 0, "");
    live_expect("bob", "pkg-request submit alone", 0,
                "But nobody can decide it now: nobody is left who may approve it");
    live_expect("bob", "pkg-request submit early", 0, "It waits for: %dba-leads, dave.");
    live_expect("alice", "pkg-request submit alone", 0, "It waits for: %dba-leads.");
    live_expect("root", "gpasswd -d bob dba-leads", 0, "");
    json_t *arguments = json_pack("[s, [s], {s:b}]", "carol", "alone", "gate", 1);
    ck_assert_int_eq(live_call("root", -1, "Submit", "sasa{sv}", arguments, &value), BUS_ERROR_NONE);
    const json_t *request = json_is_array(value) ? json_array_get(value, 0) : value;
    ck_assert(json_is_true(json_object_get(request, "undecidable")));
    json_decref(value);
}
END_TEST

START_TEST(test_explain)
{
    live_expect("root", "pkg-admin explain two alice", 0, "May ask:     yes\n");
    ck_assert_ptr_nonnull(strstr(live_output, "bob, carol (%dba-leads)"));
    ck_assert_ptr_nonnull(strstr(live_output, "erin may not log in"));
    ck_assert_ptr_nonnull(strstr(live_output, "no: there is no such group on this host"));
    live_expect("root", "pkg-admin explain two bob", 0, "does not let you ask for it");
    live_expect("carol", "pkg-request explain two", 0, "with the fallback approvers, who are asked at once");
    ck_assert_ptr_nonnull(strstr(live_output, "bob (%dba-leads)"));
    live_expect("carol", "pkg-request explain two --json", 0, "\"reach\": \"fallback\"");
    live_expect("carol", "pkg-admin explain two carol", 0, "carol (uid 1003)");
    live_expect("carol", "pkg-admin explain two alice", 77, "Only root");
    live_expect("carol", "pkg-admin explain two nobody-here", 77, "Only root");
    live_expect("root", "pkg-admin explain two nobody-here", 67, "no user nobody-here");
    live_expect("root", "pkg-admin explain nothing alice", 1, "no access package nothing");
    live_expect("alice", "pkg-request submit two -m why", 0, "is filed");
    live_expect("alice", "pkg-request explain two", 0, "Pending approval, request 1");
}
END_TEST

/* Who has the approvers' group by a package counts, and may decide: no list of the group's members names them. */
START_TEST(test_approver_by_a_package)
{
    live_expect("root", "gpasswd -d bob dba-leads && gpasswd -d carol dba-leads", 0, "");
    live_expect("alice", "pkg-request submit alone", 0, "nobody can decide it now");
    live_expect("dave", "pkg-approve approve 1", 77, "not an approver");
    forget_changes();
    live_expect("dave", "pkg-request submit lead", 0, "You hold lead");
    await_change(1);
    live_expect("root", "! pkg-admin status | grep 'Nobody can decide'", 0, "");
    live_expect("root", "pkg-admin explain alone alice", 0, "dave (%dba-leads)");
    live_expect("dave", "pkg-request explain alone", 0, "nobody (%dba-leads)");
    live_expect("dave", "pkg-approve", 0, "alice");
    live_expect("dave", "pkg-approve approve 1", 0, "alice holds alone");
    live_expect("bob", "pkg-request submit alone", 0, "It waits for: %dba-leads.");
    ck_assert_ptr_null(strstr(live_output, "nobody can decide"));
    live_expect("dave", "pkg-request return lead", 0, "handed back");
    live_expect("dave", "pkg-approve approve 3", 77, "not an approver");
    live_expect("carol", "pkg-request submit alone", 0, "nobody can decide it now");
}
END_TEST

/* The last of them hands it back: who is asked in their place need not wait for the hour. */
START_TEST(test_last_holder_ends)
{
    live_expect("root", "gpasswd -d bob dba-leads && gpasswd -d carol dba-leads", 0, "");
    live_expect("bob", "pkg-request submit lead", 0, "You hold lead");
    live_expect("alice", "pkg-request submit early", 0, "It waits for: %dba-leads.");
    await_change(2);
    live_expect("bob", "pkg-request return lead", 0, "handed back");
    await_change(2);
    live_expect("alice", "pkg-request status 2", 0, "%dba-leads, dave");
    live_expect("dave", "pkg-approve approve 2", 0, "alice holds early");
}
END_TEST

/* Only where account and group are still those, and may log in; each once, also beside the directory's members. */
START_TEST(test_holders_in_a_look_up)
{
    live_expect(
        "root",
        "echo '{\"principals\": [\"%dba-leads\", \"%gone\", \"%auditors\"], \"holders\": {\"%dba-leads\": ["
        "{\"name\": \"carol\", \"uid\": 1003, \"gid\": 2002}, {\"name\": \"dave\", \"uid\": 1004, \"gid\": "
        "2002},"
        "{\"name\": \"dave\", \"uid\": 1004, \"gid\": 2002}, {\"name\": \"alice\", \"uid\": 4242, \"gid\": "
        "2002},"
        "{\"name\": \"alice\", \"uid\": 1001, \"gid\": 9}, {\"name\": \"erin\", \"uid\": 1005, \"gid\": "
        "2002},"
        "{\"name\": \"ghost\", \"uid\": 7, \"gid\": 2002}], \"%gone\": [{\"name\": \"dave\", \"uid\": 1004,"
        "\"gid\": 9}]}}' | /usr/libexec/accesspkg/accesspkg-lookup | "
        "grep -o 'principal\":.*\"people\":\\[{\"name\":\"[a-z]*\"\\|principal\":.*\"whole\"' | "
        "sed 's/principal..\\([0-9]\\).*\"\\([a-z]*\\)\"$/\\1 \\2/' | tr '\\n' ,",
        0, "0 carol,0 dave,0 bob,1 whole,0 whole,2 whole,");
}
END_TEST

/* What to do about a request that nobody decided, to be pasted; once it was done nothing is said any more. */
START_TEST(test_expired)
{
    live_expect("alice", "pkg-request submit short -m \"it's late\"", 0, "is filed");
    await_change(1); /* filed */
    await_change(1); /* and timed out */
    live_expect("alice", "pkg-request status 1", 0,
                "To ask again: pkg-request submit short -m 'it'\\''s late'\n");
    live_expect("alice", "pkg-request", 0, "To ask again: pkg-request submit short -m 'it'\\''s late'\n");
    live_expect("alice", "eval \"$(pkg-request 2>&1 | sed -n 's/.*To ask again: //p')\"", 0,
                "Request 2 for short is filed");
    live_expect("alice", "pkg-request status 2", 0, "it's late");
    live_expect("alice", "pkg-request 2>&1 | grep -c 'request 1 expired'", 1, "0");
}
END_TEST

#define ASK_LOOKUP                                                                                           \
    "echo '{\"groups\": [\"dbadmins\"], \"principals\": [\"bob\", \"ghost\", \"%%gone\", %s]}' | "           \
    "/usr/libexec/accesspkg/accesspkg-lookup"

/* Large groups cost an answer neither its bound nor its time: what does not fit is not known, the rest is. */
START_TEST(test_large_groups)
{
    char command[512];
    live_expect(
        "root",
        "cp -p /etc/passwd /tmp/passwd; for i in $(seq 300); do echo u$i:x:$((5000 + i)):100::/:/bin/sh; "
        "done "
        ">>/etc/passwd; m=$(seq -s, -f u%g 300); for i in $(seq 12); do echo big$i:x:$((6000 + i)):$m; done "
        ">>/etc/group",
        0, "");
    snprintf(command, sizeof(command), ASK_LOOKUP, "\"%dba-leads\", \"erin\"");
    live_expect(
        "root", command, 0,
        "{\"group\":0,\"gid\":2001,\"local\":true}\n{\"principals\":true}\n"
        "{\"principal\":0,\"local\":true,\"exists\":true,\"people\":[{\"name\":\"bob\",\"uid\":1002}]}\n"
        "{\"principal\":0,\"local\":true,\"whole\":true}\n"
        "{\"principal\":4,\"local\":true,\"exists\":true}\n{\"principal\":4,\"local\":true,\"whole\":true}\n"
        "{\"principal\":3,\"local\":true,\"exists\":true}\n"
        "{\"principal\":3,\"local\":true,\"exists\":true,\"people\":[{\"name\":\"bob\",\"uid\":1002}]}\n"
        "{\"principal\":3,\"local\":true,\"exists\":true,\"people\":[{\"name\":\"carol\",\"uid\":1003}]}\n"
        "{\"principal\":1,\"whole\":true}\n{\"principal\":2,\"whole\":true}\n"
        "{\"principal\":3,\"local\":true,\"whole\":true}\n"
        "{\"end\":true}\n");
    snprintf(command, sizeof(command), ASK_LOOKUP " | grep -o uid | wc -l", "\"%big1\"");
    live_expect("root", command, 0, "257\n"); /* bob, and FACTS_PEOPLE_MAX of them */
    snprintf(command, sizeof(command), ASK_LOOKUP " | grep -c '4,\"whole\"'", "\"erin\", \"%big1\"");
    live_expect("root", command, 1, "0\n"); /* and it says that these are not all */
    snprintf(command, sizeof(command), ASK_LOOKUP " | grep -o uid | wc -l",
             "\"%big1\", \"%big2\", \"%big3\", \"%big4\", \"%big5\", \"%big6\", \"%big7\", \"%big8\", "
             "\"%big9\", \"%big10\", \"%big11\", \"%big12\"");
    live_expect("root", command, 0, "");
    ck_assert_int_le(atoi(live_output), 2048 + 1); /* of all principals together */
    live_expect("root", "cp -p /tmp/passwd /etc/passwd", 0, "");
}
END_TEST

int main(void)
{
    suite_case("survey", setup, teardown);
    suite_timeout(60);
    suite_add(test_vanished_at_the_decision, test_vanished_at_a_reload, test_vanished_while_stopped,
              test_after_its_time, test_undecidable_and_again, test_judged_at_submission, test_explain,
              test_approver_by_a_package, test_last_holder_ends, test_holders_in_a_look_up, test_expired,
              test_large_groups);
    return suite_run();
}
