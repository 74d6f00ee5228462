/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See the header. At each signal fetches the request, and prints a line if its fingerprint changed. */
#include "cli/watch.h"

#include "cli/calls.h"
#include "cli/fetch.h"
#include "cli/requests.h"
#include "cli/signals.h"
#include "common/cleanup.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { TRY_AGAIN = 5 }; /* seconds */

struct watch {
    struct invocation *invocation;
    json_t *seen; /* number -> fingerprint; "": not fetched yet */
    bool behind;  /* a call failed: fetch all again soon */
};

/* What makes a change of the request worth a line. */
static char *fingerprint(const json_t *request)
{
    return output_format("%s %s %lld %zu %lld %lld %d %d", member_text(request, "state"),
                         member_text(request, "request_state"), (long long)member_integer(request, "stage"),
                         json_array_size(json_object_get(request, "decisions")),
                         (long long)member_integer(request, "assignment_end"),
                         (long long)member_integer(request, "escalated"), member_true(request, "undecidable"),
                         member_true(request, "needs_review"));
}

/* True when it changed since it was last shown. Remembers its fingerprint. */
static bool has_changed(struct watch *watch, const json_t *request)
{
    char number[24];
    _cleanup_free_ char *look = fingerprint(request);

    snprintf(number, sizeof(number), "%lld", (long long)member_integer(request, "id"));
    const char *before = json_string_value(json_object_get(watch->seen, number));
    if (before && strcmp(before, look) == 0)
        return false;
    if (json_object_set_new(watch->seen, number, json_string(look)) < 0)
        output_no_memory();
    return true;
}

/* The last decision; NULL: none, or the access has expired since. */
static const json_t *last_decision(const json_t *request)
{
    const json_t *decisions = json_object_get(request, "decisions");

    if (strcmp(member_text(request, "state"), state_identifier(STATE_ACCESS_EXPIRED)) == 0)
        return NULL;
    return json_array_get(decisions, json_array_size(decisions) - 1);
}

/* The words after the state: who decided, who is asked, until when. */
static char *remark(const struct output *output, const json_t *request)
{
    const json_t *last = last_decision(request);
    _cleanup_free_ char *end = field_time(output, request, "assignment_end");

    if (member_true(request, "undecidable"))
        return output_format(" (nobody can decide it now)");
    if (member_true(request, "needs_review"))
        return output_format(" (needs review)");
    if (strcmp(member_text(request, "state"), state_identifier(STATE_PENDING_APPROVAL)) == 0) {
        _cleanup_free_ char *approvers = field_list(output, request, "approvers");
        return output_format(", waits for: %s", approvers ? approvers : "");
    }
    const char *who = json_object_get(request, "revoked") ? member_text(request, "revoked_by")
                                                          : member_text(last, "decider");
    return output_format("%s%s%s%s", *who ? ", by " : "", who, end ? ", until " : "", end ? end : "");
}

/* The reason to show: the requestor's while it waits for a decision or review, else the decider's or revoker's. */
static const char *shown_reason(const json_t *request)
{
    const json_t *last = last_decision(request);

    if (member_true(request, "needs_review") ||
        strcmp(member_text(request, "state"), state_identifier(STATE_PENDING_APPROVAL)) == 0)
        return member_text(request, "justification");
    if (json_object_get(request, "revoke_reason"))
        return member_text(request, "revoke_reason");
    return last ? member_text(last, "reason") : member_text(request, "cancel_reason");
}

static void show_news(struct watch *watch, const json_t *request)
{
    struct output *output = &watch->invocation->output;

    if (!has_changed(watch, request))
        return;
    output->now = time(NULL);
    if (output->json) {
        output_json_line(output, request);
        return;
    }
    const char *why = shown_reason(request);
    _cleanup_free_ char *state = field_state(output, request, "state");
    _cleanup_free_ char *more = remark(output, request);
    _cleanup_free_ char *now = field_moment(output, output->now);
    output_wrapped(output, "%s %lld %s %s: %s%s%s%s", now, (long long)member_integer(request, "id"),
                   member_text(request, "user"), member_text(request, "package"), state, more,
                   *why ? ": " : "", why);
}

