/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/setup_test.h"

#include "cli/calls.h"
#include "common/cleanup.h"
#include "common/directory.h"
#include "common/names.h"
#include "common/wordlist.h"

#include <stdlib.h>
#include <string.h>

/* ---- whose request ----------------------------------------------------------------------------------------- */

static const char *first_member(const char *group, const char *other)
{
    const struct group *found = NULL;

    if (directory_group(group, &found) != DIRECTORY_FOUND)
        return NULL;
    for (char *const *member = found->gr_mem; *member; member++)
        if (!other || strcmp(*member, other) != 0)
            return *member;
    return NULL;
}

/* The first user whom the list (NULL: none) names, or who is in a group of it, but for `other`. New; NULL: none. */
static char *first_person(const char *list, const char *other)
{
    _cleanup_free_ char *text = list ? setup_list(list) : NULL;
    strv names = text ? wordlist_read(text) : NULL;
    char *person = NULL;

    for (char *const *name = names; name && *name && !person; name++) {
        const char *found = (*name)[0] == '%' ? first_member(*name + 1, other) : *name;

        if (found && (!other || strcmp(found, other) != 0))
            person = output_format("%s", found);
    }
    strv_free(names);
    return person;
}

/* Where everybody may ask: who runs this by sudo. */
static char *find_requestor(const struct setup_terms *terms, const char *approver)
{
    const char *sudo_user = getenv("SUDO_USER");

    return first_person(terms->requestors ? terms->requestors : sudo_user, approver);
}

static void explain(struct invocation *invocation, const struct setup_terms *terms, const char *as,
                    const char *user, json_t *explanations)
{
    struct client_error error;
    json_t *explanation = NULL;

    if (!user)
        return;
    if (calls_call(invocation, client_message("Explain", "ss", json_pack("[s, s]", terms->name, user)),
                   JSON_OBJECT, &explanation, &error) < 0) {
        output_message(invocation->program->name, "the test for %s: %s", user, error.message);
        return;
    }
    if (json_object_set_new(explanation, "as", json_string(as)) < 0 ||
        json_array_append_new(explanations, explanation) < 0)
        output_no_memory();
}

json_t *setup_test(struct invocation *invocation, const struct setup_terms *terms)
{
    _cleanup_free_ char *approver = first_person(terms->approvers, NULL);
    _cleanup_free_ char *requestor = find_requestor(terms, approver);
    json_t *explanations = json_array();

    explain(invocation, terms, "requestor", requestor, explanations);
    explain(invocation, terms, "approver", approver, explanations);
    return explanations;
}

/* ---- the table --------------------------------------------------------------------------------------------- */

static char *field_may_ask(const struct output *output, const json_t *explanation, const char *member)
{
    (void)output;
    return member_true(explanation, member) ? output_format("yes")
                                            : output_format("no: %s", member_text(explanation, "why"));
}

static char *field_who_approves(const struct output *output, const json_t *explanation, const char *member)
{
    const json_t *stage = json_array_get(json_object_get(explanation, member), 0);
    _cleanup_free_ char *people = field_list(output, stage, "people");

    if (member_has(stage, "why"))
        return output_format("nobody: %s", member_text(stage, "why"));
    return output_format("%s", people && *people ? people : "not known just now");
}

static char *field_gives(const struct output *output, const json_t *explanation, const char *member)
{
    char *text = output_format("%s", "");
    const json_t *group;
    size_t i;

    (void)output;
    json_array_foreach(json_object_get(explanation, member), i, group)
    {
        const bool allowed = member_true(group, "allowed");
        char *longer = output_format("%s%s%s%s%s", text, i > 0 ? "; " : "", member_text(group, "name"),
                                     allowed ? "" : ": ", allowed ? "" : member_text(group, "problem"));
        free(text);
        text = longer;
    }
    return text;
}

static const struct field fields[] = {
    {"IF THIS USER ASKS", "user", field_user, FIELD_PLAIN},
    {"WHO IS", "as", field_text, FIELD_RANK(1)},
    {"MAY ASK", "may_request", field_may_ask, FIELD_WRAP},
    {"COULD APPROVE NOW", "stages", field_who_approves, FIELD_WRAP},
    {"WOULD GIVE", "groups", field_gives, FIELD_WRAP | FIELD_RANK(2)},
};

void setup_print_test(struct invocation *invocation, const json_t *explanations)
{
    if (json_array_size(explanations) > 0) {
        output_line(&invocation->output, "%s", "");
        output_table(&invocation->output, fields, sizeof(fields) / sizeof(*fields), explanations);
    }
}
