/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the real commands ask of accesspkgd, a fake one here, and what they say about its answers. */
#include "tests/support/fake_script.h"
#include "tests/support/suite.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

/* ---- deciding --------------------------------------------------------------------------------------------- */

#define HELD                                                                                                 \
    "[{\"id\": 12, \"state\": \"fulfilled\", \"user\": \"alice\", \"package\": \"db-admins\", \"groups\": "  \
    "[\"dbadmins\"], \"assignment_end\": 1763950340}]"

START_TEST(approve_says_what_is_held)
{
    static const struct script lines[] = {
        SHOWN("12"), ANSWERS("Approve", DECIDES("12", ", \"reason\": \"go\""), "a{sv}", HELD)};
    static const struct script silent[] = {SHOWN("12"), ANSWERS("Approve", DECIDES("12", ""), "a{sv}", HELD)};

    RUN(lines, "pkg-approve", "approve", "12", "-m", "go");
    ck_assert_int_eq(result.code, 0);
    ck_assert_ptr_eq(strstr(result.out, "Request 12 is approved: alice holds db-admins (dbadmins) until Mon "
                                        "2025-11-24 02:12 UTC ("),
                     result.out);
    RUN(silent, "pkg-approve", "approve", "12");
    ck_assert_int_eq(result.code, 0);
}
END_TEST

START_TEST(approve_is_honest_about_the_rest)
{
    static const struct script partly[] = {
        SHOWN("2"), ANSWERS("Approve", NULL, "a{sv}",
                            "[{\"id\": 2, \"state\": \"partially-fulfilled\", \"user\": "
                            "\"alice\", \"package\": \"db\", \"problems\": "
                            "[\"backup: no such group\"]}]")};
    static const struct script more[] = {
        SHOWN("2"),
        ANSWERS("Approve", NULL, "a{sv}",
                "[{\"id\": 2, \"state\": \"pending-approval\", \"stage\": 2, \"approvers\": [\"bob\", "
                "\"carol\", \"%dba-leads\"], \"decisions\": [{\"decider\": \"carol\", \"stage\": 1}, "
                "{\"decider\": \"bob\", \"stage\": 2}]}]")};
    static const struct script later[] = {SHOWN("2"),
                                          ANSWERS("Approve", NULL, "a{sv}",
                                                  "[{\"id\": 2, \"state\": \"approved\", \"start\": "
                                                  "1763950340, \"user\": \"eve\", \"package\": \"db\", "
                                                  "\"duration\": 7200, \"granted\": 3600}]")};

    RUN(partly, "pkg-approve", "approve", "2");
    SHOWS(result.out, "does not hold all of db () yet: backup: no such group. It is tried again. If it takes "
                      "long, please tell");
    RUN(more, "pkg-approve", "approve", "2");
    SHOWS(result.out, "is recorded. It still waits for: carol, %dba-leads.");
    RUN(later, "pkg-approve", "approve", "2");
    SHOWS(result.out, "Request 2 is approved: eve will hold db () from Mon 2025-11-24 02:12 UTC (");
}
END_TEST

START_TEST(of_several_the_worst_counts)
{
    static const struct script lines[] = {
        REFUSED("GetRequest", "[11]", BUS_ERROR_NO_SUCH_REQUEST, "There is none that you may see."),
        REFUSED("Approve", "[11, {\"digest\": \"\"}]", BUS_ERROR_NOT_AUTHORIZED,
                "You are no approver of request 11."),
        SHOWN("12"),
        ANSWERS("Approve", DECIDES("12", ""), "a{sv}", HELD),
        SHOWN("13"),
        REFUSED("Approve", DECIDES("13", ""), BUS_ERROR_ALREADY_DECIDED, "bob approved it 2 min ago."),
    };

    RUN(lines, "pkg-approve", "approve", "11", "12", "13");
    ck_assert_int_eq(result.code, EX_NOPERM);
    SHOWS(result.err, "pkg-approve: request 11: You are no approver of request 11.\n");
    SHOWS(result.err, "pkg-approve: request 13: bob approved it 2 min ago.\n");
    SHOWS(result.out, "Request 12 is approved");
    RUN(lines, "pkg-approve", "approve", "--json", "11", "12", "13");
    ck_assert_int_eq(result.code, EX_NOPERM);
    json_t *all = script_parse(result.out);
    ck_assert_str_eq(member_text(json_array_get(all, 0), "error"), "NotAuthorized");
    ck_assert_int_eq(member_integer(json_array_get(all, 0), "id"), 11);
    ck_assert_str_eq(member_text(json_array_get(all, 1), "state"), "fulfilled");
    ck_assert_str_eq(member_text(json_array_get(all, 2), "message"), "bob approved it 2 min ago.");
    json_decref(all);
}
END_TEST

