/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The session phase of the real module: what ends soon, what waits. In front of the real accesspkgd, and of a service
 * that is mute or odd: it keeps nobody out, and nobody waiting.
 */
#include "common/paths.h"
#include "common/usage.h"
#include "tests/support/gate_bus.h"
#include "tests/support/live.h"
#include "tests/support/pam_host.h"
#include "tests/support/suite.h"

#include <inttypes.h>
#include <security/pam_appl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PROD                                                                                                 \
    "[package]\ngroups = dbadmins\n[policy]\nduration = 1h\napprovers = bob carol\nemergency = dave\n"
#define HOUR 3600

static int64_t last_use(const char *state, int64_t assignment)
{
    struct usage use = {0};
    ck_assert_int_eq(usage_read(state, &(struct usage_subject){assignment, 1}, &use), 0);
    return use.last;
}

static struct pam_host_outcome begin_as(const char *user, const char *tty, int flags)
{
    const struct pam_host_outcome outcome =
        pam_host_try(&(struct pam_host_login){.user = user, .tty = tty, .flags = flags, .session = true});
    ck_assert_int_eq(outcome.code, PAM_SUCCESS);
    ck_assert_int_eq(outcome.n_prompts, 0);
    ck_assert_int_eq(outcome.n_others, 0); /* su's stdout belongs to the command */
    return outcome;
}

static struct pam_host_outcome begin(const char *user)
{
    return begin_as(user, "ssh", 0);
}

static void expect_said(const char *user, const char *said)
{
    ck_assert_str_eq(begin(user).said, said);
}

/* ---- in front of the real accesspkgd ------------------------------------------------------------------------- */

static void start_live(void)
{
    live_start("prod", PROD, "night", PROD, NULL);
    pam_host_setup();
    pam_host_journal_open();
    pam_host_line("package=prod");
}

START_TEST(what_waits)
{
    expect_said("bob", "");
    live_expect("alice", "pkg-request submit prod", 0, "");
    const struct pam_host_outcome one = begin("bob");
    ck_assert_ptr_nonnull(
        strstr(one.said, "demohost: a request of alice (prod, request 1) waits for your decision, until "));
    ck_assert_ptr_nonnull(strstr(one.said, ": pkg-approve show 1\n"));
    ck_assert_int_eq(one.n_errors, 1);
    live_expect("alice", "pkg-request submit night", 0, "");
    expect_said("bob", "demohost: 2 requests wait for you: pkg-approve\n");
    expect_said("carol", "demohost: 2 requests wait for you: pkg-approve\n");
    expect_said("alice", "");
    live_expect("bob", "pkg-approve deny 2 -m no", 0, "");
    live_expect("bob", "pkg-approve approve 1", 0, "");
    expect_said("carol", "");
}
END_TEST

START_TEST(an_emergency_waits)
{
    live_expect("dave", "pkg-request emergency prod -m fire", 0, "");
    expect_said("bob", "demohost: an emergency of dave (prod, request 1) waits for your review: pkg-approve "
                       "show 1\n");
    live_expect("bob", "pkg-approve review 1 -m seen", 0, "");
    expect_said("bob", "");
}
END_TEST

/* The granted hour is what ends soon; more of it is asked for by what is said. */
START_TEST(what_ends)
{
    live_expect("root", "pkg-admin assign prod alice -d 40m -m 'on call'", 0, "");
    live_expect("root", "pkg-admin assign night alice -d 8h -m 'on call'", 0, "");
    expect_said("alice", "prod on demohost: your access ends in 40 min. To ask for more time: pkg-request "
                         "extend prod\n");
    live_stop_daemon(15);
    expect_said("alice", "prod on demohost: your access ends in 40 min. To ask for more time: pkg-request "
                         "extend prod\n");
}
END_TEST

/* ---- grant files ---------------------------------------------------------------------------------------------- */

static void start_alone(void)
{
    pam_host_setup();
    pam_host_journal_open();
    pam_host_line("");
}

static void stop_alone(void)
{
    pam_host_grant_text("alice", NULL);
}

static void expect_left(int64_t before, int64_t left, const char *words)
{
    char said[256] = "";
    const int64_t now = time(NULL);
    pam_host_grant("alice", PAM_HOST_ALICE, "prod", now - before, left == INT64_MAX ? left : now + left);
    if (*words)
        snprintf(said, sizeof(said),
                 "prod on demohost: your access ends in %s. To ask for more time: pkg-request extend prod\n",
                 words);
    expect_said("alice", said);
}

