/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pkg-admin status on one screen, however bad things are, and mail that came back. In a private root: it reads /etc and
 * /var/mail. */
#include "tests/support/fake_script.h"

#include "common/paths.h"
#include "tests/support/suite.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LINE_IN_NSSWITCH "group: files systemd accesspkg\n"

enum { ROWS = 24, COLUMNS = 80 };

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");

    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    ck_assert_int_eq(fclose(file), 0);
}

static void setup(void)
{
    script_setup();
    write_file("/etc/nsswitch.conf", LINE_IN_NSSWITCH);
    mkdir(ACCESSPKG_MAILDIR, 0755);
    unlink(PATH_RETURNED);
}

/* ---- what it says ----------------------------------------------------------------------------------------- */

#define QUIET                                                                                                \
    "\"version\": \"0.1.0\", \"host\": \"db7\", \"started\": 1763935940, \"packages\": 1,"                   \
    " \"policy_loaded\": 1763935940, \"store_size\": 4404019, \"store_free\": 128849018880,"                 \
    " \"pending\": 0, \"live_assignments\": 2, \"next_deadline\": 1763950340"

START_TEST(a_quiet_service_needs_few_rows)
{
    static const struct script lines[] = {
        ANSWERS("GetStatus", "[]", "a{sv}",
                "[{" QUIET ", \"undecidable\": 0, \"partially_fulfilled\": 0, \"memberships_left\": 0,"
                " \"unreviewed\": 0, \"notices\": 0, \"allow_list_problems\": []}]")};

    RUN(lines, "pkg-admin");
    ck_assert_int_eq(result.code, 0);
    ck_assert_str_eq(result.err, "");
    ck_assert_ptr_eq(strstr(result.out, "Daemon:           0.1.0 on db7, since Sun 2025-11-23 22:12 UTC ("),
                     result.out);
    SHOWS(result.out, "\nStore:            4.2 MiB; 120 GiB are free on its disk\n"
                      "Policy:           1 package, read Sun 2025-11-23 22:12 UTC (");
    SHOWS(result.out, "\nPending:          0\nLive assignments: 2\nNext deadline:    Mon ");
    RUN(lines, "pkg-admin", "status", "--json");
    SHOWS(result.out, "\"started\": \"2025-11-23T22:12:20+00:00\"");
    SHOWS(result.out, "\"store_free\": 128849018880");
}
END_TEST

START_TEST(it_says_how_long_history_is_kept)
{
    static const struct script kept[] = {ANSWERS(
        "GetStatus", "[]", "a{sv}", "[{" QUIET ", \"history_since\": 1763935940, \"keep\": 34560000}]")};
    static const struct script for_good[] = {
        ANSWERS("GetStatus", "[]", "a{sv}", "[{" QUIET ", \"history_since\": 1763935940}]")};

    RUN(kept, "pkg-admin");
    SHOWS(result.out, "\nHistory:          since Sun 2025-11-23 22:12 UTC (");
    SHOWS(result.out, "; kept for 400 d\n");
    RUN(kept, "pkg-admin", "status", "--json");
    SHOWS(result.out, "\"history_since\": \"2025-11-23T22:12:20+00:00\"");
    SHOWS(result.out, "\"keep\": 34560000");
    RUN(for_good, "pkg-admin");
    SHOWS(result.out, "; kept for good\n");
}
END_TEST

