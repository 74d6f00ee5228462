/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See the header. One table of fields for lists, and one for a whole request. */
#include "cli/requests.h"

#include "cli/calls.h"
#include "cli/fetch.h"
#include "cli/find.h"
#include "cli/pager.h"
#include "cli/when.h"
#include "common/cleanup.h"
#include "common/groupfile.h"
#include "common/names.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

/* ---- fields of a request ---------------------------------------------------------------------------------- */

static char *field_reason(const struct output *output, const json_t *request, const char *member)
{
    (void)output;
    if (member_has(request, member))
        return output_format("%s", member_text(request, member));
    return output_format("%s", member_true(request, "no_reason_given") ? "(no reason given)" : "");
}

static char *field_justification(const struct output *output, const json_t *request, const char *member)
{
    (void)output;
    if (member_has(request, member))
        return output_format("%s", member_text(request, member));
    return output_format("%s", member_true(request, "no_reason_given")
                                   ? "(no reason given at the gate, where none could be asked for)"
                                   : "(none given)");
}

/* The end of the time for approval; once approved, the end of the access. */
static char *field_until(const struct output *output, const json_t *request, const char *member)
{
    if (member_has(request, member))
        return field_when(output, request, member);
    return member_endless(request) ? output_format("no end") : field_when(output, request, "assignment_end");
}

static char *field_origin(const struct output *output, const json_t *request, const char *member)
{
    const char *origin = member_text(request, member);

    (void)output;
    if (strcmp(member_text(request, "service"), "pkg-admin") == 0 && strcmp(origin, "verified") == 0)
        return output_format("verified: an administrator gave it, without asking the approvers");
    if (strcmp(origin, "verified") == 0)
        return output_format("verified: this host's login service reported it");
    if (!member_has(request, "service") && !member_has(request, "host") && !member_has(request, "address") &&
        !member_has(request, "tty"))
        return NULL;
    return output_format("not verified: the user's own program said so");
}

static char *field_package(const struct output *output, const json_t *request, const char *member)
{
    (void)output;
    return output_format("%s%s", member_text(request, member),
                         member_true(request, "undefined") ? " (no longer defined on this host)" : "");
}

/* The package's own end, where it comes first. */
static char *field_last(const struct output *output, const json_t *request, const char *member)
{
    _cleanup_free_ char *end = field_time(output, request, member);

    return end ? output_format("%s, when the package ends", end) : NULL;
}

static char *field_extends(const struct output *output, const json_t *request, const char *member)
{
    (void)output;
    return member_has(request, member) ? output_format("assignment %lld: more time for what is held already",
                                                       (long long)member_integer(request, member))
                                       : NULL;
}

/* Only an administrator can put it back. */
static char *field_put_back(const struct output *output, const json_t *request, const char *member)
{
    char word[TEXT_WORD_MAX];

    (void)output;
    return member_true(request, member)
               ? output_format("by an administrator: pkg-admin retry %s %s", member_text(request, "package"),
                               text_word(member_text(request, "user"), word))
               : NULL;
}

static char *field_stage(const struct output *output, const json_t *request, const char *member)
{
    int64_t stages = member_integer(request, "stages"), quorum = member_integer(request, "quorum");

    (void)output;
    if (!member_has(request, member) || (stages <= 1 && quorum <= 1))
        return NULL;
    return output_format("%lld of %lld, needs %lld %s", (long long)member_integer(request, member),
                         (long long)stages, (long long)quorum, quorum == 1 ? "approval" : "approvals");
}

/* "bob", or "bob for carol". */
static char *decider_text(const json_t *decision)
{
    char *both = output_format("%s%s%s", member_text(decision, "decider"),
                               member_has(decision, "for") ? " for " : "", member_text(decision, "for"));
    char *shown = output_visible(both);

    free(both);
    return shown;
}

/* One line each: a line break inside a reason must not look like another decision. */
static char *field_decisions(const struct output *output, const json_t *request, const char *member)
{
    json_t *lines = json_array(), *shown = json_object(), *decision;
    char *text;
    size_t i;

    json_array_foreach(json_object_get(request, member), i, decision)
    {
        char *when = field_time(output, decision, "at");
        char *reason = output_visible(member_text(decision, "reason"));
        char *decider = decider_text(decision);
        char *verdict = output_visible(member_text(decision, "verdict"));
        char *line = output_format("%s by %s, %s%s%s", verdict, decider, when ? when : "at an unknown time",
                                   *reason ? ": " : "", reason);

        if (json_array_append_new(lines, json_string(line)) < 0)
            output_no_memory();
        free(when);
        free(reason);
        free(decider);
        free(verdict);
        free(line);
    }
    if (json_object_set_new(shown, "lines", lines) < 0)
        output_no_memory();
    text = field_lines(output, shown, "lines");
    json_decref(shown);
    return text;
}

