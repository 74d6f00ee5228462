/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The real daemon, while somebody changes by hand what it answers for: grant files, groups and users, with the tools of
 * the host. What was done to a grant file before a call is seen by that call; of the others we wait to be told.
 */
#include "common/cleanup.h"
#include "tests/support/live.h"
#include "tests/support/suite.h"

#include <poll.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#define GRANTS "/var/lib/accesspkg/grants"
#define ASKED                                                                                                \
    "[package]\ngroups = dbadmins backup\n[policy]\nrequestors = %staff\nduration = 1h\napprovers = bob\n"
#define REPAIRED "[package]\ngroups = auditors\n[policy]\napproval = none\nduration = 1h\ndrift = repair\n"
#define FREE     "[package]\ngroups = dbadmins\n[policy]\napproval = none\nduration = 1h\n"
#define LED      "[package]\ngroups = backup\n[policy]\napprovers = %dba-leads\n"
#define SAVED    "/tmp/saved"

static int inotify;

static void setup(void)
{
    /* The accounts as they were before a test changed them. */
    live_expect("root",
                "if [ -d " SAVED " ]; then cp -a " SAVED "/. /etc/; else mkdir " SAVED
                " && cp -a /etc/passwd /etc/group /etc/shadow " SAVED "; fi",
                0, "");
    live_start("asked", ASKED, "repaired", REPAIRED, "free", FREE, "led", LED, NULL);
    inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    ck_assert_int_ge(inotify, 0);
    ck_assert_int_ge(inotify_add_watch(inotify, GRANTS "/user", IN_MOVED_TO | IN_DELETE), 0);
}

static void teardown(void)
{
    close(inotify);
    live_stop();
}

/* Asks again each time that the daemon wrote or removed a grant file. */
static void wait_for(const char *command, const char *says)
{
    char events[4096];
    for (;;) {
        while (read(inotify, events, sizeof(events)) > 0)
            ;
        live_run("root", command);
        if (strstr(live_output, says))
            return;
        struct pollfd wait = {.fd = inotify, .events = POLLIN};
        ck_assert_msg(poll(&wait, 1, 20000) == 1, "%s: waited for %s: %s", command, says, live_output);
    }
}

static void hold(const char *user)
{
    char command[128];
    snprintf(command, sizeof(command), "pkg-admin assign asked %s", user);
    live_expect("root", command, 0, "Fulfilled");
}