START_TEST(trouble_is_there_when_there_is_some)
{
    static const struct script lines[] = {ANSWERS(
        "GetStatus", "[]", "a{sv}",
        "[{" QUIET ", \"allow_list_problems\": [\"a: b\", \"c: d\"], \"undecidable\": 7,"
        " \"undecidable_requests\": [\"request 1, db of eve: nobody\"], \"partially_fulfilled\": 1,"
        " \"partial\": [\"db of eve: g: none\"], \"memberships_left\": 2, \"unreviewed\": 3, "
        "\"review_overdue\": 1,"
        " \"standing_count\": 1, \"standing_members\": [\"eve, by other means: gpasswd -d eve dbadmins\"],"
        " \"unexplained_count\": 2, \"unexplained_members\": [\"zoe in g: accesspkg added them\"],"
        " \"unknown_users\": 12, \"unknown_user_names\": [\"eve\", \"karl@corp\"], \"unknown_groups\": 1,"
        " \"unknown_group_names\": [\"far\"],"
        " \"policy_problem\": \"The last good policy is in use.\\ndb.conf:1: wrong\\nweb.conf:2: odd\","
        " \"notices\": 3, \"oldest_notice\": 1763935940, \"notice_failure\": \"mail: no\\nMTA\","
        " \"notice_failed\": 1763935940}]")};

    RUN(lines, "pkg-admin");
    SHOWS(result.out, "Policy problem:     The last good policy is in use.\n"
                      "Errors:             db.conf:1: wrong\n                    web.conf:2: odd\n"
                      "Allow-list:         a: b\n                    c: d\n");
    SHOWS(result.out,
          "Nobody can decide:  request 1, db of eve: nobody\n                    ... and 6 more\n"
          "Not reviewed:       3 taken in an emergency (1 longer than review_within); approvers see which: "
          "pkg-approve\n"
          "Live assignments:   2\nNot in place:       db of eve: g: none\n"
          "Also in /etc/group: eve, by other means: gpasswd -d eve dbadmins\n"
          "Not explained:      zoe in g: accesspkg added them\n                    ... and 1 more\n"
          "Not known now:      12 users: eve, karl@corp, ...; 1 group: far\n"
          "Left in /etc/group: 2 not taken out yet; tried again, and the journal says why\n"
          "Notices to deliver: 3, since Sun 2025-11-23 22:12 UTC (");
    SHOWS(result.out, "Last failure:       Sun 2025-11-23 22:12 UTC (");
}
END_TEST

static const struct {
    const char *members, *says;
} ages[] = {
    {"\"pending\": 12, \"pending_hour\": 9, \"pending_day\": 2, \"pending_older\": 1, \"oldest_pending\": "
     "1763935940",
     " 12 (9 of the last hour, 2 of the last day, 1 older; oldest: Sun 2025-11-23 22:12 UTC ("},
    {"\"pending\": 3, \"pending_hour\": 0, \"pending_day\": 3, \"pending_older\": 0, \"oldest_pending\": "
     "1763935940",
     " 3 (3 of the last day; oldest: "},
    /* of a daemon that is older than the command */
    {"\"pending\": 3, \"oldest_pending\": 1763935940", " 3 (oldest: "},
    {"\"pending\": 0, \"pending_hour\": 0, \"pending_day\": 0, \"pending_older\": 0", " 0\n"},
};

START_TEST(what_waits_is_told_by_age)
{
    char answer[512];
    const struct script line = {"GetStatus", NULL, "a{sv}", answer, 0, NULL, 0};

    snprintf(answer, sizeof(answer), "[{%s}]", ages[_i].members);
    run_somewhere(FAKE_PIPES, NULL, &line, 1, WORDS("pkg-admin", "status"));
    SHOWS(result.out, ages[_i].says);
}
END_TEST

/* Which services refuse is read in this host's pam.d, and told also where it is none. */
START_TEST(it_names_the_guarded_services)
{
    static const char gate[] = "account required pam_accesspkg.so package=db";
    static const struct script lines[] = {ANSWERS("GetStatus", "[]", "a{sv}", "[{" QUIET "}]")};
    char text[256];

    RUN(lines, "pkg-admin");
    SHOWS(result.out, "\nGuarded services: none: see pam_accesspkg(8), and pkg-admin check-config\n");
    snprintf(text, sizeof(text), "%s\naccount required pam_unix.so\n", gate);
    write_file("/etc/pam.d/sshd", text);
    snprintf(text, sizeof(text), "%s mode=report\naccount required pam_unix.so\n", gate);
    write_file("/etc/pam.d/cron", text);
    RUN(lines, "pkg-admin");
    SHOWS(result.out, "\nGuarded services: cron (mode=report), sshd\n");
    RUN(lines, "pkg-admin", "status", "--json");
    SHOWS(result.out, "\"guarded\": [\n    \"cron (mode=report)\",\n    \"sshd\"\n  ]");
    ck_assert_int_eq(unlink("/etc/pam.d/sshd"), 0);
    ck_assert_int_eq(unlink("/etc/pam.d/cron"), 0);
}
END_TEST

/* ---- one screen ------------------------------------------------------------------------------------------- */

#define LONG_NAME "a-name-that-is-as-long-as-names-of-users-and-of-groups-may-be-xx"
#define LONG_LINE "\"request 1234567, web of " LONG_NAME LONG_NAME ": nobody may log in\""
#define FIVE      LONG_LINE "," LONG_LINE "," LONG_LINE "," LONG_LINE "," LONG_LINE

