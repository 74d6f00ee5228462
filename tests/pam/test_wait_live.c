/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The real module, asking for a reason and staying, in front of the real accesspkgd, while bob decides with the real
 * commands: let in without a second login, or refused.
 */
#include "common/paths.h"
#include "pam_module/waiters.h"
#include "tests/support/live.h"
#include "tests/support/pam_host.h"
#include "tests/support/suite.h"

#include <errno.h>
#include <security/pam_appl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PROD "[package]\ngroups = dbadmins\n[policy]\njustification = asked\nduration = 1h\napprovers = bob\n"
#define STAGED                                                                                               \
    "[package]\ngroups = dbadmins\n[stage 1]\napprovers = bob\ntimeout = 1h\n"                               \
    "[stage 2]\napprovers = carol\ntimeout = 1h\n"
#define FREE "[package]\ngroups = auditors\n[policy]\napproval = none\njustification = asked\nduration = 1h\n"

#define BROKEN                                                                                               \
    "[package]\ngroups = dbadmins\n[policy]\nduration = 4h\napprovers = bob\nemergency = alice\n"            \
    "emergency_duration = 30m\n"
/* erin has no login shell, and so decides nothing */
#define ALONE                                                                                                \
    "[package]\ngroups = dbadmins\n[policy]\nduration = 4h\napprovers = erin\nemergency = alice\n"           \
    "emergency_duration = 30m\n"

static void setup(void)
{
    live_start("prod", PROD, "staged", STAGED, "free", FREE, "broken", BROKEN, "alone", ALONE, NULL);
    pam_host_setup();
    pam_host_journal_open();
    pam_host_line("package=prod wait=30");
}

/* What happens at each prompt, in turn, and what is typed then. */
struct step {
    const char *prompt, *user, *command, *typed;
    bool kills; /* accesspkgd, before it is typed */
};

static const char *play(const char *prompt, void *data)
{
    const struct step **step = data;
    const struct step *now = (*step)++;
    ck_assert_msg(now->prompt && strstr(prompt, now->prompt), "%s", prompt);
    if (now->command)
        live_expect(now->user, now->command, 0, "");
    if (now->kills)
        live_stop_daemon(SIGKILL);
    return now->typed;
}

static struct pam_host_outcome log_in(const struct step *steps)
{
    return pam_host_try(&(struct pam_host_login){
        .user = "alice", .tty = "ssh", .rhost = "192.0.2.7", .answer = play, .data = &steps});
}

START_TEST(test_let_in)
{
    static const struct step steps[] = {
        {"Reason for access to prod: ", NULL, NULL, "ticket 4711", false},
        {"prod, request 1: waiting for approval by bob. Enter looks again", "bob",
         "pkg-approve show 1 | grep 'ticket 4711'", "", false},
        {"waiting for approval by bob", "bob", "pkg-approve approve 1 -m ok", "", false},
        {NULL, NULL, NULL, NULL, false},
    };
    const struct pam_host_outcome outcome = log_in(steps);
    ck_assert_msg(outcome.code == PAM_SUCCESS, "%d %s", outcome.code, outcome.said);
    ck_assert_int_eq(outcome.n_prompts, 3);
    ck_assert_ptr_nonnull(strstr(pam_host_journal(NULL), "let in after waiting: user=\"alice\""));
    live_expect("alice", "pkg-request status 1", 0, "ticket 4711");
}
END_TEST

START_TEST(test_denied)
{
    static const struct step steps[] = {
        {"Reason", NULL, NULL, "ticket 4711", false},
        {"waiting for approval by bob", "bob", "pkg-approve deny 1 -m 'office hours only'", "", false},
        {NULL, NULL, NULL, NULL, false},
    };
    const struct pam_host_outcome outcome = log_in(steps);
    ck_assert_int_eq(outcome.code, PAM_PERM_DENIED);
    ck_assert_str_eq(outcome.said, "prod on demohost: request 1 was denied by bob: office hours only\n"
                                   "Your next login files a new one.\n");
    live_expect("alice", "pkg-request status 1", 0, "office hours only");
    live_expect("root", "pkg-admin status", 0, "");
    live_expect("bob", "pkg-approve", 0, "Nothing waits for you"); /* the look filed nothing new */
}
END_TEST