START_TEST(a_daemon_that_does_not_answer_ends_the_row)
{
    static const struct script lines[] = {SHOWN("1"),
                                          REFUSED("Deny", DECIDES("1", ", \"reason\": \"no\""),
                                                  BUS_ERROR_UNAVAILABLE, "The directory does not answer.")};

    RUN(lines, "pkg-approve", "deny", "1", "2", "-m", "no");
    ck_assert_int_eq(result.code, EX_UNAVAILABLE);
    SHOWS(result.err, "request 2 was not tried");
}
END_TEST

START_TEST(deny_needs_a_reason)
{
    static const struct script lines[] = {
        SHOWN("3"), ANSWERS("Deny", DECIDES("3", ", \"reason\": \"not today\""), "a{sv}",
                            "[{\"id\": 3, \"user\": \"alice\", \"package\": \"db\"}]")};

    RUN_UNASKED("pkg-approve", "deny", "3");
    ck_assert_int_eq(result.code, EX_USAGE);
    SHOWS(result.err, "needs a reason");
    RUN_UNASKED("pkg-approve", "deny", "3", "-m", " \t");
    ck_assert_int_eq(result.code, EX_USAGE);
    RUN(lines, "pkg-approve", "deny", "3", "-m", "not today");
    ck_assert_int_eq(result.code, 0);
    ck_assert_str_eq(result.out, "Request 3 is denied: alice does not get db.\n");
}
END_TEST

START_TEST(revoke_takes_back_what_was_approved)
{
    static const struct script lines[] = {
        ANSWERS("GetRequest", "[12]", "a{sv}", "[{\"id\": 12, \"user\": \"alice\", \"package\": \"db\"}]"),
        ANSWERS("Revoke", "[\"alice\", \"db\", \"enough\"]", "a{sv}",
                "[{\"id\": 12, \"state\": \"revoked\", \"user\": \"alice\", \"package\": \"db\", "
                "\"withdrawn\": [14]}]")};

    RUN(lines, "pkg-approve", "revoke", "12", "-m", "enough");
    ck_assert_int_eq(result.code, 0);
    SHOWS(result.out, "alice no longer holds db.");
    SHOWS(result.out, "Request 14 of the same user and package is cancelled with it.");
    RUN_UNASKED("pkg-approve", "revoke", "12");
    ck_assert_int_eq(result.code, EX_USAGE);
    SHOWS(result.err, "needs a reason");
}
END_TEST

/* ---- asking ----------------------------------------------------------------------------------------------- */

START_TEST(submit_says_who_decides)
{
    static const struct script lines[] = {
        ANSWERS("Submit",
                "[\"\", [\"db-admins\"], {\"service\": \"pkg-request\", \"justification\": \"disk\", "
                "\"duration\": "
                "7200}]",
                "a{sv}", "[" SAMPLE_PENDING "]"),
    };

    RUN(lines, "pkg-request", "submit", "db-admins", "-m", "disk", "--duration=2h");
    ck_assert_int_eq(result.code, 0);
    SHOWS(result.out, "Request 12 for db-admins is filed. It waits for: bob, %dba-leads.\n");
    SHOWS(result.out, "See: pkg-request status 12\n");
}
END_TEST

START_TEST(submit_names_its_terminal)
{
    static const struct script lines[] = {ANSWERS("Submit", NULL, "a{sv}", HELD)};

    run_somewhere(FAKE_TERMINAL, NULL, lines, 1, WORDS("pkg-request", "submit", "db-admins", "-m", "x"));
    SHOWS(result.out, "You hold db-admins until ");
}
END_TEST

START_TEST(submit_tells_what_is_open_already)
{
    static const struct script open[] = {
        ANSWERS("Submit", NULL, "a{sv}",
                "[{\"id\": 4, \"package\": \"db\", \"state\": \"pending-approval\", \"existing\": true}]")};
    static const struct script held[] = {
        ANSWERS("Submit", NULL, "a{sv}",
                "[{\"id\": 4, \"package\": \"db\", \"state\": \"partially-fulfilled\", \"held\": true}]")};
    static const struct script approved[] = {
        ANSWERS("Submit", NULL, "a{sv}", "[{\"id\": 4, \"package\": \"db\", \"state\": \"approved\"}]")};
    static const struct script refused[] = {
        REFUSED("Submit", NULL, BUS_ERROR_POLICY_REFUSED, "db asks for a justification. Add -m TEXT.")};

    RUN(open, "pkg-request", "submit", "db");
    SHOWS(result.out, "Request 4 for db is open already.");
    ck_assert_str_eq(result.err, "");
    /* What was written in vain is not passed over. */
    RUN(open, "pkg-request", "submit", "db", "-m", "disk full");
    ck_assert_int_eq(result.code, 0);
    SHOWS(result.out, "Request 4 for db is open already.");
    SHOWS(result.err, "your new reason, duration, start or end is not in it");
    SHOWS(result.err, "pkg-request cancel 4");
    RUN(open, "pkg-request", "submit", "db", "-d", "1h", "--json");
    SHOWS(result.err, "your new reason, duration, start or end is not in it");
    RUN(held, "pkg-request", "submit", "db");
    SHOWS(result.out, "You hold db until it is taken back.");
    RUN(approved, "pkg-request", "submit", "db");
    SHOWS(result.out, "Request 4 for db: Approved.");
    RUN(refused, "pkg-request", "submit", "db");
    ck_assert_int_eq(result.code, 1);
    ck_assert_str_eq(result.err, "pkg-request: db asks for a justification. Add -m TEXT.\n");
}
END_TEST

