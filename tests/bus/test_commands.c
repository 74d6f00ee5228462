/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is live, looks back or is completed, over the real commands and the real daemon, as ordinary users. */
#include "tests/support/live.h"
#include "tests/support/suite.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ASKED                                                                                                \
    "[package]\ngroups = dbadmins\n[policy]\nrequestors = %staff dave\nduration = 1h\napprovers = bob\n"

#define EMERGENCY                                                                                            \
    "[package]\ndescription = The other\ngroups = dbadmins backup\n[policy]\nrequestors = %staff dave\n"     \
    "approvers = bob\nemergency = dave\n"

enum { WAIT_MS = 20000 };

static void setup(void)
{
    live_start("asked", ASKED, "other", ASKED, NULL);
}

/* ---- a command that goes on beside others ---- */

struct beside {
    int ends[2];
    const char *command;
    pid_t pid;
    char text[16384];
    size_t length;
};

static int become(void *data)
{
    struct beside *beside = data;
    dup2(beside->ends[1], STDOUT_FILENO);
    dup2(beside->ends[1], STDERR_FILENO);
    execl("/bin/sh", "sh", "-c", beside->command, (char *)NULL);
    return 127;
}

static void beside_start(struct beside *beside, const char *user, const char *command)
{
    *beside = (struct beside){.command = command};
    ck_assert_int_eq(pipe2(beside->ends, O_CLOEXEC), 0);
    beside->pid = live_fork(user, become, beside);
    close(beside->ends[1]);
}

/* Waits until it has written this. */
static void beside_says(struct beside *beside, const char *what)
{
    while (!strstr(beside->text, what)) {
        struct pollfd fd = {.fd = beside->ends[0], .events = POLLIN};
        ck_assert_msg(poll(&fd, 1, WAIT_MS) > 0, "no '%s' in: %s", what, beside->text);
        const ssize_t got =
            read(fd.fd, beside->text + beside->length, sizeof(beside->text) - 1 - beside->length);
        ck_assert_msg(got > 0, "it ended without '%s': %s", what, beside->text);
        beside->length += (size_t)got;
    }
}

static bool beside_says_more(const struct beside *beside, int within_ms)
{
    struct pollfd fd = {.fd = beside->ends[0], .events = POLLIN};
    return poll(&fd, 1, within_ms) > 0;
}

static int beside_join(struct beside *beside)
{
    close(beside->ends[0]);
    return live_join(beside->pid);
}

START_TEST(test_watch)
{
    struct beside watch;
    live_expect("alice", "pkg-request submit asked -m first", 0, "is filed");
    beside_start(&watch, "bob", "exec pkg-approve watch");
    beside_says(&watch, "1 alice asked: Pending approval, waits for: bob: first\n");
    live_expect("dave", "pkg-request submit other -m second", 0, "is filed");
    beside_says(&watch, "2 dave other: Pending approval");
    live_expect("bob", "pkg-approve approve dave/other", 0, "dave holds other");
    beside_says(&watch, "2 dave other: Fulfilled, by bob");
    ck_assert_int_eq(live_stop_daemon(SIGTERM), 0);
    beside_says(&watch, "accesspkgd has stopped; this goes on when it runs again");
    live_start_daemon();
    live_expect("alice", "pkg-request cancel alice/asked", 0, "is cancelled");
    beside_says(&watch, "1 alice asked: Cancelled");
    live_kill_bus();
    beside_says(&watch, "the system bus closed the connection");
    ck_assert_int_eq(beside_join(&watch), 69);
}
END_TEST

