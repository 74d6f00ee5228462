/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The gate: the account phase of sshd, sudo, su, login. Runs the steps in order (find the user to judge, read the
 * grant, else file a request) and words what is logged and shown; each step has a file of its own. Must refuse a user
 * without a valid grant (rule 1) and leave the host process as it found it (rule 11). Called by pam_accesspkg.c, which
 * lets a holder in by itself.
 */
#include "pam_module/gate.h"

#include "common/cleanup.h"
#include "common/gate_options.h"
#include "common/grantdir.h"
#include "common/hostname.h"
#include "common/monotonic.h"
#include "common/names.h"
#include "common/paths.h"
#include "common/usage.h"
#include "pam_module/check.h"
#include "pam_module/choice.h"
#include "pam_module/converse.h"
#include "pam_module/journal.h"
#include "pam_module/judge.h"
#include "pam_module/reason.h"
#include "pam_module/submission.h"
#include "pam_module/verdict.h"
#include "pam_module/waiters.h"

#include <errno.h>
#include <poll.h>
#include <security/pam_modules.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    LOOKS_MS = 1000, /* between two prompts: an application may answer them without a person */
    LIST_MAX = BUS_PACKAGES_MAX * (NAME_PACKAGE_MAX + 4) + 1,
    ASKED_MAX = LIST_MAX + 8,
    OBSTACLE_MAX = 192,
};

/* One login. */
struct gate {
    pam_handle_t *pamh;
    int flags;
    struct gate_options options;
    struct judged judged;
    struct check check;
    int64_t now;       /* when the grant was read last */
    const char *fault; /* of the grant file or of the user's look-up; NULL: none */
    struct submission submission;
    bool waited;                 /* the grant was read again after a prompt */
    char obstacle[OBSTACLE_MAX]; /* why no request was filed, or why the login could not wait; "": none */
};

/* ---- what is logged ----------------------------------------------------------------------------------------- */

static const char *quoted_item(const struct gate *gate, int item, char ret[JOURNAL_WORD_MAX])
{
    const void *value = NULL;
    return journal_quoted(pam_get_item(gate->pamh, item, &value) == PAM_SUCCESS ? value : NULL, ret);
}

/* "db-admins", "db-admins or web-ops"; "" when the line names none. */
static const char *package_list(const struct gate *gate, const char *separator, char ret[LIST_MAX])
{
    char *at = ret;
    *at = '\0';
    for (size_t i = 0; i < gate->options.n_packages; i++) {
        at = stpcpy(at, i ? separator : "");
        at = stpcpy(at, gate->options.packages[i]);
    }
    return ret;
}

/* The one line of a decision: who, where, what, why. */
static void log_decision(const struct gate *gate, const char *what, const struct verdict_row *row,
                         int priority)
{
    char user[JOURNAL_WORD_MAX], service[JOURNAL_WORD_MAX], host[JOURNAL_WORD_MAX], packages[LIST_MAX];
    const struct submission *submission = &gate->submission;
    const char *name = gate->check.name ? gate->check.name : gate->judged.name;
    const char *package = *submission->package ? submission->package : package_list(gate, ",", packages);
    journal_line(
        gate->pamh, priority,
        "%s: user=\"%s\" service=\"%s\" host=\"%s\" package=\"%s\" request=%s why=\"%s%s%s%s%s%s%s%s%s\"",
        what, journal_quoted(name, user), quoted_item(gate, PAM_SERVICE, service),
        quoted_item(gate, PAM_RHOST, host), package, *submission->request ? submission->request : "none",
        row->why, *submission->state ? ", " : "", submission->state, *submission->why ? "; " : "",
        submission->why, gate->fault ? "; " : "", gate->fault ? gate->fault : "", *gate->obstacle ? "; " : "",
        gate->obstacle);
}

/* ---- what the person is told -------------------------------------------------------------------------------- */

/* The package to ask for, in a command to type: "db-admins", "db-admins (or web-ops)". */
static const char *package_to_ask(const struct gate *gate, char ret[ASKED_MAX])
{
    const struct gate_options *options = &gate->options;
    char *at = ret;
    *at = '\0';
    if (*gate->submission.package)
        return gate->submission.package;
    for (size_t i = 0; i < options->n_packages; i++) {
        at = stpcpy(at, i == 0 ? "" : i == 1 ? " (or " : " or ");
        at = stpcpy(at, options->packages[i]);
    }
    if (options->n_packages > 1)
        strcpy(at, ")");
    return ret;
}

