/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The real module with wait=, in front of a service whose decision falls at every moment there is, and what is left when
 * one is killed. Rule 1: only the grant file lets in.
 */
#include "tests/pam/wait.h"
#include "tests/support/suite.h"

#include <signal.h>
#include <stdint.h>
#include <sys/time.h>

START_TEST(while_it_waits)
{
    gate_bus_start(answer_slowly);
    const struct pam_host_outcome outcome = log_in(approve_meanwhile, NULL);
    check_let_in(&outcome);
    ck_assert_str_eq(outcome.asked, ASKED);
    ck_assert_int_eq(gate_bus_calls(), 1); /* the file says it, no daemon is needed */
}
END_TEST

static struct gate_bus_reply answer_and_approve(const json_t *arguments, uid_t uid)
{
    if (is_submit(arguments))
        give();
    return answer_slowly(arguments, uid);
}

START_TEST(between_the_answer_and_the_prompt)
{
    gate_bus_start(answer_and_approve);
    const struct pam_host_outcome outcome = log_in(press_enter, NULL);
    check_let_in(&outcome);
    ck_assert_int_eq(outcome.n_prompts, 1);
}
END_TEST

static struct gate_bus_reply answer_just_approved(const json_t *arguments, uid_t uid)
{
    if (is_submit(arguments))
        return answer_filed(arguments, uid);
    give();
    return stands("fulfilled");
}

START_TEST(between_the_file_and_the_answer)
{
    int lines;
    gate_bus_start(answer_just_approved);
    const struct pam_host_outcome outcome = log_in(press_enter, NULL);
    ck_assert_int_eq(outcome.code, PAM_SUCCESS);
    ck_assert_int_eq(outcome.n_prompts, 1);
    ck_assert_ptr_nonnull(strstr(pam_host_journal(&lines), "let in after waiting"));
    ck_assert_str_eq(gate_bus_last_call(), "[17,0]");
}
END_TEST

/* Rule 1: told that it is fulfilled, there being no file. */
static struct gate_bus_reply answer_without_a_file(const json_t *arguments, uid_t uid)
{
    return is_submit(arguments) ? answer_filed(arguments, uid) : stands("fulfilled");
}

static const char *enter_then_q(const char *prompt, void *data)
{
    int *count = data;
    (void)prompt;
    return (*count)++ == 0 ? "" : "q";
}

START_TEST(fulfilled_without_a_file)
{
    int count = 0;
    gate_bus_start(answer_without_a_file);
    const struct pam_host_outcome outcome = log_in(enter_then_q, &count);
    check_refused(&outcome, PAM_PERM_DENIED, "the access is not in place yet, Fulfilled",
                  PACKAGE_ON_HOST
                  "request 17 is approved and being put in place. Please try again in a moment.\n"
                  "If that does not help, please tell an administrator: your grant file may be "
                  "damaged.\n");
    ck_assert_ptr_nonnull(strstr(outcome.asked, "waiting for the access to be set up."));
}
END_TEST

static const struct {
    const char *state, *logged, *said;
} ends[] = {
    {"denied", "request=17 why=\"the request was denied, Denied\"",
     PACKAGE_ON_HOST "request 17 was denied by bob: no way\nYour next login files a new one.\n"},
    {"expired", "no request was accepted, Expired",
     PACKAGE_ON_HOST "request 17 is not approved (Expired). Please try again, or tell an administrator.\n"},
    {"cancelled", "no request was accepted, Cancelled",
     PACKAGE_ON_HOST "request 17 is not approved (Cancelled). Please try again, or tell an administrator.\n"},
    {"access-expired", "no request was accepted, Access expired",
     PACKAGE_ON_HOST
     "request 17 is not approved (Access expired). Please try again, or tell an administrator.\n"},
};
static const char *end_state;

static struct gate_bus_reply answer_ended(const json_t *arguments, uid_t uid)
{
    return is_submit(arguments) ? answer_filed(arguments, uid) : stands(end_state);
}

/* Refused at the next look, of a denial with who and why. Nothing new is filed. */
START_TEST(decided_otherwise)
{
    end_state = ends[_i].state;
    gate_bus_start(answer_ended);
    const struct pam_host_outcome outcome = log_in(press_enter, NULL);
    check_refused(&outcome, PAM_PERM_DENIED, ends[_i].logged, ends[_i].said);
    ck_assert_int_eq(outcome.n_prompts, 1);
    ck_assert_int_eq(gate_bus_calls(), 2);
}
END_TEST

static struct gate_bus_reply answer_broken(const json_t *arguments, uid_t uid)
{
    if (is_submit(arguments))
        return answer_filed(arguments, uid);
    return (struct gate_bus_reply){.error = "org.accesspkg1.Error.Unavailable", .message = "Broken."};
}