/* Nobody is shown what is not theirs to see: the signal goes to all. */
START_TEST(test_watch_shows_what_may_be_seen)
{
    struct beside watch;
    beside_start(&watch, "carol", "exec pkg-approve watch");
    do { /* until it listens */
        live_expect("carol", "pkg-request submit asked -m early", 0, "is filed");
        live_expect("carol", "pkg-request cancel carol/asked", 0, "is cancelled");
    } while (!beside_says_more(&watch, WAIT_MS / 100));
    live_expect("alice", "pkg-request submit asked -m secret", 0, "is filed");
    live_expect("carol", "pkg-request submit other -m own", 0, "is filed");
    beside_says(&watch, " carol other: Pending approval"); /* so it has looked at alice's */
    live_expect("bob", "pkg-approve delegate --to carol --until +1h", 0, "carol may decide");
    live_expect("dave", "pkg-request submit other -m shown", 0, "is filed");
    beside_says(&watch, " dave other: Pending approval");
    ck_assert_ptr_null(strstr(watch.text, "alice"));
    kill(watch.pid, SIGINT);
    ck_assert_int_ne(beside_join(&watch), 0);
}
END_TEST

START_TEST(test_submit_waits)
{
    struct beside approved, denied;
    beside_start(&approved, "alice", "exec pkg-request submit asked -m why --wait");
    beside_says(&approved, "It waits for: bob.");
    beside_start(&denied, "dave", "exec pkg-request submit asked -m why --wait");
    beside_says(&denied, "It waits for: bob.");
    live_expect("bob", "pkg-approve approve alice/asked", 0, "alice holds asked");
    beside_says(&approved, "You hold asked until ");
    ck_assert_int_eq(beside_join(&approved), 0);
    live_expect("bob", "pkg-approve deny dave/asked -m 'not now'", 0, "denied");
    beside_says(&denied, "Denied, by bob: not now");
    ck_assert_int_eq(beside_join(&denied), 1);
}
END_TEST

/* ---- looking back ---- */

START_TEST(test_report_and_audit)
{
    live_expect("alice", "pkg-request submit asked -m why", 0, "is filed");
    live_expect("dave", "pkg-request submit other -m why", 0, "is filed");
    live_expect("bob", "pkg-approve approve alice/asked dave/other nobody/asked -m fine", 1,
                "request nobody/asked: There is no request of nobody for asked that you may see.");
    live_expect("root", "pkg-admin report", 0, "DECIDED BY");
    live_expect("root", "pkg-admin report --package asked", 0, "bob 1\n");
    live_expect("root", "pkg-admin report --json", 0, "\"decider\": \"bob\"");
    live_expect("root", "pkg-admin report --json --since 1d", 0, "\"since\": \"20");
    live_expect("root", "pkg-admin audit", 0, "alice/asked");
    live_expect("root", "pkg-admin audit --request alice/asked", 0, "fine");
    ck_assert_ptr_null(strstr(live_output, "dave"));
    live_expect("root", "pkg-admin audit --request 2 --json", 0, "\"at\": \"20");
    live_expect("root", "pkg-admin audit --user dave -n 1", 0, "there are older lines");
    live_expect("root", "pkg-admin audit --user erin", 0, "The audit log has no such line.");
    live_expect("root", "pkg-admin audit --request alice/web", 1, "no request of alice for web");
    live_expect("alice", "pkg-admin audit", 77, "Only root");
    live_expect("alice", "pkg-admin report", 77, "Only root");
    ck_assert_int_eq(live_call("alice", -1, "Audit", "a{sv}", json_pack("[{}]"), NULL),
                     BUS_ERROR_NOT_AUTHORIZED);
    ck_assert_int_eq(live_call("root", -1, "Audit", "a{sv}", json_pack("[{s:i}]", "limit", 501), NULL),
                     BUS_ERROR_INVALID_ARGUMENT);
    ck_assert_int_eq(live_call("root", -1, "Report", "a{sv}", json_pack("[{s:s}]", "role", "x"), NULL),
                     BUS_ERROR_INVALID_ARGUMENT);
}
END_TEST

/* ---- JSON ---- */

static char interface[65536], page[32768];

