/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pkg-approve, for approvers. accesspkgd decides who may approve what. */
#include "cli/calls.h"
#include "cli/confirm.h"
#include "cli/find.h"
#include "cli/options.h"
#include "cli/prompt.h"
#include "cli/requests.h"
#include "cli/watch.h"
#include "common/cleanup.h"
#include "common/names.h"

#include <string.h>
#include <sysexits.h>

static int list_waiting(struct invocation *invocation)
{
    return requests_list(invocation, "approver", "Nothing waits for you.");
}

static int list_decided(struct invocation *invocation)
{
    return requests_list(invocation, "decided", "No request that you could decide on has been decided yet.");
}

/* "db-admins (dbadmins, backup)" */
static char *package_text(const struct output *output, const json_t *request)
{
    _cleanup_free_ char *groups = field_list(output, request, "groups");

    return output_format("%s (%s)", member_text(request, "package"), groups ? groups : "");
}

static void say_approved_held(struct output *output, const json_t *request)
{
    _cleanup_free_ char *package = package_text(output, request);
    _cleanup_free_ char *end = field_time(output, request, "assignment_end");

    output_line(output, "Request %lld is approved: %s holds %s until %s.",
                (long long)member_integer(request, "id"), member_text(request, "user"), package,
                end ? end : "it is taken back");
}

static void say_approved_partly(struct output *output, const json_t *request)
{
    _cleanup_free_ char *package = package_text(output, request);
    _cleanup_free_ char *problems = field_list(output, request, "problems");

    output_line(output,
                "Request %lld is approved, but %s does not hold all of %s yet: %s. It is tried again. If it "
                "takes long, please tell an administrator.",
                (long long)member_integer(request, "id"), member_text(request, "user"), package,
                problems ? problems : "");
}

static bool has_decided(const json_t *request, const char *name)
{
    const json_t *decision;
    size_t i;

    json_array_foreach(json_object_get(request, "decisions"), i, decision)
    {
        if (member_integer(decision, "stage") == member_integer(request, "stage") &&
            strcmp(member_text(decision, "decider"), name) == 0)
            return true;
    }
    return false;
}

/* The approvers who have not decided in this stage. New memory. */
static char *still_asked(const struct output *output, const json_t *request)
{
    json_t *others = json_object(), *names = json_array(), *name;
    size_t i;

    json_array_foreach(json_object_get(request, "approvers"), i, name)
    {
        if (json_is_string(name) && has_decided(request, json_string_value(name)))
            continue;
        if (json_array_append(names, name) < 0)
            output_no_memory();
    }
    if (json_object_set_new(others, "approvers", names) < 0)
        output_no_memory();
    char *text = field_list(output, others, "approvers");
    json_decref(others);
    return text;
}

static void say_approval_recorded(struct output *output, const json_t *request)
{
    _cleanup_free_ char *approvers = still_asked(output, request);

    output_line(output, "Your approval of request %lld is recorded. It still waits for: %s.",
                (long long)member_integer(request, "id"),
                approvers && *approvers ? approvers : "another approver");
}

/* "Request 3 is approved: alice will hold db-admins (dbadmins) from Tue 2026-11-24 10:45 UTC (in 3 h) on, for 1 h." */
static void say_approved_later(struct output *output, const json_t *request)
{
    _cleanup_free_ char *package = package_text(output, request);
    _cleanup_free_ char *start = field_time(output, request, "start");
    _cleanup_free_ char *length =
        field_duration(output, request, member_integer(request, "granted") > 0 ? "granted" : "duration");

    output_line(output, "Request %lld is approved: %s will hold %s from %s on%s%s.",
                (long long)member_integer(request, "id"), member_text(request, "user"), package,
                start ? start : "its start", length ? ", for " : "", length ? length : "");
}

static void say_approved_state(struct output *output, const json_t *request)
{
    _cleanup_free_ char *state = field_state(output, request, "state");
    _cleanup_free_ char *start = field_time(output, request, "start");

    output_line(output, "Your approval of request %lld is recorded. It is now: %s%s%s.",
                (long long)member_integer(request, "id"), state, start ? ", from " : "", start ? start : "");
}

static void say_approved(struct invocation *invocation, const json_t *request)
{
    static void (*const sentences[STATE_COUNT])(struct output *, const json_t *) = {
        [STATE_FULFILLED] = say_approved_held,
        [STATE_ACCESS_EXTENDED] = say_approved_held,
        [STATE_PARTIALLY_FULFILLED] = say_approved_partly,
        [STATE_PENDING_APPROVAL] = say_approval_recorded,
        [STATE_APPROVED] = say_approved_later,
    };
    enum state state = state_from_identifier(member_text(request, "state"));

    (sentences[state] ? sentences[state] : say_approved_state)(&invocation->output, request);
}

