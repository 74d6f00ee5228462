/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Notices from the real daemon through the real accesspkg-notify to programs of notify.d, good and bad. */
#include "tests/support/live.h"
#include "tests/support/live_directory.h"
#include "tests/support/notices.h"
#include "tests/support/suite.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DB                                                                                                   \
    "[package]\ngroups = dbadmins\n[policy]\nduration = 1h\nmax_duration = 2h\napprovers = bob %dba-leads\n"
#define FREE "[package]\ngroups = auditors\n[policy]\nduration = 1h\napproval = none\n"
#define GOOD "#!/bin/sh\ncat >/run/told\n"

static int told; /* what the good programs write to */

static void setup(void)
{
    live_start("db", DB, "free", FREE, NULL);
    unlink("/run/told");
    ck_assert_int_eq(mkfifo("/run/told", 0622), 0);
    ck_assert_int_eq(chmod("/run/told", 0622), 0);
    told = open("/run/told", O_RDWR | O_CLOEXEC | O_NONBLOCK);
    ck_assert_int_ge(told, 0);
}

static void teardown(void)
{
    close(told);
    live_stop();
}

/* The next notice that a good program got. */
static json_t *next_told(void)
{
    static char text[65536];
    size_t size = 0;
    json_t *notice = NULL;
    while (!notice) {
        struct pollfd wait = {.fd = told, .events = POLLIN};
        ck_assert_msg(poll(&wait, 1, NOTICES_WAIT_MS) == 1, "nothing was told: %.*s", (int)size, text);
        /* A byte at a time: the next one may stand behind it. */
        ck_assert_int_eq(read(told, text + size, 1), 1);
        size++;
        ck_assert_uint_lt(size, sizeof(text));
        if (text[size - 1] == '}')
            notice = json_loadb(text, size, 0, NULL);
    }
    return notice;
}

static const char *text_of(const json_t *notice, const char *member)
{
    const char *text = json_string_value(json_object_get(notice, member));
    return text ? text : "";
}

static void expect(const char *event, const char *to)
{
    json_t *notice = next_told();
    char names[256] = "";
    ck_assert_str_eq(text_of(notice, "event"), event);
    json_t *people = json_object_get(notice, "to");
    for (size_t i = 0; i < json_array_size(people); i++) {
        const size_t used = strlen(names);
        snprintf(names + used, sizeof(names) - used, "%s%s", used ? " " : "",
                 text_of(json_array_get(people, i), "name"));
    }
    ck_assert_str_eq(names, to);
    json_decref(notice);
}

/* Who has the group of approvers by a package is one of those who are told. */
START_TEST(test_holder_is_told)
{
    notices_write_hook("log", GOOD, 0755);
    live_write_package("lead", "[package]\ngroups = dba-leads\n[policy]\napproval = none\nduration = 1h\n");
    live_expect("root", "pkg-admin reload", 0, "Policy reloaded");
    live_start_notify("30", "1");
    live_expect("dave", "pkg-request submit lead", 0, "You hold lead");
    expect("fulfilled", "dave");
    live_expect("alice", "pkg-request submit db", 0, "is filed");
    expect("request-waits", "bob carol dave");
    live_expect("dave", "pkg-request return lead", 0, "handed back");
    live_expect("erin", "pkg-request submit db", 0, "is filed");
    expect("request-waits", "bob carol");
    ck_assert_int_eq(live_stop_notify(SIGTERM), 0);
    live_remove_package("lead");
}
END_TEST

/* A directory that is down, and has one behind it that denies the name, must not pass for a group of nobody. */
START_TEST(test_directory_away)
{
    static const char members[] = "far:x:5002:karl,carol\n";
    live_directory_start("directory files", "karl:x:5001:5002:Karl:/home/karl:/bin/sh\n", members);
    notices_write_hook("log", GOOD, 0755);
    live_write_package("far", "[package]\ngroups = auditors\n[policy]\nduration = 1h\napprovers = %far\n");
    live_expect("root", "pkg-admin reload", 0, "Policy reloaded");
    live_expect("alice", "pkg-request submit far", 0, "is filed");
    live_directory_set_mode("unavail\n");
    live_start_notify("30", "1");
    live_expect("alice", "pkg-request submit free", 0, "You hold free");
    expect("fulfilled", "alice"); /* the later one: the first waits */
    /* The program has it before the daemon hears so. */
    live_expect("root",
                "timeout 20 sh -c 'until pkg-admin status | grep \"Notices to deliver: 1\"; do :; done'", 0,
                "Notices to deliver: 1");
    live_directory_set_mode("");
    expect("request-waits", "karl carol");
    ck_assert_int_eq(live_stop_notify(SIGTERM), 0);
    live_remove_package("far");
    live_directory_stop();
}
END_TEST

