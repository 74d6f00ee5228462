/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Three tables of two answers: ListPackages says what the caller has of each, ListRequests who is waited for. */
#include "cli/overview.h"

#include "cli/calls.h"
#include "common/cleanup.h"

#include <string.h>

static bool is_held(const json_t *object)
{
    const enum state state = state_from_identifier(member_text(object, "state"));

    return state == STATE_FULFILLED || state == STATE_ACCESS_EXTENDED || state == STATE_PARTIALLY_FULFILLED;
}

static bool is_waiting(const json_t *request)
{
    const enum state state = state_from_identifier(member_text(request, "state"));

    return state == STATE_PENDING_APPROVAL || state == STATE_SUBMITTED || state == STATE_APPROVED;
}

static char *field_name(const struct output *output, const json_t *object, const char *member)
{
    return field_text(output, object, json_object_get(object, member) ? member : "package");
}

static char *field_ends(const struct output *output, const json_t *object, const char *member)
{
    return member_endless(object) ? output_format("no end") : field_when(output, object, member);
}

static char *field_longest(const struct output *output, const json_t *package, const char *member)
{
    return field_duration(output, package, json_object_get(package, member) ? member : "duration");
}

static char *field_approvers(const struct output *output, const json_t *package, const char *member)
{
    return member_true(package, "approval") ? field_list(output, package, member)
                                            : output_format("no approval needed");
}

/* Of what is approved for later: when it begins. */
static char *field_until(const struct output *output, const json_t *request, const char *member)
{
    const bool later = state_from_identifier(member_text(request, "state")) == STATE_APPROVED;
    _cleanup_free_ char *start = later ? field_when(output, request, "start") : NULL;

    if (start)
        return output_format("begins %s", start);
    return field_when(output, request, member);
}

static const struct field held_fields[] = {
    {"PACKAGE", "name", field_name, FIELD_PLAIN},
    {"STATE", "state", field_state, FIELD_STATE},
    {"GROUPS", "groups", field_list, FIELD_PLAIN},
    {"ENDS", "assignment_end", field_ends, FIELD_PLAIN},
};

static const struct field waiting_fields[] = {
    {"ID", "id", field_count, FIELD_RIGHT},           {"PACKAGE", "package", field_text, FIELD_PLAIN},
    {"STATE", "state", field_state, FIELD_STATE},     {"WAITS FOR", "approvers", field_list, FIELD_PLAIN},
    {"EXPIRES", "expires", field_until, FIELD_PLAIN},
};

static const struct field open_fields[] = {
    {"PACKAGE", "name", field_text, FIELD_PLAIN},
    {"DESCRIPTION", "description", field_text, FIELD_SHORTEN},
    {"APPROVERS", "approvers", field_approvers, FIELD_PLAIN},
    {"AT MOST", "max_duration", field_longest, FIELD_PLAIN},
};

static void add(json_t *array, json_t *object)
{
    if (json_array_append(array, object) < 0)
        output_no_memory();
}

static bool is_listed(const json_t *packages, const char *name)
{
    const json_t *package;
    size_t i;

    json_array_foreach((json_t *)packages, i, package)
    {
        if (strcmp(member_text(package, "name"), name) == 0)
            return true;
    }
    return false;
}

/* What is held of a package that is gone from packages.d stands in the requests alone. */
static void sort_out(const json_t *packages, const json_t *requests, json_t *held, json_t *waiting,
                     json_t *open)
{
    json_t *object;
    size_t i;

    json_array_foreach((json_t *)packages, i, object)
    {
        if (is_held(object))
            add(held, object);
        else if (member_true(object, "may_request") && !json_object_get(object, "state"))
            add(open, object);
    }
    json_array_foreach((json_t *)requests, i, object)
    {
        if (is_waiting(object))
            add(waiting, object);
        else if (is_held(object) && !is_listed(packages, member_text(object, "package")) &&
                 !is_listed(held, member_text(object, "package")))
            add(held, object);
    }
}

static void section(struct output *output, const char *title, const struct field *fields, size_t n_fields,
                    const json_t *objects, bool *after)
{
    if (json_array_size(objects) == 0)
        return;
    if (*after)
        output_line(output, "%s", "");
    output_line(output, "%s", title);
    output_table(output, fields, n_fields, objects);
    *after = true;
}

#define SECTION(output, title, fields, objects, after)                                                       \
    section((output), (title), (fields), sizeof(fields) / sizeof(*(fields)), (objects), (after))

static void print(struct output *output, const json_t *packages, const json_t *requests)
{
    json_t *held = json_array(), *waiting = json_array(), *open = json_array();
    bool after = false;

    sort_out(packages, requests, held, waiting, open);
    SECTION(output, "You hold:", held_fields, held, &after);
    SECTION(output, "Waiting:", waiting_fields, waiting, &after);
    SECTION(output, "You may ask for (pkg-request submit PACKAGE):", open_fields, open, &after);
    if (!after)
        fprintf(stderr,
                "You hold nothing, nothing of yours waits, and there is no package that you may ask for. All "
                "packages: pkg-request packages\n");
    json_decref(held);
    json_decref(waiting);
    json_decref(open);
}

int overview_show(struct invocation *invocation, json_t **ret_requests)
{
    struct client_error error;
    json_t *packages = NULL, *requests = NULL;
    int r = calls_call(invocation, "ListPackages", "", NULL, JSON_ARRAY, &packages, &error);

    if (r == 0)
        r = calls_call(invocation, "ListRequests", "a{sv}",
                       json_pack("[{s:s, s:i}]", "role", "requestor", "limit", BUS_PAGE_MAX), JSON_ARRAY,
                       &requests, &error);
    if (r == 0)
        print(&invocation->output, packages, requests);
    json_decref(packages);
    if (r < 0)
        return calls_report(invocation, &error);
    *ret_requests = requests;
    return 0;
}
