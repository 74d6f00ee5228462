/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See the header. */
#include "cli/confirm.h"

#include "cli/calls.h"
#include "cli/find.h"
#include "cli/prompt.h"
#include "cli/when.h"
#include "common/cleanup.h"
#include "common/duration.h"

/* Fetches the requests that the caller may decide on (or review), and keeps them as shown. Skips others: the decision
 * itself reports why. */
static int load_decidable(struct invocation *invocation, enum confirm_kind kind, json_t *requests,
                          struct client_error *ret_error)
{
    const bool review = kind == CONFIRM_REVIEW;

    invocation->shown = json_array();
    for (size_t i = 0; i < invocation->n_operands; i++)
        json_array_append_new(invocation->shown, json_null());
    for (size_t i = 0; i < invocation->n_operands; i++) {
        json_t *request = NULL;

        if (find_operand(invocation, i, review, ret_error) < 0 ||
            calls_call(invocation,
                       client_message("GetRequest", "x", json_pack("[I]", (json_int_t)invocation->ids[i])),
                       JSON_OBJECT, &request, ret_error) < 0) {
            if (ret_error->code == BUS_ERROR_UNAVAILABLE)
                return -1;
            continue;
        }
        if (member_true(request, review ? "may_review" : "may_decide")) {
            json_array_append(requests, request);
            json_array_set(invocation->shown, i, request);
        }
        json_decref(request);
    }
    return 0;
}

/* The end that an approval gives at the latest; 0: it is not a time that is known. The package's own is told only where
 * that cuts the request. */
static int64_t known_end(const struct invocation *invocation, const json_t *request)
{
    const int64_t last = member_integer(request, "not_after");

    if (invocation->until > 0)
        return last > 0 && last < invocation->until ? last : invocation->until;
    if (invocation->duration > 0)
        return 0;
    return last > 0 ? last : member_integer(request, "until");
}

/* "for 4 h", "with no end", "until Thu 2026-12-31 18:00 CET (in 31 d)". */
static char *how_long(const struct invocation *invocation, const json_t *request)
{
    char text[DURATION_TEXT_MAX], when[WHEN_MAX];
    const int64_t end = known_end(invocation, request);
    const int64_t asked = member_integer(request, "duration");
    const int64_t given = invocation->duration > 0 ? invocation->duration : asked;

    if (end > 0)
        return output_format("until %s", when_full(end, invocation->output.now, when));
    if (given == DURATION_FOREVER)
        return output_format("with no end");
    return output_format("for %s", duration_format(given, text));
}

/* True when this would be the last approval needed. */
static bool is_last(const json_t *request)
{
    const int64_t stage = member_integer(request, "stage");
    int64_t missing = member_integer(request, "quorum");
    const json_t *decision;
    size_t i;

    json_array_foreach(json_object_get(request, "decisions"), i, decision)
    {
        missing -= member_integer(decision, "stage") == stage;
    }
    return missing <= 1 && stage >= member_integer(request, "stages");
}

/* ", until Thu 2026-12-31 18:00 CET (in 31 d) instead of Tue ...": of an extension, as it is asked for. */
static char *extension_ends(const struct invocation *invocation, const json_t *request)
{
    char present[WHEN_MAX], new[WHEN_MAX];
    const int64_t end = member_integer(request, "present_end");

    if (end == 0)
        return output_format("%s", "");
    when_full(end, invocation->output.now, present);
    if (invocation->duration > 0 || known_end(invocation, request) > 0 || !member_has(request, "new_end"))
        return output_format(", instead of until %s", present);
    when_full(member_integer(request, "new_end"), invocation->output.now, new);
    return output_format(", until %s instead of %s", new, present);
}

