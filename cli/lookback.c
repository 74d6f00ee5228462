/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See the header. accesspkgd counts. The audit log comes page by page; an empty page need not be the last one. */
#include "cli/lookback.h"

#include "cli/calls.h"
#include "cli/csv.h"
#include "cli/find.h"
#include "cli/pager.h"
#include "cli/when.h"

#include <stdlib.h>
#include <string.h>

enum { REPORT_DAYS = 30, AUDIT_DEFAULT = 100 };

/* ---- report ----------------------------------------------------------------------------------------------- */

/* "bob 3, carol 1": decisions by each. */
static char *field_deciders(const struct output *output, const json_t *row, const char *member)
{
    char *text = output_format("%s", "");
    const json_t *decider;
    size_t i;

    (void)output;
    json_array_foreach(json_object_get(row, member), i, decider)
    {
        char *longer = output_format(
            "%s%s%s %lld", text, i > 0 ? ", " : "", member_text(decider, "decider"),
            (long long)(member_integer(decider, "approved") + member_integer(decider, "denied")));
        free(text);
        text = longer;
    }
    return text;
}

static const struct field report_fields[] = {
    {"PACKAGE", "package", field_text, FIELD_PLAIN},
    {"REQUESTS", "requests", field_count, FIELD_RIGHT},
    {"APPROVED", "approved", field_count, FIELD_RIGHT | FIELD_RANK(1)},
    {"AUTOMATIC", "automatic", field_count, FIELD_RIGHT | FIELD_RANK(5)},
    {"DENIED", "denied", field_count, FIELD_RIGHT | FIELD_RANK(1)},
    {"EXPIRED", "expired", field_count, FIELD_RIGHT | FIELD_RANK(6)},
    {"WITHDRAWN", "cancelled", field_count, FIELD_RIGHT | FIELD_RANK(10)},
    {"WAITING", "pending", field_count, FIELD_RIGHT | FIELD_RANK(4)},
    {"EMERGENCIES", "emergencies", field_count, FIELD_RIGHT | FIELD_RANK(3)},
    {"ASSIGNED", "assigned", field_count, FIELD_RIGHT | FIELD_RANK(8)},
    {"NEVER USED", "unused", field_count, FIELD_RIGHT | FIELD_RANK(7)},
    {"MEDIAN", "median", field_duration, FIELD_RIGHT | FIELD_RANK(2)},
    {"P90", "p90", field_duration, FIELD_RIGHT | FIELD_RANK(9)},
    {"DECIDED BY", "deciders", field_deciders, FIELD_WRAP | FIELD_RANK(11)},
};

static void print_report(struct invocation *invocation, const json_t *rows, int64_t since)
{
    struct output *output = &invocation->output;
    char when[WHEN_MAX];

    if (output->json) {
        json_t *whole = json_pack("{s:I, s:O}", "since", (json_int_t)since, "packages", rows);
        output_json(output, whole);
        json_decref(whole);
        return;
    }
    when_full(since, output->now, when);
    if (json_array_size(rows) == 0) {
        fprintf(stderr, "Nothing was asked for since %s. To look further back: --since 90d\n", when);
        return;
    }
    output_wrapped(output, "Requests filed since %s; from filing to decision: median and 90th percentile",
                   when);
    output_table(output, report_fields, sizeof(report_fields) / sizeof(*report_fields), rows);
}

int lookback_report(struct invocation *invocation)
{
    struct client_error error;
    const int64_t since = invocation->since > 0
                              ? invocation->since
                              : invocation->output.now - (int64_t)REPORT_DAYS * 24 * 60 * 60;
    json_t *values = NULL;

    if (calls_call_all(invocation,
                       client_message("Report", "a{sv}",
                                      json_pack("[{s:I, s:s*}]", "since", (json_int_t)since, "package",
                                                invocation->package)),
                       &values, &error) < 0)
        return calls_report(invocation, &error);
    const json_t *rows = json_array_get(values, 0), *counted = json_array_get(values, 1);
    int code = 0;
    if (json_is_array(rows) && json_is_integer(counted))
        print_report(invocation, rows, json_integer_value(counted));
    else
        code = (calls_wrong_shape(&error), calls_report(invocation, &error));
    pager_end(&invocation->output);
    if (code == 0 && json_integer_value(counted) > since)
        output_message(
            invocation->program->name,
            "there are too many requests to count at once: these are the newest 10,000. To see fewer "
            "at a time: --since WHEN, --package NAME");
    json_decref(values);
    return code;
}

/* ---- the audit log ---------------------------------------------------------------------------------------- */