/* However a policy spells a name: one person is told once, and nobody of what is their own. */
START_TEST(test_other_spelling)
{
    live_directory_start("files directory", "karl:x:5001:5002:Karl:/home/karl:/bin/sh\n",
                         "far:x:5002:KARL,carol\n");
    notices_write_hook("log", GOOD, 0755);
    live_write_package(
        "far", "[package]\ngroups = auditors\n[policy]\nduration = 1h\napprovers = Karl@corp.test %FAR\n");
    live_expect("root", "pkg-admin reload", 0, "Policy reloaded");
    live_start_notify("30", "1");
    live_expect("alice", "pkg-request submit far", 0, "is filed");
    expect("request-waits", "karl carol");
    live_expect("karl", "pkg-request submit far", 0, "is filed");
    expect("request-waits", "carol");
    ck_assert_int_eq(live_stop_notify(SIGTERM), 0);
    live_remove_package("far");
    live_directory_stop();
}
END_TEST

/* Beyond the 256 who are named, the notice says of how many; each counts once. */
START_TEST(test_more_than_can_be_told)
{
    live_expect("root", "cp /etc/passwd /etc/group /root/", 0, "");
    live_expect("root", "seq 20001 20300 | sed 's,.*,u&:x:&:100::/nonexistent:/bin/sh,' >>/etc/passwd", 0,
                "");
    live_expect(
        "root",
        "seq -s, -f 'u%g' 20001 20300 | sed 's/^/crowd:x:3000:alice,/; p; s/crowd:x:3000/again:x:3001/' "
        ">>/etc/group",
        0, "");
    notices_write_hook("log", GOOD, 0755);
    live_write_package(
        "crowd", "[package]\ngroups = auditors\n[policy]\nduration = 1h\napprovers = %crowd %again bob\n");
    live_expect("root", "pkg-admin reload", 0, "Policy reloaded");
    live_start_notify("30", "1");
    live_expect("alice", "pkg-request submit crowd", 0, "is filed");
    json_t *notice = next_told();
    ck_assert_uint_eq(json_array_size(json_object_get(notice, "to")), 256);
    ck_assert_int_eq(json_integer_value(json_object_get(notice, "to_of")), 301); /* alice asks, bob hears */
    ck_assert_ptr_nonnull(strstr(text_of(notice, "text"), "\nThis goes to 256 of 301 people.\n"));
    json_decref(notice);
    ck_assert_int_eq(live_stop_notify(SIGTERM), 0);
    live_remove_package("crowd");
    live_expect("root", "cat /root/passwd >/etc/passwd && cat /root/group >/etc/group", 0, "");
}
END_TEST

START_TEST(test_delivered)
{
    notices_write_hook("log", GOOD, 0755);
    notices_write_hook("old.sample", "#!/bin/sh\ntouch /tmp/never\n", 0755);
    notices_write_hook("README", "not a program\n", 0644);
    live_start_notify("10", "1");
    live_expect("alice", "pkg-request submit db -m \"disk full; it's urgent\"", 0, "Request 1");
    json_t *notice = next_told();
    ck_assert_str_eq(text_of(notice, "event"), "request-waits");
    ck_assert_str_eq(text_of(notice, "summary"), "alice asks for db");
    ck_assert_str_eq(text_of(notice, "justification"), "disk full; it's urgent");
    ck_assert_str_eq(text_of(notice, "host"), "demohost");
    ck_assert_ptr_nonnull(strstr(text_of(notice, "text"), "\n    pkg-approve approve 1\n"));
    for (size_t i = 0; i < 3; i++) {
        static const char *const times[] = {"time", "submitted", "deadline"};
        ck_assert_msg(strchr(text_of(notice, times[i]), 'T') == text_of(notice, times[i]) + 10, "%s: %s",
                      times[i], text_of(notice, times[i]));
    }
    ck_assert_uint_eq(json_array_size(json_object_get(notice, "to")), 2);
    ck_assert_ptr_null(json_object_get(notice, "to_of"));
    ck_assert_ptr_null(json_object_get(notice, "recipients"));
    json_decref(notice);
    live_expect("bob", "pkg-approve approve 1", 0, "");
    expect("decided-by-other", "carol");
    expect("approved", "alice");
    expect("fulfilled", "alice");
    notices_wait_for(0);
    live_expect("root", "test ! -e /tmp/never", 0, "");
}
END_TEST