/* Shows the verdict's own text. */
static void tell_verdict_text(const struct gate *gate, const struct verdict_row *row)
{
    static const char placeholder[] = "PACKAGE";
    char packages[LIST_MAX], asked[ASKED_MAX], host[HOSTNAME_TEXT_MAX], line[2 * PROTOCOL_MESSAGE_MAX];
    const char *place = strstr(row->text, placeholder);
    const int before = (int)(place ? (size_t)(place - row->text) : strlen(row->text));
    package_list(gate, " or ", packages);
    snprintf(line, sizeof(line), "%s%s%s: %.*s%s%s", packages, *packages ? " on " : "",
             hostname_visible(host), before, row->text, place ? package_to_ask(gate, asked) : "",
             place ? place + strlen(placeholder) : "");
    converse_say(gate->pamh, line);
}

/* Shows the answer's lines, else the verdict's own text. PAM_SILENT drops the second line. */
static void tell_refusal(const struct gate *gate, const struct verdict_row *row)
{
    char message[PROTOCOL_MESSAGE_MAX + 1];
    if (gate->options.quiet)
        return;
    if (!*gate->submission.message) {
        tell_verdict_text(gate, row);
        return;
    }
    strcpy(message, gate->submission.message);
    char *second = strchr(message, '\n');
    if (second)
        *second++ = '\0';
    converse_say(gate->pamh, message);
    if (second && !(gate->flags & PAM_SILENT))
        converse_say(gate->pamh, second);
    if (row == verdict_row(VERDICT_CROWDED))
        tell_verdict_text(gate, row);
}

/* su and sudo run in a session that began before the grant, and sudo has looked up the groups already. */
static void tell_held_now(const struct gate *gate)
{
    char host[HOSTNAME_TEXT_MAX], line[PROTOCOL_MESSAGE_MAX + 1];
    snprintf(line, sizeof(line),
             "%s on %s: you hold it now. If the groups that it gives are missing here, run this again; a "
             "session that began before has them after a new login.",
             gate->submission.package, hostname_visible(host));
    converse_say(gate->pamh, line);
}

/* ---- the decision ------------------------------------------------------------------------------------------- */

static void read_grant(struct gate *gate)
{
    struct timespec now;
    gate->check = (struct check){0};
    if (clock_gettime(CLOCK_REALTIME, &now) < 0)
        return;
    gate->now = now.tv_sec;
    const struct check_context context = {.pamh = gate->pamh, .state = PATH_STATE, .now = gate->now};
    check_grant(&context, &gate->judged, &gate->options, &gate->check);
}

/* accesspkgd lets uid 0 file for any user, and every other uid for itself. */
static bool may_submit(struct gate *gate)
{
    const uid_t own = geteuid();
    if (!gate->options.submit)
        strcpy(gate->obstacle, "nothing is filed with submit=no");
    else if (own != 0 && own != gate->check.uid)
        snprintf(gate->obstacle, sizeof(gate->obstacle),
                 "nothing is filed: this program does not run as root, and uid %u can ask for itself alone",
                 own);
    return !*gate->obstacle;
}

/* When accesspkgd says that there is a grant, reads the grant file again: only the file counts (rule 1). */
static enum verdict judge_answer(struct gate *gate)
{
    static const char hidden[] =
        "this program sees no such file: its unit's settings or a chroot may hide " PATH_STATE;
    const enum verdict verdict = gate->submission.verdict;
    if (verdict != VERDICT_GRANTED && verdict != VERDICT_FULFILLING)
        return verdict;
    read_grant(gate);
    if (gate->check.outcome == CHECK_HOLDS)
        return VERDICT_HELD;
    if (verdict == VERDICT_GRANTED && !gate->fault)
        gate->fault = gate->check.fault ? gate->check.fault : hidden;
    return verdict;
}

