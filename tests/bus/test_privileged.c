/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The root service and members of /etc/group: who may call, for which groups, a gpasswd in trouble, coming and going;
 * and the daemon's client for it.
 */
#include "tests/support/ask.h"
#include "tests/support/suite.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define PACKAGE "[package]\ngroups = dbadmins staff\n[policy]\napproval = none\n"
#define GPASSWD "/usr/bin/gpasswd"

static struct outcome *add(const char *group, const char *user)
{
    return ask_it((struct ask){.kind = ASK_ADD, .group = group, .user = user});
}

/* As accesspkgd does at its start for what an older version added. */
static struct outcome *note(const char *group, const char *user, int64_t until)
{
    return ask_it((struct ask){.kind = ASK_NOTE, .group = group, .user = user, .until = until});
}

static struct outcome *take(const char *group, const char *user)
{
    return ask_it((struct ask){.kind = ASK_REMOVE, .group = group, .user = user});
}

static struct outcome *members(const char *group)
{
    return ask_it((struct ask){.kind = ASK_MEMBERS, .group = group});
}

static void assert_line(const char *line)
{
    char command[512];
    snprintf(command, sizeof(command), "grep -qx '%s' /etc/group || { cat /etc/group; false; }", line);
    ask_root(command);
}

static void setup(void)
{
    ask_setup(PACKAGE);
}

static void teardown(void)
{
    ask_teardown();
    ask_root("umount " GPASSWD " 2>/dev/null; rm -f /run/live-bus.conf");
}

/* ---- members ---- */

START_TEST(test_add_and_remove)
{
    ck_assert_changed(add("dbadmins", "alice"), true);
    assert_line("dbadmins:x:2001:alice");
    ck_assert_changed(add("dbadmins", "alice"), true); /* rule 7: it is ours still */
    ck_assert_changed(add("dbadmins", "bob"), true);
    assert_line("dbadmins:x:2001:alice,bob");
    ck_assert_int_eq(members("dbadmins")->result, 0);
    ck_assert_str_eq(outcomes[0].lines, "alice\nbob\n");
    ck_assert_changed(take("dbadmins", "alice"), true);
    assert_line("dbadmins:x:2001:bob");
    ck_assert_changed(take("dbadmins", "alice"), false);
    ck_assert_changed(take("dbadmins", "bob"), true);
    ask_root("cmp /etc/group /etc/group.first");
}
END_TEST

/* Rule 6: who stood there before is told apart. What NSS adds (here: a grant file) does not count. */
START_TEST(test_members_before)
{
    ck_assert_changed(add("staff", "alice"), false);
    ck_assert_changed(add("staff", "bob"), true);
    assert_line("staff:x:2000:alice,carol,dave,bob");
    ask_root("date +%s >/tmp/now; printf 'accesspkg-grants 1\nuser bob 1002\nwritten %s\n"
             "package p 1 9000000000 1\ngroup 2001 dbadmins 1 9000000000\nend\n' $(cat /tmp/now) "
             ">/var/lib/accesspkg/grants/user/bob && chown 990 /var/lib/accesspkg/grants/user/bob && "
             "id -nG bob | grep -w dbadmins");
    ck_assert_changed(add("dbadmins", "bob"), true);
}
END_TEST

START_TEST(test_users)
{
    ck_assert_refused(add("dbadmins", "nobody-here"), BUS_ERROR_NO_SUCH_USER);
    ck_assert_refused(add("dbadmins", "ALICE"), BUS_ERROR_NO_SUCH_USER);
    ck_assert_changed(add("dbadmins", "dave"), true);
    ask_root("sed -i /^dave:/d /etc/passwd");
    ck_assert_changed(take("dbadmins", "dave"), true); /* a deleted account */
    assert_line("dbadmins:x:2001:");
}
END_TEST