/* What a user typed reaches neither arguments nor environment. */
START_TEST(test_clean)
{
    notices_write_hook(
        "log",
        "#!/bin/sh\nset -- \"$#\" \"$(tr '\\0' ' ' </proc/$$/cmdline)\" \"$(env)\" \"$(pwd)\" \"$(id -un)\"\n"
        "printf '%s\\n' \"$@\" >/tmp/seen\nls /proc/$$/fd >>/tmp/seen\ncat >/run/told\n",
        0755);
    live_start_notify("10", "1");
    live_expect("alice", "pkg-request submit db -m 'S3CRET=1'", 0, "Request 1");
    json_decref(next_told());
    live_expect("root", "cat /tmp/seen", 0, "0\n");
    ck_assert_ptr_null(strstr(live_output, "S3CRET"));
    ck_assert_ptr_null(strstr(live_output, "alice"));
    ck_assert_ptr_null(strstr(live_output, "DBUS"));
    ck_assert_ptr_nonnull(strstr(live_output, "PATH=/usr/sbin:/usr/bin:/sbin:/bin\n"));
    ck_assert_msg(strstr(live_output, "\n/\naccesspkg-notify\n0\n1\n") && !strstr(live_output, "\n4\n"), "%s",
                  live_output);
}
END_TEST

/* One program's failure holds up neither others nor other notices; each is told, and tried until it works. */
static const struct bad {
    const char *text;
    mode_t mode;
    const char *owner;
    const char *says;
} bad[] = {
    {"#!/bin/sh\n(trap '' TERM HUP; exec sleep 1000) &\nset -C\necho $! >/tmp/hung\nwait\n", 0755, "root",
     "bad: did not end within 1 s and was killed"},
    {"#!/bin/sh\nkill -SEGV $$\n", 0755, "root", "bad: was ended by signal 11"},
    {"#!/bin/sh\nprintf 'no \\033[2J route'\nexit 75\n", 0755, "root",
     "bad: exit status 75: no \\x1b[2J route"},
    {"#!/bin/sh\nyes\n", 0755, "root", "bad: did not end within 1 s and was killed: y y"},
    {GOOD, 0775, "root", "bad: may be written by others than root: it is not run"},
    {GOOD, 0757, "root", "bad: may be written by others than root: it is not run"},
    {GOOD, 0755, "alice", "bad: does not belong to root: it is not run"},
    {"#!/nonexistent\n", 0755, "root", "bad: exit status 126: it cannot be run: No such file or directory"},
    {GOOD, 0700, "root", "bad: cannot be opened: Permission denied"},
};

START_TEST(test_bad)
{
    char command[128];
    notices_write_hook("log", GOOD, 0755);
    notices_write_hook("bad", bad[_i].text, bad[_i].mode);
    snprintf(command, sizeof(command), "chown %s " NOTICES_FOLDER "bad", bad[_i].owner);
    live_expect("root", command, 0, "");
    live_start_notify("1", "0.2");
    live_expect("alice", "pkg-request submit db -m 'disk full'", 0, "Request 1");
    expect("request-waits", "bob carol");
    live_expect("dave", "pkg-request submit free", 0, "");
    expect("fulfilled", "dave");
    notices_wait_for_failure(bad[_i].says);
    ck_assert_int_eq(notices_waiting(), 2);
    notices_write_hook("bad", GOOD, 0755);
    json_decref(next_told()); /* in which order, the pauses say */
    json_decref(next_told());
    notices_wait_for(0);
    if (_i == 0)
        live_expect("root", "! kill -0 $(cat /tmp/hung) 2>/dev/null", 0,
                    ""); /* what it started was killed with it */
}
END_TEST

/* A misspelled path, or what the link led to was uninstalled: that is no program that was taken out. */
START_TEST(test_link_to_nothing)
{
    live_expect("root", "ln -s /usr/libexec/accesspkg-mail " NOTICES_FOLDER "mail", 0, "");
    live_start_notify("10", "0.1");
    live_expect("dave", "pkg-request submit free", 0, "");
    notices_wait_for_failure("mail: is a link that leads nowhere");
    ck_assert_int_eq(notices_waiting(), 1);
    live_expect("root", "rm " NOTICES_FOLDER "mail", 0, "");
    notices_wait_for(0);
}
END_TEST

