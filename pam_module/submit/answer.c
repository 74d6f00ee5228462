/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See the header. Makes text of users and of package files visible (rule 10). Called by accesspkg-submit.c. */
#include "pam_module/submit/answer.h"

#include "common/names.h"
#include "common/timetext.h"
#include "pam_module/submit/words.h"

#include <inttypes.h>
#include <stdio.h>

enum { PRINCIPAL_MAX = 128, APPROVERS_SHOWN = 4 };

static const char *request_text(const json_t *request, const char *name)
{
    const char *text = json_string_value(json_object_get(request, name));
    return text ? text : "";
}

static int64_t request_number(const json_t *request, const char *name)
{
    return json_integer_value(json_object_get(request, name));
}

/* "bob", or "a member of dba-leads" for "%dba-leads". */
static void say_principal(struct words *text, const char *principal)
{
    char visible[PRINCIPAL_MAX];
    const bool is_group = *principal == '%';
    text_visible(principal + is_group, visible, sizeof(visible));
    words_say(text, "%s%s", is_group ? "a member of " : "", visible);
}

/* "alice", "alice or bob", "alice, bob or a member of dba-leads", "alice, bob, carol, dave or 3 others". */
static void say_approvers(struct words *text, const json_t *approvers)
{
    const size_t count = json_array_size(approvers);
    const size_t shown = count > APPROVERS_SHOWN + 1 ? APPROVERS_SHOWN : count;
    for (size_t i = 0; i < shown; i++) {
        const char *name = json_string_value(json_array_get(approvers, i));
        words_say(text, "%s", i == 0 ? "" : i + 1 == count ? " or " : ", ");
        say_principal(text, name ? name : "");
    }
    if (shown < count)
        words_say(text, " or %zu others", count - shown);
}

/* ---- the message for each state ----------------------------------------------------------------------------- */

struct saying {
    const json_t *request;
    int64_t id;
    int64_t now;
};

/* Who is named stands outside as well (outside.h). */
static void say_none_inside(struct words *text, const struct saying *saying)
{
    const json_t *approvers = json_object_get(saying->request, "approvers");
    const char *service = request_text(saying->request, "none_inside");
    const char *first = json_string_value(json_array_get(approvers, 0));
    char visible[PRINCIPAL_MAX];
    if (*service)
        words_say(text, ", %s get in by %s either",
                  json_array_size(approvers) == 1 && first && *first != '%' ? "who cannot"
                                                                            : "none of whom can",
                  text_visible(service, visible, sizeof(visible)));
}

static void say_approval(struct words *text, const struct saying *saying)
{
    const json_t *approvers = json_object_get(saying->request, "approvers");
    const int64_t quorum = request_number(saying->request, "quorum");
    if (quorum > 1)
        words_say(text, "%" PRId64 " approvals", quorum);
    else
        words_say(text, "approval");
    if (json_array_size(approvers) > 0) {
        words_say(text, " by ");
        say_approvers(text, approvers);
        say_none_inside(text, saying);
    }
    if (request_number(saying->request, "stages") > 1)
        words_say(text, ", stage %" PRId64 " of %" PRId64, request_number(saying->request, "stage"),
                  request_number(saying->request, "stages"));
}

/* An account that shares its uid with another runs its commands as that one, who may not read its requests. */
static void say_how_to_read(struct words *text, const struct saying *saying)
{
    char name[PRINCIPAL_MAX];
    const char *other = request_text(saying->request, "runs_as");
    words_say(text, "pkg-request status %" PRId64, saying->id);
    if (*other)
        words_say(text, ", as root: your commands run as %s, whose account has the same uid",
                  text_visible(other, name, sizeof(name)));
}

