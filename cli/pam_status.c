/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pkg-admin pam status: each entrance, what it asks for, and who wrote the line. Reads files alone. */
#include "cli/pam.h"

#include "common/cleanup.h"
#include "common/entrance.h"
#include "common/gate_options.h"
#include "common/pamcheck_line.h"
#include "common/pamedit.h"
#include "common/pamwire.h"

#include <string.h>
#include <sysexits.h>

struct listing {
    json_t *guarded, *open;
};

/* ---- a service -------------------------------------------------------------------------------------------------- */

static void ignore_argument(const char *argument, const char *why, void *data)
{
    (void)argument, (void)why, (void)data;
}

/* Adds the packages of a line that the row does not have yet. True for mode=report. */
static bool add_packages(json_t *row, const struct pamstack_entry *entry)
{
    struct gate_options options;

    gate_options_parse((int)entry->line->n_arguments, (const char **)entry->line->arguments, &options,
                       ignore_argument, NULL);
    for (size_t i = 0; i < options.n_packages; i++)
        if (json_array_append_new(json_object_get(row, "packages"), json_string(options.packages[i])) < 0)
            output_no_memory();
    return options.report;
}

/* Fills the row from the lines of ours in its phase. True when there is one. */
static bool add_lines(json_t *row, const char *service)
{
    struct findings stumbles = {0};
    struct pamstack stack = {0};
    bool any = false, reports = true, marked = false;

    if (pamstack_load("", service, PAMD_ACCOUNT, &stumbles, &stack) == 0)
        for (size_t i = 0; i < stack.n_entries; i++) {
            const struct pamstack_entry *entry = &stack.entries[i];
            if (!pamcheck_is_ours(entry))
                continue;
            if (!any)
                json_object_set_new(row, "line",
                                    json_sprintf("%s:%u", entry->file->path, entry->line->number));
            any = true;
            reports &= add_packages(row, entry);
            marked |= pamedit_is_ours(entry->file->text, entry->line);
        }
    if (any) {
        json_object_set_new(row, "mode", json_string(reports ? "report" : "enforce"));
        json_object_set_new(row, "by", json_string(marked ? "command" : "hand"));
    }
    pamstack_deinit(&stack);
    findings_deinit(&stumbles);
    return any;
}

/* A line that does not do what it should. */
static void add_problem(json_t *row, const char *service)
{
    const struct pamstack_place here = {.root = ""};
    struct findings findings = {0};
    bool guarded = false;

    pamcheck_service(&here, service, &findings, &guarded);
    if (!guarded)
        json_object_set_new(row, "mode", json_string("nothing"));
    if (findings.count > 0)
        json_object_set_new(row, "problem", json_string(findings.items[0]));
    findings_deinit(&findings);
}

static void list_service(const char *service, void *data)
{
    struct listing *listing = data;
    const char *what = entrance_find(service)->what;
    json_t *row = json_pack("{s:s, s:s*, s:[]}", "service", service, "for", *what ? what : NULL, "packages");

    if (!row)
        output_no_memory();
    const bool wired = add_lines(row, service);
    if (wired)
        add_problem(row, service);
    if (json_array_append_new(wired ? listing->guarded : listing->open, row) < 0)
        output_no_memory();
}

/* ---- the list --------------------------------------------------------------------------------------------------- */

static char *field_packages(const struct output *output, const json_t *row, const char *member)
{
    if (json_array_size(json_object_get(row, member)) > 0)
        return field_list(output, row, member);
    return output_format("%s", member_has(row, "mode") ? "no package" : "not guarded");
}

static char *field_mode(const struct output *output, const json_t *row, const char *member)
{
    static const char *const words[][2] = {
        {"enforce", "refuses"}, {"report", "only reports"}, {"nothing", "GUARDS NOTHING"}};
    (void)output;
    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
        if (strcmp(words[i][0], member_text(row, member)) == 0)
            return output_format("%s", words[i][1]);
    return NULL;
}

static char *field_by(const struct output *output, const json_t *row, const char *member)
{
    const char *by = member_text(row, member);
    (void)output;
    return !*by ? NULL : output_format("%s", strcmp(by, "command") == 0 ? "pam enable" : "by hand");
}

static const struct field fields[] = {
    {"SERVICE", "service", field_text, FIELD_PLAIN},
    {"GUARDED BY", "packages", field_packages, FIELD_WRAP},
    {"MODE", "mode", field_mode, FIELD_WRAP},
    {"WRITTEN", "by", field_by, FIELD_RANK(1)},
    {"WHAT IT IS FOR", "for", field_text, FIELD_SHORTEN | FIELD_RANK(2)},
};

/* What check-config says of the lines, and lines that are gone. */
static void print_problems(const struct invocation *invocation, const json_t *rows)
{
    struct findings vanished = {0};
    size_t i;
    json_t *row;

    pamwire_check("", &vanished);
    for (size_t j = 0; j < vanished.count; j++)
        output_message(invocation->program->name, "warning: %s", vanished.items[j]);
    findings_deinit(&vanished);
    json_array_foreach((json_t *)rows, i, row)
    {
        if (member_has(row, "problem"))
            output_message(invocation->program->name, "warning: %s", member_text(row, "problem"));
    }
}

int pam_status(struct invocation *invocation)
{
    struct listing listing = {json_array(), json_array()};
    const int r = pamcheck_each_service("", list_service, &listing);

    list_service("other", &listing);
    json_array_extend(listing.guarded, listing.open);
    if (r < 0)
        output_message(invocation->program->name, "/etc/pam.d cannot be read: %s", strerror(-r));
    else if (invocation->output.json)
        output_json(&invocation->output, listing.guarded);
    else
        output_table(&invocation->output, fields, sizeof(fields) / sizeof(*fields), listing.guarded);
    if (r == 0)
        print_problems(invocation, listing.guarded);
    json_decref(listing.guarded);
    json_decref(listing.open);
    return r < 0 ? EX_IOERR : 0;
}