/* Files the request. Asks the person for a reason first if accesspkgd wants one. Each exchange has its own deadline. */
static enum verdict file_request(struct gate *gate, bool can_ask)
{
    char reason[BUS_TEXT_MAX + 1];
    struct submission_terms terms = {.can_ask = can_ask, .own_login_id = gate->judged.is_real};
    submission_file(gate->pamh, &gate->options, gate->check.name, &terms, &gate->submission);
    if (can_ask && gate->submission.verdict == VERDICT_REASON_WANTED) {
        const struct reason_question question = {REASON_ACCESS, gate->submission.package, gate->check.name,
                                                 gate->submission.denial};
        const bool given = reason_ask(gate->pamh, &question, reason);
        terms = (struct submission_terms){.justification = given ? reason : NULL,
                                          .own_login_id = gate->judged.is_real};
        submission_file(gate->pamh, &gate->options, gate->check.name, &terms, &gate->submission);
        explicit_bzero(reason, sizeof(reason));
    }
    return judge_answer(gate);
}

/* For mode=report: what would become of the request. Files nothing. */
static enum verdict foresee_request(struct gate *gate, bool can_ask)
{
    const struct submission_terms terms = {
        .report = true, .can_ask = can_ask, .own_login_id = gate->judged.is_real};
    submission_file(gate->pamh, &gate->options, gate->check.name, &terms, &gate->submission);
    return judge_answer(gate);
}

/* ---- waiting for the decision -------------------------------------------------------------------------------- */

/* False when a signal came: the application wants to go on. */
static bool pause_until(int64_t time)
{
    const int64_t pause = time - monotonic_ms();
    return pause <= 0 || poll(NULL, 0, (int)pause) == 0;
}

/* Reads the grant file, which needs no daemon. */
static bool is_held_now(struct gate *gate)
{
    read_grant(gate);
    if (gate->check.outcome != CHECK_HOLDS)
        return false;
    *gate->submission.state = '\0'; /* out of date: the request was approved meanwhile */
    return true;
}

/* Keeps the verdict and answer of before when accesspkgd cannot be asked. */
static enum verdict ask_accesspkgd(struct gate *gate, const struct submission_terms *terms,
                                   enum verdict before)
{
    struct submission later;
    submission_file(gate->pamh, &gate->options, gate->check.name, terms, &later);
    if (later.verdict == VERDICT_NO_ANSWER || later.verdict == VERDICT_UNAVAILABLE)
        return before;
    gate->submission = later;
    return judge_answer(gate);
}

static enum verdict ask_state(struct gate *gate, enum verdict before)
{
    const struct submission_terms terms = {.request = gate->submission.request,
                                           .outside = gate->submission.outside};
    return ask_accesspkgd(gate, &terms, before);
}

/*
 * Without a reason, or without an answer, the request stays as it was. Reads the grant file before and after: an
 * approver may decide while the reason is typed, which makes the emergency needless, and an answer may come too late.
 */
static enum verdict take_in_emergency(struct gate *gate, const char *package, enum verdict before)
{
    char reason[BUS_TEXT_MAX + 1];
    enum verdict verdict = before;
    const struct reason_question question = {REASON_EMERGENCY, package, gate->check.name, ""};
    if (!reason_ask(gate->pamh, &question, reason))
        return before;
    if (is_held_now(gate)) {
        verdict = VERDICT_HELD;
    } else {
        const struct submission_terms terms = {
            .justification = reason, .emergency = package, .own_login_id = gate->judged.is_real};
        verdict = ask_accesspkgd(gate, &terms, before);
    }
    explicit_bzero(reason, sizeof(reason));
    if (verdict == VERDICT_HELD || !is_held_now(gate))
        return verdict;
    strcpy(gate->submission.package, package); /* a refusal has none */
    return VERDICT_HELD;
}

/* A prompt cannot be interrupted, so the end of wait= is noticed only after its answer, and after a last look. */
static enum verdict prompt_until_decided(struct gate *gate, enum verdict verdict)
{
    const struct submission first = gate->submission;
    const int64_t end = monotonic_ms() + (int64_t)gate->options.wait * 1000;
    do {
        const int64_t next = monotonic_ms() + LOOKS_MS;
        char package[NAME_PACKAGE_MAX + 1];
        const struct choice_question question = {
            .submission = &gate->submission, .first = &first, .end = end, .again = gate->waited};
        const enum choice choice = choice_ask(gate->pamh, &question, package);
        if (choice == CHOICE_LEAVE)
            return verdict;
        gate->waited = true;
        if (is_held_now(gate))
            return VERDICT_HELD;
        if (!pause_until(next))
            return verdict;
        verdict =
            choice == CHOICE_EMERGENCY ? take_in_emergency(gate, package, verdict) : ask_state(gate, verdict);
    } while (verdict != VERDICT_HELD && *gate->submission.waits && monotonic_ms() < end);
    return verdict;
}

