/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See the header. One record, one table of stages, one of groups; accesspkgd has decided what they say. */
#include "cli/explain.h"

#include "cli/calls.h"
#include "cli/explain_gates.h"
#include "common/cleanup.h"

#include <string.h>

static char *field_yes(const struct output *output, const json_t *object, const char *member)
{
    (void)output;
    return output_format("%s", member_true(object, member) ? "yes" : "no");
}

static char *field_reason_rule(const struct output *output, const json_t *explanation, const char *member)
{
    (void)output;
    return output_format("%s", member_true(explanation, member) ? "has to be given" : "may be given");
}

/* "Pending approval, request 3", "Fulfilled, request 3, until Mon 2026-11-23 22:40 CET (in 3 h)". */
static char *field_own(const struct output *output, const json_t *explanation, const char *member)
{
    if (!member_has(explanation, member))
        return output_format("nothing");
    _cleanup_free_ char *state = field_state(output, explanation, member);
    _cleanup_free_ char *end = field_time(output, explanation, "assignment_end");
    _cleanup_free_ char *number = field_count(output, explanation, "request");
    return output_format("%s%s%s%s%s", state, number ? ", request " : "", number ? number : "",
                         end ? ", until " : "", end ? end : "");
}

static char *field_approval(const struct output *output, const json_t *explanation, const char *member)
{
    (void)output;
    if (!member_true(explanation, member))
        return output_format("nobody has to approve");
    return output_format("in %zu stage%s", json_array_size(json_object_get(explanation, "stages")),
                         json_array_size(json_object_get(explanation, "stages")) == 1 ? "" : "s");
}

static char *field_length(const struct output *output, const json_t *explanation, const char *member)
{
    _cleanup_free_ char *usual = field_duration(output, explanation, member);
    _cleanup_free_ char *longest = field_duration(output, explanation, "max_duration");
    if (usual && longest && strcmp(usual, longest) == 0)
        return output_format("%s, which is the most at a time", usual);
    return output_format("%s, at most %s at a time", usual ? usual : "?", longest ? longest : "?");
}

static char *field_extension(const struct output *output, const json_t *explanation, const char *member)
{
    const char *word = member_text(explanation, member);
    _cleanup_free_ char *total = field_duration(output, explanation, "max_total");
    const char *how = strcmp(word, "allowed") == 0    ? "at once"
                      : strcmp(word, "approval") == 0 ? "when the approvers agree"
                                                      : "none";
    _cleanup_free_ char *window = field_duration(output, explanation, "extend_window");
    return output_format("%s%s%s%s%s%s", how, total ? ", in all at most " : "", total ? total : "",
                         window ? ", in the last " : "", window ? window : "",
                         window ? " before the end" : "");
}

static const struct field explanation_fields[] = {
    {"Package", "package", field_text, FIELD_PLAIN},
    {"Description", "description", field_text, FIELD_PLAIN},
    {"User", "user", field_user, FIELD_PLAIN},
    {"May ask", "may_request", field_yes, FIELD_PLAIN},
    {"Would be told", "why", field_text, FIELD_PLAIN},
    {"Has now", "state", field_own, FIELD_PLAIN},
    {"A reason", "justification", field_reason_rule, FIELD_PLAIN},
    {"Approval", "approval", field_approval, FIELD_PLAIN},
    {"Login ids", "login_ids", field_text, FIELD_PLAIN},
    {"Accounts", "accounts", field_lines, FIELD_PLAIN},
    {"Lasts", "duration", field_length, FIELD_PLAIN},
    {"Not after", "not_after", field_time, FIELD_PLAIN},
    {"Extension", "extension", field_extension, FIELD_PLAIN},
    {"Review within", "review_within", field_duration, FIELD_PLAIN},
};

/* ---- stages and groups ------------------------------------------------------------------------------------ */

