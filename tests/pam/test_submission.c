/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The real module and the real accesspkg-submit on a real bus, in front of a service that answers what the test says:
 * each verdict, and what the person reads then. Rule 1: no answer lets anybody in, only the grant file does.
 */
#include "common/paths.h"
#include "tests/pam/submission.h"
#include "tests/support/suite.h"

#include <time.h>

#define ERROR "org.accesspkg1.Error."

/* ---- verdicts -------------------------------------------------------------------------------------------------- */

START_TEST(filed)
{
    gate_bus_start(answer_filed);
    struct pam_host_outcome outcome =
        pam_host_try(&(struct pam_host_login){.user = "alice", .rhost = "192.0.2.7", .tty = "ssh"});
    check_refused(
        &outcome, PAM_PERM_DENIED,
        "service=\"gate\" host=\"192.0.2.7\" package=\"db-admins\" request=17 why=\"a request was filed, "
        "Pending approval\"",
        WAITS THEN);
    ck_assert_str_eq(gate_bus_last_call(), "[\"alice\",[\"db-admins\"],{\"address\":\"192.0.2.7\",\"can_"
                                           "ask\":true,\"gate\":true,\"service\":\"gate\",\"tty\":"
                                           "\"ssh\"},0]");
    /* The first line stands by itself, for sudo. */
    outcome =
        pam_host_try(&(struct pam_host_login){.user = "alice", .rhost = "desk.example", .flags = PAM_SILENT});
    check_refused(&outcome, PAM_PERM_DENIED, "request=17", WAITS);
    ck_assert_ptr_nonnull(strstr(gate_bus_last_call(), "\"host\":\"desk.example\""));
    pam_host_line("package=db-admins quiet");
    outcome = pam_host_alice();
    check_refused(&outcome, PAM_PERM_DENIED, "request=17", "");
    ck_assert_int_eq(gate_bus_calls(), 3);
}
END_TEST

static struct gate_bus_reply answer_existing(const json_t *arguments, uid_t uid)
{
    (void)arguments, (void)uid;
    return reply_with(pending(true));
}

START_TEST(existing)
{
    gate_bus_start(answer_existing);
    const struct pam_host_outcome outcome = pam_host_alice();
    check_refused(&outcome, PAM_PERM_DENIED, "the request is open already, Pending approval", WAITS THEN);
}
END_TEST

static struct gate_bus_reply answer_shared_uid(const json_t *arguments, uid_t uid)
{
    (void)arguments, (void)uid;
    json_t *request = pending(false);
    json_object_set_new(request, "runs_as", json_string("al\033[2J"));
    return reply_with(request);
}

/* The number alone would be of no use to this person: status refuses it. */
START_TEST(two_accounts_with_one_uid)
{
    gate_bus_start(answer_shared_uid);
    const struct pam_host_outcome outcome = pam_host_alice();
    check_refused(
        &outcome, PAM_PERM_DENIED, "request=17",
        WAITS "You will get in once it is approved: just try again. To follow it: pkg-request status 17, as "
              "root: your commands run as al\\x1b[2J, whose account has the same uid\n");
}
END_TEST

static const char *undecidable_why;

static struct gate_bus_reply answer_undecidable(const json_t *arguments, uid_t uid)
{
    (void)arguments, (void)uid;
    json_t *request = pending(false);
    json_object_set_new(request, "undecidable", json_true());
    if (undecidable_why)
        json_object_set_new(request, "undecidable_why", json_string(undecidable_why));
    return reply_with(request);
}

/* Whoever waits in vain is told, and why; the reason controls no terminal (rule 10). */
START_TEST(nobody_can_decide)
{
    static const char *const reasons[] = {NULL, "nobody is left (%dba-leads does not exist)", "gone\033[2J"};
    static const char *const said[] = {"", ": nobody is left (%dba-leads does not exist)", ": gone\\x1b[2J"};
    char text[512];
    undecidable_why = reasons[_i];
    gate_bus_start(answer_undecidable);
    const struct pam_host_outcome outcome = pam_host_alice();
    snprintf(
        text, sizeof(text),
        "db-admins on demohost: request 17 waits for approval by bob or a member of dba-leads, but nobody "
        "can decide it now%s.\nPlease tell an administrator.\n",
        said[_i]);
    check_refused(&outcome, PAM_PERM_DENIED, "request=17", text);
}
END_TEST