/* 65 and 67 say that it will never work: shown in the audit log, and gone. */
START_TEST(test_given_up)
{
    notices_write_hook("bad", "#!/bin/sh\necho no such mailbox\nexit 67\n", 0755);
    live_start_notify("10", "1");
    live_expect("dave", "pkg-request submit free", 0, "");
    notices_wait_for(0);
    live_expect(
        "root",
        "sqlite3 /var/lib/accesspkg/state.db \"SELECT detail FROM audit WHERE event = 'undelivered'\"", 0,
        "bad: exit status 67: no such mailbox");
}
END_TEST

/* Others than root could put programs there: nothing is run. */
START_TEST(test_folder)
{
    notices_write_hook("log", GOOD, 0755);
    live_expect("root", "chmod 777 " NOTICES_FOLDER, 0, "");
    live_start_notify("10", "0.1");
    live_expect("dave", "pkg-request submit free", 0, "");
    notices_wait_for_failure("may be written by others than root");
    live_expect("root", "chmod 755 " NOTICES_FOLDER, 0, "");
    expect("fulfilled", "dave");
    notices_wait_for(0);
}
END_TEST

/* Nothing is lost while either is away, nothing told twice after any restart. */
START_TEST(test_restarts)
{
    notices_write_hook("log", GOOD, 0755);
    notices_write_hook("bad", "#!/bin/sh\nexit 75\n", 0755);
    live_expect("alice", "pkg-request submit db -m 'disk full'", 0, "Request 1");
    ck_assert_int_eq(notices_waiting(), 1);
    live_expect("root", "pkg-admin status", 0, "Notices to deliver");
    ck_assert_int_eq(live_stop_daemon(SIGKILL), -SIGKILL);
    live_start_notify("10", "600"); /* before the daemon: it waits for it */
    live_start_daemon();
    expect("request-waits", "bob carol");
    notices_wait_for_failure("bad: exit status 75");
    live_expect(
        "root",
        "until sqlite3 /var/lib/accesspkg/state.db 'SELECT done FROM outbox' | grep -q log; do :; done", 0,
        "");
    ck_assert_int_eq(live_stop_notify(SIGKILL), -SIGKILL);
    notices_write_hook("bad", "#!/bin/sh\nprintf '{\"event\": \"bad\"}' >/run/told\n", 0755);
    live_start_notify("10", "600");
    json_t *notice = next_told();
    ck_assert_str_eq(text_of(notice, "event"), "bad"); /* and not a second one of the other's */
    json_decref(notice);
    notices_wait_for(0);
    ck_assert_int_eq(live_stop_daemon(SIGTERM), 0);
    live_start_daemon();
    live_expect("dave", "pkg-request submit free", 0, "");
    json_decref(next_told()); /* of two programs, in whichever order */
    json_decref(next_told());
    notices_wait_for(0);
    ck_assert_int_eq(live_stop_notify(SIGTERM), 0);
}
END_TEST

/* A store that was lost begins its notices with the same numbers: what is new is told, though the notifier has an old one. */
START_TEST(test_lost_store)
{
    notices_write_hook("log", "#!/bin/sh\nexit 75\n", 0755);
    live_start_notify("10", "600");
    live_expect("dave", "pkg-request submit free", 0, "");
    notices_wait_for_failure("log: exit status 75");
    ck_assert_int_eq(live_stop_daemon(SIGTERM), 0);
    live_expect("root", "rm /var/lib/accesspkg/state.db*", 0, "");
    notices_write_hook("log", GOOD, 0755);
    live_start_daemon();
    live_expect("alice", "pkg-request submit db -m 'disk full'", 0, "Request 2");
    expect("request-waits", "bob carol");
    notices_wait_for(0);
}
END_TEST