/* All that can be wrong is, and all texts are long. */
#define EVERYTHING                                                                                           \
    "[{\"version\": \"0.1.0\", \"host\": \"" LONG_NAME "\", \"started\": 1763935940, \"packages\": 999,"     \
    " \"policy_loaded\": 1763935940, \"store_size\": 4404019200, \"store_free\": 1,"                         \
    " \"policy_problem\": \"The configuration has errors. The last good policy is in use instead. Mend "     \
    "them, then run: pkg-admin reload\\n" LONG_NAME LONG_NAME "\\n2\\n3\\n4\\n5\\n6\\n7\\n8\\n9\","          \
    " \"allow_list_problems\": [" FIVE "], \"pending\": 12345, \"pending_hour\": 1000, \"pending_day\": "    \
    "10000, \"pending_older\": 1345, \"oldest_pending\": 1763935940, \"undecidable\": 1234,"                 \
    " \"undecidable_requests\": [" FIVE "], \"unreviewed\": 123, \"live_assignments\": 123456,"              \
    " \"partially_fulfilled\": 1234, \"partial\": [" FIVE "], \"memberships_left\": 123,"                    \
    " \"standing_count\": 1234, \"standing_members\": [" LONG_LINE "],"                                      \
    " \"notices\": 50000, \"oldest_notice\": 1763935940, \"notice_failure\": \"mail: " LONG_NAME LONG_NAME   \
    "\\nand so on\", \"notice_failed\": 1763935940, \"next_deadline\": 1763935940}]"

static size_t rows_of(const char *text)
{
    size_t rows = 0;

    for (const char *line = text; *line; rows++) {
        const size_t length = strcspn(line, "\r\n");

        ck_assert_msg(length <= COLUMNS, "%zu columns: %.*s", length, (int)length, line);
        line += length;
        line += strspn(line, "\r");
        line += *line == '\n';
    }
    return rows;
}

/* Each row that there can be, none longer than the terminal is wide; with the warning about nsswitch.conf beside it. */
START_TEST(however_bad_it_is_one_screen)
{
    static const struct script lines[] = {ANSWERS("GetStatus", "[]", "a{sv}", EVERYTHING)};
    static const char *const labels[] = {
        "Daemon:",  "Store:",     "Policy:",       "Policy problem:",   "Errors:",       "Allow-list:",
        "Pending:", "Nobody can", "Not reviewed:", "Live assignments:", "Not in place:", "Also in",
        "Left in",  "Notices to", "Last failure:", "Returned mail:",    "Next deadline:"};
    const char *warning;

    write_file(PATH_RETURNED, "From MAILER-DAEMON Sun Nov 23\n\nno\n");
    AT_TERMINAL(NULL, lines, "pkg-admin");
    for (size_t i = 0; i < LENGTH(labels); i++)
        SHOWS(result.out, labels[i]);
    SHOWS(result.out, "Nobody can decide:  1234; which: pkg-admin status --json\r\n");
    ck_assert_uint_lt(rows_of(result.out), ROWS);
    write_file("/etc/nsswitch.conf", "group: files\n");
    AT_TERMINAL(NULL, lines, "pkg-admin");
    warning = strstr(result.out, "pkg-admin: warning: /etc/nsswitch.conf:1: accesspkg is not in this line");
    ck_assert_ptr_nonnull(warning);
    ck_assert_uint_le(strlen(warning), 2 * COLUMNS);
    *(char *)warning = '\0';
    ck_assert_uint_lt(rows_of(result.out) + 2, ROWS);
    RUN(lines, "pkg-admin"); /* elsewhere there is all of it */
    SHOWS(result.out, "nobody may log in\n                    ... and 1229 more\n");
    SHOWS(result.out, "\n                    9\n");
}
END_TEST

/* As much of each list as there is place for. */
START_TEST(lists_take_what_is_left)
{
    static const struct script lines[] = {ANSWERS(
        "GetStatus", "[]", "a{sv}",
        "[{" QUIET ", \"unreviewed\": 1, \"undecidable\": 1234, \"undecidable_requests\": [" FIVE "],"
        " \"partially_fulfilled\": 6, \"partial\": [" FIVE "], \"allow_list_problems\": [" FIVE "]}]")};

    AT_TERMINAL(NULL, lines, "pkg-admin");
    ck_assert_uint_lt(rows_of(result.out), ROWS);
    SHOWS(result.out, "Allow-list:        request 1234567, web of a-name-");
    SHOWS(result.out, "...\r\n                   ... and 1230 more\r\n");
}
END_TEST

