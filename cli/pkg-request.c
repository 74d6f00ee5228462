/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pkg-request, for users who want access. accesspkgd decides. */
#include "cli/calls.h"
#include "cli/explain.h"
#include "cli/overview.h"
#include "cli/packages.h"
#include "cli/pager.h"
#include "cli/prompt.h"
#include "cli/requests.h"
#include "cli/signals.h"
#include "cli/wait.h"
#include "common/cleanup.h"
#include "common/names.h"

#include <stdlib.h>
#include <string.h>

/* ---- what to do about a request that expired ---------------------------------------------------------------- */

/* The text as one word of a shell, of any length. New memory. */
static char *quoted(const char *text)
{
    char *word = output_format("'");

    for (; *text; text++) {
        char *longer = *text == '\'' ? output_format("%s'\\''", word) : output_format("%s%c", word, *text);

        free(word);
        word = longer;
    }
    char *whole = output_format("%s'", word);
    free(word);
    return whole;
}

/* The command that asks for the same again. New memory. */
static char *repeat_command(const json_t *request)
{
    const char *why = member_text(request, "justification");
    _cleanup_free_ char *word = *why ? quoted(why) : output_format("'REASON'");
    const bool reason = *why || member_true(request, "no_reason_given");

    return output_format("pkg-request %s %s%s%s",
                         member_integer(request, "extends") > 0 ? "extend" : "submit",
                         member_text(request, "package"), reason ? " -m " : "", reason ? word : "");
}

static bool is_expired(const json_t *request)
{
    return strcmp(member_text(request, "request_state"), state_identifier(STATE_EXPIRED)) == 0;
}

static void say_expired(struct invocation *invocation, const json_t *request)
{
    _cleanup_free_ char *command = repeat_command(request);

    output_message(invocation->program->name,
                   "request %lld expired: nobody decided in time. To ask again: %s",
                   (long long)member_integer(request, "id"), command);
}

/* Only for the newest request of each package; requests are newest first. */
static void say_all_expired(struct invocation *invocation, const json_t *requests)
{
    json_t *seen = json_object(), *request;
    size_t i;

    json_array_foreach(requests, i, request)
    {
        const char *package = member_text(request, "package");

        if (is_expired(request) && !json_object_get(seen, package))
            say_expired(invocation, request);
        json_object_set_new(seen, package, json_true());
    }
    json_decref(seen);
}

static int list_requests(struct invocation *invocation)
{
    return requests_list_then(invocation, "requestor", "You have made no request. See: pkg-request packages",
                              say_all_expired);
}

/* With --json or --limit it lists the requests, for compatibility. */
static int show_overview(struct invocation *invocation)
{
    json_t *requests = NULL;

    if (invocation->output.json || invocation->limit > 0)
        return list_requests(invocation);
    const int code = overview_show(invocation, &requests);
    pager_end(&invocation->output);
    if (code == 0)
        say_all_expired(invocation, requests);
    json_decref(requests);
    return code;
}

static void show_expired(struct invocation *invocation, const json_t *request)
{
    if (is_expired(request))
        say_expired(invocation, request);
}

static int show_status(struct invocation *invocation)
{
    return requests_show_then(invocation, show_expired);
}

/* ---- calls ---------------------------------------------------------------------------------------------- */

static int call_for_request(struct invocation *invocation, struct client_message message,
                            void (*say)(struct output *output, const json_t *request))
{
    struct client_error error;
    json_t *request = NULL;

    if (calls_call(invocation, message, JSON_OBJECT, &request, &error) < 0)
        return calls_report(invocation, &error);
    if (invocation->output.json)
        output_json(&invocation->output, request);
    else
        say(&invocation->output, request);
    json_decref(request);
    return 0;
}

/* ---- submit ----------------------------------------------------------------------------------------------- */

/* The terminal, as "pts/3"; NULL without one. Approvers see it as unverified. */
static const char *terminal_name(void)
{
    const char *name = ttyname(STDIN_FILENO);

    if (!name || strlen(name) > BUS_CLAIM_MAX)
        return NULL;
    return strncmp(name, "/dev/", 5) == 0 ? name + 5 : name;
}