/* The notices are for one system user: the bus says so, and the daemon where the bus does not. */
START_TEST(test_for_one_user)
{
    static const char *const others[] = {"alice", "root", "accesspkg"};
    for (size_t i = 0; i < 3; i++) {
        ck_assert_int_ne(live_call(others[i], -1, "TakeNotices", "xx", json_pack("[i, i]", 0, 9), NULL), 0);
        ck_assert_int_ne(
            live_call(others[i], -1, "NoticeDone", "xsbs", json_pack("[i, s, b, s]", 1, "", 1, ""), NULL), 0);
    }
    live_stop();
    ck_assert_int_eq(live_run("root", "echo '<busconfig><policy context=\"mandatory\">"
                                      "<allow send_destination=\"org.accesspkg1\"/></policy></busconfig>' "
                                      ">/run/live-bus.conf"),
                     0);
    live_start("free", FREE, NULL);
    live_expect("dave", "pkg-request submit free", 0, "");
    for (size_t i = 0; i < 3; i++) {
        ck_assert_int_eq(live_call(others[i], -1, "TakeNotices", "xx", json_pack("[i, i]", 0, 9), NULL),
                         BUS_ERROR_NOT_AUTHORIZED);
        ck_assert_int_eq(
            live_call(others[i], -1, "NoticeDone", "xsbs", json_pack("[i, s, b, s]", 1, "", 1, ""), NULL),
            BUS_ERROR_NOT_AUTHORIZED);
    }
    json_t *value = NULL;
    ck_assert_int_eq(
        live_call("accesspkg-notify", -1, "TakeNotices", "xx", json_pack("[i, i]", 0, 9), &value),
        BUS_ERROR_NONE);
    ck_assert_uint_eq(json_array_size(value), 1);
    json_decref(value);
    live_expect("root", "rm /run/live-bus.conf", 0, "");
}
END_TEST

/* Has the shipped mail program deliver to a sendmail that keeps what it gets. */
static void start_mail(void)
{
    live_expect(
        "root",
        "cp -a /usr/sbin /tmp/sbin && printf '#!/bin/sh\\n(echo \"$@\"; cat) >/tmp/mail.new; mv "
        "/tmp/mail.new "
        "/tmp/mail\\nprintf \"{\\\"event\\\": \\\"mail\\\"}\" >/run/told\\n' >/tmp/sbin/sendmail && chmod "
        "755 "
        "/tmp/sbin/sendmail && mount --bind /tmp/sbin /usr/sbin",
        0, "");
    live_expect("root",
                "ln -s /usr/libexec/accesspkg/accesspkg-mail " NOTICES_FOLDER
                "mail && cp -p /etc/accesspkg/accesspkg.conf /etc/accesspkg/first.conf && "
                "sed -i 's/^# domain = /domain = /' /etc/accesspkg/accesspkg.conf && "
                "echo 'carol carol@dba.example.net' >/etc/accesspkg/mail.map && "
                "cp -p /etc/passwd /etc/passwd.first",
                0, "");
}

static void stop_mail(void)
{
    live_expect("root",
                "umount /usr/sbin && rm /etc/accesspkg/mail.map && mv /etc/passwd.first /etc/passwd && "
                "mv /etc/accesspkg/first.conf /etc/accesspkg/accesspkg.conf",
                0, "");
}

START_TEST(test_mail)
{
    start_mail();
    live_start_notify("10", "1");
    live_expect("alice", "pkg-request submit db -m 'Größe: Bcc: x'", 0, "Request 1");
    json_decref(next_told());
    notices_wait_for(0);
    live_expect("root", "cat /tmp/mail", 0,
                "-i -f accesspkg-notify -- bob@example.org carol@dba.example.net\n");
    ck_assert_ptr_nonnull(strstr(live_output, "\nFrom: Access packages <accesspkg-notify@example.org>\n"));
    ck_assert_ptr_nonnull(strstr(live_output, "\nSubject: [demohost] alice asks for db\n"));
    ck_assert_ptr_null(strstr(live_output, " 1970 ")); /* Date, from the notice's time */
    ck_assert_ptr_nonnull(strstr(live_output, "\nReferences: <accesspkg.request.1@demohost>\n"));
    ck_assert_ptr_nonnull(strstr(live_output, "Gr=C3=B6=C3=9Fe: Bcc: x\n"));
    ck_assert_ptr_nonnull(strstr(live_output, "\n    pkg-approve approve 1\n"));
    live_expect("root", "pkg-admin check-config", 0, "");
    stop_mail();
}
END_TEST