static void say_request_denied(struct invocation *invocation, const json_t *request)
{
    const bool extension = member_integer(request, "extends") > 0;

    output_line(&invocation->output,
                extension ? "Request %lld is denied: %s gets no more time for %s."
                          : "Request %lld is denied: %s does not get %s.",
                (long long)member_integer(request, "id"), member_text(request, "user"),
                member_text(request, "package"));
}

/* What the caller decides on: as they say, or as it was shown. */
static const char *decided_digest(const struct invocation *invocation, const json_t *request)
{
    return invocation->digest ? invocation->digest : member_text(request, "digest");
}

static json_t *approve_arguments(const struct invocation *invocation, int64_t id, const json_t *request)
{
    json_t *options =
        json_pack("{s:s, s:s*}", "digest", decided_digest(invocation, request), "reason", invocation->reason);

    if (invocation->duration > 0)
        json_object_set_new(options, "duration", json_integer(invocation->duration));
    if (invocation->start > 0)
        json_object_set_new(options, "start", json_integer(invocation->start));
    if (invocation->until > 0)
        json_object_set_new(options, "until", json_integer(invocation->until));
    return json_pack("[I, o]", (json_int_t)id, options);
}

static json_t *deny_arguments(const struct invocation *invocation, int64_t id, const json_t *request)
{
    return json_pack("[I, {s:s, s:s}]", (json_int_t)id, "digest", decided_digest(invocation, request),
                     "reason", invocation->reason ? invocation->reason : "");
}

/* Whether it depends on the hour which requests it means. Whoever says all, or a range, and --yes means just that. */
static bool is_open(const struct invocation *invocation, const char *operand)
{
    int64_t first, last;

    if (strcmp(operand, "all") == 0 || options_read_range(operand, &first, &last))
        return !invocation->yes;
    return find_is_name(operand);
}

/* The first operand that is a name, or several; NULL: each is a number. */
static const char *find_name(const struct invocation *invocation)
{
    for (size_t i = 0; i < invocation->n_operands; i++)
        if (is_open(invocation, invocation->operands[i]))
            return invocation->operands[i];
    return NULL;
}

/* The requests of the operands; `name`: the first that is a name. 0, or the exit code after a message. */
static int find_requests(struct invocation *invocation, enum confirm_kind kind, const char *name)
{
    struct client_error error;

    if (name && invocation->yes && !invocation->digest)
        return command_usage(
            invocation,
            "'%s' may mean another request by now, and --yes shows you none: give its number, or "
            "the --digest that 'pkg-approve show ID' prints",
            name);
    if (find_several(invocation, kind == CONFIRM_REVIEW, &error) < 0)
        return calls_report(invocation, &error);
    if (invocation->digest && invocation->n_operands > 1)
        return command_usage(invocation, "--digest goes with one request; decide on the others one by one");
    return 0;
}

/* What a name means changes, so the request is shown, and that one is decided. 0, or the exit code. */
static int show_named(struct invocation *invocation, enum confirm_kind kind, const char *name)
{
    return name && !invocation->digest ? confirm_show(invocation, kind) : 0;
}

/* Asks at a terminal for a reason and a confirmation. 0, or the exit code. *ret_reason is new memory, or unchanged. */
static int ask_confirmation(struct invocation *invocation, enum confirm_kind kind, char **ret_reason)
{
    static const char *const done[] = {
        [CONFIRM_APPROVE] = "approved", [CONFIRM_DENY] = "denied", [CONFIRM_REVIEW] = "reviewed"};
    int code = 0;
    const enum confirm_answer answer = confirm_decision(invocation, kind, ret_reason, &code);
    const bool blank = *ret_reason && text_is_blank(*ret_reason);
    const bool lacks = blank && kind == CONFIRM_DENY;

    if (answer == CONFIRM_NO || (answer == CONFIRM_YES && lacks)) {
        output_message(invocation->program->name, "%snothing was %s; the %s still wait%s.",
                       lacks ? "a denial needs a reason: " : "", done[kind],
                       invocation->n_operands > 1 ? "requests" : "request",
                       invocation->n_operands > 1 ? "" : "s");
        return 1;
    }
    if (answer == CONFIRM_FAILED || !*ret_reason)
        return code;
    if (options_check_text(invocation, *ret_reason) != 0)
        return EX_USAGE;
    invocation->reason = blank ? NULL : *ret_reason;
    return 0;
}

static int approve_requests(struct invocation *invocation)
{
    static const struct requests_action action = {"Approve",         "xa{sv}",     REQUESTS_BY_DIGEST,
                                                  approve_arguments, say_approved, false};
    const bool asks = prompt_possible(invocation) && !invocation->yes;
    const char *name = find_name(invocation);
    _cleanup_free_ char *asked = NULL;
    int code = find_requests(invocation, CONFIRM_APPROVE, name);

    if (code == 0)
        code = asks ? ask_confirmation(invocation, CONFIRM_APPROVE, &asked)
                    : show_named(invocation, CONFIRM_APPROVE, name);
    if (code == 0)
        code = requests_each(invocation, &action);
    invocation->reason = NULL;
    return code;
}