/* Each look says for whom it waits now. */
START_TEST(test_two_stages)
{
    static const struct step steps[] = {
        {"staged, request 1: waiting for approval by bob, stage 1 of 2.", "bob", "pkg-approve approve 1", "",
         false},
        {"staged, request 1: waiting for approval by carol, stage 2 of 2.", "carol", "pkg-approve approve 1",
         "", false},
        {NULL, NULL, NULL, NULL, false},
    };
    pam_host_line("package=staged wait=30");
    ck_assert_int_eq(log_in(steps).code, PAM_SUCCESS);
}
END_TEST

/* What needs no approval: asked why, then let in at once. */
START_TEST(test_without_approval)
{
    static const struct step steps[] = {
        {"Reason for access to free: ", NULL, NULL, "look at a log", false},
        {NULL, NULL, NULL, NULL, false},
    };
    pam_host_line("package=free wait=30");
    ck_assert_int_eq(log_in(steps).code, PAM_SUCCESS);
    live_expect("alice", "pkg-request status 1", 0, "look at a log");
}
END_TEST

/* Nobody types a reason: filed as by a key, and the approver sees that. */
START_TEST(test_no_reason)
{
    static const struct step steps[] = {
        {"Reason", NULL, NULL, "", false},
        {"Reason", NULL, NULL, "", false},
        {"waiting for approval by bob", "bob", "pkg-approve show 1 | grep 'no reason given'", "q", false},
        {NULL, NULL, NULL, NULL, false},
    };
    const struct pam_host_outcome outcome = log_in(steps);
    ck_assert_int_eq(outcome.code, PAM_PERM_DENIED);
    ck_assert_ptr_nonnull(strstr(outcome.said, "request 1 waits for approval by bob"));
}
END_TEST

/* Whoever is locked out in an emergency is let in with a reason, and it is there to be reviewed. */
START_TEST(test_emergency)
{
    static const struct step steps[] = {
        {"broken, request 1: waiting for approval by bob. Enter looks again, q leaves it filed, e takes it "
         "in an emergency, ? explains: ",
         NULL, NULL, "e", false},
        {"Every approver is told of this emergency, and one reviews it. Reason for taking broken: ", NULL,
         NULL, "disk full", false},
        {NULL, NULL, NULL, NULL, false},
    };
    pam_host_line("package=prod package=broken wait=30");
    live_expect("alice", "pkg-request submit broken", 0, "");
    const struct pam_host_outcome outcome = log_in(steps);
    ck_assert_msg(outcome.code == PAM_SUCCESS, "%d %s", outcome.code, outcome.said);
    ck_assert_ptr_nonnull(strstr(pam_host_journal(NULL), "let in after waiting: user=\"alice\""));
    live_expect("bob", "pkg-approve show 2", 0, "disk full");
    live_expect("bob", "pkg-approve review 2 -m seen", 0, "");
    live_expect("alice", "pkg-request status 1", 0, "answered by the emergency, request 2");
}
END_TEST