START_TEST(how_soon_is_soon)
{
    expect_left(60, HOUR, "1 h");
    expect_left(60, HOUR + 60, "");
    expect_left(60, 90, "2 min");
    expect_left(60, 0, "");                            /* over */
    expect_left(-60, 120, "");                         /* not begun */
    expect_left(90 * 24 * HOUR, 9 * 24 * HOUR, "9 d"); /* a tenth of it */
    expect_left(90 * 24 * HOUR, 11 * 24 * HOUR, "");
}
END_TEST

/* In seconds at last; how many, the time that passes meanwhile says. */
START_TEST(less_than_a_minute)
{
    const int64_t now = time(NULL);
    int left = 0;
    pam_host_grant("alice", PAM_HOST_ALICE, "prod", now - 60, now + 50);
    ck_assert_int_eq(sscanf(begin("alice").said,
                            "prod on demohost: your access ends in %d s. To ask for more time: ", &left),
                     1);
    ck_assert_int_le(left, 50);
    ck_assert_int_gt(left, 0);
}
END_TEST

START_TEST(what_has_no_end)
{
    char text[256];
    snprintf(text, sizeof(text),
             "accesspkg-grants 1\nuser alice %u\nwritten 1\npackage prod 1 forever 12\nend\n",
             PAM_HOST_ALICE);
    pam_host_grant_text("alice", text);
    expect_said("alice", "");
}
END_TEST

START_TEST(many_end)
{
    const int64_t now = time(NULL);
    char text[2048];
    size_t used = (size_t)snprintf(
        text, sizeof(text), "accesspkg-grants 1\nuser alice %u\nwritten %" PRId64 "\n", PAM_HOST_ALICE, now);
    for (int i = 0; i < 7; i++)
        used += (size_t)snprintf(text + used, sizeof(text) - used, "package p%d %" PRId64 " %" PRId64 " %d\n",
                                 i, now - 60, now + 600, i + 1);
    snprintf(text + used, sizeof(text) - used, "end\n");
    pam_host_grant_text("alice", text);
    const struct pam_host_outcome outcome = begin("alice");
    ck_assert_int_eq(outcome.n_errors, 5);
    ck_assert_ptr_nonnull(
        strstr(outcome.said, "demohost: 3 more of your packages end soon. To see them: pkg-request\n"));
}
END_TEST

/* What cannot be trusted, or is not theirs, says nothing; the login goes on. */
START_TEST(bad_files)
{
    const int64_t now = time(NULL);
    pam_host_grant("alice", PAM_HOST_BOB, "prod", now - 60, now + 600);
    expect_said("alice", "");
    pam_host_grant_text("alice", "accesspkg-grants 1\nnonsense\n");
    expect_said("alice", "");
    pam_host_grant("alice", PAM_HOST_ALICE, "prod", now - 60, now + 600);
    ck_assert_int_eq(chown(pam_host_grant_path("alice"), 1002, 1002), 0);
    expect_said("alice", "");
    expect_said("nobody-of-that-name", "");
}
END_TEST

START_TEST(who_is_told_nothing)
{
    const int64_t now = time(NULL);
    pam_host_grant("alice", PAM_HOST_ALICE, "prod", now - 60, now + 600);
    ck_assert_int_eq(begin_as("alice", "ssh", PAM_SILENT).n_errors, 0);
    ck_assert_int_eq(begin_as("alice", "cron", 0).n_errors, 0);
    ck_assert_int_eq(begin_as("alice", NULL, 0).n_errors, 0);
    pam_host_line("quiet");
    ck_assert_int_eq(begin("alice").n_errors, 0);
    pam_host_line("package=other mode=report timeout=60 wait=60");
    ck_assert_int_eq(begin("alice").n_errors, 1);
    ck_assert_str_eq(pam_host_journal(NULL), "");
}
END_TEST

static void forget_uses(void)
{
    ck_assert_int_eq(system("rm -f " PATH_STATE "/used/*"), 0);
}