static void say_pending(struct words *text, const struct saying *saying)
{
    const int64_t expires = request_number(saying->request, "expires");
    char when[TIME_TEXT_MAX];
    words_say(text, "waits for ");
    say_approval(text, saying);
    if (json_is_true(json_object_get(saying->request, "undecidable"))) {
        char why[WORDS_LINE_MAX];
        text_visible(request_text(saying->request, "undecidable_why"), why, sizeof(why));
        words_say(text, ", but nobody can decide it now%s%s.\nPlease tell an administrator.",
                  *why ? ": " : "", why);
        return;
    }
    if (expires > 0)
        words_say(text, " (until %s)", time_people(expires, when));
    words_say(text, ".\n%sYou will get in once it is approved: just try again. To follow it: ",
              *request_text(saying->request, "none_inside") ? "Please tell an administrator. " : "");
    say_how_to_read(text, saying);
}

enum { PROBLEMS_SHOWN = 2 };

/* Lists problems, each "group: why". */
static void say_problems(struct words *text, const json_t *problems)
{
    const size_t count = json_array_size(problems);
    char visible[WORDS_LINE_MAX];
    for (size_t i = 0; i < count && i < PROBLEMS_SHOWN; i++) {
        const char *problem = json_string_value(json_array_get(problems, i));
        words_one_line(problem ? problem : "", visible, sizeof(visible));
        words_say(text, "%s%s", i ? "; " : "", visible);
    }
    if (count > PROBLEMS_SHOWN)
        words_say(text, "; and %zu more", count - PROBLEMS_SHOWN);
    if (count == 0)
        words_say(text, "a group could not be given to you");
}

static void say_fulfilling(struct words *text, const struct saying *saying)
{
    const int64_t start = request_number(saying->request, "start");
    char when[TIME_TEXT_MAX];
    if (start > saying->now) {
        time_people(start, when);
        words_say(text, "is approved, from %s on. Please try again then.", when);
        return;
    }
    const json_t *problems = json_object_get(saying->request, "problems");
    char word[TEXT_WORD_MAX];
    if (json_is_true(json_object_get(saying->request, "needs_retry"))) {
        words_say(text, "is approved, but not in place any more: ");
        say_problems(text, problems);
        words_say(text,
                  ".\nTrying again does not help: please tell an administrator. To put it back: pkg-admin "
                  "retry %s %s",
                  request_text(saying->request, "package"),
                  text_word(request_text(saying->request, "user"), word));
        return;
    }
    words_say(text, "is approved and being set up. Please try again in a moment.");
    if (json_array_size(problems) > 0) {
        words_say(text, "\nIf it takes longer, please tell an administrator: ");
        say_problems(text, problems);
        words_say(text, ".");
    }
}

static void say_in_place(struct words *text, const struct saying *saying)
{
    (void)saying;
    words_say(text, "is approved and being put in place. Please try again in a moment.\n"
                    "If that does not help, please tell an administrator: your grant file may be damaged.");
}

/* By whom and why: who cannot get in can run no command to read it. */
static void say_denied(struct words *text, const struct saying *saying)
{
    const json_t *decisions = json_object_get(saying->request, "decisions");
    const json_t *last = json_array_get(decisions, json_array_size(decisions) - 1);
    char decider[PRINCIPAL_MAX], reason[WORDS_LINE_MAX];
    text_visible(request_text(last, "decider"), decider, sizeof(decider));
    words_one_line(request_text(last, "reason"), reason, sizeof(reason));
    words_say(text, "was denied%s%s%s%s", *decider ? " by " : "", decider, *reason ? ": " : "", reason);
    const int64_t pause = request_number(saying->request, "pause_until");
    char when[TIME_TEXT_MAX];
    if (pause > saying->now)
        words_say(text, "\nA new one can be filed after %s.", time_people(pause, when));
    else
        words_say(text, "\nYour next login files a new one.");
}

static void say_other_state(struct words *text, const struct saying *saying)
{
    const char *shown = state_shown(state_from_identifier(request_text(saying->request, "state")));
    words_say(text, "is not approved (%s). Please try again, or tell an administrator.",
              *shown ? shown : "unknown");
}