/* Nobody else keeps them out by taking the places; for them, too, there is an end of places. */
START_TEST(test_emergency_in_a_crowd)
{
    static const struct step steps[] = {
        {"e takes it in an emergency, ? explains: ", NULL, NULL, "e", false},
        {"Reason for taking broken: ", NULL, NULL, "disk full", false},
        {NULL, NULL, NULL, NULL, false},
    };
    static const struct step refused[] = {{"Reason for access to prod", NULL, NULL, "ticket 4711", false},
                                          {NULL, NULL, NULL, NULL, false}};
    mkdir(PATH_RUN, 0755);
    const int place = waiters_enter(PATH_RUN, PAM_HOST_ALICE, false);
    ck_assert_int_ge(place, 0);
    pam_host_line("package=prod wait=30");
    ck_assert_ptr_nonnull(strstr(log_in(refused).said, "another one of yours"));
    pam_host_line("package=broken wait=30");
    const int own = waiters_enter(PATH_RUN, PAM_HOST_ALICE, true);
    ck_assert_int_ge(own, 0);
    ck_assert_ptr_nonnull(strstr(log_in(&steps[2]).said, "another one of yours"));
    close(own);
    int others[WAITERS_EMERGENCY_MAX], fill[WAITERS_MAX];
    for (int i = 0; i < WAITERS_MAX; i++)
        fill[i] = waiters_enter(PATH_RUN, 5000 + (uid_t)i, false); /* the last finds no place */
    ck_assert_int_eq(fill[WAITERS_MAX - 1], -EBUSY);
    for (int i = 0; i < WAITERS_EMERGENCY_MAX; i++)
        ck_assert_int_ge(others[i] = waiters_enter(PATH_RUN, 6000 + (uid_t)i, true), 0);
    ck_assert_int_eq(waiters_enter(PATH_RUN, PAM_HOST_ALICE, true), -EBUSY);
    close(others[0]);
    ck_assert_int_eq(log_in(steps).code, PAM_SUCCESS);
}
END_TEST

/* Not without a reason, and not for who is not trusted with it: "e" leaves then, as any other word. */
START_TEST(test_no_emergency)
{
    static const struct step without[] = {
        {"e takes it in an emergency", NULL, NULL, "e", false},
        {"Reason for taking broken: ", NULL, NULL, "", false},
        {"Reason for taking broken (Enter again leaves it): ", NULL, NULL, "", false},
        {"e takes it in an emergency", NULL, NULL, "q", false},
        {NULL, NULL, NULL, NULL, false},
    };
    static const struct step not_trusted[] = {
        {"Reason for access to prod", NULL, NULL, "ticket 4711", false},
        {"q leaves it filed, ? explains: ", NULL, NULL, "e", false},
        {"Enter looks again, q leaves it filed: ", NULL, NULL, "q", false},
        {NULL, NULL, NULL, NULL, false},
    };
    pam_host_line("package=broken wait=30");
    ck_assert_int_eq(log_in(without).code, PAM_PERM_DENIED);
    pam_host_line("package=prod wait=30");
    ck_assert_int_eq(log_in(not_trusted).code, PAM_PERM_DENIED);
    live_expect("bob", "pkg-approve list", 0, "broken");
}
END_TEST

/* Refused, where it was taken meanwhile elsewhere and waits for its review. */
START_TEST(test_emergency_refused)
{
    static const struct step steps[] = {
        {"e takes it in an emergency", "alice",
         "pkg-request emergency broken -m one && pkg-request return broken && pkg-request submit broken", "e",
         false},
        {"Reason for taking broken: ", NULL, NULL, "another", false},
        {NULL, NULL, NULL, NULL, false},
    };
    pam_host_line("package=broken wait=30");
    const struct pam_host_outcome outcome = log_in(steps);
    ck_assert_int_eq(outcome.code, PAM_PERM_DENIED);
    ck_assert_ptr_nonnull(strstr(outcome.said, "request 2, has not been reviewed"));
}
END_TEST

/* A line of two packages: on call for the one that was not filed, taken by its name. */
START_TEST(test_emergency_of_another)
{
    static const struct step steps[] = {
        {"staged, request 1: waiting for approval by bob, stage 1 of 2. Enter looks again, q leaves it "
         "filed, e "
         "takes broken in an emergency, ? explains: ",
         NULL, NULL, "e staged", false},
        {"Enter looks again, q leaves it filed, e takes broken in an emergency: ", NULL, NULL, "e broken",
         false},
        {"Reason for taking broken: ", NULL, NULL, "disk full", false},
        {NULL, NULL, NULL, NULL, false},
    };
    pam_host_line("package=staged package=broken wait=30");
    const struct pam_host_outcome outcome = log_in(steps);
    ck_assert_msg(outcome.code == PAM_SUCCESS, "%d %s", outcome.code, outcome.said);
    live_expect("alice", "pkg-request status 2", 0, "disk full");
}
END_TEST