/* A forgotten line takes nothing from anybody but the groups: nobody else would say it. */
START_TEST(it_misses_the_line_in_nsswitch)
{
    static const struct script lines[] = {ANSWERS("GetStatus", "[]", "a{sv}", "[{\"packages\": 3}]")};
    static const struct {
        const char *text;
        bool warns;
    } cases[] = {
        {"passwd: files\ngroup: files [SUCCESS=merge] accesspkg\n", false},
        {"group: files accesspkg\ninitgroups: files [SUCCESS=continue] accesspkg\n", false},
        {"passwd: files\ngroup: files\n", true},
        {"group: files # accesspkg\n", true},
        {"group: files accesspkg\ninitgroups: files\n", true},
        {"", true},
    };

    for (size_t i = 0; i < LENGTH(cases); i++) {
        write_file("/etc/nsswitch.conf", cases[i].text);
        RUN(lines, "pkg-admin");
        ck_assert_int_eq(result.code, 0);
        ck_assert_msg((strstr(result.err, "/etc/nsswitch.conf") != NULL) == cases[i].warns, "case %zu: %s", i,
                      result.err);
    }
}
END_TEST

/* ---- mail that came back ---------------------------------------------------------------------------------- */

static const struct script quiet[] = {ANSWERS("GetStatus", "[]", "a{sv}", "[{" QUIET "}]")};

START_TEST(returned_mail_is_counted)
{
    static const char mails[] = "From MAILER-DAEMON Sun Nov 23 22:12:20 2025\nSubject: Delivery failed\n\n"
                                ">From here on: no\n\nFrom MAILER-DAEMON Sun Nov 23 22:13:20 2025\n\nno\n";
    const struct timespec times[] = {{.tv_sec = 1763935940}, {.tv_sec = 1763935940}};

    write_file(PATH_RETURNED, mails);
    ck_assert_int_eq(utimensat(AT_FDCWD, PATH_RETURNED, times, 0), 0);
    RUN(quiet, "pkg-admin");
    SHOWS(result.out, "\nReturned mail:    2 messages in " PATH_RETURNED
                      ", the last 2025-11-23T22:12:20+00:00. Read them, then empty the file\n");
    RUN(quiet, "pkg-admin", "--json");
    SHOWS(result.out, "\"returned_last\": \"2025-11-23T22:12:20+00:00\",\n  \"returned_mail\": 2,\n");
    HIDES(result.out, "returned_more");
    write_file(PATH_RETURNED, "From MAILER-DAEMON Sun Nov 23 22:12:20 2025\n\nno\n");
    AT_TERMINAL(NULL, quiet, "pkg-admin");
    SHOWS(result.out, "Returned mail:    1 message in " PATH_RETURNED ", the last ");
    /* Where the line breaks depends on how long ago that is. */
    ck_assert_ptr_nonnull(strstr(strstr(result.out, "Returned mail:"), "\r\n                  "));
    SHOWS(result.out, "then empty the file\r\n");
}
END_TEST

/* Nothing, or nothing that may be read: no row, and nothing that keeps the command waiting. */
START_TEST(no_returned_mail_is_no_row)
{
    static const char *const nothings[] = {
        "true", "touch " PATH_RETURNED, "mkdir " PATH_RETURNED, "mkfifo " PATH_RETURNED,
        "echo 'From x' >/tmp/elsewhere; ln -s /tmp/elsewhere " PATH_RETURNED};

    ck_assert_int_eq(system(nothings[_i]), 0);
    RUN(quiet, "pkg-admin");
    ck_assert_int_eq(result.code, 0);
    HIDES(result.out, "Returned");
    RUN(quiet, "pkg-admin", "--json");
    HIDES(result.out, "returned");
    ck_assert_int_eq(system("rm -rf " PATH_RETURNED " /tmp/elsewhere"), 0);
}
END_TEST

int main(void)
{
    script_case("status", setup);
    suite_add(a_quiet_service_needs_few_rows, it_says_how_long_history_is_kept,
              trouble_is_there_when_there_is_some);
    suite_loop(what_waits_is_told_by_age, 0, LENGTH(ages));
    suite_add(it_names_the_guarded_services, however_bad_it_is_one_screen, lists_take_what_is_left,
              it_misses_the_line_in_nsswitch, returned_mail_is_counted);
    suite_loop(no_returned_mail_is_no_row, 0, 5);
    return suite_run();
}
