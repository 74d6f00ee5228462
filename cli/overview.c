/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Makes three tables from two answers: ListPackages (what the caller has) and ListRequests (what waits). */
#include "cli/overview.h"

#include "cli/calls.h"
#include "common/cleanup.h"

#include <string.h>

static bool is_live(const json_t *object)
{
    const enum state state = state_from_identifier(member_text(object, "state"));

    return state == STATE_FULFILLED || state == STATE_ACCESS_EXTENDED || state == STATE_PARTIALLY_FULFILLED;
}

static bool is_pending(const json_t *request)
{
    const enum state state = state_from_identifier(member_text(request, "state"));

    return state == STATE_PENDING_APPROVAL || state == STATE_SUBMITTED || state == STATE_APPROVED;
}

static char *field_name(const struct output *output, const json_t *object, const char *member)
{
    return field_text(output, object, json_object_get(object, member) ? member : "package");
}

/* When it expires; when it begins, if it is approved for later. */
static char *field_expires(const struct output *output, const json_t *request, const char *member)
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
    {"GROUPS", "groups", field_list, FIELD_WRAP | FIELD_RANK(2)},
    {"ENDS", "assignment_end", field_end_when, FIELD_RANK(1)},
};

static const struct field waiting_fields[] = {
    {"ID", "id", field_count, FIELD_RIGHT},
    {"PACKAGE", "package", field_text, FIELD_PLAIN},
    {"STATE", "state", field_state, FIELD_STATE},
    {"WAITS FOR", "approvers", field_list, FIELD_WRAP | FIELD_RANK(1)},
    {"EXPIRES", "expires", field_expires, FIELD_RANK(2)},
};

static const struct field open_fields[] = {
    {"PACKAGE", "name", field_text, FIELD_PLAIN},
    {"DESCRIPTION", "description", field_text, FIELD_SHORTEN | FIELD_RANK(3)},
    {"APPROVERS", "approvers", field_package_approvers, FIELD_WRAP | FIELD_RANK(2)},
    {"AT MOST", "max_duration", field_max_duration, FIELD_RANK(1)},
};

static void append_object(json_t *array, json_t *object)
{
    if (json_array_append(array, object) < 0)
        output_no_memory();
}

static bool has_package(const json_t *packages, const char *name)
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

/* A held package that was removed from packages.d is in the requests only. */
static void split_by_section(const json_t *packages, const json_t *requests, json_t *held, json_t *waiting,
                             json_t *open)
{
    json_t *object;
    size_t i;

    json_array_foreach((json_t *)packages, i, object)
    {
        if (is_live(object))
            append_object(held, object);
        else if (member_true(object, "may_request") && !json_object_get(object, "state"))
            append_object(open, object);
    }
    json_array_foreach((json_t *)requests, i, object)
    {
        if (is_pending(object))
            append_object(waiting, object);
        else if (is_live(object) && !has_package(packages, member_text(object, "package")) &&
                 !has_package(held, member_text(object, "package")))
            append_object(held, object);
    }
}

struct section {
    const char *title;
    const struct field *fields;
    size_t n_fields;
};

#define SECTION(title, fields)                                                                               \
    {                                                                                                        \
        title, fields, sizeof(fields) / sizeof(*(fields))                                                    \
    }

static const struct section held_section = SECTION("You hold:", held_fields);
static const struct section waiting_section = SECTION("Waiting:", waiting_fields);
static const struct section open_section =
    SECTION("You may ask for (pkg-request submit PACKAGE):", open_fields);

/* *any: a section was printed before. */
static void print_section(struct output *output, const struct section *section, const json_t *objects,
                          bool *any)
{
    if (json_array_size(objects) == 0)
        return;
    if (*any)
        output_line(output, "%s", "");
    output_wrapped(output, "%s", section->title);
    output_table(output, section->fields, section->n_fields, objects);
    *any = true;
}

static void print_overview(struct output *output, const json_t *packages, const json_t *requests)
{
    json_t *held = json_array(), *waiting = json_array(), *open = json_array();
    bool any = false;

    split_by_section(packages, requests, held, waiting, open);
    print_section(output, &held_section, held, &any);
    print_section(output, &waiting_section, waiting, &any);
    print_section(output, &open_section, open, &any);
    if (!any)
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
    int r = calls_call(invocation, client_message("ListPackages", "", NULL), JSON_ARRAY, &packages, &error);

    if (r == 0)
        r = calls_call(invocation,
                       client_message("ListRequests", "a{sv}",
                                      json_pack("[{s:s, s:i}]", "role", "requestor", "limit", BUS_PAGE_MAX)),
                       JSON_ARRAY, &requests, &error);
    if (r == 0)
        print_overview(&invocation->output, packages, requests);
    json_decref(packages);
    if (r < 0)
        return calls_report(invocation, &error);
    *ret_requests = requests;
    return 0;
}