/* The next login tells what became of the last, and files anew. */
START_TEST(test_denied_before)
{
    static const struct step none[] = {{NULL, NULL, NULL, NULL, false}};
    pam_host_line("package=staged package=broken");
    ck_assert_int_eq(log_in(none).code, PAM_PERM_DENIED);
    live_expect("bob", "pkg-approve deny 1 -m 'no ticket'", 0, "");
    const struct pam_host_outcome outcome = log_in(none);
    ck_assert_int_eq(outcome.code, PAM_PERM_DENIED);
    ck_assert_msg(strstr(outcome.said,
                         "staged on demohost: Request 1 for staged was denied by bob: no ticket. A new "
                         "one was filed: request 2 waits for approval by bob, stage 1 of 2 (until "),
                  "%s", outcome.said);
}
END_TEST

/* Where nobody can decide there is nothing to wait for, and an emergency all the more. */
START_TEST(test_emergency_without_approvers)
{
    static const struct step steps[] = {
        {"alone, request 1: waiting for somebody who can decide it. Enter looks again, q leaves it filed, e "
         "takes it in an emergency, ? explains: ",
         NULL, NULL, "e", false},
        {"Reason for taking alone: ", NULL, NULL, "disk full", false},
        {NULL, NULL, NULL, NULL, false},
    };
    pam_host_line("package=alone wait=30");
    const struct pam_host_outcome outcome = log_in(steps);
    ck_assert_msg(outcome.code == PAM_SUCCESS, "%d %s", outcome.code, outcome.said);
    live_expect("alice", "pkg-request status 2", 0, "disk full");
}
END_TEST

/* Somebody decides while the reason is typed: let in by that, and no emergency was taken. */
START_TEST(test_approved_before_the_emergency)
{
    static const struct step steps[] = {
        {"e takes it in an emergency", NULL, NULL, "e", false},
        {"Reason for taking broken: ", "bob", "pkg-approve approve 1", "disk full", false},
        {NULL, NULL, NULL, NULL, false},
    };
    pam_host_line("package=broken wait=30");
    const struct pam_host_outcome outcome = log_in(steps);
    ck_assert_msg(outcome.code == PAM_SUCCESS, "%d %s", outcome.code, outcome.said);
    live_expect("bob", "pkg-approve history", 0, "");
    ck_assert_ptr_null(strstr(live_output, "mergency"));
}
END_TEST

/* accesspkgd goes away while somebody waits: the file alone lets in (rule 1), and without one nothing does. */
START_TEST(test_daemon_gone)
{
    static const struct step approved[] = {
        {"Reason", NULL, NULL, "ticket 4711", false},
        {"waiting for approval by bob", "bob", "pkg-approve approve 1", "", true},
        {NULL, NULL, NULL, NULL, false},
    };
    static const struct step waiting[] = {
        {"Reason", NULL, NULL, "ticket 4711", false},
        {"waiting for approval by bob", NULL, NULL, "", true},
        {"waiting for approval by bob", NULL, NULL, "q", false},
        {NULL, NULL, NULL, NULL, false},
    };
    ck_assert_int_eq(log_in(approved).code, PAM_SUCCESS);
    live_start_daemon();
    live_expect("alice", "pkg-request return prod", 0, "");
    const struct pam_host_outcome outcome = log_in(waiting);
    ck_assert_int_eq(outcome.code, PAM_PERM_DENIED);
    ck_assert_ptr_nonnull(strstr(outcome.said, "request 2 waits for approval by bob"));
}
END_TEST

int main(void)
{
    suite_case("live", setup, live_stop);
    suite_timeout(60);
    suite_add(test_let_in, test_denied, test_two_stages, test_without_approval, test_no_reason,
              test_emergency, test_emergency_in_a_crowd, test_no_emergency, test_emergency_refused,
              test_approved_before_the_emergency, test_emergency_of_another, test_denied_before,
              test_emergency_without_approvers, test_daemon_gone);
    return suite_run();
}