static const char *approve_at_the_second(const char *prompt, void *data)
{
    int *count = data;
    (void)prompt;
    if ((*count)++ == 1)
        give();
    return "";
}

/* What cannot be found out now may be by the next look. */
START_TEST(daemon_away)
{
    int count = 0;
    gate_bus_start(answer_broken);
    const struct pam_host_outcome outcome = log_in(approve_at_the_second, &count);
    check_let_in(&outcome);
    ck_assert_int_eq(outcome.n_prompts, 2);
}
END_TEST

static const char *leave_with(const char *prompt, void *data)
{
    (void)prompt;
    return data;
}

START_TEST(left)
{
    static const char *const answers[] = {"q", NULL};
    gate_bus_start(answer_slowly);
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        const struct pam_host_outcome outcome = log_in(leave_with, (void *)(uintptr_t)answers[i]);
        check_refused(&outcome, PAM_PERM_DENIED, "request=17", WAITS THEN);
        ck_assert_str_eq(outcome.asked, ASKED);
        ck_assert_int_eq(gate_bus_calls(), (int)i + 1);
    }
    /* An application that cannot prompt, as sshd with a key: no wait, and no word of it. */
    const struct pam_host_outcome outcome = log_in(NULL, NULL);
    check_refused(&outcome, PAM_PERM_DENIED, "request=17", WAITS THEN);
}
END_TEST

/* Explained and asked again; but a program that answers by rote must not go on for ever. */
START_TEST(mistyped)
{
    static const char *const answers[] = {"?", "Q", "exit", "alice", " ", "e", "e db-admins"};
    gate_bus_start(answer_slowly);
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        const struct pam_host_outcome outcome = log_in(leave_with, (void *)(uintptr_t)answers[i]);
        check_refused(&outcome, PAM_PERM_DENIED, "request=17", WAITS THEN);
        ck_assert_int_eq(outcome.n_prompts, 3);
        ck_assert_msg(strstr(outcome.asked, ASKED "A decision shows at the next Enter. This login waits "),
                      "%s", outcome.asked);
        ck_assert_ptr_nonnull(strstr(outcome.asked,
                                     " s more at most, then it ends, and request 17 stays filed. "
                                     "On a host 5 logins may wait at a time, one of each user.\n"
                                     "Enter looks again, q leaves it filed: \n"));
        ck_assert_int_eq(gate_bus_calls(), (int)i + 1);
    }
}
END_TEST

static const char *approve_at_the_last(const char *prompt, void *data)
{
    int *count = data;
    (void)prompt;
    if (++*count < 3)
        return "what?";
    give();
    return "";
}

/* Whoever has read it goes on, and is let in. */
START_TEST(explained)
{
    int count = 0;
    gate_bus_start(answer_slowly);
    const struct pam_host_outcome outcome = log_in(approve_at_the_last, &count);
    check_let_in(&outcome);
    ck_assert_int_eq(outcome.n_prompts, 3);
}
END_TEST

/* The prompt before the wait, and the one for a reason, tell of a denial; no text is too long for it. */
static struct gate_bus_reply answer_after_a_denial(const json_t *arguments, uid_t uid)
{
    static char denial[1000];
    memset(denial, 'x', sizeof(denial) - 1);
    memcpy(denial, "Request 8 for db-admins was denied by bob: ", 43);
    const bool asks = json_is_true(json_object_get(json_array_get(arguments, 2), "can_ask"));
    struct gate_bus_reply reply =
        asks ? reply_with(json_pack("{s:s, s:b}", "package", "db-admins", "justification_wanted", 1))
             : answer_filed(arguments, uid);
    json_object_set_new(reply.value, "denied", json_integer(8));
    json_object_set_new(reply.value, "denial", json_string(denial));
    return reply;
}

START_TEST(denied_before)
{
    gate_bus_start(answer_after_a_denial);
    const struct pam_host_outcome outcome = log_in(leave_with, (void *)(uintptr_t) "q");
    ck_assert_int_eq(outcome.code, PAM_PERM_DENIED);
    ck_assert_int_eq(outcome.n_prompts, 2);
    const char *first = strstr(outcome.asked, "Request 8 for db-admins was denied by bob: xxx");
    ck_assert_ptr_eq(first, outcome.asked);
    ck_assert_ptr_nonnull(strstr(first, "xxx...\nReason for access to db-admins: \n"));
    ck_assert_ptr_nonnull(strstr(first + 1, "Request 8 for db-admins was denied by bob: xxx"));
    ck_assert_ptr_nonnull(strstr(first, "...\n" ASKED));
    ck_assert_ptr_nonnull(
        strstr(outcome.said, PACKAGE_ON_HOST "Request 8 for db-admins was denied by bob: xxx"));
}
END_TEST

static double seconds_since(const struct timespec *begun)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - begun->tv_sec) + (double)(now.tv_nsec - begun->tv_nsec) / 1e9;
}