static json_t *submit_arguments(const struct invocation *invocation)
{
    json_t *options = json_pack("{s:s, s:s*, s:s*}", "service", "pkg-request", "justification",
                                invocation->reason, "tty", terminal_name());

    if (invocation->duration > 0)
        json_object_set_new(options, "duration", json_integer(invocation->duration));
    if (invocation->start > 0)
        json_object_set_new(options, "start", json_integer(invocation->start));
    if (invocation->until > 0)
        json_object_set_new(options, "until", json_integer(invocation->until));
    return json_pack("[s, [s], o]", "", invocation->operands[0], options);
}

static void say_you_hold(struct output *output, const json_t *request)
{
    _cleanup_free_ char *groups = field_list(output, request, "groups");
    _cleanup_free_ char *end = field_time(output, request, "assignment_end");

    output_line(output, "You hold %s until %s. A new login has its groups: %s.",
                member_text(request, "package"), end ? end : "it is taken back", groups ? groups : "");
}

static void say_start(struct output *output, const json_t *request)
{
    _cleanup_free_ char *start = field_time(output, request, "start");

    if (start && member_integer(request, "start") > output->now)
        output_line(output, "Access begins %s.", start);
}

/* "It would end Thu 2026-12-31 18:00 CET (in 31 d), which is in 4 h now.", in the zone of who asks. */
static void say_end(struct output *output, const json_t *request)
{
    _cleanup_free_ char *until = field_time(output, request, "until");
    _cleanup_free_ char *last = field_time(output, request, "not_after");
    _cleanup_free_ char *present = field_time(output, request, "present_end");
    _cleanup_free_ char *new = field_time(output, request, "new_end");

    if (new)
        output_line(output, "Your access ends %s, and would end %s.", present ? present : "", new);
    if (last)
        output_line(output, "It ends %s at the latest: the package is not given after that.", last);
    else if (until && !new)
        output_line(output, "It is asked for until %s.", until);
}

static void say_filed(struct output *output, const json_t *request)
{
    long long id = (long long)member_integer(request, "id");
    _cleanup_free_ char *approvers = field_list(output, request, "approvers");
    const bool asks = approvers && *approvers;
    _cleanup_free_ char *expires = field_time(output, request, "expires");

    output_line(output, "Request %lld for %s %s.%s%s%s", id, member_text(request, "package"),
                member_true(request, "existing") ? "is open already" : "is filed",
                asks ? " It waits for: " : "", asks ? approvers : "", asks ? "." : "");
    say_start(output, request);
    say_end(output, request);
    if (member_true(request, "undecidable"))
        output_line(output, "But nobody can decide it now: %s. Please tell an administrator.",
                    *member_text(request, "undecidable_why") ? member_text(request, "undecidable_why")
                                                             : "too few are left to approve it");
    if (expires)
        output_line(output, "It expires %s. See: pkg-request status %lld", expires, id);
}

static void say_request_state(struct output *output, const json_t *request)
{
    long long id = (long long)member_integer(request, "id");
    _cleanup_free_ char *state = field_state(output, request, "state");

    output_line(output, "Request %lld for %s: %s. See: pkg-request status %lld", id,
                member_text(request, "package"), state, id);
    say_start(output, request);
}

static void say_submitted(struct output *output, const json_t *request)
{
    enum state state = state_from_identifier(member_text(request, "state"));

    if (member_true(request, "held") || state == STATE_FULFILLED || state == STATE_ACCESS_EXTENDED)
        say_you_hold(output, request);
    else if (state == STATE_PENDING_APPROVAL)
        say_filed(output, request);
    else
        say_request_state(output, request);
}

/* An existing request does not change: tell a user who gave a new reason that no approver will read it. */
static void say_unchanged(const struct invocation *invocation, const json_t *request)
{
    if (!member_true(request, "existing") || (!invocation->reason && invocation->duration == 0 &&
                                              invocation->start == 0 && invocation->until == 0))
        return;
    output_message(
        invocation->program->name,
        "the request was open already, so your new reason, duration, start or end is not in it. To ask anew, "
        "run: pkg-request cancel %lld, then submit again",
        (long long)member_integer(request, "id"));
}