/* Both by which somebody is let in, and what a session has the groups of, is noted as used; by root alone. */
START_TEST(uses)
{
    const int64_t now = time(NULL);
    const struct pam_host_login su = {.user = "bob", .tty = "ssh", .session = true};
    const struct pam_host_login locker = {.user = "alice"};
    char text[512];
    snprintf(text, sizeof(text),
             "accesspkg-grants 1\nuser alice %u\nwritten %" PRId64 "\npackage prod %" PRId64 " %" PRId64
             " 12\npackage night %" PRId64 " %" PRId64 " 13\npackage over 1 2 14\nend\n",
             PAM_HOST_ALICE, now, now - 60, now + 600, now - 60, now + 600);
    pam_host_grant_text("alice", text);
    forget_uses();
    pam_host_line("package=other package=prod submit=no");
    pam_host_try_as(PAM_HOST_ALICE, 0, &su);
    ck_assert_int_eq(pam_host_try_as(PAM_HOST_ALICE, PAM_HOST_ALICE, &locker).code, PAM_SUCCESS);
    ck_assert_int_eq(last_use(PATH_STATE, 12), 0);
    ck_assert_int_eq(pam_host_try(&locker).code, PAM_SUCCESS);
    ck_assert_int_ge(last_use(PATH_STATE, 12), now);
    ck_assert_int_eq(last_use(PATH_STATE, 13), 0);
    begin_as("alice", NULL, PAM_SILENT);
    ck_assert_int_ge(last_use(PATH_STATE, 13), now);
    ck_assert_int_eq(last_use(PATH_STATE, 14), 0);
    forget_uses();
    pam_host_line("package=other submit=no");
    ck_assert_int_eq(pam_host_try(&locker).code, PAM_PERM_DENIED);
    ck_assert_int_eq(last_use(PATH_STATE, 12), 0);
    pam_host_line("package=prod mode=report");
    ck_assert_int_eq(pam_host_try(&locker).code, PAM_SUCCESS);
    ck_assert_int_ge(last_use(PATH_STATE, 12), now);
}
END_TEST

/* A note that cannot be written keeps nobody out. */
START_TEST(uses_that_cannot_be_noted)
{
    const int64_t now = time(NULL);
    pam_host_grant("alice", PAM_HOST_ALICE, "prod", now - 60, now + 600);
    pam_host_line("package=prod");
    forget_uses();
    ck_assert_int_eq(rename(PATH_STATE "/used", PATH_STATE "/away"), 0);
    ck_assert_int_eq(symlink("grants", PATH_STATE "/used"), 0);
    ck_assert_int_eq(pam_host_alice().code, PAM_SUCCESS);
    ck_assert_int_eq(begin("alice").n_errors, 1);
    ck_assert_int_ne(access(PATH_STATE "/grants/12", F_OK), 0);
    ck_assert_int_eq(unlink(PATH_STATE "/used"), 0);
    ck_assert_int_eq(rename(PATH_STATE "/away", PATH_STATE "/used"), 0);
}
END_TEST

/* A grant file as somebody could write it who took accesspkgd over. */
START_TEST(no_login_notes_without_end)
{
    static char text[64 * 1024];
    const int64_t now = time(NULL);
    size_t used = (size_t)snprintf(
        text, sizeof(text), "accesspkg-grants 1\nuser alice %u\nwritten %" PRId64 "\n", PAM_HOST_ALICE, now);
    for (int i = 1; i <= 1000; i++)
        used += (size_t)snprintf(text + used, sizeof(text) - used, "package p%d %" PRId64 " forever %d\n", i,
                                 now - 60, i);
    snprintf(text + used, sizeof(text) - used, "end\n");
    pam_host_grant_text("alice", text);
    forget_uses();
    begin_as("alice", NULL, PAM_SILENT);
    ck_assert_int_ge(last_use(PATH_STATE, 64), now);
    ck_assert_int_eq(last_use(PATH_STATE, 65), 0);
}
END_TEST

START_TEST(an_argument_that_is_none)
{
    pam_host_line("loud");
    expect_said("alice", "");
    ck_assert_ptr_nonnull(strstr(pam_host_journal(NULL), "the argument \"loud\" is ignored"));
}
END_TEST

/* ---- in front of a service of the test's own ------------------------------------------------------------------ */

static void stop_odd(void)
{
    gate_bus_stop();
    pam_host_grant_text("alice", NULL);
}

static struct gate_bus_reply answer_nothing(const json_t *arguments, uid_t uid)
{
    (void)arguments, (void)uid;
    return (struct gate_bus_reply){0};
}

/* A second for a service that never answers, not the minute of the line, and the file's lines all the same. */
START_TEST(mute)
{
    struct timespec began, ended;
    const int64_t now = time(NULL);
    pam_host_line("debug timeout=60");
    pam_host_grant("alice", PAM_HOST_ALICE, "prod", now - 60, now + 600);
    gate_bus_start(answer_nothing);
    clock_gettime(CLOCK_MONOTONIC, &began);
    ck_assert_int_eq(begin("alice").n_errors, 1);
    clock_gettime(CLOCK_MONOTONIC, &ended);
    ck_assert_int_lt(ended.tv_sec - began.tv_sec, 15);
    ck_assert_int_eq(gate_bus_calls(), 1);
    ck_assert_ptr_nonnull(strstr(pam_host_journal(NULL), "no answer came within 1 s"));
}
END_TEST