START_TEST(test_allow_list)
{
    ck_assert_refused(add("auditors", "alice"), BUS_ERROR_NOT_AUTHORIZED);
    ck_assert_refused(take("auditors", "alice"), BUS_ERROR_NOT_AUTHORIZED);
    ck_assert_refused(members("auditors"), BUS_ERROR_NOT_AUTHORIZED);
    ck_assert_refused(add("root", "alice"), BUS_ERROR_NOT_AUTHORIZED);
    ck_assert_refused(add("no-such", "alice"), BUS_ERROR_NO_SUCH_GROUP);
    ask_root("sed -i s/^dbadmins:x:2001:/dbadmins:x:0:/ /etc/group");
    ck_assert_refused(add("dbadmins", "alice"), BUS_ERROR_NOT_AUTHORIZED);
    ask_root("sed -i /^dbadmins:/d /etc/group");
    ck_assert_refused(add("dbadmins", "alice"), BUS_ERROR_NO_SUCH_GROUP);
    ask_root("cp -p /etc/group.first /etc/group && echo auditors >/var/lib/accesspkg/allow/gid-2001");
    ck_assert_refused(add("dbadmins", "alice"), BUS_ERROR_NOT_AUTHORIZED);
    ask_root("rm /var/lib/accesspkg/allow/gid-2001");
    ck_assert_refused(add("dbadmins", "alice"), BUS_ERROR_NOT_AUTHORIZED);
    ask_root("cmp /etc/group /etc/group.first");
}
END_TEST

static const char *const odd_names[] = {
    "",
    "-r",
    "--help",
    "-R",
    "+alice",
    "alice,root",
    "alice:x",
    "alice\nroot",
    "a\tb",
    "\x1b[2J",
    "a\xc2\x85"
    "b",
    "\xe2\x80\xae"
    "alice",
};

/* Even of an account that has the name. */
START_TEST(test_odd_names)
{
    char long_name[400];
    ask_root("printf '%s\\n' -- '-r:x:1101:1101::/:/bin/sh' 'alice,root:x:1102:1102::/:/bin/sh' "
             ">>/etc/passwd");
    for (size_t i = 0; i < sizeof(odd_names) / sizeof(*odd_names); i++) {
        ck_assert_refused(add("dbadmins", odd_names[i]), BUS_ERROR_INVALID_ARGUMENT);
        ck_assert_refused(take("dbadmins", odd_names[i]), BUS_ERROR_INVALID_ARGUMENT);
        ck_assert_refused(add(odd_names[i], "alice"), BUS_ERROR_INVALID_ARGUMENT);
        ck_assert_ptr_null(strpbrk(outcomes[0].message, "\x1b\n\t"));
    }
    memset(long_name, 'a', sizeof(long_name) - 1);
    long_name[sizeof(long_name) - 1] = '\0';
    ck_assert_refused(add("dbadmins", long_name), BUS_ERROR_INVALID_ARGUMENT);
    ask_root("cmp /etc/group /etc/group.first");
}
END_TEST

/* Names that are usual where a directory is joined. */
START_TEST(test_usual_names)
{
    ask_root("printf '%s\\n' 'DOM\\user:x:1101:1101::/:/bin/sh' 'host$:x:1102:1102::/:/bin/sh' "
             "'user@example.org:x:1103:1103::/:/bin/sh' 'alice root:x:1104:1104::/:/bin/sh' >>/etc/passwd");
    ck_assert_changed(add("dbadmins", "alice root"), true); /* one member, and no other line */
    assert_line("dbadmins:x:2001:alice root");
    ck_assert_changed(take("dbadmins", "alice root"), true);
    ask_root("cmp /etc/group /etc/group.first");
    ck_assert_changed(add("dbadmins", "DOM\\user"), true);
    ck_assert_changed(add("dbadmins", "host$"), true);
    ck_assert_changed(add("dbadmins", "user@example.org"), true);
    ck_assert_changed(take("dbadmins", "DOM\\user"), true);
    ck_assert_int_eq(members("dbadmins")->result, 0);
    ck_assert_str_eq(outcomes[0].lines, "host$\nuser@example.org\n");
}
END_TEST

/* None is lost, and one user's come in their order. */
START_TEST(test_many_at_once)
{
    static const struct ask asks[] = {
        {.kind = ASK_ADD, .group = "dbadmins", .user = "alice"},
        {.kind = ASK_ADD, .group = "staff", .user = "bob"},
        {.kind = ASK_ADD, .group = "dbadmins", .user = "bob"},
        {.kind = ASK_ADD, .group = "dbadmins", .user = "carol"},
        {.kind = ASK_REMOVE, .group = "dbadmins", .user = "alice"},
        {.kind = ASK_ADD, .group = "dbadmins", .user = "erin"},
        {.kind = ASK_ADD, .group = "dbadmins", .user = "alice"},
        {.kind = ASK_REMOVE, .group = "staff", .user = "bob"},
        {.kind = ASK_ADD, .group = "dbadmins", .user = "alice"},
        {.kind = ASK_MEMBERS, .group = "dbadmins"},
        {0},
    };
    ask_all(asks);
    for (size_t i = 0; i < 8; i++)
        ck_assert_changed(&outcomes[i], true);
    ck_assert_changed(&outcomes[8], true); /* rule 7 */
    ck_assert_str_eq(outcomes[9].lines, "bob\ncarol\nerin\nalice\n");
    assert_line("dbadmins:x:2001:bob,carol,erin,alice");
    assert_line("staff:x:2000:alice,carol,dave");
}
END_TEST