/* Without a mail system nothing waits for one, and status says it once; with one it goes on, without a restart. */
START_TEST(test_mail_without_sendmail)
{
    start_mail();
    live_expect("root", "mv /tmp/sbin/sendmail /tmp/sbin/sendmail.away", 0, "");
    live_start_notify("10", "1");
    live_expect("alice", "pkg-request submit db -m why", 0, "Request 1");
    notices_wait_for(0);
    live_expect("root", "pkg-admin status | tr -s ' '", 0,
                "\nMail: there is no /usr/sbin/sendmail: nobody is told by mail. Install an MTA, or: rm "
                "/etc/accesspkg/notify.d/mail\n");
    ck_assert_ptr_null(strstr(live_output, "\nNotices to deliver:"));
    ck_assert_ptr_null(strstr(live_output, "\nLast failure:"));
    live_expect("root", "pkg-admin audit | grep -c undelivered", 1, "0\n");
    live_expect("root",
                "mv /tmp/sbin/sendmail.away /tmp/sbin/sendmail && pkg-admin status | grep -c ^Mail:", 1,
                "0\n");
    live_expect("alice", "pkg-request cancel 1 -m no && pkg-request submit db -m 'once more'", 0,
                "Request 2");
    json_decref(next_told());
    notices_wait_for(0);
    live_expect("root", "cat /tmp/mail", 0, "\nSubject: [demohost] alice asks for db\n");
    stop_mail();
}
END_TEST

/* The others get it, and it stands on record who does not. */
START_TEST(test_mail_without_address)
{
    start_mail();
    live_expect("root", "echo 'bob CORP\\bob' >>/etc/accesspkg/mail.map", 0, "");
    live_start_notify("10", "1");
    live_expect("alice", "pkg-request submit db -m why", 0, "Request 1");
    json_decref(next_told());
    notices_wait_for(0);
    live_expect("root", "cat /tmp/mail", 0, "-i -f accesspkg-notify -- carol@dba.example.net\n");
    live_expect(
        "root",
        "sqlite3 /var/lib/accesspkg/state.db \"SELECT detail FROM audit WHERE event = 'undelivered'\"", 0,
        "mail: exit status 67: bob has no address that can be used: see the line in mail.map.");
    stop_mail();
}
END_TEST

/* An address in GECOS goes to every program, and mail goes there, unless the map or accesspkg.conf says otherwise. */
START_TEST(test_mail_gecos)
{
    start_mail();
    live_expect("root",
                "sed -i -e 's/:Bob Brown,Databases:/:Bob Brown,Databases,,,bob.brown@example.net:/' "
                "-e 's/:Carol Clark,Databases:/:Carol Clark,Databases,,,carol@example.com:/' "
                "-e 's/:Dave Dunn,Payments:/:Dave Dunn,Payments,,,-oQ@example.com:/' /etc/passwd",
                0, "");
    notices_write_hook("log", GOOD, 0755);
    live_start_notify("10", "1");
    live_expect("alice", "pkg-request submit db -m 'disk full'", 0, "Request 1");
    for (int seen = 0; seen < 2;) {
        json_t *notice = next_told();
        json_t *to = json_object_get(notice, "to");
        seen++;
        if (json_array_size(to) > 0) {
            ck_assert_str_eq(text_of(json_array_get(to, 0), "full_name"), "Bob Brown");
            ck_assert_str_eq(text_of(json_array_get(to, 0), "address"), "bob.brown@example.net");
            ck_assert_str_eq(text_of(json_array_get(to, 1), "address"), "carol@example.com");
        }
        json_decref(notice);
    }
    notices_wait_for(0);
    live_expect("root", "cat /tmp/mail", 0, " -- bob.brown@example.net carol@dba.example.net\n");
    ck_assert_ptr_nonnull(strstr(live_output, "\nTo: Bob Brown <bob.brown@example.net>,\n"));

    live_expect("dave", "pkg-request submit free", 0, "");
    notices_wait_for(0);
    live_expect("root", "cat /tmp/mail", 0, " -- dave@example.org\n");

    live_expect("root", "sed -i 's/^#gecos = yes/gecos = no/' /etc/accesspkg/accesspkg.conf", 0, "");
    live_expect("bob", "pkg-request submit free", 0, "");
    notices_wait_for(0);
    live_expect("root", "cat /tmp/mail", 0, " -- bob@example.org\n");
    stop_mail();
}
END_TEST

int main(void)
{
    suite_case("notify", setup, teardown);
    suite_timeout(60);
    suite_add(test_holder_is_told, test_directory_away, test_other_spelling, test_more_than_can_be_told,
              test_delivered, test_clean);
    suite_rows(test_bad, bad);
    suite_add(test_given_up, test_link_to_nothing, test_folder, test_restarts, test_lost_store,
              test_for_one_user, test_mail, test_mail_without_sendmail, test_mail_without_address,
              test_mail_gecos);
    return suite_run();
}