static void read_text(const char *path, char *ret, size_t size)
{
    FILE *file = fopen(path, "re");
    ck_assert_msg(file, "%s", path);
    ret[fread(ret, 1, size - 1, file)] = '\0';
    ck_assert(feof(file));
    fclose(file);
}

/* "KEY x" in the interface, with any type; or ".Cm KEY" in the command's manual. */
static bool is_documented(const char *key)
{
    static const char *const types[] = {"x", "s", "b", "as", "ax", "a{sv}", "aa{sv}"};
    char words[96];
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        for (const char *before = " ("; *before; before++) {
            snprintf(words, sizeof(words), "%c%s %s", *before, key, types[i]);
            if (strstr(interface, words))
                return true;
        }
    const int length = snprintf(words, sizeof(words), "\n.Cm %s", key);
    const char *found = strstr(page, words);
    return found && strchr(" \n", found[length]);
}

static void check_members(const char *command, const json_t *value)
{
    const char *key;
    size_t i;
    json_t *item;
    json_object_foreach((json_t *)value, key, item)
    {
        ck_assert_msg(is_documented(key), "%s: %s is not documented", command, key);
        check_members(command, item);
    }
    json_array_foreach(value, i, item)
    {
        check_members(command, item);
    }
}

/* Commands that have answers with as many members as may be, in this order. */
static const struct {
    const char *user, *command, *manual;
} answered[] = {
    {"alice", "pkg-request submit asked -m why --json", "pkg-request.1"},
    {"alice", "pkg-request submit asked -m why --json", "pkg-request.1"},
    {"dave", "pkg-request submit asked -m why -d 30m --start +1h --json", "pkg-request.1"},
    {"dave", "pkg-request emergency other -m fire --json", "pkg-request.1"},
    {"bob", "pkg-approve delegate --to carol --until +1h -m leave --json", "pkg-approve.1"},
    {"bob", "pkg-approve delegate --json", "pkg-approve.1"},
    {"carol", "pkg-approve list --json", "pkg-approve.1"},
    {"carol", "pkg-approve approve alice/asked 999 nobody/asked --for 30m --json", "pkg-approve.1"},
    {"bob", "pkg-approve deny dave/asked -m no --json", "pkg-approve.1"},
    {"bob", "pkg-approve review dave/other --json", "pkg-approve.1"},
    {"alice", "pkg-request extend asked -m more --json", "pkg-request.1"},
    {"alice", "pkg-request cancel alice/asked -m enough --json", "pkg-request.1"},
    {"bob", "pkg-approve history --json", "pkg-approve.1"},
    {"bob", "pkg-approve show alice/asked --json", "pkg-approve.1"},
    {"alice", "pkg-request --json", "pkg-request.1"},
    {"alice", "pkg-request packages --json", "pkg-request.1"},
    {"alice", "pkg-request explain other --json", "pkg-request.1"},
    {"root", "pkg-admin explain asked alice --json", "pkg-admin.8"},
    {"root", "pkg-admin import dba-leads --package leads --dry-run --json", "pkg-admin.8"},
    {"root", "pkg-admin assign leads alice -d 1h -m x --json", "pkg-admin.8"},
    {"root", "pkg-admin revoke leads alice -m x --json", "pkg-admin.8"},
    {"root", "pkg-admin retry other dave --json", "pkg-admin.8"},
    {"root", "gpasswd -a dave dbadmins >/dev/null; pkg-admin holders --json", "pkg-admin.8"},
    {"root", "pkg-admin check-config --json", "pkg-admin.8"},
    {"root",
     "usermod -p '$6$x$y' root; cp /etc/pam.d/su /etc/pam.d/login; pkg-admin pam enable login --package "
     "asked "
     "--report --yes --json 2>/dev/null",
     "pkg-admin.8"},
    {"root", "pkg-admin pam status --json", "pkg-admin.8"},
    {"root", "pkg-admin pam test alice login --json", "pkg-admin.8"},
    {"root", "sed -i '/accesspkg/d' /etc/pam.d/login; pkg-admin status --json 2>/dev/null", "pkg-admin.8"},
    {"root", "pkg-admin pam disable login --json", "pkg-admin.8"},
    {"root", "pkg-admin setup made --groups dbadmins --approvers bob --requestors alice --json",
     "pkg-admin.8"},
    {"root", "mkdir -m 755 /tmp/none; pkg-admin diff /tmp/none --json", "pkg-admin.8"},
    {"root", "pkg-admin report --json", "pkg-admin.8"},
    {"root", "pkg-admin metrics --json", "pkg-admin.8"},
    {"root", "pkg-admin audit --json", "pkg-admin.8"},
    {"root", "mkdir -p /var/mail; echo 'From x' >/var/mail/accesspkg-notify; pkg-admin status --json",
     "pkg-admin.8"},
    {"dave", "pkg-request return other --json", "pkg-request.1"},
    {"root", "gpasswd -d dave dbadmins >/dev/null; pkg-admin status --json", "pkg-admin.8"},
};

