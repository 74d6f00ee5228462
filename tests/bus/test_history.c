/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What an auditor asks, of the real daemon: who held what, who asked, who decided and why, was it used, how did it end; as a
 * table, as JSON, as CSV that python reads; reloads and starts in the audit log; history that is not kept any longer.
 */
#include "common/paths.h"
#include "common/usage.h"
#include "tests/support/live.h"
#include "tests/support/suite.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ASKED                                                                                                \
    "[package]\ngroups = dbadmins\n[policy]\nrequestors = %staff dave\nduration = 1h\napprovers = bob\n"     \
    "emergency = dave\n"
#define FREE "[package]\ngroups = backup\n[policy]\nduration = 1h\napproval = none\n"

static void setup(void)
{
    live_start("asked", ASKED, "free", FREE, NULL);
}

/* Runs it as root; the words that it has to print, then NULL. */
static void expect(const char *command, ...)
{
    const char *says;
    va_list all;
    live_expect("root", command, 0, "");
    va_start(all, command);
    while ((says = va_arg(all, const char *)))
        ck_assert_msg(strstr(live_output, says), "no '%s' in the answer to %s:\n%s", says, command,
                      live_output);
    va_end(all);
}

/* The table as a pipe gets it, without runs of blanks. */
#define SQUEEZED " | tr -s ' '"

START_TEST(who_had_it)
{
    live_expect("alice", "pkg-request submit asked -m 'ticket 4711'", 0, "Request 1");
    live_expect("bob", "pkg-approve approve 1 -m 'go on'", 0, "");
    live_expect("dave", "pkg-request emergency asked -m 'it burns'", 0, "");
    live_expect("root", "pkg-admin assign free carol -m 'on call'", 0, "");
    live_expect("alice", "pkg-request submit free -m 'a look'", 0, "");
    live_expect("alice", "pkg-request return free", 0, "");
    live_expect("root", "pkg-admin revoke asked alice -m 'enough'", 0, "");
    expect("pkg-admin holders asked --since 1h" SQUEEZED,
           "USER PACKAGE FROM UNTIL NOW ASKED DECIDED FIRST USE LAST USE\n",
           " held emergency, dave: it burns not reviewed none noted none noted\n",
           " revoked by root: enough alice: ticket 4711 approved by bob: go on none noted none noted\n",
           NULL);
    ck_assert_ptr_null(strstr(live_output, "carol"));
    expect("pkg-admin holders --since 1h --user carol" SQUEEZED, "carol free ",
           " held - assigned by root: on call none noted none noted\n", NULL);
    expect("pkg-admin holders %backup --since 1h" SQUEEZED, "carol free ", "alice free ",
           " returned alice: a look no approval needed none noted none noted\n", NULL);
    expect("pkg-admin holders asked --since 1h --json", "\"end_reason\": \"enough\"", "\"ended\": \"20",
           "\"ended_by\": \"root\"", "\"justification\": \"ticket 4711\"", "\"verdict\": \"approved\"",
           "\"emergency\": true", NULL);
    live_expect("root", "pkg-admin holders nothing --since 1h", 0,
                "Nothing was held by the name nothing in that time");
    live_expect("root", "pkg-admin holders asked --until 1d", 0,
                "Nothing was held by the name asked in that time.");
    live_expect("root", "pkg-admin holders --since 1h --until 2h", 64, "--until 2h lies before --since");
    live_expect("root", "pkg-admin holders --csv --json", 64, "--csv and --json are two ways to print");
    live_expect("alice", "pkg-admin holders --since 1h", 77, "Only root");
}
END_TEST

/* The notes of the gate are shown while it is held, and stay when it ended and they are gone. */
START_TEST(whether_it_was_used)
{
    const struct usage_subject subject = {1, 1};
    char first[64];
    const time_t now = time(NULL);
    live_expect("root", "pkg-admin assign free carol -m 'on call'", 0, "");
    ck_assert_int_eq(system("mkdir -p -m 0750 " PATH_STATE "/used && chgrp accesspkg " PATH_STATE "/used"),
                     0);
    expect("pkg-admin holders free --since 1h" SQUEEZED, " none noted none noted\n", NULL);
    ck_assert_int_eq(usage_note(PATH_STATE, &subject, now + 1), 0);
    strftime(first, sizeof(first), "%Y-%m-%dT%H:%M:%S", localtime(&(time_t){now + 1}));
    expect("pkg-admin holders free --since 1h --json", "\"first_use\": \"", first, "\"last_use\": \"", NULL);
    live_expect("root", "pkg-admin revoke free carol -m 'enough'", 0, "");
    ck_assert_int_eq(system("rm -r " PATH_STATE "/used"), 0);
    expect("pkg-admin holders free --since 1h --json", "\"first_use\": \"", first, "\"last_use\": \"", NULL);
}
END_TEST

