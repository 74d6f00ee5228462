/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * See the header. accesspkgd lists page by page; an empty page need not be the last one. This file puts who asked, who decided
 * and how it ended into words.
 */
#include "cli/history.h"

#include "cli/calls.h"
#include "cli/csv.h"
#include "cli/pager.h"
#include "cli/when.h"
#include "common/cleanup.h"

#include <stdlib.h>
#include <string.h>

/* ---- fields ------------------------------------------------------------------------------------------------- */

static void append(char **text, const char *separator, char *more)
{
    char *longer = output_format("%s%s%s", *text, **text ? separator : "", more);

    free(*text);
    free(more);
    *text = longer;
}

/* ": why", or nothing. */
static char *because(const char *reason)
{
    return output_format("%s%s", *reason ? ": " : "", reason);
}

static char *describe_decision(const json_t *decision, bool assigned)
{
    _cleanup_free_ char *why = because(member_text(decision, "reason"));
    const char *verdict = member_text(decision, "verdict"), *instead_of = member_text(decision, "for");

    return output_format("%s by %s%s%s%s", assigned ? "assigned" : verdict, member_text(decision, "decider"),
                         *instead_of ? " for " : "", instead_of, why);
}

/* One line for each request: for it, and for more time. */
static char *field_asked(const struct output *output, const json_t *row, const char *member)
{
    char *text = output_format("%s", member_true(row, "adopted") ? "taken over from a grant file" : "");
    const json_t *request;
    size_t i;

    (void)output;
    json_array_foreach(json_object_get(row, member), i, request)
    {
        _cleanup_free_ char *why = because(member_text(request, "justification"));
        if (!member_true(request, "assigned"))
            append(&text, "; ",
                   output_format("%s%s%s%s", member_true(request, "emergency") ? "emergency, " : "",
                                 i > 0 ? "more time, " : "", member_text(request, "user"), why));
    }
    if (member_true(row, "extensions_cut"))
        append(&text, "; ", output_format("earlier extensions are in the audit log"));
    return text;
}

static char *field_decided(const struct output *output, const json_t *row, const char *member)
{
    char *text = output_format("%s", "");
    const json_t *request, *decision;
    size_t i, k;

    (void)output;
    json_array_foreach(json_object_get(row, member), i, request)
    {
        const json_t *decisions = json_object_get(request, "decisions");
        json_array_foreach(decisions, k, decision)
        {
            append(&text, "; ", describe_decision(decision, member_true(request, "assigned")));
        }
        if (json_array_size(decisions) == 0)
            append(&text, "; ",
                   output_format("%s",
                                 member_true(request, "emergency") ? "not reviewed" : "no approval needed"));
    }
    return text;
}

/* "held", "expired", "returned", "revoked by root: why" */
static char *field_outcome(const struct output *output, const json_t *row, const char *member)
{
    const char *by = member_text(row, "ended_by");
    _cleanup_free_ char *why = because(member_text(row, "end_reason"));

    (void)output;
    if (!json_object_get(row, member))
        return output_format("held");
    if (!*by)
        return output_format("expired");
    if (strcmp(by, member_text(row, "user")) == 0)
        return output_format("returned%s", why);
    return output_format("revoked by %s%s", by, why);
}

static char *field_over(const struct output *output, const json_t *row, const char *member)
{
    return json_object_get(row, member) ? field_when(output, row, member)
                                        : field_end_when(output, row, "assignment_end");
}

static char *field_use(const struct output *output, const json_t *row, const char *member)
{
    if (json_object_get(row, member))
        return field_when(output, row, member);
    return output_format("%s", member_true(row, "use_unknown") || json_object_get(row, "last_use")
                                   ? "not known"
                                   : "none noted");
}

static char *field_iso_over(const struct output *output, const json_t *row, const char *member)
{
    return field_iso(output, row, json_object_get(row, member) ? member : "assignment_end");
}

static char *field_iso_use(const struct output *output, const json_t *row, const char *member)
{
    char *text = field_iso(output, row, member);

    return text ? text : field_use(output, row, member);
}

static const struct field fields[] = {
    {"USER", "user", field_text, FIELD_WRAP},
    {"PACKAGE", "package", field_text, FIELD_WRAP},
    {"FROM", "assignment_start", field_when, FIELD_WRAP | FIELD_RANK(1)},
    {"UNTIL", "ended", field_over, FIELD_WRAP | FIELD_RANK(1)},
    {"NOW", "ended", field_outcome, FIELD_WRAP},
    {"ASKED", "requests", field_asked, FIELD_WRAP | FIELD_RANK(4)},
    {"DECIDED", "requests", field_decided, FIELD_WRAP},
    {"FIRST USE", "first_use", field_use, FIELD_WRAP | FIELD_RANK(3)},
    {"LAST USE", "last_use", field_use, FIELD_WRAP | FIELD_RANK(2)},
};

static const struct field columns[] = {
    {"user", "user", field_text, FIELD_PLAIN},
    {"uid", "uid", field_count, FIELD_PLAIN},
    {"package", "package", field_text, FIELD_PLAIN},
    {"groups", "groups", field_list, FIELD_PLAIN},
    {"assignment", "assignment", field_count, FIELD_PLAIN},
    {"from", "assignment_start", field_iso, FIELD_PLAIN},
    {"until", "ended", field_iso_over, FIELD_PLAIN},
    {"now", "ended", field_outcome, FIELD_PLAIN},
    {"asked", "requests", field_asked, FIELD_PLAIN},
    {"decided", "requests", field_decided, FIELD_PLAIN},
    {"first_use", "first_use", field_iso_use, FIELD_PLAIN},
    {"last_use", "last_use", field_iso_use, FIELD_PLAIN},
};

/* ---- the command ---------------------------------------------------------------------------------------------- */

static void say_nothing(const struct invocation *invocation, const char *name)
{
    _cleanup_free_ char *shown = output_visible(name ? name : "");
    char since[WHEN_MAX];

    when_full(invocation->since, invocation->output.now, since);
    fprintf(stderr, "Nothing was held%s%s in that time%s%s. What was asked for: pkg-admin audit\n",
            name ? " by the name " : "", shown, invocation->since > 0 ? ", since " : "",
            invocation->since > 0 ? since : "");
}

int history_show(struct invocation *invocation, const char *name, const char *kind)
{
    struct output *output = &invocation->output;
    struct client_error error;
    json_t *rows = json_array();
    struct calls_list list = {.method = "ListHistory", .rows = rows};
    int r;

    do
        r = calls_add_page(
            invocation, &list,
            json_pack("{s:I, s:s*, s:s*}", "limit", (json_int_t)BUS_PAGE_MAX, "name", name, "kind", kind),
            &error);
    while (r == 0 && list.id > 0);
    if (r == 0 && output->json)
        output_json(output, rows);
    else if (r == 0 && invocation->csv)
        csv_print(output, columns, sizeof(columns) / sizeof(*columns), rows);
    else if (r == 0 && json_array_size(rows) == 0)
        say_nothing(invocation, name);
    else if (r == 0)
        output_table(output, fields, sizeof(fields) / sizeof(*fields), rows);
    pager_end(output);
    json_decref(rows);
    return r < 0 ? calls_report(invocation, &error) : 0;
}