START_TEST(cancel_takes_several)
{
    static const struct script lines[] = {
        ANSWERS("Cancel", "[1, \"\"]", "a{sv}", "[{\"id\": 1, \"package\": \"db\"}]"),
        REFUSED("Cancel", "[2, \"\"]", BUS_ERROR_NO_SUCH_REQUEST, "There is no request 2 of yours."),
    };

    RUN(lines, "pkg-request", "cancel", "1", "2");
    ck_assert_int_eq(result.code, 1);
    ck_assert_str_eq(result.out, "Request 1 for db is cancelled.\n");
}
END_TEST

/* ---- administration --------------------------------------------------------------------------------------- */

/* As nobody: as root it would write the allow-list of whatever root this suite runs in. */
START_TEST(reload_is_for_root)
{
    run_somewhere(FAKE_NOBODY, NULL, NULL, 0, WORDS("pkg-admin", "reload"));
    ck_assert_int_eq(result.code, EX_NOPERM);
    SHOWS(result.err, "sudo pkg-admin reload");
}
END_TEST

/* The cases below run the real accesspkgd as root and write below /etc and /var: only in a private root. */
#define PACKAGES_D "/etc/accesspkg/packages.d"

static void write_package(const char *groups)
{
    FILE *file;

    mkdir("/etc/accesspkg", 0755);
    mkdir(PACKAGES_D, 0755);
    file = fopen(PACKAGES_D "/web.conf", "w");
    ck_assert_ptr_nonnull(file);
    fprintf(file, "[package]\n%s\n[policy]\napprovers = bob\n", groups);
    fclose(file);
}

START_TEST(reload_writes_the_list_then_tells)
{
    static const struct script lines[] = {
        ANSWERS("Reload", "[]", "asaa{sv}",
                "[[\"a \\u001b warning\"], [{\"group\": \"dba-leads\", \"gid\": 2002}]]"),
        ANSWERS("GetStatus", "[]", "a{sv}", "[{\"packages\": 1}]")};
    static const struct script refused[] = {
        REFUSED("Reload", "[]", BUS_ERROR_INVALID_CONFIGURATION, "web.conf: one\nweb.conf: two")};

    write_package("groups = dbadmins");
    RUN(lines, "pkg-admin", "reload");
    ck_assert_int_eq(result.code, 0);
    SHOWS(result.out,
          "The group dba-leads stays on the allow-list for those who hold it, without an end, though");
    SHOWS(result.out, "Policy reloaded: 1 package.\n");
    SHOWS(result.err, "warning: a \\x1b warning\n");
    ck_assert_int_eq(access("/var/lib/accesspkg/allow/gid-2001", F_OK), 0);
    run_somewhere(FAKE_PIPES, NULL, lines, 1, WORDS("pkg-admin", "reload", "--json"));
    ck_assert_str_eq(result.out, "[\n  \"a \\u001B warning\"\n]\n");
    RUN(refused, "pkg-admin", "reload");
    ck_assert_int_eq(result.code, EX_CONFIG);
    SHOWS(result.err, "the running policy stays:\npkg-admin: web.conf: one\nweb.conf: two\n");
}
END_TEST

START_TEST(a_bad_configuration_tells_nobody)
{
    write_package("nonsense = 1");
    RUN_UNASKED("pkg-admin", "reload");
    ck_assert_int_eq(result.code, EX_CONFIG);
    RUN_UNASKED("pkg-admin", "check-config");
    ck_assert_int_eq(result.code, EX_CONFIG);
    write_package("groups = dbadmins");
    RUN_UNASKED("pkg-admin", "check-config");
    ck_assert_int_eq(result.code, 0);
}
END_TEST

