/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See the header. Text of users and of policies becomes visible here (rule 10). Called by accesspkg-submit.c. */
#include "pam_module/submit/answer.h"

#include "common/cleanup.h"
#include "common/names.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

enum {
    WHEN_MAX = 64,
    PRINCIPAL_MAX = 128,
    LINE_MAX_BYTES = 700,
    APPROVERS_SHOWN = 4,
    SECONDS_OF_WEEK = 7 * 24 * 3600
};

/* ---- the message's memory: text that is cut at its bound, never beyond --------------------------------------- */

struct text {
    char text[PROTOCOL_MESSAGE_MAX + 1];
    size_t used;
};

__attribute__((format(printf, 2, 3))) static void say(struct text *text, const char *format, ...)
{
    const size_t room = sizeof(text->text) - text->used;
    va_list arguments;
    va_start(arguments, format);
    const int length = vsnprintf(text->text + text->used, room, format, arguments);
    va_end(arguments);
    if (length > 0)
        text->used += (size_t)length < room ? (size_t)length : room - 1;
}

/* ---- words -------------------------------------------------------------------------------------------------- */

static const char *member(const json_t *request, const char *name)
{
    const char *text = json_string_value(json_object_get(request, name));
    return text ? text : "";
}

static int64_t number(const json_t *request, const char *name)
{
    return json_integer_value(json_object_get(request, name));
}

/* "14:05 CET", "14:05 CET tomorrow", "14:05 CET on Friday", "14:05 CET on 2026-12-03". */
static const char *when_said(int64_t time, int64_t now, char ret[WHEN_MAX])
{
    const time_t then = (time_t)time, today = (time_t)now, tomorrow = (time_t)now + 24 * 3600;
    struct tm at, of_today, of_tomorrow;
    if (!localtime_r(&then, &at) || !localtime_r(&today, &of_today) || !localtime_r(&tomorrow, &of_tomorrow))
        return strcpy(ret, "later");
    const char *format = "%H:%M %Z on %Y-%m-%d";
    if (at.tm_yday == of_today.tm_yday && at.tm_year == of_today.tm_year)
        format = "%H:%M %Z";
    else if (at.tm_yday == of_tomorrow.tm_yday && at.tm_year == of_tomorrow.tm_year)
        format = "%H:%M %Z tomorrow";
    else if (time > now && time - now < SECONDS_OF_WEEK - 24 * 3600)
        format = "%H:%M %Z on %A";
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral" /* one of the four above */
    if (strftime(ret, WHEN_MAX, format, &at) == 0)
        strcpy(ret, "later");
#pragma GCC diagnostic pop
    return ret;
}

/* "bob", or "a member of dba-leads" for "%dba-leads". */
static void say_principal(struct text *text, const char *principal)
{
    char visible[PRINCIPAL_MAX];
    const bool is_group = *principal == '%';
    text_visible(principal + is_group, visible, sizeof(visible));
    say(text, "%s%s", is_group ? "a member of " : "", visible);
}

/* "alice", "alice or bob", "alice, bob or a member of dba-leads", "alice, bob, carol, dave or 3 others". */
static void say_approvers(struct text *text, const json_t *approvers)
{
    const size_t count = json_array_size(approvers);
    const size_t shown = count > APPROVERS_SHOWN + 1 ? APPROVERS_SHOWN : count;
    for (size_t i = 0; i < shown; i++) {
        const char *name = json_string_value(json_array_get(approvers, i));
        say(text, "%s", i == 0 ? "" : i + 1 == count ? " or " : ", ");
        say_principal(text, name ? name : "");
    }
    if (shown < count)
        say(text, " or %zu others", count - shown);
}

/* ---- the message for each state ----------------------------------------------------------------------------- */

struct saying {
    const json_t *request;
    int64_t id;
    int64_t now;
};

static void say_approval(struct text *text, const struct saying *saying)
{
    const json_t *approvers = json_object_get(saying->request, "approvers");
    const int64_t quorum = number(saying->request, "quorum");
    if (quorum > 1)
        say(text, "%" PRId64 " approvals", quorum);
    else
        say(text, "approval");
    if (json_array_size(approvers) > 0) {
        say(text, " by ");
        say_approvers(text, approvers);
    }
}