static char *field_reach(const struct output *output, const json_t *stage, const char *member)
{
    static const char *const words[][2] = {
        {"approvers", "yes"},
        {"fallback", "with the fallback approvers, who are asked at once"},
        {"unknown", "not known: not all users and groups could be looked up"},
    };
    const char *reach = member_text(stage, member);

    (void)output;
    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
        if (strcmp(words[i][0], reach) == 0)
            return output_format("%s", words[i][1]);
    return output_format("no: %s", member_text(stage, "why"));
}

/* "bob, carol", or with the principals of the policy: "bob, carol (%dba-leads)". Says if some are unknown. */
static char *people_text(const struct output *output, const json_t *stage, const char *people,
                         const char *principals, const char *known)
{
    _cleanup_free_ char *names = field_list(output, stage, people);
    _cleanup_free_ char *named = field_list(output, stage, principals);
    if (!member_has(stage, principals))
        return NULL;
    if (json_is_false(json_object_get(stage, known)))
        return output_format("%s%s (%s)", names,
                             *names ? " and others, not known just now" : "not known just now", named);
    if (strcmp(names, named) == 0)
        return output_format("%s", names);
    return output_format("%s (%s)", *names ? names : "nobody", named);
}

static char *field_people(const struct output *output, const json_t *stage, const char *member)
{
    return people_text(output, stage, member, "approvers", "people_known");
}

static char *field_fallback(const struct output *output, const json_t *stage, const char *member)
{
    return people_text(output, stage, member, "fallback_approvers", "fallback_known");
}

static const struct field stage_fields[] = {
    {"STAGE", "stage", field_count, FIELD_RIGHT},
    {"APPROVALS", "quorum", field_count, FIELD_RIGHT},
    {"WITHIN", "timeout", field_duration, FIELD_RANK(2)},
    {"COULD APPROVE NOW", "people", field_people, FIELD_WRAP},
    {"FALLBACK", "fallback_people", field_fallback, FIELD_WRAP | FIELD_RANK(3)},
    {"ASKED AFTER", "escalate_after", field_duration, FIELD_RANK(4)},
    {"CAN BE REACHED", "reach", field_reach, FIELD_WRAP | FIELD_RANK(1)},
};

static char *field_given(const struct output *output, const json_t *group, const char *member)
{
    (void)output;
    return member_true(group, member) ? output_format("yes")
                                      : output_format("no: %s", member_text(group, "problem"));
}

static const struct field group_fields[] = {
    {"GROUP", "name", field_text, FIELD_PLAIN},
    {"GID", "gid", field_count, FIELD_RIGHT | FIELD_RANK(1)},
    {"CAN BE GIVEN", "allowed", field_given, FIELD_WRAP},
};

static void print_explanation(struct output *output, const json_t *explanation)
{
    const json_t *stages = json_object_get(explanation, "stages"), *line;
    size_t i;

    output_record(output, explanation_fields, sizeof(explanation_fields) / sizeof(*explanation_fields),
                  explanation);
    if (json_array_size(stages) > 0) {
        output_line(output, "%s", "");
        output_table(output, stage_fields, sizeof(stage_fields) / sizeof(*stage_fields), stages);
    }
    output_line(output, "%s", "");
    output_table(output, group_fields, sizeof(group_fields) / sizeof(*group_fields),
                 json_object_get(explanation, "groups"));
    if (member_has(explanation, "outside"))
        output_line(output, "%s", "");
    json_array_foreach(json_object_get(explanation, "outside"), i, line)
    {
        output_wrapped(output, "%s", json_string_value(line));
    }
}

int explain_show(struct invocation *invocation, const char *package, const char *user)
{
    struct client_error error;
    json_t *explanation = NULL;

    if (calls_call(invocation, client_message("Explain", "ss", json_pack("[s, s]", package, user)),
                   JSON_OBJECT, &explanation, &error) < 0)
        return calls_report(invocation, &error);
    explain_gates_add(invocation, explanation);
    if (invocation->output.json)
        output_json(&invocation->output, explanation);
    else
        print_explanation(&invocation->output, explanation);
    json_decref(explanation);
    return 0;
}