/* Nothing is filed for who needs nothing, and for who shall not. */
START_TEST(nothing_filed)
{
    gate_bus_start(answer_filed);
    pam_host_line("package=db-admins mode=report submit=no");
    ck_assert_int_eq(pam_host_alice().code, PAM_IGNORE);
    pam_host_line("package=db-admins submit=no");
    ck_assert_int_eq(pam_host_alice().code, PAM_PERM_DENIED);
    pam_host_line("package=NONE");
    ck_assert_int_eq(pam_host_alice().code, PAM_AUTHINFO_UNAVAIL);
    pam_host_line("package=db-admins");
    ck_assert_int_eq(pam_host_try(&(struct pam_host_login){.user = "root"}).code, PAM_IGNORE);
    ck_assert_int_eq(pam_host_try(&(struct pam_host_login){.user = "nobody-here"}).code, PAM_PERM_DENIED);
    pam_host_grant("alice", PAM_HOST_ALICE, "db-admins", 100, time(NULL) + 3600);
    ck_assert_int_eq(pam_host_alice().code, PAM_SUCCESS);
    ck_assert_int_eq(gate_bus_calls(), 0);
}
END_TEST

/* What is answered where nothing shall be filed; NULL: an error. */
static const struct {
    const char *answer, *logged;
} reports[] = {
    {"{\"package\": \"approvers\", \"would_be_given\": true}",
     "would be given at once (mode=report): user=\"alice\" service=\"gate\" host=\"\" package=\"approvers\" "
     "request=none why=\"no valid grant; the package needs no approval\""},
    {"{\"package\": \"db-admins\", \"would_be_given\": false}",
     "would be refused (mode=report): user=\"alice\" service=\"gate\" host=\"\" package=\"db-admins\" "
     "request=none why=\"no valid grant\""},
    {"{\"id\": 17, \"package\": \"db-admins\", \"state\": \"pending-approval\", \"existing\": true}",
     "would be refused (mode=report): user=\"alice\" service=\"gate\" host=\"\" package=\"db-admins\" "
     "request=17 why=\"the request is open already, Pending approval\""},
    {NULL, "would be refused (mode=report): user=\"alice\" service=\"gate\" host=\"\" "
           "package=\"db-admins,approvers\" request=none why=\"no request was accepted; Not for you.\""},
};
static const char *reported;

static struct gate_bus_reply answer_report(const json_t *arguments, uid_t uid)
{
    (void)arguments, (void)uid;
    return reported ? reply_with(json_loads(reported, 0, NULL))
                    : (struct gate_bus_reply){.error = ERROR "PolicyRefused", .message = "Not for you."};
}

/* Nothing is filed; who would be let in is not said to be refused. */
START_TEST(only_reported)
{
    int lines;
    reported = reports[_i].answer;
    gate_bus_start(answer_report);
    pam_host_line("package=db-admins package=approvers mode=report");
    const struct pam_host_outcome outcome = pam_host_alice();
    const char *journal = pam_host_journal(&lines);
    ck_assert_int_eq(outcome.code, PAM_IGNORE);
    ck_assert_str_eq(outcome.said, "");
    ck_assert_msg(lines == 1 && strstr(journal, reports[_i].logged), "%s", journal);
    ck_assert_int_eq(gate_bus_calls(), 1);
    ck_assert_ptr_nonnull(strstr(gate_bus_last_call(), "\"dry_run\":true"));
}
END_TEST

/* Whatever answers: a line that enforces lets nobody in by that. */
START_TEST(a_report_that_nobody_asked_for)
{
    reported = reports[0].answer;
    gate_bus_start(answer_report);
    const struct pam_host_outcome outcome = pam_host_alice();
    check_refused(
        &outcome, PAM_PERM_DENIED, "the package needs no approval",
        "db-admins on demohost: you do not hold this access package. Please ask for it: pkg-request "
        "submit approvers\n");
}
END_TEST

static json_t *held(void)
{
    return json_pack("{s:i, s:s, s:s, s:b, s:b}", "id", 18, "package", "db-admins", "state", "fulfilled",
                     "existing", 0, "held", 1);
}

/* approval = none: the service, as accesspkgd, writes the grant file before it answers. */
static struct gate_bus_reply answer_granted(const json_t *arguments, uid_t uid)
{
    (void)arguments, (void)uid;
    pam_host_grant("alice", PAM_HOST_ALICE, "db-admins", 100, time(NULL) + 3600);
    return reply_with(held());
}