static void say_pending(struct text *text, const struct saying *saying)
{
    const int64_t expires = number(saying->request, "expires");
    char when[WHEN_MAX];
    say(text, "waits for ");
    say_approval(text, saying);
    if (json_is_true(json_object_get(saying->request, "undecidable"))) {
        char why[LINE_MAX_BYTES];
        text_visible(member(saying->request, "undecidable_why"), why, sizeof(why));
        say(text, ", but nobody can decide it now%s%s.\nPlease tell an administrator.", *why ? ": " : "",
            why);
        return;
    }
    if (expires > 0)
        say(text, " (until %s)", when_said(expires, saying->now, when));
    say(text,
        ".\nYou will get in once it is approved: just try again. To follow it: pkg-request status %" PRId64,
        saying->id);
}

/* Puts everything into one line. */
static void one_line(const char *message, char *ret, size_t size)
{
    _cleanup_free_ char *copy = strdup(message);
    for (char *at = copy ? strchr(copy, '\n') : NULL; at; at = strchr(at, '\n'))
        *at = ' ';
    text_visible(copy ? copy : "", ret, size);
}

enum { PROBLEMS_SHOWN = 2 };

/* "group: why"; the group is what an administrator wrote. */
static void say_problems(struct text *text, const json_t *problems)
{
    const size_t count = json_array_size(problems);
    char visible[LINE_MAX_BYTES];
    for (size_t i = 0; i < count && i < PROBLEMS_SHOWN; i++) {
        const char *problem = json_string_value(json_array_get(problems, i));
        one_line(problem ? problem : "", visible, sizeof(visible));
        say(text, "%s%s", i ? "; " : "", visible);
    }
    if (count > PROBLEMS_SHOWN)
        say(text, "; and %zu more", count - PROBLEMS_SHOWN);
    if (count == 0)
        say(text, "a group could not be given to you");
}

static void say_fulfilling(struct text *text, const struct saying *saying)
{
    const int64_t start = number(saying->request, "start");
    char when[WHEN_MAX];
    if (start > saying->now) {
        when_said(start, saying->now, when);
        say(text, "is approved, from %s on. Please try again then.", when);
        return;
    }
    const json_t *problems = json_object_get(saying->request, "problems");
    if (json_is_true(json_object_get(saying->request, "needs_retry"))) {
        say(text, "is approved, but not in place any more: ");
        say_problems(text, problems);
        say(text, ".\nTrying again does not help: please tell an administrator (pkg-admin retry).");
        return;
    }
    say(text, "is approved and being set up. Please try again in a moment.");
    if (json_array_size(problems) > 0) {
        say(text, "\nIf it takes longer, please tell an administrator: ");
        say_problems(text, problems);
        say(text, ".");
    }
}

static void say_held(struct text *text, const struct saying *saying)
{
    (void)saying;
    say(text, "is approved and being put in place. Please try again in a moment.\n"
              "If that does not help, please tell an administrator: your grant file may be damaged.");
}

/* That there is a reason, not which: it is shown to whoever follows the request, not to whoever tries to log in. */
static void say_denied(struct text *text, const struct saying *saying)
{
    say(text, "was denied.\nWho denied it, and why: pkg-request status %" PRId64, saying->id);
}

static void say_state(struct text *text, const struct saying *saying)
{
    const char *shown = state_shown(state_from_identifier(member(saying->request, "state")));
    say(text, "is not approved (%s). Please try again, or tell an administrator.",
        *shown ? shown : "unknown");
}