/* Whoever answers at once, for ever: a look a second, within the time; then it stays filed. */
START_TEST(bounded)
{
    struct timespec begun;
    gate_bus_start(answer_slowly);
    pam_host_line("package=db-admins wait=2");
    clock_gettime(CLOCK_MONOTONIC, &begun);
    const struct pam_host_outcome outcome = log_in(press_enter, NULL);
    ck_assert_msg(seconds_since(&begun) < 4, "%f s", seconds_since(&begun));
    check_refused(&outcome, PAM_PERM_DENIED, "the request is open already, Pending approval", WAITS THEN);
    ck_assert_int_ge(outcome.n_prompts, 2);
    ck_assert_int_le(outcome.n_prompts, 3);
    ck_assert_int_eq(gate_bus_calls(), 1 + outcome.n_prompts);
}
END_TEST

START_TEST(not_without_the_option)
{
    static const char *const lines[] = {"package=db-admins", "package=db-admins wait=0",
                                        "package=db-admins wait=61"};
    gate_bus_start(answer_slowly);
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        pam_host_line(lines[i]);
        const struct pam_host_outcome outcome = log_in(press_enter, NULL);
        ck_assert_int_eq(outcome.code, PAM_PERM_DENIED);
        ck_assert_int_eq(outcome.n_prompts, 0);
    }
}
END_TEST

static struct gate_bus_reply answer_in_vain(const json_t *arguments, uid_t uid)
{
    static int calls;
    json_t *request = pending(true);
    (void)arguments, (void)uid;
    switch (calls++) {
    case 0:
        json_object_set_new(request, "undecidable", json_true());
        break;
    case 1:
        json_object_set_new(request, "state", json_string("partially-fulfilled"));
        json_object_set_new(request, "needs_retry", json_true());
        break;
    case 2:
        json_object_set_new(request, "state", json_string("approved"));
        json_object_set_new(request, "start", json_integer(time(NULL) + 3600));
        break;
    default:
        json_decref(request);
        return (struct gate_bus_reply){.error = "org.accesspkg1.Error.PolicyRefused", .message = "No."};
    }
    return reply_with(request);
}

/* Nobody stays for what will not come. */
START_TEST(in_vain)
{
    gate_bus_start(answer_in_vain);
    for (int i = 0; i < 4; i++) {
        const struct pam_host_outcome outcome = log_in(press_enter, NULL);
        ck_assert_int_eq(outcome.code, PAM_PERM_DENIED);
        ck_assert_int_eq(outcome.n_prompts, 0);
    }
}
END_TEST

static void note_signal(int number)
{
    (void)number;
}

static const char *be_interrupted_soon(const char *prompt, void *data)
{
    const struct itimerval soon = {.it_value = {.tv_usec = 50000}, .it_interval = {.tv_usec = 50000}};
    (void)prompt, (void)data;
    setitimer(ITIMER_REAL, &soon, NULL);
    return "";
}

/* A signal is the application's, and ends what we add to its time. */
START_TEST(interrupted)
{
    const struct sigaction action = {.sa_handler = note_signal};
    sigaction(SIGALRM, &action, NULL);
    gate_bus_start(answer_slowly);
    const struct itimerval never = {.it_value = {.tv_usec = 0}};
    const struct pam_host_outcome outcome = log_in(be_interrupted_soon, NULL);
    setitimer(ITIMER_REAL, &never, NULL);
    check_refused(&outcome, PAM_PERM_DENIED, "request=17", WAITS THEN);
    ck_assert_int_eq(outcome.n_prompts, 1);
    ck_assert_int_eq(gate_bus_calls(), 1);
}
END_TEST

/* su: the command that is let in runs in a session that began before. */
START_TEST(set_uid_program)
{
    gate_bus_start(answer_and_approve);
    const struct pam_host_outcome outcome = pam_host_try_as(
        PAM_HOST_ALICE, 0, &(struct pam_host_login){.user = "bob", .tty = "ssh", .answer = press_enter});
    ck_assert_int_eq(outcome.code, PAM_SUCCESS);
    ck_assert_str_eq(
        outcome.said, PACKAGE_ON_HOST
        "you hold it now. If the groups that it gives are missing here, run this again; a session "
        "that began before has them after a new login.\n");
}
END_TEST

int main(int argc, char **argv)
{
    (void)argc;
    pam_host_begin_set_uid(argv);
    suite_case("bus", setup_wait, teardown);
    suite_timeout(30);
    suite_add(while_it_waits, between_the_answer_and_the_prompt, between_the_file_and_the_answer,
              fulfilled_without_a_file, daemon_away, left, mistyped, explained, denied_before, bounded,
              not_without_the_option, in_vain, interrupted, set_uid_program);
    suite_rows(decided_otherwise, ends);
    return suite_run();
}