/* Of an extension that waits: " (ends in 2 h, would in 1 d)". */
static char *extension_mark(const struct output *output, const json_t *request)
{
    _cleanup_free_ char *present = field_when(output, request, "present_end");
    _cleanup_free_ char *new = field_when(output, request, "new_end");

    if (!present)
        return output_format(" (extension)");
    return output_format(" (extension: ends %s, would %s)", present, new ? new : "never");
}

/* The state, and a mark for reviews and extensions. */
static char *field_state_marked(const struct output *output, const json_t *request, const char *member)
{
    _cleanup_free_ char *state = field_state(output, request, member);
    _cleanup_free_ char *extension =
        member_integer(request, "extends") > 0 ? extension_mark(output, request) : NULL;

    return output_format("%s%s", state,
                         member_true(request, "needs_review") ? " (needs review)"
                         : extension                          ? extension
                                                              : "");
}

static char *field_emergency(const struct output *output, const json_t *request, const char *member)
{
    _cleanup_free_ char *reviewers = field_list(output, request, "reviewers");

    if (!member_true(request, member))
        return NULL;
    return member_true(request, "needs_review")
               ? output_format("taken without approval; needs review by one of: %s", reviewers)
               : output_format("taken without approval; reviewed");
}

/* "root, Mon 2026-11-23 22:40 CET (2 min ago): incident 12", on one line. */
static char *field_revoked(const struct output *output, const json_t *request, const char *member)
{
    _cleanup_free_ char *when = field_time(output, request, member);
    _cleanup_free_ char *reason = output_visible(member_text(request, "revoke_reason"));

    if (!when)
        return NULL;
    return output_format("%s, %s%s%s", member_text(request, "revoked_by"), when, *reason ? ": " : "", reason);
}

static const struct field list_fields[] = {
    {"ID", "id", field_count, FIELD_RIGHT},
    {"USER", "user", field_text, FIELD_PLAIN},
    {"PACKAGE", "package", field_text, FIELD_PLAIN},
    {"STATE", "state", field_state_marked, FIELD_STATE},
    {"REASON", "justification", field_reason, FIELD_SHORTEN | FIELD_RANK(2)},
    {"SUBMITTED", "submitted", field_when, FIELD_RANK(3)},
    {"EXPIRES", "expires", field_until, FIELD_RANK(1)},
};

static char *field_undecidable(const struct output *output, const json_t *request, const char *member)
{
    const char *why = member_text(request, "undecidable_why");

    (void)output;
    return member_true(request, member) ? output_format("nobody can decide it now%s%s", *why ? ": " : "", why)
                                        : NULL;
}

static char *field_decides_for(const struct output *output, const json_t *request, const char *member)
{
    (void)output;
    return member_has(request, member)
               ? output_format("you may decide for %s, who delegated to you", member_text(request, member))
               : NULL;
}

static const struct field record_fields[] = {
    {"Request", "id", field_count, FIELD_PLAIN},
    {"State", "state", field_state_marked, FIELD_STATE},
    {"Emergency", "emergency", field_emergency, FIELD_PLAIN},
    {"Not in place", "problems", field_lines, FIELD_PLAIN},
    {"Put back", "needs_retry", field_put_back, FIELD_PLAIN},
    {"Remains", "remaining", field_lines, FIELD_PLAIN},
    {"User", "user", field_user, FIELD_PLAIN},
    {"Full name", "full_name", field_text, FIELD_PLAIN},
    {"Organisation", "organisation", field_text, FIELD_PLAIN},
    {"Package", "package", field_package, FIELD_PLAIN},
    {"Description", "description", field_text, FIELD_PLAIN},
    {"Groups", "groups", field_list, FIELD_PLAIN},
    {"Justification", "justification", field_justification, FIELD_PLAIN},
    {"Service", "service", field_text, FIELD_PLAIN},
    {"Host", "host", field_text, FIELD_PLAIN},
    {"Address", "address", field_text, FIELD_PLAIN},
    {"Terminal", "tty", field_text, FIELD_PLAIN},
    {"Origin", "origin", field_origin, FIELD_PLAIN},
    {"Duration", "duration", field_duration, FIELD_PLAIN},
    {"Granted", "granted", field_duration, FIELD_PLAIN},
    {"Extends", "extends", field_extends, FIELD_PLAIN},
    {"Held until", "present_end", field_time, FIELD_PLAIN},
    {"Would end", "new_end", field_time, FIELD_PLAIN},
    {"Start", "start", field_time, FIELD_PLAIN},
    {"Until", "until", field_time, FIELD_PLAIN},
    {"Not after", "not_after", field_last, FIELD_PLAIN},
    {"Submitted", "submitted", field_time, FIELD_PLAIN},
    {"Expires", "expires", field_time, FIELD_PLAIN},
    {"Digest", "digest", field_text, FIELD_PLAIN},
    {"Stage", "stage", field_stage, FIELD_PLAIN},
    {"Approvers", "approvers", field_list, FIELD_PLAIN},
    {"Fallback asked", "escalated", field_time, FIELD_PLAIN},
    {"Note", "undecidable", field_undecidable, FIELD_PLAIN},
    {"Reviewed", "reviewed", field_time, FIELD_PLAIN},
    {"Your part", "decides_for", field_decides_for, FIELD_PLAIN},
    {"Decisions", "decisions", field_decisions, FIELD_PLAIN},
    {"Request closed", "ended", field_time, FIELD_PLAIN},
    {"May be asked again", "pause_until", field_time, FIELD_PLAIN},
    {"Cancelled with", "cancel_reason", field_text, FIELD_PLAIN},
    {"Assignment", "assignment", field_count, FIELD_PLAIN},
    {"Access from", "assignment_start", field_time, FIELD_PLAIN},
    {"Access until", "assignment_end", field_end, FIELD_PLAIN},
    {"Revoked by", "revoked", field_revoked, FIELD_PLAIN},
};