/* What Submit can answer with, and GetRequest of what waited; every other state is odd here. */
static const struct {
    enum state state;
    enum verdict verdict; /* of a new request; an older one is VERDICT_EXISTING where this is VERDICT_FILED */
    void (*say)(struct text *text, const struct saying *saying);
} states[] = {
    {STATE_DENIED, VERDICT_DENIED, say_denied},
    {STATE_SUBMITTED, VERDICT_FILED, say_pending},
    {STATE_PENDING_APPROVAL, VERDICT_FILED, say_pending},
    {STATE_APPROVED, VERDICT_FULFILLING, say_fulfilling},
    {STATE_PARTIALLY_FULFILLED, VERDICT_FULFILLING, say_fulfilling},
    {STATE_FULFILLED, VERDICT_FULFILLING, say_held},
    {STATE_ACCESS_EXTENDED, VERDICT_FULFILLING, say_held},
    {STATE_NONE, VERDICT_REFUSED, say_state}, /* the end */
};

static void say_request(struct text *text, const struct saying *saying, const char *host,
                        void (*rest)(struct text *text, const struct saying *saying))
{
    say(text, "%s on %s: ", member(saying->request, "package"), host);
    if (saying->id > 0)
        say(text, "request %" PRId64 " ", saying->id);
    else
        say(text, "your access ");
    rest(text, saying);
}

/* The records that say which request it is. */
static void add_request(const json_t *request, int64_t id, struct protocol_message *ret)
{
    char digits[24];
    snprintf(digits, sizeof(digits), "%" PRId64, id);
    if (id > 0)
        protocol_add(ret, "request", digits);
    protocol_add(ret, "package", member(request, "package"));
    protocol_add(ret, "state", state_identifier(state_from_identifier(member(request, "state"))));
}

/* What it waits for, where a decision, or the next moment, can end that. */
static void add_waits(const struct saying *saying, enum verdict verdict, struct protocol_message *ret)
{
    char visible[PROTOCOL_WAITS_MAX + 1];
    struct text text = {.used = 0};
    if (verdict == VERDICT_FULFILLING) {
        if (number(saying->request, "start") > saying->now ||
            json_is_true(json_object_get(saying->request, "needs_retry")))
            return;
        say(&text, "the access to be set up");
    } else if ((verdict == VERDICT_FILED || verdict == VERDICT_EXISTING) &&
               !json_is_true(json_object_get(saying->request, "undecidable"))) {
        say_approval(&text, saying);
    } else {
        return;
    }
    protocol_add(ret, "waits", text_visible(text.text, visible, sizeof(visible)));
}

void answer_request(const json_t *request, const char *host, int64_t now, struct protocol_message *ret)
{
    const struct saying saying = {.request = request, .id = number(request, "id"), .now = now};
    const enum state state = state_from_identifier(member(request, "state"));
    struct text text = {.used = 0};
    size_t row = 0;
    if (name_is_package(member(request, "package")) &&
        json_is_true(json_object_get(request, "justification_wanted"))) {
        answer_verdict(VERDICT_REASON_WANTED, ret);
        protocol_add(ret, "package", member(request, "package"));
        return;
    }
    if (!name_is_package(member(request, "package")) || state == STATE_NONE) {
        answer_verdict(VERDICT_UNAVAILABLE, ret);
        protocol_add(ret, "why", "its answer names no package or no state that exists");
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
    add_waits(&saying, verdict, ret);
}

/* ---- errors ------------------------------------------------------------------------------------------------- */

/* What is not here: it could not be found out. */
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

/* accesspkgd's own words are for the person when it refused, for the journal always. */
void answer_error(const struct client_error *error, const struct question *question, const char *host,
                  struct protocol_message *ret)
{
    char why[PROTOCOL_WHY_MAX + 1], line[LINE_MAX_BYTES];
    struct text text = {.used = 0};
    size_t row = 0;
    while (errors[row].code != BUS_ERROR_NONE && errors[row].code != error->code)
        row++;
    answer_verdict(errors[row].verdict, ret);
    one_line(error->message, why, sizeof(why));
    protocol_add(ret, "why", why);
    if (errors[row].verdict != VERDICT_REFUSED)
        return;
    one_line(error->message, line, sizeof(line));
    for (size_t i = 0; i < question->n_packages; i++)
        say(&text, "%s%s", i ? " or " : "", question->packages[i]);
    say(&text, " on %s: %s", host, line);
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