static int deny_requests(struct invocation *invocation)
{
    static const struct requests_action action = {"Deny",         "xa{sv}",           REQUESTS_BY_DIGEST,
                                                  deny_arguments, say_request_denied, false};
    const char *name = find_name(invocation);
    _cleanup_free_ char *asked = NULL;
    int code;

    if (!invocation->reason && !prompt_possible(invocation))
        return command_usage(invocation, "the command 'deny' needs a reason, which the requestor reads: "
                                         "-m 'REASON'");
    code = find_requests(invocation, CONFIRM_DENY, name);
    if (code == 0)
        code = invocation->reason ? show_named(invocation, CONFIRM_DENY, name)
                                  : ask_confirmation(invocation, CONFIRM_DENY, &asked);
    if (code == 0 && invocation->reason && text_is_blank(invocation->reason))
        code = command_usage(invocation, "the reason is empty, so nothing was denied; give one: -m 'REASON'");
    if (code == 0)
        code = requests_each(invocation, &action);
    invocation->reason = NULL;
    return code;
}

/* ---- emergencies ------------------------------------------------------------------------------------------ */

static json_t *review_arguments(const struct invocation *invocation, int64_t id, const json_t *request)
{
    (void)request;
    return json_pack("[I, s]", (json_int_t)id, invocation->reason ? invocation->reason : "");
}

static void say_reviewed(struct invocation *invocation, const json_t *request)
{
    output_line(&invocation->output, "Request %lld is reviewed: the emergency of %s for %s.",
                (long long)member_integer(request, "id"), member_text(request, "user"),
                member_text(request, "package"));
}

static int review_emergencies(struct invocation *invocation)
{
    static const struct requests_action action = {"Review",         "xs",         REQUESTS_BY_NUMBER,
                                                  review_arguments, say_reviewed, true};
    _cleanup_free_ char *asked = NULL;
    const char *name = find_name(invocation);
    int code = find_requests(invocation, CONFIRM_REVIEW, name);

    if (code == 0)
        code = !invocation->reason && prompt_possible(invocation)
                   ? ask_confirmation(invocation, CONFIRM_REVIEW, &asked)
                   : show_named(invocation, CONFIRM_REVIEW, name);
    if (code == 0)
        code = requests_each(invocation, &action);
    invocation->reason = NULL;
    return code;
}

/* ---- what was approved is taken back ---------------------------------------------------------------------- */

static json_t *revoke_arguments(const struct invocation *invocation, int64_t id, const json_t *request)
{
    (void)id;
    return json_pack("[s, s, s]", member_text(request, "user"), member_text(request, "package"),
                     invocation->reason);
}

static void say_revoked(struct invocation *invocation, const json_t *request)
{
    const bool held = strcmp(member_text(request, "state"), state_identifier(STATE_REVOKED)) == 0;

    output_line(&invocation->output,
                held ? "%s no longer holds %s. Sessions that are open keep its groups until they end."
                     : "%s will not hold %s: what was approved for later is taken back.",
                member_text(request, "user"), member_text(request, "package"));
    requests_say_end(invocation, request);
}

static int revoke_access(struct invocation *invocation)
{
    static const struct requests_action action = {"Revoke",         "sss",       REQUESTS_BY_VIEW,
                                                  revoke_arguments, say_revoked, false};
    _cleanup_free_ char *asked = NULL;
    int code = prompt_reason(invocation, "Your reason, which the user reads: ", &asked);

    if (code == 0 && (!invocation->reason || text_is_blank(invocation->reason)))
        code = command_usage(invocation,
                             "the command 'revoke' needs a reason, which the user reads: -m 'REASON'");
    if (code == 0)
        code = requests_each(invocation, &action);
    invocation->reason = NULL;
    return code;
}

/* ---- delegation ------------------------------------------------------------------------------------------- */

static const struct field delegation_fields[] = {
    {"FROM", "user", field_text, FIELD_PLAIN},
    {"TO", "to", field_text, FIELD_PLAIN},
    {"SINCE", "since", field_when, FIELD_RANK(2)},
    {"UNTIL", "until", field_when, FIELD_RANK(1)},
    {"REASON", "reason", field_text, FIELD_SHORTEN | FIELD_RANK(3)},
};