/* Why it was not approved. */
static void say_refused(const struct invocation *invocation, const json_t *request)
{
    const json_t *decisions = json_object_get(request, "decisions");
    const json_t *last = json_array_get(decisions, json_array_size(decisions) - 1);
    const char *reason = member_text(last, "reason");
    _cleanup_free_ char *state = field_state(&invocation->output, request, "state");

    output_message(invocation->program->name, "request %lld for %s: %s%s%s%s%s",
                   (long long)member_integer(request, "id"), member_text(request, "package"), state,
                   last ? ", by " : "", last ? member_text(last, "decider") : "", *reason ? ": " : "",
                   reason);
}

/* With --json prints only the last answer. */
static int submit_and_wait(struct invocation *invocation, json_t *request)
{
    json_t *done = NULL;

    if (!invocation->output.json)
        say_submitted(&invocation->output, request);
    const bool waits = state_from_identifier(member_text(request, "state")) == STATE_PENDING_APPROVAL;
    const int code = wait_until_done(invocation, request, &done);
    if (!done)
        return code;
    if (invocation->output.json)
        output_json(&invocation->output, done);
    else if (code == 0 && waits)
        say_submitted(&invocation->output, done);
    else if (code != 0)
        is_expired(done) ? say_expired(invocation, done) : say_refused(invocation, done);
    json_decref(done);
    return code;
}

/* At a terminal; not where nothing would come of it: what is held, or waits already, is shown. 0, or an exit code. */
static int ask_reason(struct invocation *invocation, bool extends, char **ret_asked)
{
    int code = 0;

    if (invocation->reason || !prompt_possible(invocation))
        return 0;
    json_t *package = packages_look_up(invocation, invocation->operands[0]);
    const bool needed = member_true(package, "justification"), asks = member_true(package, "approval");
    if (package && member_has(package, "state") == extends)
        code = prompt_reason(invocation,
                             needed ? "Your reason, which the approvers read: "
                             : asks ? "Your reason, which the approvers read (Enter: none): "
                                    : "Your reason, for the record (Enter: none): ",
                             ret_asked);
    json_decref(package);
    return code;
}

static int submit_with_reason(struct invocation *invocation)
{
    struct client_error error;
    json_t *request = NULL;

    if (invocation->wait) {
        signals_catch_interrupt();
        if (signals_subscribe(invocation, &error) < 0)
            return calls_report(invocation, &error);
    }
    if (calls_call(invocation, client_message("Submit", "sasa{sv}", submit_arguments(invocation)),
                   JSON_OBJECT, &request, &error) < 0)
        return calls_report(invocation, &error);
    if (invocation->wait) {
        const int code = submit_and_wait(invocation, request);
        json_decref(request);
        return code;
    }
    if (invocation->output.json)
        output_json(&invocation->output, request);
    else
        say_submitted(&invocation->output, request);
    if (state_from_identifier(member_text(request, "state")) == STATE_PENDING_APPROVAL)
        say_unchanged(invocation, request);
    json_decref(request);
    return 0;
}

static int submit_request(struct invocation *invocation)
{
    _cleanup_free_ char *asked = NULL;
    int code = ask_reason(invocation, false, &asked);

    if (code == 0)
        code = submit_with_reason(invocation);
    invocation->reason = NULL;
    return code;
}

/* ---- cancel ----------------------------------------------------------------------------------------------- */

static json_t *cancel_arguments(const struct invocation *invocation, int64_t id, const json_t *request)
{
    (void)request;
    return json_pack("[I, s]", (json_int_t)id, invocation->reason ? invocation->reason : "");
}

static void say_cancelled(struct invocation *invocation, const json_t *request)
{
    output_line(&invocation->output, "Request %lld for %s is cancelled.",
                (long long)member_integer(request, "id"), member_text(request, "package"));
}

static int cancel_requests(struct invocation *invocation)
{
    static const struct requests_action action = {"Cancel",         "xs",          REQUESTS_BY_NUMBER,
                                                  cancel_arguments, say_cancelled, false};

    return requests_each(invocation, &action);
}

/* ---- what is held ----------------------------------------------------------------------------------------- */

