/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Calls a method for each request of a command line; see requests.h. */
#include "cli/requests.h"

#include "cli/calls.h"
#include "cli/find.h"
#include "common/cleanup.h"
#include "common/groupfile.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

static json_t *failure_to_json(const struct invocation *invocation, size_t index,
                               const struct client_error *error)
{
    const char *name = bus_error_name(error->code);
    json_t *id = invocation->ids[index] > 0 ? json_integer(invocation->ids[index])
                                            : json_string(invocation->operands[index]);

    return json_pack("{s:o, s:s, s:s}", "id", id, "error", name + strlen(BUS_ERROR_PREFIX), "message",
                     error->message);
}

/* Names the request if there are several: a failure of the bus does not. */
static void say_failed(const struct invocation *invocation, size_t index, const struct client_error *error)
{
    if (invocation->n_operands > 1)
        output_message(invocation->program->name, "request %s: %s", invocation->operands[index],
                       error->message);
    else
        calls_report(invocation, error);
}

static void say_not_tried(const struct invocation *invocation, size_t from)
{
    for (size_t i = from; i < invocation->n_operands; i++)
        output_message(invocation->program->name, "request %s was not tried", invocation->operands[i]);
}

void requests_say_end(struct invocation *invocation, const json_t *request)
{
    const json_t *item;
    size_t i;

    json_array_foreach(json_object_get(request, "withdrawn"), i, item)
        output_line(&invocation->output, "Request %lld of the same user and package is cancelled with it.",
                    (long long)json_integer_value(item));
    json_array_foreach(json_object_get(request, "standing"), i, item)
    {
        const char *name = json_string_value(item);
        _cleanup_free_ char *text = groupfile_say_standing(member_text(request, "user"), name ? name : "");

        if (!text)
            output_no_memory();
        output_line(&invocation->output, "%s", text);
    }
}

static const json_t *find_shown(const struct invocation *invocation, size_t index)
{
    const json_t *request = json_array_get(invocation->shown, index);

    return json_is_object(request) ? request : NULL;
}

/* The arguments of the call; NULL with *ret_error filled. */
static json_t *find_arguments(struct invocation *invocation, const struct requests_action *action,
                              size_t index, struct client_error *ret_error)
{
    const int64_t id = invocation->ids[index];
    json_t *request = NULL;

    if (action->by == REQUESTS_BY_NUMBER || invocation->shown ||
        (action->by == REQUESTS_BY_DIGEST && invocation->digest))
        return action->arguments(invocation, id, find_shown(invocation, index));
    if (calls_call(invocation, client_message("GetRequest", "x", json_pack("[I]", (json_int_t)id)),
                   JSON_OBJECT, &request, ret_error) < 0 &&
        (action->by == REQUESTS_BY_VIEW || ret_error->code == BUS_ERROR_UNAVAILABLE))
        return NULL;
    json_t *arguments = action->arguments(invocation, id, request);
    json_decref(request);
    return arguments;
}

/* A name that meant nothing when the others were shown means a request by now that nobody was shown. */
static int find_seen(struct invocation *invocation, size_t index, bool review, struct client_error *ret_error)
{
    const bool is_new = invocation->shown && invocation->ids[index] == 0;

    if (find_operand(invocation, index, review, ret_error) < 0)
        return -1;
    if (!is_new)
        return 0;
    ret_error->code = BUS_ERROR_CHANGED;
    snprintf(ret_error->message, sizeof(ret_error->message),
             "request %lld came when the others had been shown, so nothing was decided on it. To look at it: "
             "pkg-approve show %lld",
             (long long)invocation->ids[index], (long long)invocation->ids[index]);
    return -1;
}

/* Calls the action for one operand, and adds the answer or error to `results` for --json. Returns the exit code. */
static int act_on(struct invocation *invocation, const struct requests_action *action, size_t index,
                  json_t *results)
{
    struct client_error error;
    json_t *request = NULL;
    json_t *arguments = NULL;

    if (find_seen(invocation, index, action->review, &error) < 0 ||
        !(arguments = find_arguments(invocation, action, index, &error)) ||
        calls_call(invocation, client_message(action->method, action->in, arguments), JSON_OBJECT, &request,
                   &error) < 0) {
        say_failed(invocation, index, &error);
        json_array_append_new(results, failure_to_json(invocation, index, &error));
        return bus_error_exit_code(error.code);
    }
    if (!invocation->output.json)
        action->say(invocation, request);
    json_array_append_new(results, request);
    return 0;
}

int requests_each(struct invocation *invocation, const struct requests_action *action)
{
    json_t *results = json_array();
    int worst = 0;

    for (size_t i = 0; i < invocation->n_operands; i++) {
        int code = act_on(invocation, action, i, results);

        if (code > worst)
            worst = code;
        if (code == EX_UNAVAILABLE) {
            say_not_tried(invocation, i + 1);
            break;
        }
    }
    if (invocation->output.json)
        output_json(&invocation->output, results);
    json_decref(results);
    return worst;
}