START_TEST(granted)
{
    gate_bus_start(answer_granted);
    const struct pam_host_outcome outcome = pam_host_alice();
    ck_assert_int_eq(outcome.code, PAM_SUCCESS);
    ck_assert_int_eq(outcome.n_errors + outcome.n_others, 0);
    int lines;
    pam_host_journal(&lines);
    ck_assert_int_eq(lines, 0);
}
END_TEST

/* A file that was faulty and is mended meanwhile lets in, and is spoken of. */
START_TEST(granted_after_a_fault)
{
    pam_host_grant_text("alice", "nonsense");
    gate_bus_start(answer_granted);
    ck_assert_int_eq(pam_host_alice().code, PAM_SUCCESS);
    ck_assert_ptr_nonnull(strstr(pam_host_journal(NULL), "the grant file is damaged"));
}
END_TEST

static struct gate_bus_reply answer_held(const json_t *arguments, uid_t uid)
{
    (void)arguments, (void)uid;
    return reply_with(held());
}

/* Rule 1: whatever the bus says, without the file nobody gets in. */
START_TEST(granted_without_a_file)
{
    gate_bus_start(answer_held);
    const struct pam_host_outcome outcome = pam_host_alice();
    check_refused(
        &outcome, PAM_PERM_DENIED,
        "accesspkgd says granted, the grant file does not, Fulfilled; this program sees no such file: its "
        "unit's settings or a chroot may hide " PATH_STATE,
        "db-admins on demohost: request 18 is approved and being put in place. Please try again in a "
        "moment.\nIf that does not help, please tell an administrator: your grant file may be damaged.\n");
}
END_TEST

static struct gate_bus_reply answer_partial(const json_t *arguments, uid_t uid)
{
    (void)arguments, (void)uid;
    return reply_with(json_pack("{s:i, s:s, s:s, s:b, s:b, s:[s]}", "id", 19, "package", "db-admins", "state",
                                "partially-fulfilled", "existing", 1, "held", 0, "problems",
                                "dbadmins: no such group"));
}

START_TEST(fulfilling)
{
    gate_bus_start(answer_partial);
    const struct pam_host_outcome outcome = pam_host_alice();
    check_refused(
        &outcome, PAM_PERM_DENIED, "request=19 why=\"the access is not in place yet, Partially fulfilled\"",
        "db-admins on demohost: request 19 is approved and being set up. Please try again in a moment.\n"
        "If it takes longer, please tell an administrator: dbadmins: no such group.\n");
}
END_TEST

static struct gate_bus_reply answer_drifted(const json_t *arguments, uid_t uid)
{
    (void)arguments, (void)uid;
    return reply_with(json_pack("{s:i, s:s, s:s, s:s, s:b, s:b, s:b, s:[s, s, s]}", "id", 20, "package",
                                "db-admins", "user", "ali\x1b[2Jce", "state", "partially-fulfilled",
                                "existing", 1, "held", 0, "needs_retry", 1, "problems",
                                "dbadmins: removed by hand", "backup: \x1b[31mred", "third: x"));
}

/* What an administrator took away comes back by no trying. */
START_TEST(drifted)
{
    gate_bus_start(answer_drifted);
    const struct pam_host_outcome outcome = pam_host_alice();
    check_refused(
        &outcome, PAM_PERM_DENIED, "request=20 why=\"the access is not in place yet, Partially fulfilled\"",
        "db-admins on demohost: request 20 is approved, but not in place any more: dbadmins: removed by "
        "hand; "
        "backup: \\x1b[31mred; and 1 more.\nTrying again does not help: please tell an administrator. To put "
        "it back: pkg-admin retry db-admins 'ali\\x1b[2Jce'\n");
}
END_TEST

/* ---- errors ---------------------------------------------------------------------------------------------------- */

static const char *error_name, *error_text;

static struct gate_bus_reply answer_error(const json_t *arguments, uid_t uid)
{
    (void)arguments, (void)uid;
    return (struct gate_bus_reply){.error = error_name, .message = error_text};
}