/* ---- lists ------------------------------------------------------------------------------------------------ */

/* The same requests, but first those that need a review. */
static json_t *reviews_first(json_t *requests)
{
    json_t *sorted = json_array(), *request;
    size_t i;
    int r = 0;

    for (int needed = 1; needed >= 0; needed--)
        json_array_foreach(requests, i, request)
        {
            if (member_true(request, "needs_review") == needed)
                r |= json_array_append(sorted, request);
        }
    if (r < 0)
        output_no_memory();
    json_decref(requests);
    return sorted;
}

/* Reverses a list of waiting requests on a terminal: the newest, and those to review, end up near the prompt. */
static void print_list(struct output *output, const json_t *requests, bool waits)
{
    json_t *turned = json_array();

    if (waits)
        pager_from_end(output);
    for (size_t i = json_array_size(requests); i > 0; i--)
        if (json_array_append(turned, json_array_get(requests, i - 1)) < 0)
            output_no_memory();
    output_table(output, list_fields, sizeof(list_fields) / sizeof(*list_fields),
                 waits && output->width > 0 ? turned : requests);
    json_decref(turned);
}

int requests_list(struct invocation *invocation, const char *role, const char *when_empty)
{
    return requests_list_then(invocation, role, when_empty, NULL);
}

int requests_list_then(struct invocation *invocation, const char *role, const char *when_empty,
                       requests_remark *remark)
{
    json_t *requests = NULL;
    struct client_error error;
    const bool approver = strcmp(role, "approver") == 0;
    int code = 0, r = fetch_requests(invocation, role, &requests, &error);

    if (r == 0 && approver)
        requests = reviews_first(requests);
    if (r < 0)
        code = calls_report(invocation, &error);
    else if (invocation->output.json)
        output_json(&invocation->output, requests);
    else if (json_array_size(requests) == 0)
        fprintf(stderr, "%s\n", when_empty);
    else
        print_list(&invocation->output, requests, approver);
    pager_end(&invocation->output);
    if (code == 0 && remark && !invocation->output.json)
        remark(invocation, requests);
    json_decref(requests);
    return code;
}

/* ---- one request ------------------------------------------------------------------------------------------ */

void requests_print(struct invocation *invocation, const json_t *request)
{
    if (invocation->output.json)
        output_json(&invocation->output, request);
    else
        output_record(&invocation->output, record_fields, sizeof(record_fields) / sizeof(*record_fields),
                      request);
}

int requests_show(struct invocation *invocation)
{
    return requests_show_then(invocation, NULL);
}

int requests_show_then(struct invocation *invocation, requests_remark *remark)
{
    struct client_error error;
    json_t *request = NULL;

    if (find_operand(invocation, 0, false, &error) < 0 ||
        calls_call(invocation,
                   client_message("GetRequest", "x", json_pack("[I]", (json_int_t)invocation->ids[0])),
                   JSON_OBJECT, &request, &error) < 0)
        return calls_report(invocation, &error);
    requests_print(invocation, request);
    pager_end(&invocation->output);
    if (remark && !invocation->output.json)
        remark(invocation, request);
    json_decref(request);
    return 0;
}