/* When accesspkgd or its directory does not answer, fetches again later. 0, or the exit code. */
static int fall_behind(struct watch *watch, const struct client_error *error)
{
    if (error->code != BUS_ERROR_UNAVAILABLE)
        return calls_report(watch->invocation, error);
    watch->behind = true;
    return 0;
}

static void remember_unread(struct watch *watch, int64_t id)
{
    char number[24];

    snprintf(number, sizeof(number), "%lld", (long long)id);
    if (!json_object_get(watch->seen, number) &&
        json_object_set_new(watch->seen, number, json_string("")) < 0)
        output_no_memory();
}

/* Shows all waiting requests, oldest first. 0 or the exit code. */
static int show_all(struct watch *watch, bool first)
{
    struct client_error error;
    json_t *requests = NULL;

    if (fetch_requests(watch->invocation, "approver", &requests, &error) < 0)
        return first ? calls_report(watch->invocation, &error) : fall_behind(watch, &error);
    for (size_t i = json_array_size(requests); i > 0; i--)
        show_news(watch, json_array_get(requests, i - 1));
    json_decref(requests);
    return 0;
}

/* Skips a request that the caller may not see: the signal goes to every user. */
static int show_one(struct watch *watch, int64_t id)
{
    struct client_error error;
    json_t *request = NULL;

    if (calls_call(watch->invocation, client_message("GetRequest", "x", json_pack("[I]", (json_int_t)id)),
                   JSON_OBJECT, &request, &error) == 0) {
        show_news(watch, request);
        json_decref(request);
        return 0;
    }
    if (error.code == BUS_ERROR_NO_SUCH_REQUEST)
        return 0;
    remember_unread(watch, id);
    return fall_behind(watch, &error);
}

/* After missed signals: fetches what waits now, and all that was shown. */
static int catch_up(struct watch *watch)
{
    const char *number;
    json_t *look, *before = json_deep_copy(watch->seen);
    watch->behind = false;
    int code = show_all(watch, false);

    json_object_foreach(before, number, look)
    {
        if (code == 0 && !watch->behind)
            code = show_one(watch, strtoll(number, NULL, 10));
    }
    json_decref(before);
    return code;
}

/* A call would start it, against the will of the administrator who stopped it. */
static bool daemon_runs(struct watch *watch)
{
    struct client_error error;
    bool runs_now = false;

    return calls_daemon_runs(watch->invocation, &runs_now, &error) == 0 && runs_now;
}

static int follow_changes(struct watch *watch)
{
    int64_t id = 0;
    int code = show_all(watch, true);

    /* A closed pipe (as of head) ends it; finish_invocation() reports other errors. */
    while (code == 0 && watch->invocation->output.error == 0)
        switch (signals_wait(watch->invocation, watch->behind ? TRY_AGAIN : -1, &id)) {
        case SIGNALS_CHANGED:
            code = show_one(watch, id);
            break;
        case SIGNALS_DAEMON_BACK:
            code = catch_up(watch);
            break;
        case SIGNALS_DAEMON_GONE:
            output_message(
                watch->invocation->program->name,
                "accesspkgd has stopped; this goes on when it runs again. Nothing is lost meanwhile.");
            break;
        case SIGNALS_BUS_GONE:
            return signals_say_bus_gone(watch->invocation);
        case SIGNALS_TIMEOUT:
            if (daemon_runs(watch))
                code = catch_up(watch);
            break;
        case SIGNALS_INTERRUPTED:
            break;
        }
    return code;
}

int watch_requests(struct invocation *invocation)
{
    struct client_error error;
    struct watch watch = {.invocation = invocation, .seen = json_object()};

    if (!watch.seen)
        output_no_memory();
    if (invocation->output.width > 0 && !invocation->output.json)
        fprintf(stderr, "What waits for you, and what becomes of it. Ctrl-C ends this.\n");
    const int code =
        signals_subscribe(invocation, &error) < 0 ? calls_report(invocation, &error) : follow_changes(&watch);
    json_decref(watch.seen);
    return code;
}
