/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See the header. The deadline runs only during a call: never while a person types or reads. */
#include "cli/calls.h"

static int connect_once(struct invocation *invocation, struct client_error *ret_error)
{
    if (invocation->client.connection)
        return 0;
    return client_open(&invocation->client, ret_error);
}

int calls_wrong_shape(struct client_error *ret_error)
{
    *ret_error = (struct client_error){
        BUS_ERROR_UNAVAILABLE,
        "the running accesspkgd is another version, whose answer this program cannot read.\n"
        "Ask an administrator to run: systemctl restart accesspkgd"};
    return -1;
}

int calls_call_all(struct invocation *invocation, struct client_message message, json_t **ret_values,
                   struct client_error *ret_error)
{
    int r;

    client_deadline(invocation->deadline ? invocation->deadline : invocation->program->deadline);
    r = connect_once(invocation, ret_error);
    if (r == 0)
        r = client_call_all(&invocation->client, message, ret_values, ret_error);
    else
        json_decref(message.arguments);
    client_deadline(0);
    return r;
}

int calls_call(struct invocation *invocation, struct client_message message, json_type wanted,
               json_t **ret_value, struct client_error *ret_error)
{
    json_t *values = NULL, *value;
    int r = calls_call_all(invocation, message, &values, ret_error);

    if (r < 0)
        return r;
    value = json_array_get(values, 0);
    if (value && json_typeof(value) == wanted)
        *ret_value = json_incref(value);
    else
        r = calls_wrong_shape(ret_error);
    json_decref(values);
    return r;
}

int calls_daemon_runs(struct invocation *invocation, bool *ret_runs, struct client_error *ret_error)
{
    int r;

    client_deadline(invocation->deadline ? invocation->deadline : invocation->program->deadline);
    r = client_daemon_runs(&invocation->client, ret_runs, ret_error);
    client_deadline(0);
    return r;
}

int calls_report(const struct invocation *invocation, const struct client_error *error)
{
    output_message(invocation->program->name, "%s", error->message);
    return bus_error_exit_code(error->code);
}

int calls_add_page(struct invocation *invocation, struct calls_list *list, json_t *filter,
                   struct client_error *ret_error)
{
    const int64_t at = list->at, id = list->id;
    json_t *values = NULL;

    if (invocation->since > 0)
        json_object_set_new(filter, "since", json_integer(invocation->since));
    if (invocation->until > 0)
        json_object_set_new(filter, "until", json_integer(invocation->until));
    if (id > 0) {
        json_object_set_new(filter, "before", json_integer(id));
        json_object_set_new(filter, "before_at", json_integer(at));
    }
    if (calls_call_all(invocation, client_message(list->method, "a{sv}", json_pack("[o]", filter)), &values,
                       ret_error) < 0)
        return -1;
    const int r = json_array_extend(list->rows, json_array_get(values, 0));
    list->at = json_integer_value(json_array_get(values, 1));
    list->id = json_integer_value(json_array_get(values, 2));
    json_decref(values);
    /* Without progress, stop: a wrong answer must not make a loop endless. */
    if (list->id == id && list->at == at)
        list->id = 0;
    return r == 0 ? 0 : calls_wrong_shape(ret_error);
}