static const struct error_case {
    const char *name, *text, *logged, *said;
    int code;
} error_cases[] = {
    {ERROR "NoSuchPackage", "There is no access package db-admins.",
     "package=\"db-admins\" request=none why=\"no file in packages.d defines this package",
     "db-admins on demohost: there is no access package of this name. Please tell an administrator; trying "
     "again will "
     "not help.\n",
     PAM_AUTHINFO_UNAVAIL},
    {ERROR "NoSuchUser", "There is no user alice.", "no such user; There is no user alice.",
     "db-admins on demohost: this account is not known here. Please tell an administrator.\n",
     PAM_PERM_DENIED},
    {ERROR "PolicyRefused", "The policy of db-admins does not let you ask.\nSee your manager.",
     "no request was accepted; The policy of db-admins does not let you ask. See your manager.",
     "db-admins on demohost: The policy of db-admins does not let you ask. See your manager.\n",
     PAM_PERM_DENIED},
    {ERROR "LimitExceeded", "Too many \033[31mrequests\a.", "Too many \\x1b[31mrequests\\x07.",
     "db-admins on demohost: Too many \\x1b[31mrequests\\x07.\n", PAM_PERM_DENIED},
    {ERROR "Unavailable", "A directory did not answer.",
     "accesspkgd does not answer; A directory did not answer.",
     "db-admins on demohost: whether you may enter could not be found out. Please try again in a minute, or "
     "tell an "
     "administrator.\n",
     PAM_AUTHINFO_UNAVAIL},
    {ERROR "InvalidArgument", "What?", "accesspkgd does not answer; What?",
     "db-admins on demohost: whether you may enter could not be found out. Please try again in a minute, or "
     "tell an "
     "administrator.\n",
     PAM_AUTHINFO_UNAVAIL},
    {"org.freedesktop.DBus.Error.Failed", "Broken.", "(Broken.)",
     "db-admins on demohost: whether you may enter could not be found out. Please try again in a minute, or "
     "tell an "
     "administrator.\n",
     PAM_AUTHINFO_UNAVAIL},
};

START_TEST(errors)
{
    const struct error_case *it = &error_cases[_i];
    error_name = it->name;
    error_text = it->text;
    gate_bus_start(answer_error);
    const struct pam_host_outcome outcome = pam_host_alice();
    check_refused(&outcome, it->code, it->logged, it->said);
}
END_TEST

START_TEST(no_service)
{
    gate_bus_start(NULL);
    const struct pam_host_outcome outcome = pam_host_alice();
    check_refused(&outcome, PAM_AUTHINFO_UNAVAIL, "accesspkgd does not", NOT_FOUND_OUT);
}
END_TEST

/* ---- who asks --------------------------------------------------------------------------------------------------- */

/* The bus sees root wholly, and the request is the caller's, not the target's. */
START_TEST(set_uid_program)
{
    gate_bus_start(answer_filed);
    const struct pam_host_outcome outcome =
        pam_host_try_as(PAM_HOST_ALICE, 0, &(struct pam_host_login){.user = "bob", .ruser = "bob"});
    check_refused(&outcome, PAM_PERM_DENIED, "request=17", WAITS THEN);
    ck_assert_str_eq(gate_bus_last_call(),
                     "[\"alice\",[\"db-admins\"],{\"gate\":true,\"login_id\":true,\"service\":\"gate\"},0]");
    ck_assert_str_eq(gate_bus_last_caller(), "Umask: 0077;Uid: 0 0 0 0;Gid: 0 0 0 0;Groups:  ;");
}
END_TEST

START_TEST(unprivileged_program)
{
    gate_bus_start(answer_filed);
    struct pam_host_outcome outcome =
        pam_host_try_as(PAM_HOST_ALICE, PAM_HOST_ALICE, &(struct pam_host_login){.user = "alice"});
    check_refused(&outcome, PAM_PERM_DENIED, "request=17", WAITS THEN);
    ck_assert_str_eq(gate_bus_last_call(),
                     "[\"\",[\"db-admins\"],{\"gate\":true,\"service\":\"gate\"},1001]");
    /* Nothing can be asked for somebody else. */
    outcome = pam_host_try_as(PAM_HOST_ALICE, PAM_HOST_ALICE, &(struct pam_host_login){.user = "bob"});
    ck_assert_int_eq(outcome.code, PAM_PERM_DENIED);
    ck_assert_int_eq(gate_bus_calls(), 1);
}
END_TEST

int main(int argc, char **argv)
{
    (void)argc;
    pam_host_begin_set_uid(argv);
    suite_case("bus", setup, teardown);
    suite_timeout(30);
    suite_rows(only_reported, reports);
    suite_add(a_report_that_nobody_asked_for);
    suite_add(filed, existing, two_accounts_with_one_uid, nothing_filed, granted, granted_after_a_fault,
              granted_without_a_file, fulfilling, drifted, no_service, set_uid_program, unprivileged_program);
    suite_loop(nobody_can_decide, 0, 3);
    suite_rows(errors, error_cases);
    return suite_run();
}