/* Rule 10, for spreadsheets: what a user typed is a text there, and one cell. */
START_TEST(csv_for_spreadsheets)
{
    static const char *const reasons[] = {"=HYPERLINK(\"http://x\",\"y\")", "+1", "-1+1", "@SUM(A1)", " =1+1",
                                          "a \"quote\", a comma; and more"};
    static const char read[] =
        "pkg-admin holders free --since 1h --csv > /tmp/held.csv && pkg-admin audit --package free --csv > "
        "/tmp/audit.csv &&"
        " pkg-admin holders --csv > /tmp/now.csv &&"
        " python3 -c '\nimport csv\n"
        "raw = open(\"/tmp/held.csv\", \"rb\").read()\n"
        "assert raw.count(b\"\\r\\n\") == raw.count(b\"\\n\") == 7, raw\n"
        "rows = list(csv.DictReader(open(\"/tmp/held.csv\", newline=\"\"), strict=True))\n"
        "print([r[\"decided\"] for r in rows if r[\"decided\"]])\n"
        "details = [r[\"detail\"] for r in csv.DictReader(open(\"/tmp/audit.csv\", newline=\"\"), "
        "strict=True)"
        " if r[\"event\"] == \"assign\"]\n"
        "print(sorted(details))\n"
        "assert not [c for r in csv.reader(open(\"/tmp/audit.csv\", newline=\"\")) for c in r"
        " if c.strip()[:1] in tuple(\"=+-@\")], 1\n"
        "now = list(csv.DictReader(open(\"/tmp/now.csv\", newline=\"\"), strict=True))\n"
        "assert len(now) == 1 and now[0][\"groups\"] == \"backup\" and now[0][\"user\"] == \"carol\", now\n'";
    for (size_t i = 0; i < sizeof(reasons) / sizeof(*reasons); i++) {
        char command[256];
        snprintf(command, sizeof(command), "pkg-admin assign free carol -m '%s'%s", reasons[i],
                 i + 1 < sizeof(reasons) / sizeof(*reasons) ? " && pkg-admin revoke free carol -m x" : "");
        live_expect("root", command, 0, "");
    }
    expect(read, "a \"quote\", a comma; and more", "'=HYPERLINK(", "\"'+1\"", "\"'-1+1\"", "\"'@SUM(A1)\"",
           "\"' =1+1\"", NULL);
}
END_TEST

/* What is in force is said with its digest, by whom it was read, and what changed; also what changed while nothing ran. */
START_TEST(reloads_are_on_record)
{
    expect("pkg-admin audit" SQUEEZED, " accesspkgd reload ", "; new: asked, free\n", NULL);
    live_write_package("asked", ASKED "cooldown = 1h\n");
    live_write_package("new", FREE);
    live_expect("root", "pkg-admin reload", 0, "");
    expect("pkg-admin audit -n 1" SQUEEZED, " root reload - - digest ",
           "; new: new; changed: asked (cooldown)\n", NULL);
    live_expect("root", "pkg-admin reload", 0, "");
    expect("pkg-admin audit -n 1" SQUEEZED, "; nothing changed\n", NULL);
    live_write_package("asked", "[package]\nnonsense\n");
    live_expect("root", "pkg-admin reload", 78, "");
    live_write_package("asked", ASKED);
    live_remove_package("new");
    ck_assert_int_eq(live_stop_daemon(SIGTERM), 0);
    live_start_daemon();
    expect("pkg-admin audit -n 1" SQUEEZED, " accesspkgd reload - - digest ",
           "; changed: asked (cooldown); removed: new\n", NULL);
    ck_assert_int_eq(live_stop_daemon(SIGTERM), 0);
    live_start_daemon();
    expect("pkg-admin audit --since 1h | grep -c reload", "4\n", NULL);
    expect("pkg-admin audit --package new | grep -c reload", "2\n", NULL);
    expect("pkg-admin audit --package free | grep -c reload", "1\n", NULL);
    live_expect("root", "pkg-admin audit --package fre", 0, "The audit log has no such line.");
    live_expect("root", "pkg-admin audit --until 1h", 0, "The audit log has no such line.");
}
END_TEST

START_TEST(settings_are_on_record)
{
    ck_assert_int_eq(system("printf '[store]\\nkeep = 90d\\n[limits]\\npending_per_user = "
                            "5\\n[decisions]\\naccount_state = no\\n' >" PATH_CONFIG),
                     0);
    live_expect("root", "pkg-admin reload", 0, "");
    expect("pkg-admin audit -n 1", "; accesspkg.conf: [limits] pending_per_user, [store] keep\n", NULL);
    expect("pkg-admin", "kept for 90 d\n", NULL);
}
END_TEST

/* What a start finds too old goes, and the log says so. */
START_TEST(old_history_goes)
{
    live_expect("alice", "pkg-request submit free -m 'a look'", 0, "");
    live_expect("alice", "pkg-request return free", 0, "");
    live_expect("root", "pkg-admin assign free carol -m 'on call'", 0, "");
    ck_assert_int_eq(live_stop_daemon(SIGTERM), 0);
    ck_assert_int_eq(
        system("sqlite3 " PATH_STORE
               " 'UPDATE audit SET at = at - CASE id WHEN (SELECT max(id) FROM audit) THEN 200000"
               " ELSE 40000000 END;"
               " UPDATE assignment SET ended = ended - 40000000, start = start - 40000000,"
               " end = end - 40000000 WHERE ended > 0;'"),
        0);
    const int watch = live_watch(PATH_STATE);
    live_start_daemon();
    while (live_run("root", "pkg-admin audit | grep -q forget") != 0)
        ck_assert(live_changes(watch));
    expect("pkg-admin audit" SQUEEZED, "requests 1, assignments 1, ", NULL);
    ck_assert_ptr_null(strstr(live_output, "a look"));
    ck_assert_ptr_nonnull(strstr(live_output, "on call")); /* held: it stays, however old */
    live_expect("carol", "pkg-request", 0, "free");
}
END_TEST

int main(void)
{
    suite_case("history", setup, live_stop);
    suite_add(who_had_it, whether_it_was_used, csv_for_spreadsheets, reloads_are_on_record,
              settings_are_on_record, old_history_goes);
    return suite_run();
}