static int extend_access(struct invocation *invocation)
{
    _cleanup_free_ char *asked = NULL;
    int code = ask_reason(invocation, true, &asked);

    if (code == 0) {
        json_t *options = json_pack("{s:s*}", "justification", invocation->reason);

        if (invocation->duration > 0)
            json_object_set_new(options, "duration", json_integer(invocation->duration));
        if (invocation->until > 0)
            json_object_set_new(options, "until", json_integer(invocation->until));
        code = call_for_request(
            invocation,
            client_message("Extend", "sa{sv}", json_pack("[s, o]", invocation->operands[0], options)),
            say_submitted);
    }
    invocation->reason = NULL;
    return code;
}

static void say_emergency(struct output *output, const json_t *request)
{
    _cleanup_free_ char *reviewers = field_list(output, request, "reviewers");

    say_submitted(output, request);
    output_line(output,
                "It is request %lld. Every approver sees that you took it, and why. You cannot do so again "
                "until one of them has reviewed it: %s.",
                (long long)member_integer(request, "id"), reviewers);
}

static int take_emergency(struct invocation *invocation)
{
    _cleanup_free_ char *asked = NULL;
    int code = prompt_reason(invocation, "Your reason, which every approver reads: ", &asked);

    if (code == 0 && !invocation->reason)
        code =
            command_usage(invocation, "the command 'emergency' needs a reason, which every approver reads: "
                                      "-m 'REASON'");
    if (code == 0)
        code =
            call_for_request(invocation,
                             client_message("Emergency", "ss",
                                            json_pack("[s, s]", invocation->operands[0], invocation->reason)),
                             say_emergency);
    invocation->reason = NULL;
    return code;
}

static void say_returned(struct output *output, const json_t *request)
{
    char user[TEXT_WORD_MAX], word[TEXT_WORD_MAX];
    const json_t *group;
    size_t i;

    output_line(output, "You have handed back %s. Sessions that are open keep its groups until they end.",
                member_text(request, "package"));
    json_array_foreach(json_object_get(request, "standing"), i, group)
    {
        const char *name = json_string_value(group) ? json_string_value(group) : "";

        output_line(output,
                    "You are also in the group %s in /etc/group, where accesspkg did not add you, so you "
                    "keep it. An administrator can remove you: gpasswd -d %s %s",
                    name, text_word(member_text(request, "user"), user), text_word(name, word));
    }
}

static int return_access(struct invocation *invocation)
{
    return call_for_request(invocation,
                            client_message("Return", "ss",
                                           json_pack("[s, s]", invocation->operands[0],
                                                     invocation->reason ? invocation->reason : "")),
                            say_returned);
}

static int explain_package(struct invocation *invocation)
{
    return explain_show(invocation, invocation->operands[0], "");
}

static const struct command commands[] = {
    {"overview", "", 0, 0, TAKES_LIMIT | TAKES_PAGER, show_overview,
     "what you hold, what waits, what you may ask for"},
    {"list", "", 0, 0, TAKES_LIMIT | TAKES_PAGER, list_requests, "your requests"},
    {"packages", "", 0, 0, TAKES_PAGER, packages_list, "the access packages, and which you may ask for"},
    {"submit", "PACKAGE", 1, 1, TAKES_REASON | TAKES_DURATION | TAKES_UNTIL | TAKES_START | TAKES_WAIT,
     submit_request, "ask for a package"},
    {"status", "ID", 1, 1, TAKES_IDS | TAKES_OWN | TAKES_BARE | TAKES_PAGER, show_status,
     "everything about a request of yours"},
    {"explain", "PACKAGE", 1, 1, TAKES_PAGER, explain_package,
     "whether you may ask, and who could approve it now"},
    {"cancel", "ID...", 1, -1, TAKES_IDS | TAKES_OWN | TAKES_REASON, cancel_requests,
     "withdraw requests that still wait"},
    {"extend", "PACKAGE", 1, 1, TAKES_REASON | TAKES_DURATION | TAKES_UNTIL, extend_access,
     "ask for more time before the end"},
    {"emergency", "PACKAGE", 1, 1, TAKES_REASON, take_emergency,
     "take it at once, where the policy lets you; needs -m"},
    {"return", "PACKAGE", 1, 1, TAKES_REASON, return_access, "hand back what you hold"},
    {0},
};

int main(int argc, char *argv[])
{
    static const struct program program = {
        "pkg-request", "ask for access packages, and see what became of it", commands, RUNNER_DEADLINE, NULL};

    return runner_main(&program, argc, argv);
}