/* The states in which Submit can answer, and GetRequest for a request that waited; any other gets the last row. */
static const struct {
    enum state state;
    enum verdict
        verdict; /* of a new request; an existing one gets VERDICT_EXISTING instead of VERDICT_FILED */
    void (*say)(struct words *text, const struct saying *saying);
} states[] = {
    {STATE_DENIED, VERDICT_DENIED, say_denied},
    {STATE_SUBMITTED, VERDICT_FILED, say_pending},
    {STATE_PENDING_APPROVAL, VERDICT_FILED, say_pending},
    {STATE_APPROVED, VERDICT_FULFILLING, say_fulfilling},
    {STATE_PARTIALLY_FULFILLED, VERDICT_FULFILLING, say_fulfilling},
    {STATE_FULFILLED, VERDICT_FULFILLING, say_in_place},
    {STATE_ACCESS_EXTENDED, VERDICT_FULFILLING, say_in_place},
    {STATE_NONE, VERDICT_REFUSED, say_other_state}, /* last */
};

static void say_request(struct words *text, const struct saying *saying, const char *host,
                        void (*say_body)(struct words *text, const struct saying *saying))
{
    char denial[PROTOCOL_DENIAL_MAX + 1];
    words_one_line(request_text(saying->request, "denial"), denial, sizeof(denial));
    words_say(text, "%s on %s: %s%s", request_text(saying->request, "package"), host, denial,
              *denial ? " A new one was filed: " : "");
    if (saying->id > 0)
        words_say(text, "request %" PRId64 " ", saying->id);
    else
        words_say(text, "your access ");
    say_body(text, saying);
}

/* Adds the records that identify the request. */
static void add_request(const json_t *request, int64_t id, struct protocol_message *ret)
{
    char digits[24];
    snprintf(digits, sizeof(digits), "%" PRId64, id);
    if (id > 0)
        protocol_add(ret, "request", digits);
    protocol_add(ret, "package", request_text(request, "package"));
    protocol_add(ret, "state", state_identifier(state_from_identifier(request_text(request, "state"))));
}

static void add_denial(const json_t *request, struct protocol_message *ret)
{
    char denial[PROTOCOL_DENIAL_MAX + 1];
    words_one_line(request_text(request, "denial"), denial, sizeof(denial));
    if (*denial)
        protocol_add(ret, "denial", denial);
}

/* Adds what the request waits for, if a decision, an emergency or a moment can end the wait. */
static void add_waits(const struct saying *saying, enum verdict verdict, struct protocol_message *ret)
{
    const bool undecidable = json_is_true(json_object_get(saying->request, "undecidable"));
    const json_t *emergencies = json_object_get(saying->request, "may_emergency");
    const bool may_emergency = json_array_size(emergencies) > 0;
    char visible[PROTOCOL_WAITS_MAX + 1];
    struct words text = {.used = 0};
    if (verdict == VERDICT_FULFILLING) {
        if (request_number(saying->request, "start") > saying->now ||
            json_is_true(json_object_get(saying->request, "needs_retry")))
            return;
        words_say(&text, "the access to be set up");
    } else if ((verdict != VERDICT_FILED && verdict != VERDICT_EXISTING) || (undecidable && !may_emergency)) {
        return;
    } else if (undecidable) {
        words_say(&text, "somebody who can decide it");
    } else {
        say_approval(&text, saying);
    }
    protocol_add(ret, "waits", text_visible(text.text, visible, sizeof(visible)));
    for (size_t i = 0; i < json_array_size(emergencies); i++) {
        const char *package = json_string_value(json_array_get(emergencies, i));
        if (package)
            protocol_add(ret, "may_emergency", package);
    }
}