/* "alice gets db-admins (dbadmins) for 4 h, from Mon 2026-11-23 22:40 CET (in 3 h)" */
static char *sentence(const struct invocation *invocation, const json_t *request)
{
    char from[WHEN_MAX] = "";
    const struct output *output = &invocation->output;
    const int64_t start = invocation->start > 0 ? invocation->start : member_integer(request, "start");
    _cleanup_free_ char *groups = field_list(output, request, "groups");
    _cleanup_free_ char *length = how_long(invocation, request);

    if (start > output->now)
        when_full(start, output->now, from);
    const bool extension = member_integer(request, "extends") > 0;
    const bool more = extension && known_end(invocation, request) == 0;
    _cleanup_free_ char *ends = extension_ends(invocation, request);
    return output_format("%s %s %s (%s) %s%s%s%s%s%s", member_text(request, "user"),
                         extension ? "keeps" : "gets", member_text(request, "package"), groups ? groups : "",
                         length, more ? " more" : "", ends, *from ? ", from " : "", from,
                         is_last(request) ? "" : ", once others have approved it too");
}

static void introduce(const struct invocation *invocation, const json_t *request, bool several)
{
    const char *why = member_text(request, "justification");
    _cleanup_free_ char *what = several ? sentence(invocation, request) : NULL;
    _cleanup_free_ char *line =
        output_format("Request %lld of %s%s%s: %s", (long long)member_integer(request, "id"),
                      member_text(request, "user"), what ? ": " : " for ",
                      what ? what : member_text(request, "package"), *why ? why : "(no reason given)");
    _cleanup_free_ char *shown = output_visible(line);

    fprintf(stderr, "%s\n", shown);
}

static void introduce_all(const struct invocation *invocation, const json_t *requests)
{
    const json_t *request;
    size_t i;

    json_array_foreach((json_t *)requests, i, request)
    {
        introduce(invocation, request, json_array_size(requests) > 1);
    }
}

/* False when the input ended. */
static bool ask_reason(const json_t *requests, enum confirm_kind kind, char **ret_reason)
{
    const char *reader =
        json_array_size(requests) == 1 ? member_text(json_array_get(requests, 0), "user") : "the requestor";

    switch (kind) {
    case CONFIRM_APPROVE:
        *ret_reason = prompt_line("Your reason, which %s may read (Enter: none): ", reader);
        break;
    case CONFIRM_DENY:
        *ret_reason = prompt_line("Your reason, which %s may read: ", reader);
        break;
    case CONFIRM_REVIEW:
        *ret_reason = prompt_line("What you found, which %s may read (Enter: nothing to say): ", reader);
        break;
    }
    return *ret_reason != NULL;
}

static bool ask_yes(const struct invocation *invocation, const json_t *requests)
{
    if (json_array_size(requests) > 1)
        return prompt_yes("Approve these %zu? [y/N] ", json_array_size(requests));
    _cleanup_free_ char *what = sentence(invocation, json_array_get(requests, 0));
    return prompt_yes("%s. Approve? [y/N] ", what);
}

/* What the caller may decide on, shown; new. NULL: a call failed, *ret_code is the exit code. */
static json_t *show_decidable(struct invocation *invocation, enum confirm_kind kind, int *ret_code)
{
    struct client_error error;
    json_t *requests = json_array();

    if (load_decidable(invocation, kind, requests, &error) == 0) {
        introduce_all(invocation, requests);
        return requests;
    }
    json_decref(requests);
    *ret_code = calls_report(invocation, &error);
    return NULL;
}

int confirm_show(struct invocation *invocation, enum confirm_kind kind)
{
    int code = 0;

    json_decref(show_decidable(invocation, kind, &code));
    return code;
}

enum confirm_answer confirm_decision(struct invocation *invocation, enum confirm_kind kind, char **ret_reason,
                                     int *ret_code)
{
    json_t *requests = show_decidable(invocation, kind, ret_code);
    bool goes_on = true;

    if (!requests)
        return CONFIRM_FAILED;
    if (json_array_size(requests) > 0 || kind == CONFIRM_DENY) {
        if (!invocation->reason)
            goes_on = ask_reason(requests, kind, ret_reason);
        if (goes_on && kind == CONFIRM_APPROVE && !invocation->yes)
            goes_on = ask_yes(invocation, requests);
    }
    json_decref(requests);
    return goes_on ? CONFIRM_YES : CONFIRM_NO;
}