static void explain_place_error(int error, char ret[OBSTACLE_MAX])
{
    static const char mends[] = "; run systemd-tmpfiles --create accesspkg.conf";
    const bool is_folder = error == ENOENT || error == EPERM || error == ELOOP || error == ENOTDIR;
    snprintf(ret, OBSTACLE_MAX, "nobody could be kept waiting: %s: %s%s", PATH_RUN,
             error == EPERM ? "it is not root's alone" : strerrordesc_np(error), is_folder ? mends : "");
}

static enum verdict wait_for_decision(struct gate *gate, enum verdict verdict)
{
    if (verdict == VERDICT_HELD || !*gate->submission.waits || !*gate->submission.request ||
        !*gate->submission.package)
        return verdict;
    _cleanup_close_ int place = waiters_enter(PATH_RUN, gate->check.uid, gate->submission.n_emergencies > 0);
    if (place >= 0)
        return prompt_until_decided(gate, verdict);
    if (place == -EBUSY)
        return VERDICT_CROWDED;
    explain_place_error(-place, gate->obstacle);
    return verdict;
}

static enum verdict fail_lookup(struct gate *gate, int error)
{
    gate->fault = strerrordesc_np(error);
    return VERDICT_NO_DIRECTORY;
}

static enum verdict judge_login(struct gate *gate)
{
    const int judged = judge_find(gate->pamh, gate->options.judge_user, &gate->judged);
    if (judged < 0)
        return fail_lookup(gate, -judged);
    if (judged > 0)
        return VERDICT_INVALID_USER;
    read_grant(gate);
    gate->fault = gate->check.fault;
    const enum verdict checked = check_verdict(&gate->check, &gate->options);
    if (checked == VERDICT_NO_DIRECTORY)
        return fail_lookup(gate, gate->check.error);
    if (checked != VERDICT_NO_GRANT)
        return checked;
    if (gate->options.n_packages == 0)
        return VERDICT_NO_PACKAGE;
    if (!may_submit(gate))
        return VERDICT_NO_GRANT;
    const bool can_ask = !gate->options.quiet && converse_may_prompt(gate->pamh, gate->flags);
    if (gate->options.report)
        return foresee_request(gate, can_ask);
    const enum verdict verdict = file_request(gate, can_ask);
    return can_ask && gate->options.wait ? wait_for_decision(gate, verdict) : verdict;
}

static int finish_login(const struct gate *gate, enum verdict verdict)
{
    const struct verdict_row *row = verdict_row(verdict);
    if (verdict == VERDICT_HELD && geteuid() == 0)
        usage_note(PATH_STATE, &gate->check.use, gate->now);
    if (row->code == PAM_SUCCESS || row->code == PAM_IGNORE) {
        if (gate->options.debug)
            log_decision(gate, "let through", row, LOG_DEBUG);
        else if (gate->fault && row->code == PAM_SUCCESS)
            log_decision(gate, "let in after a fault", row, LOG_WARNING);
        else if (gate->waited)
            log_decision(gate, "let in after waiting", row, LOG_NOTICE);
        if (gate->waited && gate->judged.is_real)
            tell_held_now(gate);
        return row->code;
    }
    if (gate->options.report) {
        log_decision(gate,
                     verdict == VERDICT_AT_ONCE ? "would be given at once (mode=report)"
                                                : "would be refused (mode=report)",
                     row, LOG_NOTICE);
        return verdict_row(VERDICT_REPORTED)->code;
    }
    log_decision(gate, "refused", row, row->priority);
    tell_refusal(gate, row);
    return row->code;
}

int gate_account(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    struct gate gate = {.pamh = pamh, .flags = flags};
    gate_options_parse(argc, argv, &gate.options, journal_argument, pamh);
    return finish_login(&gate, judge_login(&gate));
}

__attribute__((visibility("default"))) const struct gate_phases accesspkg_gate = {gate_account, gate_session};