/* ---- who may call ---- */

/* 0: done; 1: the bus refused; 2: the service did; 3: else. */
static int call_add(void *data)
{
    (void)data;
    DBusError error = DBUS_ERROR_INIT;
    const char *group = "dbadmins";
    const char *user = "alice";
    const dbus_int64_t until = INT64_MAX;
    DBusConnection *connection = dbus_bus_get_private(DBUS_BUS_SYSTEM, &error);
    DBusMessage *message = dbus_message_new_method_call(BUS_PRIVILEGED_NAME, BUS_PRIVILEGED_PATH,
                                                        BUS_PRIVILEGED_INTERFACE, "AddMember");
    dbus_message_append_args(message, DBUS_TYPE_STRING, &group, DBUS_TYPE_STRING, &user, DBUS_TYPE_INT64,
                             &until, DBUS_TYPE_INVALID);
    if (connection && dbus_connection_send_with_reply_and_block(connection, message, 10000, &error))
        return 0;
    if (dbus_error_has_name(&error, DBUS_ERROR_ACCESS_DENIED))
        return 1;
    return dbus_error_has_name(&error, bus_error_name(BUS_ERROR_NOT_AUTHORIZED)) ? 2 : 3;
}

static int caller(const char *user)
{
    return live_join(live_fork(user, call_add, NULL));
}

START_TEST(test_callers_of_the_bus)
{
    ck_assert_int_eq(caller("alice"), 1);
    ck_assert_int_eq(caller("root"), 1);
    ask_root("cmp /etc/group /etc/group.first");
    ck_assert_int_eq(caller("accesspkg"), 0);
    assert_line("dbadmins:x:2001:alice");
}
END_TEST

/* A bus that lets everybody through: the service looks by itself. */
START_TEST(test_callers_of_the_service)
{
    live_stop();
    ask_root("printf '<busconfig><policy context=\"mandatory\"><allow send_destination=\"" BUS_PRIVILEGED_NAME
             "\"/></policy></busconfig>' >/run/live-bus.conf");
    live_start("p", PACKAGE, NULL);
    live_start_privileged(60);
    ck_assert_int_eq(caller("alice"), 2);
    ck_assert_int_eq(caller("root"), 2);
    ask_root("cmp /etc/group /etc/group.first");
    ck_assert_int_eq(caller("accesspkg"), 0);
}
END_TEST

/* ---- gpasswd in trouble ---- */

static void replace_gpasswd(const char *script)
{
    char command[1024];
    snprintf(command, sizeof(command),
             "cp -p " GPASSWD " /tmp/real; printf '#!/bin/sh\\n%s\\n' >/tmp/fake && chmod 755 /tmp/fake && "
             "mount --bind /tmp/fake " GPASSWD,
             script);
    ask_root(command);
}

START_TEST(test_gpasswd_missing)
{
    ask_root("mount --bind /dev/null " GPASSWD);
    ck_assert_refused(add("dbadmins", "alice"), BUS_ERROR_UNAVAILABLE);
    ck_assert_ptr_nonnull(strstr(outcomes[0].message, GPASSWD));
    ask_root("umount " GPASSWD);
    ck_assert_changed(add("dbadmins", "alice"), true);
}
END_TEST

START_TEST(test_gpasswd_fails)
{
    replace_gpasswd("printf \"cannot\\\\nlock \\\\033[2J\" >&2; exit 5");
    ck_assert_refused(add("dbadmins", "alice"), BUS_ERROR_UNAVAILABLE);
    ck_assert_ptr_nonnull(strstr(outcomes[0].message, "cannot lock \\x1b[2J"));
}
END_TEST

/* Rule 2: what is answered as done is done, whatever gpasswd says. */
START_TEST(test_gpasswd_lies)
{
    replace_gpasswd("exit 0");
    ck_assert_refused(add("dbadmins", "alice"), BUS_ERROR_UNAVAILABLE);
    ask_root("umount " GPASSWD);
    replace_gpasswd("/tmp/real \"$@\"; exit 1");
    ck_assert_changed(add("dbadmins", "alice"), true);
    ck_assert_changed(take("dbadmins", "alice"), true);
}
END_TEST

