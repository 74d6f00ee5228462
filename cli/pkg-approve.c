/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pkg-approve: what approvers use. Decides nothing itself: accesspkgd judges who may approve what. */
#include "cli/requests.h"
#include "common/cleanup.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static int list(struct invocation *invocation)
{
    return requests_list(invocation, "approver", "Nothing waits for you.");
}

static int history(struct invocation *invocation)
{
    return requests_list(invocation, "decided", "No request that you could decide on has been decided yet.");
}

/* "alice: db-admins (dbadmins, backup)" */
static char *what(const struct output *output, const json_t *request)
{
    _cleanup_free_ char *groups = field_list(output, request, "groups");

    return output_format("%s (%s)", member_text(request, "package"), groups ? groups : "");
}

static void say_held(struct output *output, const json_t *request)
{
    _cleanup_free_ char *package = what(output, request);
    _cleanup_free_ char *end = field_time(output, request, "assignment_end");

    output_line(output, "Request %lld is approved: %s holds %s until %s.",
                (long long)member_integer(request, "id"), member_text(request, "user"), package,
                end ? end : "it is taken back");
}

static void say_partly(struct output *output, const json_t *request)
{
    _cleanup_free_ char *package = what(output, request);
    _cleanup_free_ char *problems = field_list(output, request, "problems");

    output_line(output,
                "Request %lld is approved, but %s does not hold all of %s yet: %s. It is tried again.",
                (long long)member_integer(request, "id"), member_text(request, "user"), package,
                problems ? problems : "");
}

static void say_waiting(struct output *output, const json_t *request)
{
    _cleanup_free_ char *approvers = field_list(output, request, "approvers");

    output_line(output, "Your approval of request %lld is recorded. It still waits for: %s.",
                (long long)member_integer(request, "id"), approvers ? approvers : "");
}

static void say_state(struct output *output, const json_t *request)
{
    _cleanup_free_ char *state = field_state(output, request, "state");
    _cleanup_free_ char *start = field_time(output, request, "start");

    output_line(output, "Your approval of request %lld is recorded. It is now: %s%s%s.",
                (long long)member_integer(request, "id"), state, start ? ", from " : "", start ? start : "");
}

static void say_approved(struct invocation *invocation, const json_t *request)
{
    static void (*const sentences[STATE_COUNT])(struct output *, const json_t *) = {
        [STATE_FULFILLED] = say_held,
        [STATE_ACCESS_EXTENDED] = say_held,
        [STATE_PARTIALLY_FULFILLED] = say_partly,
        [STATE_PENDING_APPROVAL] = say_waiting,
    };
    enum state state = state_from_identifier(member_text(request, "state"));

    (sentences[state] ? sentences[state] : say_state)(&invocation->output, request);
}

static void say_denied(struct invocation *invocation, const json_t *request)
{
    const bool extension = member_integer(request, "extends") > 0;

    output_line(&invocation->output,
                extension ? "Request %lld is denied: %s gets no more time for %s."
                          : "Request %lld is denied: %s does not get %s.",
                (long long)member_integer(request, "id"), member_text(request, "user"),
                member_text(request, "package"));
}

static json_t *approve_arguments(const struct invocation *invocation, int64_t id)
{
    json_t *options = json_pack("{s:s*}", "reason", invocation->reason);

    if (invocation->duration > 0)
        json_object_set_new(options, "duration", json_integer(invocation->duration));
    if (invocation->start > 0)
        json_object_set_new(options, "start", json_integer(invocation->start));
    return json_pack("[I, o]", (json_int_t)id, options);
}

static json_t *deny_arguments(const struct invocation *invocation, int64_t id)
{
    return json_pack("[I, s]", (json_int_t)id, invocation->reason);
}

static int approve(struct invocation *invocation)
{
    static const struct requests_action action = {"Approve", "xa{sv}", approve_arguments, say_approved};

    return requests_each(invocation, &action);
}

static bool is_blank(const char *text)
{
    while (isspace((unsigned char)*text))
        text++;
    return *text == '\0';
}

/* Asks at a terminal; *ret_reason is the caller's. 0 or an exit code. */
static int ask_reason(const struct invocation *invocation, char **ret_reason)
{
    size_t size = 0;

    if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
        return runner_usage(invocation, "the command 'deny' needs a reason, which the requestor reads: "
                                        "-m \"REASON\"");
    fputs("Reason: ", stderr);
    if (getline(ret_reason, &size, stdin) < 0) {
        fputc('\n', stderr);
        return runner_usage(invocation, "no reason was given, so nothing was denied");
    }
    (*ret_reason)[strcspn(*ret_reason, "\n")] = '\0';
    return runner_check_text(invocation, *ret_reason);
}

static int deny(struct invocation *invocation)
{
    static const struct requests_action action = {"Deny", "xs", deny_arguments, say_denied};
    _cleanup_free_ char *asked = NULL;
    int code = 0;

    if (!invocation->reason) {
        code = ask_reason(invocation, &asked);
        invocation->reason = asked;
    }
    if (code == 0 && is_blank(invocation->reason))
        code = runner_usage(invocation, "the reason is empty, so nothing was denied");
    if (code == 0)
        code = requests_each(invocation, &action);
    invocation->reason = NULL;
    return code;
}

static const struct command commands[] = {
    {"list", "", 0, 0, TAKES_LIMIT, list, "what waits for your decision"},
    {"show", "ID", 1, 1, TAKES_IDS, requests_show, "everything about a request"},
    {"approve", "ID...", 1, -1, TAKES_IDS | TAKES_REASON | TAKES_FOR | TAKES_START, approve,
     "approve these requests"},
    {"deny", "ID...", 1, -1, TAKES_IDS | TAKES_REASON, deny,
     "deny these requests; asks for a reason without -m"},
    {"history", "", 0, 0, TAKES_LIMIT, history, "what was decided and was yours to decide"},
    {0},
};

int main(int argc, char *argv[])
{
    static const struct program program = {"pkg-approve", "decide on requests for access packages", commands,
                                           RUNNER_DEADLINE};

    return runner_main(&program, argc, argv);
}