/* Every member that a command prints stands in org.accesspkg1(5), which is made from the interface, or in its manual. */
START_TEST(test_json_is_documented)
{
    char path[64];
    live_write_package("asked", ASKED "extension = approval\n");
    live_write_package("other", EMERGENCY);
    live_write_package("leads", "[package]\ngroups = dba-leads\n[policy]\napprovers = bob\n");
    live_expect("root", "pkg-admin reload --json", 0, "]");
    read_text("dbus/org.accesspkg1.Manager.xml", interface, sizeof(interface));
    for (size_t i = 0; i < sizeof(answered) / sizeof(answered[0]); i++) {
        snprintf(path, sizeof(path), "docs/man/%s", answered[i].manual);
        read_text(path, page, sizeof(page));
        live_run(answered[i].user, answered[i].command);
        const char *begin = live_output + strcspn(live_output, "[{");
        json_t *value = json_loads(begin, JSON_DISABLE_EOF_CHECK, NULL);
        ck_assert_msg(value && json_object_size(value) + json_array_size(value) > 0, "%s: %s",
                      answered[i].command, live_output);
        check_members(answered[i].command, value);
        json_decref(value);
    }
}
END_TEST

/* ---- names ---- */

START_TEST(test_names_show_what_may_be_seen)
{
    live_expect("alice", "pkg-request submit asked -m why", 0, "is filed");
    live_expect("alice", "pkg-request status alice/asked", 0, "Pending approval");
    live_expect("bob", "pkg-approve show alice/asked", 0, "Pending approval");
    live_expect("carol", "pkg-approve show alice/asked", 1,
                "There is no request of alice for asked that you may see");
    live_expect("root", "pkg-approve show alice/asked", 0, "Pending approval");
    live_expect("bob", "pkg-approve deny alice/asked -m no", 0, "alice does not get asked");
    live_expect("bob", "pkg-approve show alice/asked", 0, "Denied");
    live_expect("alice", "pkg-request", 0, "You may ask for");
}
END_TEST

/* ---- completion ---- */

/* What the shells would offer for a line: one word per line, sorted. The zsh script is run with its own functions for
 * users and groups replaced, and what it adds printed. */
static const char bash_offers[] = "bash -c '. /usr/share/bash-completion/completions/pkg-approve; "
                                  "COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1));"
                                  " _accesspkg; printf \"%%s\\n\" \"${COMPREPLY[@]}\" | sort' bash %s";
static const char zsh_offers[] = "zsh -fc 'compadd() { shift; print -rl -- ${(M)@:#${words[CURRENT]}*} }; "
                                 "_users() { compadd -- alice bob };"
                                 " _groups() { compadd -- dbadmins }; words=(\"$@\"); CURRENT=$#;"
                                 " . /usr/share/zsh/vendor-completions/_accesspkg | sort' zsh %s";