/* Ended at its deadline, and whoever waits behind it has their turn. */
START_TEST(test_gpasswd_hangs)
{
    static const struct ask asks[] = {{.kind = ASK_ADD, .group = "dbadmins", .user = "alice"},
                                      {.kind = ASK_REMOVE, .group = "staff", .user = "alice"},
                                      {.kind = ASK_WARN, .uid = 1001, .user = "hello"},
                                      {0}};
    ck_assert_changed(note("staff", "alice", 0), true);
    replace_gpasswd(
        "echo $$ >>/tmp/hanging; test \"$1\" = -a || exec /tmp/real \"$@\"; exec tail -f /dev/null");
    ask_all(asks);
    ck_assert_refused(&outcomes[0], BUS_ERROR_UNAVAILABLE);
    ck_assert_changed(&outcomes[1], true);
    ck_assert_int_eq(outcomes[2].result, 0);
    ask_root(
        "for pid in $(cat /tmp/hanging); do ! kill -0 $pid 2>/dev/null || exit 1; done; rm /tmp/hanging");
    ask_root("cmp /etc/group /etc/group.first && exit 1 || grep -qx staff:x:2000:carol,dave /etc/group");
}
END_TEST

START_TEST(test_clean_environment)
{
    ck_assert_int_eq(live_stop_privileged(SIGTERM), 0);
    setenv("EVIL", "x", 1);
    live_start_privileged(60);
    unsetenv("EVIL");
    replace_gpasswd("tr \"\\\\\\\\0\" \"\\\\\\\\n\" </proc/$$/environ >/tmp/environment; ls -l /proc/$$/fd "
                    ">/tmp/descriptors; "
                    "exec /tmp/real \"$@\"");
    ck_assert_changed(add("dbadmins", "alice"), true);
    ask_root(
        "sort /tmp/environment | tr '\\n' ' ' | grep -qx 'LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin '");
    ask_root("! grep socket: /tmp/descriptors");
}
END_TEST

/* ---- accounts ---- */

static struct outcome *judge(uid_t uid, const char *user)
{
    return ask_it((struct ask){.kind = ASK_JUDGE, .uid = uid, .user = user});
}

static void ck_assert_judged(const struct outcome *answer, const char *verdict, const char *names)
{
    ck_assert_msg(answer->result == 0, "%d: %s", answer->result, answer->message);
    ck_assert_str_eq(answer->lines, verdict);
    ck_assert_str_eq(answer->more, names);
}

/* Of the groups' allow-list nothing depends here; the files are all that is asked. */
START_TEST(test_judge)
{
    struct ask many[ASKS_MAX] = {0};
    ask_root("cp -p /etc/shadow /root/shadow");
    ck_assert_judged(judge(1002, NULL), "open 0 bob", "bob\n");
    ck_assert_judged(judge(0, NULL), "open 0 root", "root\n");
    ck_assert_judged(judge(0, "bob"), "open 0 bob", "bob\n");
    ck_assert_judged(judge(4711, NULL), "absent 0 ", "");
    ck_assert_judged(judge(0, "zoe@corp.example.com"), "absent 0 zoe@corp.example.com",
                     "zoe@corp.example.com\n");
    ask_root("usermod -L bob && chage -E 2020-02-29 carol");
    ck_assert_judged(judge(1002, NULL), "locked 0 bob", "bob\n");
    ck_assert_judged(judge(0, "carol"), "expired 18321 carol", "carol\n");
    ck_assert_refused(judge(0, "bob:x"), BUS_ERROR_INVALID_ARGUMENT);
    ck_assert_refused(judge(0, "a\nb"), BUS_ERROR_INVALID_ARGUMENT);
    ck_assert_refused(judge((uid_t)-1, NULL), BUS_ERROR_INVALID_ARGUMENT);
    for (int i = 0; i < ASKS_MAX - 1; i++)
        many[i] = (struct ask){.kind = ASK_JUDGE, .uid = (uid_t)(1001 + i % 2)};
    ask_all(many);
    for (int i = 0; i < ASKS_MAX - 1; i++)
        ck_assert_judged(&outcomes[i], i % 2 ? "locked 0 bob" : "open 0 alice", i % 2 ? "bob\n" : "alice\n");
    ask_root("mv /etc/shadow /etc/shadow.away");
    ck_assert_refused(judge(1002, NULL), BUS_ERROR_UNAVAILABLE);
    ask_root("cp -p /root/shadow /etc/shadow");
}
END_TEST

/* ---- coming and going ---- */

