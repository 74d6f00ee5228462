/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See the header. Rewrites one line on a terminal, and prints no progress elsewhere. */
#include "cli/wait.h"

#include "cli/calls.h"
#include "cli/signals.h"
#include "cli/when.h"
#include "cli/wrap.h"
#include "common/cleanup.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LOOK_AGAIN = 30, WIDTH_UNKNOWN = 80, INTERRUPTED = 128 + SIGINT };

enum outcome { OUTCOME_WAITS, OUTCOME_HELD, OUTCOME_NOT };

static enum outcome request_outcome_now(const json_t *request, int64_t now)
{
    switch (state_from_identifier(member_text(request, "state"))) {
    case STATE_FULFILLED:
    case STATE_ACCESS_EXTENDED:
        return OUTCOME_HELD;
    case STATE_APPROVED:
        return member_integer(request, "start") > now ? OUTCOME_HELD : OUTCOME_WAITS;
    case STATE_SUBMITTED:
    case STATE_PENDING_APPROVAL:
    case STATE_PARTIALLY_FULFILLED:
        return OUTCOME_WAITS;
    case STATE_EXPIRED:
    case STATE_DENIED:
    case STATE_CANCELLED:
    case STATE_ACCESS_EXPIRED:
    case STATE_REVOKED:
    case STATE_NONE:
    case STATE_COUNT:
        break;
    }
    return OUTCOME_NOT;
}

static char *progress_text(const struct output *output, const json_t *request)
{
    const enum state state = state_from_identifier(member_text(request, "state"));
    char when[WHEN_MAX];

    if (state == STATE_PARTIALLY_FULFILLED) {
        _cleanup_free_ char *problems = field_list(output, request, "problems");
        return output_format("Approved, but not all is in place yet: %s", problems ? problems : "");
    }
    if (state != STATE_PENDING_APPROVAL)
        return output_format("Approved; the groups are being put in place");
    _cleanup_free_ char *approvers = field_list(output, request, "approvers");
    return output_format("Waiting for %s (expires %s; Ctrl-C leaves it filed)",
                         approvers && *approvers ? approvers : "a decision",
                         when_relative(member_integer(request, "expires"), output->now, when));
}

static bool can_rewrite_line(const struct invocation *invocation)
{
    return !invocation->output.json && isatty(STDERR_FILENO) && !output_terminal_is_dumb();
}

static void progress_clear(const struct invocation *invocation)
{
    if (can_rewrite_line(invocation))
        fputs("\r\033[K", stderr);
}

/* Does nothing where a line cannot be rewritten: the result is printed at the end. */
static void progress_show(const struct invocation *invocation, const json_t *request)
{
    if (!can_rewrite_line(invocation))
        return;
    _cleanup_free_ char *text = progress_text(&invocation->output, request);
    _cleanup_free_ char *shown = output_visible(text);
    const size_t width = invocation->output.width > 0 ? invocation->output.width : WIDTH_UNKNOWN;
    _cleanup_free_ char *line = wrap_cut(shown, width - 1);
    progress_clear(invocation);
    fputs(line, stderr);
    fflush(stderr);
}

static void say_interrupted(const struct invocation *invocation, long long id)
{
    output_message(
        invocation->program->name,
        "request %lld stays filed. To follow it: pkg-request status %lld; to withdraw it: pkg-request "
        "cancel %lld",
        id, id, id);
}

/* Fetches the request again. Keeps the old one when accesspkgd does not answer: it may be restarting. */
static int refresh_request(struct invocation *invocation, json_t **request)
{
    struct client_error error;
    json_t *now = NULL;
    bool runs = false;

    /* A call would start it, against the will of the administrator who stopped it. */
    if (calls_daemon_runs(invocation, &runs, &error) == 0 && !runs)
        return 0;
    if (calls_call(
            invocation,
            client_message("GetRequest", "x", json_pack("[I]", (json_int_t)member_integer(*request, "id"))),
            JSON_OBJECT, &now, &error) < 0) {
        if (error.code == BUS_ERROR_UNAVAILABLE)
            return 0;
        progress_clear(invocation);
        return calls_report(invocation, &error);
    }
    json_decref(*request);
    *request = now;
    return 0;
}

static int wait_for_event(struct invocation *invocation, json_t **request)
{
    const int64_t mine = member_integer(*request, "id");
    int64_t id = 0;
    int code = 0;

    progress_show(invocation, *request);
    switch (signals_wait(invocation, LOOK_AGAIN, &id)) {
    case SIGNALS_CHANGED:
        if (id == mine)
            code = refresh_request(invocation, request);
        break;
    case SIGNALS_TIMEOUT:
    case SIGNALS_DAEMON_BACK:
        code = refresh_request(invocation, request);
        break;
    case SIGNALS_DAEMON_GONE:
        break;
    case SIGNALS_INTERRUPTED:
        progress_clear(invocation);
        say_interrupted(invocation, (long long)mine);
        return INTERRUPTED;
    case SIGNALS_BUS_GONE:
        progress_clear(invocation);
        return signals_say_bus_gone(invocation);
    }
    invocation->output.now = time(NULL);
    return code;
}

int wait_until_done(struct invocation *invocation, const json_t *request, json_t **ret_request)
{
    json_t *current = json_incref((json_t *)request);
    enum outcome outcome;
    int code = 0;

    while ((outcome = request_outcome_now(current, invocation->output.now)) == OUTCOME_WAITS && code == 0)
        code = wait_for_event(invocation, &current);
    if (code != 0) {
        json_decref(current);
        return code;
    }
    progress_clear(invocation);
    *ret_request = current;
    return outcome == OUTCOME_HELD ? 0 : 1;
}