static const struct offer {
    const char *user, *line;
    const char *offers; /* one of the words */
    const char * not ;  /* none of them; NULL: nothing to say */
} offers[] = {
    {"bob", "pkg-approve ''", "watch", "--json"},
    {"bob", "pkg-approve approve --", "--yes", "--limit"},
    {"root", "pkg-admin ''", "pam", "enable"},
    {"root", "pkg-admin pam ''", "disable", "status disable"},
    {"root", "pkg-admin pam enable ''", "su", "dbadmins"},
    {"root", "pkg-admin pam enable su --", "--enforce", "--all"},
    {"root", "pkg-admin pam enable su --package as", "asked", "other"},
    {"root", "pkg-admin pam test ''", "alice", "su"},
    {"root", "pkg-admin pam test alice ''", "su", "alice"},
    {"bob", "pkg-approve approve ''", "alice/asked", "dave/other"},
    {"bob", "pkg-approve approve 9 ''", "1", "2"},
    {"bob", "pkg-approve approve 1 ''", "alice/asked", "1"},
    {"bob", "pkg-approve approve -m because al", "alice/asked", "1"},
    {"bob", "pkg-approve show ''", "dave/other", NULL},
    {"bob", "pkg-approve review ''", "", "1"},
    {"bob", "pkg-approve delegate --to ''", "alice", NULL},
    {"bob", "pkg-approve delegate --until ''", "+2h", "1d"},
    {"bob", "pkg-approve approve 1 --for ''", "4h", NULL},
    {"bob", "pkg-approve revoke ''", "dave/other", "alice/asked"},
    {"alice", "pkg-request submit ''", "other", "asked"},
    {"dave", "pkg-request submit ''", "asked", "other"},
    {"dave", "pkg-request extend ''", "other", "asked"},
    {"alice", "pkg-request return ''", "", "other"},
    {"alice", "pkg-request emergency ''", "", "other"},
    {"alice", "pkg-request status ''", "alice/asked", "dave/other"},
    {"dave", "pkg-request cancel ''", "", "dave/other"},
    {"alice", "pkg-request submit asked ''", "", "other"},
    {"alice", "pkg-request submit asked --wa", "--wait", NULL},
    {"alice", "pkg-request cancel ''", "alice/asked", NULL},
    {"dave", "pkg-request return ''", "other", "asked"},
    {"root", "pkg-admin assign o", "other", "asked"},
    {"root", "pkg-admin assign asked b", "bob", "other"},
    {"root", "pkg-admin explain asked ''", "bob", "asked"},
    {"root", "pkg-admin revoke ''", "other", "asked"},
    {"root", "pkg-admin revoke other ''", "dave", "alice"},
    {"root", "pkg-admin revoke asked ''", "", "dave"},
    {"root", "pkg-admin revoke '$(touch /tmp/run)' ''", "", "dave"},
    {"root", "pkg-admin retry other ''", "dave", "alice"},
    {"root", "pkg-admin lock ''", "bob", NULL},
    {"root", "pkg-admin unlock ''", "erin", "dave"},
    {"root", "pkg-admin pam disable ''", "", "su"},
    {"root", "pkg-admin import ''", "dbadmins", NULL},
    {"root", "pkg-admin holders ''", "dbadmins", NULL},
    {"root", "pkg-admin holders b", "bob", "asked"},
    {"root", "pkg-admin holders as", "asked", "bob"},
    {"root", "pkg-admin holders --package ''", "asked", "dbadmins"},
    {"root", "pkg-admin report --since ''", "7d", "+2h"},
    {"root", "pkg-admin report --package ''", "asked", NULL},
    {"root", "pkg-admin audit --request ''", "2", NULL},
};

static bool has_word(const char *word)
{
    char lines[LIVE_OUTPUT_MAX + 2], line[128];
    snprintf(lines, sizeof(lines), "\n%s", live_output);
    snprintf(line, sizeof(line), "\n%s\n", word);
    return strstr(lines, line) != NULL;
}