static int64_t count(const char *sql)
{
    sqlite3 *database = NULL;
    sqlite3_stmt *s = NULL;
    ck_assert_int_eq(sqlite3_open_v2("/var/lib/accesspkg/state.db", &database, SQLITE_OPEN_READWRITE, NULL),
                     SQLITE_OK);
    sqlite3_busy_timeout(database, 10000);
    ck_assert_int_eq(sqlite3_prepare_v2(database, sql, -1, &s, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_step(s), SQLITE_ROW);
    const int64_t number = sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    sqlite3_close(database);
    return number;
}

static const char drifts[] = "SELECT count(*) FROM audit WHERE event = 'drift'";

/* So it is with what is taken away while the daemon is stopped. */
START_TEST(test_removed_while_stopped)
{
    hold("alice");
    ck_assert_int_eq(live_stop_daemon(SIGTERM), 0);
    live_expect("root", "rm " GRANTS "/user/alice", 0, "");
    live_start_daemon();
    json_t *value = NULL;
    json_t *arguments = json_pack("[s, [s], {s:b}]", "alice", "asked", "gate", 1);
    ck_assert_int_eq(live_call("root", -1, "Submit", "sasa{sv}", arguments, &value), BUS_ERROR_NONE);
    ck_assert(json_is_false(json_object_get(value, "held")));
    json_decref(value);
    live_expect("root", "test -e " GRANTS "/user/alice", 1, "");
    live_expect("root", "pkg-admin status", 0, "asked of alice: backup: removed by hand (drift)");
    live_expect("root", "pkg-admin retry asked alice", 0, "asked of alice: Fulfilled");
    ck_assert(live_in_group("alice", "dbadmins"));
}
END_TEST

/* Rule 6: somebody took it away, and it stays away until an administrator says so. */
START_TEST(test_removed)
{
    hold("alice");
    live_expect(
        "root", "rm " GRANTS "/user/alice && pkg-admin status", 0,
        "asked of alice: backup: removed by hand (drift); dbadmins: removed by hand (drift); to put it back: "
        "pkg-admin retry asked alice");
    live_expect("alice", "pkg-request status 1", 0, "Partially fulfilled");
    live_expect("alice", "pkg-request status 1", 0, "dbadmins: removed by hand (drift)");
    live_expect("alice", "pkg-request status 1", 0, "by an administrator: pkg-admin retry asked alice\n");
    ck_assert(!live_in_group("alice", "dbadmins"));
    json_t *value = NULL;
    json_t *arguments = json_pack("[s, [s], {s:b}]", "alice", "asked", "gate", 1);
    ck_assert_int_eq(live_call("root", -1, "Submit", "sasa{sv}", arguments, &value), BUS_ERROR_NONE);
    ck_assert(json_is_false(json_object_get(value, "held")));
    ck_assert(json_is_true(json_object_get(value, "needs_retry")));
    json_decref(value);
    live_expect("root", "pkg-admin retry asked alice", 0, "asked of alice: Fulfilled");
    ck_assert(live_in_group("alice", "dbadmins"));
    ck_assert_int_eq(count(drifts), 1);
    live_expect("root", "pkg-admin status | grep -q 'by hand'", 1, "");
}
END_TEST

START_TEST(test_edited)
{
    hold("alice");
    hold("dave");
    live_expect("root", "sed -i '/ backup /d' " GRANTS "/user/alice && pkg-admin status", 0,
                "asked of alice: backup: removed by hand");
    ck_assert(!live_in_group("alice", "backup"));
    ck_assert(live_in_group("alice", "dbadmins"));
    live_expect("root", "echo garbage >" GRANTS "/user/dave && pkg-request status 2", 0,
                "backup: changed by hand");
}
END_TEST

START_TEST(test_replaced_folder)
{
    hold("alice");
    live_expect("root",
                "mv " GRANTS "/user " GRANTS "/away && mkdir " GRANTS "/user && chown accesspkg: " GRANTS
                "/user",
                0, "");
    ck_assert_int_ge(inotify_add_watch(inotify, GRANTS "/user", IN_MOVED_TO | IN_DELETE), 0);
    wait_for("pkg-admin status", "asked of alice: backup: removed by hand");
    live_expect("root", "pkg-admin retry asked alice", 0, "Fulfilled");
    live_expect("root", "rm " GRANTS "/user/alice && pkg-request status 1", 0, "removed by hand");
}
END_TEST

START_TEST(test_repair)
{
    live_expect("alice", "pkg-request submit repaired", 0, "You hold repaired");
    live_expect("root", "rm " GRANTS "/user/alice", 0, "");
    wait_for("cat " GRANTS "/user/alice", "package repaired");
    ck_assert(live_in_group("alice", "auditors"));
    ck_assert_int_eq(count(drifts), 1);
}
END_TEST

/* A reload that brings `repair` puts back what waited. */
START_TEST(test_repair_by_reload)
{
    live_expect("alice", "pkg-request submit free", 0, "You hold free");
    live_expect("root", "rm " GRANTS "/user/alice && pkg-request status 1", 0, "removed by hand");
    live_write_package("free", FREE "drift = repair\n");
    live_expect("root", "pkg-admin reload", 0, "Policy reloaded");
    wait_for("pkg-request status 1", "Fulfilled");
    ck_assert(live_in_group("alice", "dbadmins"));
}
END_TEST

/* Gives and takes, in a process of root's. */
static int load(void *data)
{
    (void)data;
    static const char *const users[] = {"alice", "carol", "dave"};
    struct client client;
    struct client_error error = {0};
    if (client_open(&client, &error) < 0)
        return 1;
    for (int i = 0; i < 300; i++) {
        json_t *value = NULL;
        const char *user = users[i % 3];
        client_deadline(20);
        if (client_call(
                &client,
                client_message("Assign", "ssa{sv}", json_pack("[s, s, {}]", user, i % 2 ? "asked" : "free")),
                &value, &error) < 0)
            return 2;
        json_decref(value);
        if (client_call(
                &client,
                client_message("Revoke", "sss", json_pack("[s, s, s]", user, i % 2 ? "asked" : "free", "x")),
                &value, &error) < 0)
            return 3;
        json_decref(value);
    }
    return 0;
}

/* What the daemon writes itself is no drift; what somebody else does meanwhile is. */
START_TEST(test_load)
{
    live_expect("root", "pkg-admin assign asked bob", 0, "Fulfilled");
    const pid_t one = live_fork("root", load, NULL);
    ck_assert_int_eq(live_join(one), 0);
    ck_assert_int_eq(count(drifts), 0);
    const pid_t two = live_fork("root", load, NULL);
    live_expect("root", "rm " GRANTS "/user/bob && pkg-request status 1", 0, "removed by hand");
    ck_assert_int_eq(live_join(two), 0);
    ck_assert_int_eq(count(drifts), 1);
    ck_assert_int_eq(count("SELECT count(*) FROM assignment WHERE state = 'partially-fulfilled'"), 1);
}
END_TEST

/* The real tools replace /etc/group by rename. */
START_TEST(test_groups)
{
    hold("alice");
    live_expect("alice", "pkg-request submit free", 0, "You hold free");
    live_expect("root", "gpasswd -a dave dbadmins && gpasswd -d dave dbadmins", 0, "");
    live_expect("root", "groupmod -g 3500 backup", 0, "");
    wait_for("pkg-request status 1", "backup: the group backup has the number 3500 now, not 34 (drift)");
    ck_assert(!live_in_group("alice", "backup"));
    live_expect("root", "pkg-admin retry asked alice", 0, "not on the allow-list");
    live_expect("root", "pkg-admin reload && pkg-admin retry asked alice", 0, "Fulfilled");
    ck_assert(live_in_group("alice", "backup"));
    live_expect("root", "groupdel dbadmins", 0, "");
    wait_for("pkg-request status 1", "dbadmins: the group dbadmins was deleted (drift)");
    wait_for("pkg-request status 2", "dbadmins: the group dbadmins was deleted (drift)");
    ck_assert(!live_in_group("alice", "dbadmins"));
    live_expect("root", "pkg-admin retry free alice", 0, "there is no such group");
    live_expect("root", "groupadd -g 2001 dbadmins && pkg-admin retry free alice", 0, "Fulfilled");
    ck_assert_int_eq(count(drifts), 3);
}
END_TEST

START_TEST(test_allow_list)
{
    hold("alice");
    /* A policy that takes the group away is no drift: who holds it holds it to the end. */
    live_write_package("asked", "[package]\ngroups = dbadmins\n[policy]\napprovers = bob\n");
    live_expect("root", "pkg-admin reload", 0, "Policy reloaded");
    live_expect("root", "rm /var/lib/accesspkg/allow/gid-2001", 0, "");
    wait_for("pkg-request status 1", "dbadmins: it was taken off the allow-list");
    ck_assert_int_eq(live_run("root", "pkg-request status 1 | grep backup:"), 1);
    live_expect("root", "pkg-admin reload && pkg-admin retry asked alice", 0, "asked of alice: Fulfilled");
    ck_assert(live_in_group("alice", "dbadmins"));
}
END_TEST

START_TEST(test_users)
{
    hold("alice");
    hold("carol");
    live_expect("dave", "pkg-request submit asked", 0, "is filed");
    live_expect("root", "usermod -s /bin/sh -c 'Alice Again' alice", 0, "");
    live_expect("root", "userdel alice && userdel dave", 0, "");
    wait_for("pkg-request status 1", "Revoked");
    wait_for("ls " GRANTS "/user", "carol");
    wait_for("pkg-request status 3", "no longer on this host"); /* before they are made anew */
    ck_assert_int_eq(count("SELECT count(*) FROM audit WHERE event = 'revoke' AND detail ="
                           " 'the user is no longer on this host'"),
                     1);
    /* The same name, the same number, somebody else. */
    live_expect("root", "useradd -u 1001 -G staff alice && useradd -u 1004 -G staff dave", 0, "");
    live_expect("alice", "pkg-request submit asked", 0, "is filed");
    ck_assert(!live_in_group("alice", "dbadmins"));
    live_expect("root", "usermod -u 1234 carol", 0, "");
    wait_for("ls " GRANTS "/user | wc -l", "0\n");
    ck_assert(!live_in_group("carol", "dbadmins"));
    live_expect("root", "pkg-request status 2", 0, "Revoked");
}
END_TEST

/* A request whose approvers leave says at once that nobody can decide it. */
START_TEST(test_approvers)
{
    live_expect("alice", "pkg-request submit led", 0, "is filed");
    live_expect("root", "gpasswd -d bob dba-leads && gpasswd -d carol dba-leads", 0, "");
    json_t *value = NULL;
    for (int i = 0; i < 500; i++) {
        json_decref(value);
        ck_assert_int_eq(live_call("root", -1, "GetStatus", "", json_array(), &value), BUS_ERROR_NONE);
        if (json_integer_value(json_object_get(value, "undecidable")) == 1)
            break;
    }
    ck_assert_int_eq(json_integer_value(json_object_get(value, "undecidable")), 1);
    json_decref(value);
}
END_TEST

/* A file that somebody removed from, or added to, a folder of ours; an editor's own file is given its time. */
START_TEST(test_strays)
{
    hold("alice");
    live_expect("root", "cp -p " GRANTS "/user/alice " GRANTS "/user/mallory", 0, "");
    wait_for("ls " GRANTS "/user | wc -l", "1\n");
    live_expect("root", "pkg-request status 1", 0, "Fulfilled");
}
END_TEST

/* Whoever writes into the file leaves it empty for a moment: that is no answer, and nobody is gone for it. */
START_TEST(test_lookup)
{
    hold("alice");
    live_expect("root", "echo '{\"user\": \"alice\"}' | /usr/libexec/accesspkg/accesspkg-lookup", 0,
                "\"local\":true");
    live_expect("root", "echo '{\"user\": \"nobody-here\"}' | /usr/libexec/accesspkg/accesspkg-lookup", 0,
                "{\"user\":null,\"user_gone\":true}");
    live_expect("root",
                ": >/etc/passwd && echo '{\"user\": \"alice\"}' | /usr/libexec/accesspkg/accesspkg-lookup;"
                "cp " SAVED "/passwd /etc",
                0, "{\"user\":false,\"user_gone\":false}");
    live_expect("root", "sed -i /^backup:/d /etc/group; getent group backup", 2, "");
    live_expect("root",
                "echo '{\"groups\": [\"backup\", \"dbadmins\"]}' | /usr/libexec/accesspkg/accesspkg-lookup",
                0, "{\"group\":0,\"gid\":null,\"local\":false}\n{\"group\":1,\"gid\":2001,\"local\":true}");
    live_expect("root",
                ": >/etc/group; echo '{\"groups\": [\"backup\"], \"principals\": [\"%backup\"]}' |"
                " /usr/libexec/accesspkg/accesspkg-lookup",
                0,
                "{\"group\":0,\"gid\":false}\n{\"principals\":true}\n{\"principal\":0,\"unanswered\":true}\n"
                "{\"end\":true}\n");
}
END_TEST

/* A file that could not be opened once, for want of a descriptor, is read when it can be. Its first answer says that the
 * program has its libraries. */
START_TEST(test_lookup_recovers)
{
    live_expect(
        "root",
        "bash -c 'coproc L { exec /usr/libexec/accesspkg/accesspkg-lookup; }; "
        "ask() { echo \"{\\\"user\\\": \\\"alice\\\"}\" >&${L[1]}; while read -r line <&${L[0]}; do echo "
        "\"$line\"; test \"$line\" != \"{\\\"end\\\":true}\" || break; done; }; "
        "ask >/dev/null; touch /etc/passwd; "
        "until test $(($(date +%s) - $(stat -c %Z /etc/passwd))) -gt 2; do :; done; "
        "prlimit --pid $L_PID --nofile=3:1024; ask; "
        "prlimit --pid $L_PID --nofile=1024:1024; ask'",
        0, "{\"user\":false,\"user_gone\":false}");
    ck_assert_ptr_nonnull(strstr(live_output, "\"local\":true"));
}
END_TEST

int main(void)
{
    suite_case("drift", setup, teardown);
    suite_timeout(120);
    suite_add(test_removed, test_removed_while_stopped, test_edited, test_replaced_folder, test_repair,
              test_repair_by_reload, test_load, test_groups, test_allow_list, test_users, test_approvers,
              test_strays, test_lookup, test_lookup_recovers);
    return suite_run();
}