START_TEST(check_config_as_json)
{
    json_t *problems, *errors;

    write_package("groups = dbadmins nowhere\n[oddity]");
    RUN_UNASKED("pkg-admin", "check-config", "--json");
    ck_assert_int_eq(result.code, EX_CONFIG);
    problems = script_parse(result.out);
    errors = json_object_get(problems, "errors");
    ck_assert_uint_ge(json_array_size(errors), 1);
    SHOWS(json_string_value(json_array_get(errors, 0)), "web.conf:3: ");
    ck_assert_uint_eq(json_object_size(problems), 2);
    json_decref(problems);
    write_package("groups = dbadmins nowhere");
    RUN_UNASKED("pkg-admin", "check-config", "--json");
    ck_assert_int_eq(result.code, 0);
    problems = script_parse(result.out);
    ck_assert_uint_eq(json_array_size(json_object_get(problems, "errors")), 0);
    SHOWS(json_string_value(json_array_get(json_object_get(problems, "warnings"), 0)), "nowhere");
    json_decref(problems);
}
END_TEST

static void write_elsewhere(const char *text)
{
    FILE *file = fopen("/tmp/packages/web.conf", "w");

    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    ck_assert_int_eq(fclose(file), 0);
}

/* As in a hook of a repository: anybody's files, no bus, and a host that knows none of the names. */
START_TEST(check_config_of_a_folder)
{
    json_t *problems;

    write_package("nonsense = 1"); /* this host's own */
    ck_assert_int_eq(mkdir("/tmp/packages", 0777), 0);
    ck_assert_int_eq(chown("/tmp/packages", 1001, 1001), 0);
    write_elsewhere("[package]\ngroups = nowhere\n[policy]\napprovers = unknown\n");
    RUN_UNASKED("pkg-admin", "check-config", "/tmp/packages", "--no-lookup");
    ck_assert_int_eq(result.code, 0);
    ck_assert_str_eq(result.out, "1 package, 0 warnings\n");
    RUN_UNASKED("pkg-admin", "check-config", "/tmp/packages");
    ck_assert_int_eq(result.code, 0);
    SHOWS(result.out, "/tmp/packages/web.conf: warning: the group nowhere does not exist on this host");
    write_elsewhere("[package]\n[oddity]\n");
    RUN_UNASKED("pkg-admin", "check-config", "/tmp/packages", "--no-lookup", "--json");
    ck_assert_int_eq(result.code, 1);
    problems = script_parse(result.out);
    ck_assert_uint_eq(json_array_size(json_object_get(problems, "errors")), 3);
    SHOWS(result.out, "\"/tmp/packages/web.conf:2: there is no section [oddity]");
    json_decref(problems);
    RUN_UNASKED("pkg-admin", "check-config", "/tmp/nowhere");
    ck_assert_int_eq(result.code, 1);
    SHOWS(result.out, "/tmp/nowhere: error: there is no such folder");
    RUN_UNASKED("pkg-admin", "check-config", "--", "-nowhere");
    ck_assert_int_eq(result.code, 1);
    SHOWS(result.out, "-nowhere: error: there is no such folder");
    RUN_UNASKED("pkg-admin", "check-config", "--no-lookup");
    ck_assert_int_eq(result.code, EX_USAGE);
}
END_TEST

START_TEST(reload_without_a_daemon_says_when_it_counts)
{
    write_package("groups = dbadmins");
    RUN_UNASKED("pkg-admin", "reload");
    ck_assert_int_eq(result.code, 0);
    SHOWS(result.err, "takes effect when it starts");
    ck_assert_int_eq(access("/var/lib/accesspkg/allow/gid-2001", F_OK), 0);
    RUN_UNASKED("pkg-admin", "reload", "--json");
    ck_assert_str_eq(result.out, "[]\n");
    setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent/bus", 1);
    RUN_UNASKED("pkg-admin", "reload");
    ck_assert_int_eq(result.code, EX_UNAVAILABLE);
    SHOWS(result.err, "new groups are on the allow-list, but accesspkgd could not be told");
}
END_TEST

int main(void)
{
    script_case("what is done", script_setup);
    suite_add(approve_says_what_is_held, approve_is_honest_about_the_rest, of_several_the_worst_counts,
              a_daemon_that_does_not_answer_ends_the_row, deny_needs_a_reason,
              revoke_takes_back_what_was_approved, submit_says_who_decides, submit_names_its_terminal,
              submit_tells_what_is_open_already, cancel_takes_several, reload_is_for_root);
    if (getenv("ACCESSPKG_BUILD")) { /* tests/support/private-root sets it */
        script_case("in a private root", script_setup);
        suite_add(reload_writes_the_list_then_tells, a_bad_configuration_tells_nobody, check_config_as_json,
                  check_config_of_a_folder);
        script_case("without a daemon", script_setup_empty);
        suite_add(reload_without_a_daemon_says_when_it_counts);
    }
    return suite_run();
}