/* "alice/db-admins", as other commands accept it. */
static char *field_concerns(const struct output *output, const json_t *line, const char *member)
{
    (void)output;
    if (!json_object_get(line, member))
        return NULL;
    return output_format("%s/%s", member_text(line, member), member_text(line, "package"));
}

/* The account, and the login id if that is another user's, as under su and sudo. */
static char *field_actor(const struct output *output, const json_t *line, const char *member)
{
    (void)output;
    const int64_t login = member_integer(line, "loginuid");

    if (!json_object_get(line, "loginuid") || !json_object_get(line, "uid") ||
        login == member_integer(line, "uid"))
        return output_format("%s", member_text(line, member));
    return output_format("%s (logged in as uid %lld)", member_text(line, member), (long long)login);
}

/* Always absolute, also on a terminal. */
static char *field_at(const struct output *output, const json_t *line, const char *member)
{
    return field_moment(output, member_integer(line, member));
}

static const struct field audit_fields[] = {
    {"TIME", "at", field_at, FIELD_WRAP},
    {"WHO", "actor", field_actor, FIELD_WRAP},
    {"EVENT", "event", field_text, FIELD_PLAIN},
    {"REQUEST", "request", field_count, FIELD_RIGHT},
    {"CONCERNS", "user", field_concerns, FIELD_RANK(1)},
    {"DETAIL", "detail", field_text, FIELD_WRAP | FIELD_RANK(2)},
};

static const struct field audit_columns[] = {
    {"id", "id", field_count, FIELD_PLAIN},
    {"time", "at", field_iso, FIELD_PLAIN},
    {"actor", "actor", field_text, FIELD_PLAIN},
    {"uid", "uid", field_count, FIELD_PLAIN},
    {"loginuid", "loginuid", field_count, FIELD_PLAIN},
    {"event", "event", field_text, FIELD_PLAIN},
    {"request", "request", field_count, FIELD_PLAIN},
    {"assignment", "assignment", field_count, FIELD_PLAIN},
    {"user", "user", field_text, FIELD_PLAIN},
    {"package", "package", field_text, FIELD_PLAIN},
    {"detail", "detail", field_text, FIELD_PLAIN},
};

static int64_t page_limit(const struct invocation *invocation, const json_t *lines)
{
    const bool all =
        invocation->limit == 0 && (invocation->since > 0 || invocation->until > 0 || invocation->user ||
                                   invocation->package || invocation->request);
    const int64_t limit = invocation->limit > 0 ? invocation->limit : AUDIT_DEFAULT;

    return all ? BUS_PAGE_MAX : limit - (int64_t)json_array_size(lines);
}

static int fetch_audit_page(struct invocation *invocation, int64_t request, struct calls_list *list,
                            struct client_error *ret_error)
{
    const int64_t left = page_limit(invocation, list->rows);
    json_t *filter =
        json_pack("{s:I, s:s*, s:s*}", "limit", (json_int_t)(left < BUS_PAGE_MAX ? left : BUS_PAGE_MAX),
                  "user", invocation->user, "package", invocation->package);

    if (request > 0)
        json_object_set_new(filter, "request", json_integer(request));
    return calls_add_page(invocation, list, filter, ret_error);
}

static int find_named(struct invocation *invocation, int64_t *ret_request, struct client_error *ret_error)
{
    if (!invocation->request)
        return 0;
    if (strchr(invocation->request, '/'))
        return find_request(invocation, invocation->request, false, ret_request, ret_error);
    *ret_request = strtoll(invocation->request, NULL, 10); /* checked by options.c */
    return 0;
}

int lookback_audit(struct invocation *invocation)
{
    struct client_error error;
    json_t *lines = json_array();
    struct calls_list list = {.method = "Audit", .rows = lines};
    int64_t request = 0;
    int r = find_named(invocation, &request, &error);

    if (r == 0)
        do
            r = fetch_audit_page(invocation, request, &list, &error);
        while (r == 0 && list.id > 0 && page_limit(invocation, lines) > 0);
    if (r == 0 && invocation->output.json)
        output_json(&invocation->output, lines);
    else if (r == 0 && invocation->csv)
        csv_print(&invocation->output, audit_columns, sizeof(audit_columns) / sizeof(*audit_columns), lines);
    else if (r == 0 && json_array_size(lines) == 0)
        fprintf(stderr, "The audit log has no such line. To see all: pkg-admin audit\n");
    else if (r == 0)
        output_table(&invocation->output, audit_fields, sizeof(audit_fields) / sizeof(*audit_fields), lines);
    pager_end(&invocation->output);
    json_decref(lines);
    if (r < 0)
        return calls_report(invocation, &error);
    if (list.id > 0 && !invocation->output.json)
        output_message(invocation->program->name,
                       "there are older lines. To see them: -n N, or --since WHEN");
    return 0;
}