START_TEST(test_idle)
{
    ck_assert_int_eq(live_stop_privileged(SIGTERM), 0);
    live_start_privileged(1);
    ck_assert_changed(add("dbadmins", "alice"), true);
    ck_assert_int_eq(live_wait_privileged(), 0);
    ck_assert(live_privileged_stops());
}
END_TEST

/* Until a file is there. */
static void wait_for_file(const char *path)
{
    char command[256];
    snprintf(command, sizeof(command), "tail -F %s 2>/dev/null | head -n 1", path);
    ask_root(command);
}

/* What is under way is answered before it goes; whoever calls meanwhile starts another. */
START_TEST(test_stop_with_call)
{
    static const struct ask asks[] = {{.kind = ASK_ADD, .group = "dbadmins", .user = "alice"}, {0}};
    replace_gpasswd("rm -f /tmp/gate; mkfifo /tmp/gate; echo here >/tmp/began; read go </tmp/gate; "
                    "exec /tmp/real \"$@\"");
    const pid_t asker = ask_begin(asks);
    wait_for_file("/tmp/began");
    ck_assert(!live_privileged_stops());
    ck_assert_int_eq(live_run("root", "pkill -TERM -o -x accesspkg-privi"), 0);
    live_wait_name(BUS_PRIVILEGED_NAME, false);
    ck_assert(live_privileged_stops()); /* before its name was free: else systemd may drop the next start */
    ask_root("timeout 20 sh -c 'echo go >/tmp/gate'");
    ck_assert_int_eq(live_join(asker), 0);
    ck_assert_changed(&outcomes[0], true);
    ck_assert_int_eq(live_wait_privileged(), 0);
}
END_TEST

START_TEST(test_lost_bus)
{
    live_kill_bus();
    ck_assert_int_eq(live_wait_privileged(), 69);
}
END_TEST

/* Nobody there, and nothing that starts it. */
START_TEST(test_not_installed)
{
    ck_assert_int_eq(live_stop_privileged(SIGTERM), 0);
    ck_assert_refused(add("dbadmins", "alice"), BUS_ERROR_UNAVAILABLE);
}
END_TEST

static void never(int result, bool changed, const char *message, void *data)
{
    (void)result, (void)changed, (void)message;
    *(bool *)data = true;
}

static void then_end(int result, bool changed, const char *message, void *data)
{
    outcomes[0] = (struct outcome){.told = true, .result = result, .changed = changed};
    snprintf(outcomes[0].message, sizeof(outcomes[0].message), "%s", message);
    ev_break(data, EVBREAK_ALL);
}

/* In a process of accesspkgd's: 0 when a call that is under way at the end is never told of. */
static int end_under_way(void *data)
{
    (void)data;
    bool late = false;
    struct ev_loop *loop = ev_loop_new(EVFLAG_AUTO);
    struct bus *bus = ask_open(loop);
    struct bus_privileged *privileged = bus ? bus_privileged_new(bus) : NULL;
    if (!privileged)
        return 1;
    struct membership member = {.group = (char *)"dbadmins", .user = (char *)"\xff", .until = INT64_MAX};
    if (bus_privileged_add_member(privileged, &member, never, &late) != -EINVAL)
        return 2;
    member.user = (char *)"bob";
    if (bus_privileged_add_member(privileged, &member, then_end, loop) < 0)
        return 3;
    ev_run(loop, 0);
    member.user = (char *)"carol";
    if (bus_privileged_add_member(privileged, &member, never, &late) < 0)
        return 4;
    bus_flush(bus);
    bus_privileged_free(privileged);
    bus_close(bus);
    ev_loop_destroy(loop);
    return late ? 5 : 0;
}

START_TEST(test_end_under_way)
{
    memset(outcomes, 0, sizeof(*outcomes));
    ck_assert_int_eq(live_join(live_fork("accesspkg", end_under_way, NULL)), 0);
    ck_assert_changed(&outcomes[0], true);
    ask_root("grep -q '^dbadmins:x:2001:bob' /etc/group");
}
END_TEST

int main(void)
{
    suite_case("privileged", setup, teardown);
    suite_timeout(60);
    suite_add(test_add_and_remove, test_members_before, test_users, test_allow_list, test_odd_names,
              test_usual_names, test_many_at_once, test_callers_of_the_bus, test_callers_of_the_service,
              test_gpasswd_missing, test_gpasswd_fails, test_gpasswd_lies, test_gpasswd_hangs,
              test_clean_environment, test_judge, test_idle, test_stop_with_call, test_lost_bus,
              test_not_installed, test_end_under_way);
    return suite_run();
}