/* Asked as the user and with nothing of root's. */
START_TEST(asked_as_the_user)
{
    gate_bus_start(answer_nothing);
    begin("bob");
    ck_assert_str_eq(gate_bus_last_call(), "[{\"limit\":50,\"role\":\"approver\"},1002]");
    ck_assert_str_eq(gate_bus_last_caller(),
                     "Umask: 0077;Uid: 1002 1002 1002 1002;Gid: 1002 1002 1002 1002;Groups:  ;");
}
END_TEST

static json_t *many(size_t count)
{
    json_t *requests = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(requests, json_pack("{s:i}", "id", (int)i));
    return requests;
}

static struct gate_bus_reply answer_odd(const json_t *arguments, uid_t uid)
{
    static int turns;
    (void)arguments, (void)uid;
    switch (turns++) {
    case 0:
        return (struct gate_bus_reply){"aa{sv}b",
                                       json_pack("[[{s:i, s:s, s:s, s:I}], b]", "id", 7, "user",
                                                 "eve\033[2J\nx", "package", "p\xc2\x9b", "expires",
                                                 (json_int_t)1763935940, 0),
                                       true, NULL, NULL};
    case 1:
        return (struct gate_bus_reply){"aa{sv}b", json_pack("[o, b]", many(50), 1), true, NULL, NULL};
    case 2:
        return (struct gate_bus_reply){"aa{sv}b", json_pack("[o, b]", many(2000), 0), true, NULL, NULL};
    case 3:
        return (struct gate_bus_reply){"s", json_string("nonsense"), false, NULL, NULL};
    default:
        return (struct gate_bus_reply){NULL, NULL, false, "org.accesspkg1.Error.NotAuthorized",
                                       "Your uid belongs to no user.\n\033x"};
    }
}

START_TEST(odd_answers)
{
    static const char *const said[] = {
        ("demohost: a request of eve\\x1b[2J x (p\\xc2\\x9b, request 7) waits for your decision, until Sun "
         "2025-11-23 22:12 UTC: pkg-approve show 7\n"),
        "demohost: more than 50 requests wait for you: pkg-approve\n",
        "demohost: 2000 requests wait for you: pkg-approve\n",
        "",
        "",
    };
    gate_bus_start(answer_odd);
    for (int turn = 0; turn < 5; turn++)
        expect_said("bob", said[turn]);
}
END_TEST

/* An application that is not root's can ask for itself alone. */
START_TEST(not_root)
{
    const struct pam_host_login mine = {.user = "bob", .tty = "ssh", .session = true};
    const struct pam_host_login anothers = {.user = "alice", .tty = "ssh", .session = true};
    gate_bus_start(answer_nothing);
    ck_assert_int_eq(pam_host_try_as(PAM_HOST_BOB, PAM_HOST_BOB, &anothers).code, PAM_SUCCESS);
    ck_assert_int_eq(gate_bus_calls(), 0);
    ck_assert_int_eq(pam_host_try_as(PAM_HOST_BOB, PAM_HOST_BOB, &mine).code, PAM_SUCCESS);
    ck_assert_int_eq(gate_bus_calls(), 1);
}
END_TEST

/* In a set-uid program it is the real user who is told. */
START_TEST(real_user)
{
    const struct pam_host_login su = {.user = "alice", .tty = "ssh", .session = true};
    gate_bus_start(answer_nothing);
    ck_assert_int_eq(pam_host_try_as(PAM_HOST_BOB, 0, &su).code, PAM_SUCCESS);
    ck_assert_ptr_nonnull(strstr(gate_bus_last_call(), ",1002]"));
}
END_TEST

int main(int argc, char **argv)
{
    (void)argc;
    pam_host_begin_set_uid(argv);
    suite_case("live", start_live, live_stop);
    suite_timeout(30);
    suite_add(what_waits, an_emergency_waits, what_ends);
    suite_case("files", start_alone, stop_alone);
    suite_timeout(30);
    suite_add(how_soon_is_soon, less_than_a_minute, what_has_no_end, many_end, bad_files, who_is_told_nothing,
              an_argument_that_is_none, uses, no_login_notes_without_end, uses_that_cannot_be_noted);
    suite_case("odd", start_alone, stop_odd);
    suite_timeout(30);
    suite_add(mute, asked_as_the_user, odd_answers, not_root, real_user);
    return suite_run();
}