void answer_request(const json_t *request, const char *host, int64_t now, struct protocol_message *ret)
{
    const struct saying saying = {.request = request, .id = request_number(request, "id"), .now = now};
    const enum state state = state_from_identifier(request_text(request, "state"));
    struct words text = {.used = 0};
    size_t row = 0;
    if (name_is_package(request_text(request, "package")) &&
        json_is_true(json_object_get(request, "justification_wanted"))) {
        answer_verdict(VERDICT_REASON_WANTED, ret);
        protocol_add(ret, "package", request_text(request, "package"));
        add_denial(request, ret);
        return;
    }
    if (name_is_package(request_text(request, "package")) && json_object_get(request, "would_be_given")) {
        answer_verdict(json_is_true(json_object_get(request, "would_be_given")) ? VERDICT_AT_ONCE
                                                                                : VERDICT_NO_GRANT,
                       ret);
        protocol_add(ret, "package", request_text(request, "package"));
        return;
    }
    if (!name_is_package(request_text(request, "package")) || state == STATE_NONE) {
        answer_verdict(VERDICT_UNAVAILABLE, ret);
        protocol_add(ret, "why",
                     "its answer names no package or no state that exists; if accesspkgd is of "
                     "another version: systemctl restart accesspkgd");
        return;
    }
    while (states[row].state != STATE_NONE && states[row].state != state)
        row++;
    enum verdict verdict = states[row].verdict;
    if (json_is_true(json_object_get(request, "held")))
        verdict = VERDICT_GRANTED;
    else if (verdict == VERDICT_FILED && json_is_true(json_object_get(request, "existing")))
        verdict = VERDICT_EXISTING;
    answer_verdict(verdict, ret);
    add_request(request, saying.id, ret);
    say_request(&text, &saying, host, states[row].say);
    protocol_add(ret, "message", text.text);
    add_denial(request, ret);
    add_waits(&saying, verdict, ret);
}

/* ---- errors ------------------------------------------------------------------------------------------------- */

/* Any other error: VERDICT_UNAVAILABLE. */
static const struct {
    enum bus_error code;
    enum verdict verdict;
} errors[] = {
    {BUS_ERROR_NO_SUCH_PACKAGE, VERDICT_NO_SUCH_PACKAGE},
    {BUS_ERROR_NO_SUCH_USER, VERDICT_INVALID_USER},
    {BUS_ERROR_POLICY_REFUSED, VERDICT_REFUSED},
    {BUS_ERROR_LIMIT_EXCEEDED, VERDICT_REFUSED},
    {BUS_ERROR_NONE, VERDICT_UNAVAILABLE},
};

/* The journal always gets accesspkgd's words; the person only when accesspkgd refused. */
void answer_error(const struct client_error *error, const struct question *question, const char *host,
                  struct protocol_message *ret)
{
    char why[PROTOCOL_WHY_MAX + 1], line[WORDS_LINE_MAX];
    struct words text = {.used = 0};
    size_t row = 0;
    while (errors[row].code != BUS_ERROR_NONE && errors[row].code != error->code)
        row++;
    answer_verdict(errors[row].verdict, ret);
    words_one_line(error->message, why, sizeof(why));
    protocol_add(ret, "why", why);
    if (errors[row].verdict != VERDICT_REFUSED)
        return;
    words_one_line(error->message, line, sizeof(line));
    for (size_t i = 0; i < question->n_packages; i++)
        words_say(&text, "%s%s", i ? " or " : "", question->packages[i]);
    words_say(&text, " on %s: %s", host, line);
    protocol_add(ret, "message", text.text);
}

void answer_verdict(enum verdict verdict, struct protocol_message *ret)
{
    static const char *const words[] = {
#define X(symbol, word, code, priority, why, text) [VERDICT_##symbol] = word,
        VERDICT_TABLE(X)
#undef X
    };
    ret->size = 0;
    ret->overflowed = false;
    protocol_add(ret, "verdict", words[verdict]);
}

void answer_why(const char *message, struct protocol_message *ret)
{
    char why[PROTOCOL_WHY_MAX + 1];
    ret->size = 0;
    ret->overflowed = false;
    words_one_line(message, why, sizeof(why));
    protocol_add(ret, "why", why);
}

void answer_failed(const char *call, int error, struct protocol_message *ret)
{
    char digits[12];
    snprintf(digits, sizeof(digits), "%d", error);
    ret->size = 0;
    ret->overflowed = false;
    protocol_add(ret, "failed", call);
    protocol_add(ret, "errno", digits);
}