static int list_delegations(struct invocation *invocation)
{
    struct client_error error;
    json_t *delegations = NULL;

    if (calls_call(invocation, client_message("ListDelegations", "", NULL), JSON_ARRAY, &delegations,
                   &error) < 0)
        return calls_report(invocation, &error);
    if (invocation->output.json)
        output_json(&invocation->output, delegations);
    else if (json_array_size(delegations) == 0)
        fprintf(stderr, "Nobody may decide in your name, and you may decide in nobody else's. To change "
                        "that: pkg-approve "
                        "delegate --to USER --until WHEN\n");
    else
        output_table(&invocation->output, delegation_fields,
                     sizeof(delegation_fields) / sizeof(*delegation_fields), delegations);
    json_decref(delegations);
    return 0;
}

static void say_delegated(const struct invocation *invocation, struct output *output,
                          const json_t *delegation)
{
    _cleanup_free_ char *until = field_time(output, delegation, "until");

    (void)invocation;
    output_line(output,
                "%s may decide in your name until %s. To end it sooner: pkg-approve delegate --revoke %s",
                member_text(delegation, "to"), until ? until : "it is ended", member_text(delegation, "to"));
}

static void say_undelegated(const struct invocation *invocation, struct output *output,
                            const json_t *delegation)
{
    if (strcmp(member_text(delegation, "to"), invocation->revoke) == 0)
        output_line(output, "%s may no longer decide in your name.", member_text(delegation, "to"));
    else
        output_line(output, "You may no longer decide in the name of %s.", member_text(delegation, "user"));
}

static int call_delegation(struct invocation *invocation, struct client_message message,
                           void (*say)(const struct invocation *invocation, struct output *output,
                                       const json_t *delegation))
{
    struct client_error error;
    json_t *delegation = NULL;

    if (calls_call(invocation, message, JSON_OBJECT, &delegation, &error) < 0)
        return calls_report(invocation, &error);
    if (invocation->output.json)
        output_json(&invocation->output, delegation);
    else
        say(invocation, &invocation->output, delegation);
    json_decref(delegation);
    return 0;
}

static int change_delegation(struct invocation *invocation)
{
    const bool bare = !invocation->to && invocation->until == 0 && !invocation->reason;

    if (invocation->revoke && !bare)
        return command_usage(invocation, "--revoke takes no other option: it ends a delegation");
    if (invocation->revoke)
        return call_delegation(invocation,
                               client_message("Undelegate", "s", json_pack("[s]", invocation->revoke)),
                               say_undelegated);
    if (bare)
        return list_delegations(invocation);
    if (!invocation->to)
        return command_usage(invocation, "the command 'delegate' needs --to USER");
    if (invocation->until == 0)
        return command_usage(invocation,
                             "the command 'delegate' needs --until WHEN: a delegation has an end");
    return call_delegation(
        invocation,
        client_message("Delegate", "sa{sv}",
                       json_pack("[s, {s:I, s:s*}]", invocation->to, "until", (json_int_t)invocation->until,
                                 "reason", invocation->reason)),
        say_delegated);
}

static const struct command commands[] = {
    {"list", "", 0, 0, TAKES_LIMIT | TAKES_PAGER, list_waiting, "what waits for your decision, or review"},
    {"show", "ID", 1, 1, TAKES_IDS | TAKES_USERS | TAKES_BARE | TAKES_PAGER, requests_show,
     "everything about a request"},
    {"approve", "ID...", 1, -1,
     TAKES_IDS | TAKES_USERS | TAKES_SEVERAL | TAKES_REASON | TAKES_FOR | TAKES_START | TAKES_UNTIL |
         TAKES_YES | TAKES_DIGEST,
     approve_requests, "approve these requests"},
    {"deny", "ID...", 1, -1, TAKES_IDS | TAKES_USERS | TAKES_SEVERAL | TAKES_REASON | TAKES_DIGEST,
     deny_requests, "deny these requests; asks for a reason without -m"},
    {"revoke", "ID...", 1, -1, TAKES_IDS | TAKES_REASON, revoke_access,
     "end the access that these requests gave, now"},
    {"review", "ID...", 1, -1, TAKES_IDS | TAKES_USERS | TAKES_SEVERAL | TAKES_REASON, review_emergencies,
     "confirm that you looked at these emergencies"},
    {"history", "", 0, 0, TAKES_LIMIT | TAKES_PAGER, list_decided,
     "what was yours to decide, and is decided"},
    {"watch", "", 0, 0, 0, watch_requests, "follow live what waits for you, until Ctrl-C"},
    {"delegate", "", 0, 0, TAKES_TO | TAKES_UNTIL | TAKES_REVOKE | TAKES_REASON, change_delegation,
     "let somebody decide in your name; bare: who does"},
    {0},
};

int main(int argc, char *argv[])
{
    static const struct program program = {"pkg-approve", "decide on requests for access packages", commands,
                                           RUNNER_DEADLINE, NULL};

    return runner_main(&program, argc, argv);
}