static void check_offers(const char *shell, const char *script)
{
    char command[2048];
    for (size_t i = 0; i < sizeof(offers) / sizeof(offers[0]); i++) {
        const struct offer *offer = &offers[i];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        snprintf(command, sizeof(command), script, offer->line);
#pragma GCC diagnostic pop
        ck_assert_msg(live_run(offer->user, command) == 0, "%s: %s: %s", shell, offer->line, live_output);
        ck_assert_msg(!*offer->offers || has_word(offer->offers), "%s: %s: no %s in: %s", shell, offer->line,
                      offer->offers, live_output);
        ck_assert_msg(!offer->not || !has_word(offer->not ), "%s: %s: %s in: %s", shell, offer->line,
                      offer->not, live_output);
    }
}

/* compgen -W would run what stands in $(...). */
START_TEST(test_completion_runs_nothing)
{
    live_expect(
        "root",
        "bash -c '. /usr/share/bash-completion/completions/pkg-approve;"
        " _accesspkg_words() { echo \"\\$(touch /tmp/run)\"; echo \"a;b\"; echo fine; echo domain users; };"
        " COMP_WORDS=(pkg-approve approve \"\"); COMP_CWORD=2; _accesspkg; echo \"<${COMPREPLY[*]}>\"'",
        0, "<fine domain\\ users>");
    live_expect("root", "test ! -e /tmp/run", 0, "");
    live_expect("root",
                "bash -c '. /usr/share/bash-completion/completions/pkg-approve;"
                " _accesspkg_words() { echo domain users; echo domain ops; };"
                " COMP_WORDS=(pkg-approve approve \"domain\\\\ o\"); COMP_CWORD=2; _accesspkg;"
                " echo \"<${COMPREPLY[*]}>\"'",
                0, "<domain\\ ops>");
}
END_TEST

START_TEST(test_completion)
{
    live_expect("alice", "pkg-request submit asked -m why", 0, "is filed");
    live_expect("dave", "pkg-request submit other -m why", 0, "is filed");
    live_expect("bob", "pkg-approve approve 2", 0, "dave holds other");
    live_expect("root", "pkg-admin lock erin", 0, "");
    check_offers("bash", bash_offers);
    if (live_run("root", "command -v zsh") == 0)
        check_offers("zsh", zsh_offers);
    live_expect("root", "test ! -e /tmp/run", 0, "");
}
END_TEST

/* Whoever presses TAB wants no message, and does not start what an administrator stopped. */
START_TEST(test_completion_is_silent)
{
    static const char *const lines[] = {"pkg-request --print-completion submit PACKAGE",
                                        "pkg-approve --print-completion approve ID...",
                                        "pkg-request --print-completion nonsense PACKAGE || [ $? = 64 ]"};
    static const char *const by_root[] = {"pkg-admin --print-completion revoke PACKAGE",
                                          "pkg-admin --print-completion unlock USER"};

    live_stop_daemon(SIGTERM);
    for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
        live_expect("alice", lines[i], 0, "");
        ck_assert_str_eq(live_output, "");
    }
    for (size_t i = 0; i < sizeof(by_root) / sizeof(*by_root); i++) {
        live_expect("root", by_root[i], 0, "");
        ck_assert_str_eq(live_output, "");
    }
    live_expect("root", "pgrep -x accesspkgd", 1, "");
    live_start_daemon();
}
END_TEST

int main(void)
{
    suite_case("live", setup, live_stop);
    suite_timeout(120);
    suite_add(test_watch, test_watch_shows_what_may_be_seen, test_submit_waits, test_report_and_audit,
              test_json_is_documented, test_names_show_what_may_be_seen, test_completion_runs_nothing,
              test_completion, test_completion_is_silent);
    return suite_run();
}
