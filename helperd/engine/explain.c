/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Explains what would become of a request, without filing one. Calls the functions that Submit, Approve and fulfilment
 * call, and has no rule of its own.
 */
#include "helperd/engine/internal.h"

#include "common/cleanup.h"
#include "common/names.h"
#include "helperd/lifecycle/texts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What to explain, and for whom. */
struct explanation {
    struct engine *engine;
    const struct facts *facts;
    const struct package *package;
    const struct subject *subject;
    struct identity identity;
    bool by_root;
};

/* ---- who could approve ---- */

static bool has_uid(const uid_t *uids, size_t count, uid_t uid)
{
    for (size_t i = 0; i < count; i++)
        if (uids[i] == uid)
            return true;
    return false;
}

/* The names of the people of these principals, each once, without those who may not decide. NULL: no memory. */
static json_t *list_people(const struct explanation *explanation, const struct stage *stage,
                           char *const *principals)
{
    const struct policy_pending pending = {.stage = stage, .requestor = &explanation->identity};
    json_t *names = json_array();
    uid_t *uids = NULL;
    size_t count = 0;
    bool failed = !names;
    for (; principals && *principals && !failed; principals++) {
        const struct principal *principal = facts_principal(explanation->facts, *principals);
        for (size_t i = 0; principal && i < principal->n_people && !failed; i++) {
            const struct person *person = &principal->people[i];
            if (has_uid(uids, count, person->uid) || !policy_may_count(&pending, person))
                continue;
            uid_t *grown = reallocarray(uids, count + 1, sizeof(*grown));
            failed = !grown || json_array_append_new(names, json_string(person->name)) < 0;
            uids = grown ? grown : uids;
            if (grown)
                uids[count++] = person->uid;
        }
    }
    free(uids);
    if (!failed)
        return names;
    json_decref(names);
    return NULL;
}

/* Whether the look-ups found all people of these principals. */
static bool are_all_known(const struct explanation *explanation, char *const *principals)
{
    bool known = true;
    for (; principals && *principals; principals++) {
        const struct principal *principal = facts_principal(explanation->facts, *principals);
        known &= principal && principal->whole;
    }
    return known;
}

/* `apart`: it can be completed by other people than the stages before it (rule 4). */
static json_t *view_stage(const struct explanation *explanation, const struct stage *stage, bool apart)
{
    static const char *const words[] = {
        [POLICY_REACH_UNKNOWN] = "unknown",
        [POLICY_REACH_APPROVERS] = "approvers",
        [POLICY_REACH_FALLBACK] = "fallback",
        [POLICY_REACH_NONE] = "nobody",
    };
    const char *here = stage_find_host_obstacle(explanation->engine);
    const struct policy_pending pending = {.stage = stage, .requestor = &explanation->identity};
    struct policy_reach reach = policy_reach(&pending, explanation->facts);
    char why[STAGE_WHY_MAX];
    const bool taken = !here && !apart && reach.verdict != POLICY_REACH_NONE;
    if (here || taken)
        reach.verdict = POLICY_REACH_NONE;
    json_t *view = json_pack("{s:I, s:I, s:I, s:o, s:o, s:b, s:s}", "stage", (json_int_t)stage->number,
                             "quorum", (json_int_t)stage->quorum, "timeout", (json_int_t)stage->timeout,
                             "approvers", texts_new(stage->approvers), "people",
                             list_people(explanation, stage, stage->approvers), "people_known",
                             are_all_known(explanation, stage->approvers), "reach", words[reach.verdict]);
    int r = view ? 0 : -ENOMEM;
    if (r == 0 && stage->fallback_approvers[0]) {
        r = view_set(view, "fallback_approvers", texts_new(stage->fallback_approvers));
        if (r == 0)
            r = view_set(view, "fallback_people", list_people(explanation, stage, stage->fallback_approvers));
        if (r == 0)
            r = view_set(view, "fallback_known",
                         json_boolean(are_all_known(explanation, stage->fallback_approvers)));
    }
    if (r == 0 && stage->escalate_after)
        r = view_set(view, "escalate_after", json_integer(stage->escalate_after));
    if (r == 0 && reach.verdict == POLICY_REACH_NONE)
        r = view_set(view, "why",
                     json_string(here    ? here
                                 : taken ? "one person takes part in one stage alone, and too few can approve"
                                         : stage_describe_reach(stage, &reach, explanation->facts, why)));
    if (r == 0)
        return view;
    json_decref(view);
    return NULL;
}

static json_t *view_stages(const struct explanation *explanation)
{
    const size_t count = explanation->package->n_stages;
    struct stage *stages = calloc(count + 1, sizeof(*stages));
    json_t *array = json_array();
    bool failed = !stages || !array;
    if (stages)
        policy_plan_stages(explanation->package, clock_now(&explanation->engine->clock), stages);
    const size_t reach =
        stages ? policy_reach_stages(explanation->package, stages, &explanation->identity, explanation->facts)
               : 0;
    for (size_t i = 0; i < count && !failed; i++)
        failed = json_array_append_new(array, view_stage(explanation, &stages[i], i != reach)) < 0;
    free(stages);
    if (!failed)
        return array;
    json_decref(array);
    return NULL;
}

/* ---- what would be granted ---- */

static json_t *view_group(const struct explanation *explanation, const char *name)
{
    const struct fact_group *group = facts_group(explanation->facts, name);
    const gid_t gid = facts_gid(explanation->facts, name);
    _cleanup_free_ char *problem = NULL;
    if (group_problem(explanation->engine, explanation->facts, name, &problem) < 0)
        return NULL;
    return json_pack("{s:s, s:b, s:b, s:b, s:o*, s:s*}", "name", name, "known", group && group->known,
                     "exists", gid != GID_UNSET, "allowed", !problem, "gid",
                     gid == GID_UNSET ? NULL : json_integer(gid), "problem", problem);
}

static json_t *view_groups(const struct explanation *explanation)
{
    json_t *array = json_array();
    for (char *const *group = explanation->package->groups; *group && array; group++) {
        if (json_array_append_new(array, view_group(explanation, *group)) < 0) {
            json_decref(array);
            array = NULL;
        }
    }
    return array;
}

/* ---- the whole ---- */

/* The checks of Submit, as if a justification were given; the explanation says whether one is needed. */
static int set_verdict(const struct explanation *explanation, json_t *view)
{
    const struct policy_ask ask = {.has_justification = true,
                                   .begins = clock_now(&explanation->engine->clock)};
    struct reply refusal = {0};
    const int r =
        engine_check_filing(explanation->engine, explanation->subject, explanation->package, &ask, &refusal);
    if (r < 0)
        return r;
    const int added = view_set(view, "may_request", json_boolean(r == 0));
    return r == 0 || added < 0 ? added : view_set(view, "why", json_string(refusal.message));
}

/* Without login ids rule 5 compares uids only, or no approver can decide at all. */
static int set_login_ids(const struct explanation *explanation, json_t *view)
{
    if (explanation->engine->login_ids_count || !explanation->package->approval_required)
        return 0;
    return view_set(
        view, "login_ids",
        json_string(explanation->engine->config->require_login_id == CONFIG_YES
                        ? "are required and say nothing in this container: nobody can decide"
                        : "say nothing in this container: who went on to an approver's account is not told"));
}

/* A line for each of these people, once, whose account has expired or is locked; or for all, that it is not known. */
static int add_barred(const struct principal *principal, json_t *lines)
{
    char name[NAME_ENCODED_MAX + 1], line[ENGINE_ACCOUNT_MAX + NAME_ENCODED_MAX];
    for (size_t i = 0; i < principal->n_people; i++) {
        const struct person *person = &principal->people[i];
        const struct account_facts *account = &person->account;
        const bool known = account->state != ACCOUNT_UNKNOWN;
        bool told = account_may_decide(account) || (!known && !account->why);
        text_visible(person->name, name, sizeof(name));
        snprintf(line, sizeof(line), "%s%s", known ? name : "", known ? ": " : "");
        engine_describe_account(account, line + strlen(line), sizeof(line) - strlen(line));
        for (size_t k = 0; k < json_array_size(lines); k++)
            told |= strcmp(json_string_value(json_array_get(lines, k)), line) == 0;
        if (!told && json_array_append_new(lines, json_string(line)) < 0)
            return -ENOMEM;
    }
    return 0;
}

/* The facts have them for uid 0 alone. */
static int set_accounts(const struct explanation *explanation, json_t *view)
{
    const struct facts *facts = explanation->facts;
    json_t *lines = json_array();
    int r = lines ? 0 : -ENOMEM;
    for (size_t i = 0; r == 0 && i < facts->n_principals; i++)
        r = add_barred(&facts->principals[i], lines);
    if (r == 0 && json_array_size(lines) > 0)
        return view_set(view, "accounts", lines);
    json_decref(lines);
    return r;
}

/* Of who approves, root learns who is kept out by which line (cli/explain_gates.c). */
static int set_open_to(const struct explanation *explanation, json_t *view)
{
    json_t *principals = json_array();
    const int r = principals ? view_add_open_to(principals, explanation->package) : -ENOMEM;
    if (r == 0)
        return view_set(view, "open_to", principals);
    json_decref(principals);
    return r < 0 ? r : 0;
}

static json_t *view_explanation(const struct explanation *explanation)
{
    static const char *const extensions[] = {[PACKAGE_EXTENSION_NO] = "no",
                                             [PACKAGE_EXTENSION_ALLOWED] = "allowed",
                                             [PACKAGE_EXTENSION_APPROVAL] = "approval"};
    const struct package *package = explanation->package;
    return json_pack("{s:s, s:s, s:s, s:I, s:b, s:b, s:I, s:I, s:o*, s:s, s:o, s:o}", "package",
                     package->name, "description", package->description, "user", explanation->subject->name,
                     "uid", (json_int_t)explanation->subject->uid, "approval", package->approval_required,
                     "justification", package->justification_required, "duration",
                     (json_int_t)package->duration, "max_duration", (json_int_t)package->max_duration,
                     "max_total", package->max_total ? json_integer(package->max_total) : NULL, "extension",
                     extensions[package->extension], "groups", view_groups(explanation), "stages",
                     view_stages(explanation));
}

static int set_if_any(json_t *view, const char *key, int64_t number)
{
    return number ? view_set(view, key, json_integer(number)) : 0;
}

static int set_bounds(const struct package *package, json_t *view)
{
    int r = set_if_any(view, "not_after", package->not_after);
    if (r == 0)
        r = set_if_any(view, "extend_window", package->extend_window);
    return r < 0 ? r : set_if_any(view, "review_within", package->review_within);
}

static int explain_package(const struct explanation *explanation, struct reply *reply)
{
    json_t *view = view_explanation(explanation);
    int r = view ? set_bounds(explanation->package, view) : -ENOMEM;
    if (r == 0)
        r = set_verdict(explanation, view);
    if (r == 0)
        r = set_login_ids(explanation, view);
    if (r == 0)
        r = set_accounts(explanation, view);
    if (r == 0 && explanation->by_root)
        r = set_open_to(explanation, view);
    if (r == 0)
        r = engine_add_own_access(explanation->engine, explanation->subject, explanation->package->name,
                                  view);
    if (r == 0)
        reply->value = view;
    else
        json_decref(view);
    return r;
}

int engine_explain(const struct call *call, const char *name, const char *user)
{
    char visible[NAME_ENCODED_MAX + 1];
    const bool is_other = *user && !engine_is_caller(call->facts, user);
    if (is_other && call->caller->identity.uid != 0)
        return engine_refuse(call->reply, BUS_ERROR_NOT_AUTHORIZED,
                             "Only root may ask this about another user: sudo pkg-admin explain "
                             "PACKAGE USER. For yourself: pkg-request explain PACKAGE");
    struct explanation explanation = {
        .engine = call->engine,
        .facts = call->facts,
        .package = packages_find(call->engine->packages, name),
        .subject = is_other ? call->facts->user : call->facts->caller,
        .by_root = call->caller->identity.uid == 0,
    };
    if (!explanation.package)
        return engine_refuse_unknown_package(call->engine, name, call->reply);
    if (!explanation.subject)
        return engine_refuse(call->reply, BUS_ERROR_NO_SUCH_USER, "There is no user %s on this host.",
                             *user ? text_visible(user, visible, sizeof(visible)) : "with your uid");
    explanation.identity =
        is_other ? (struct identity){explanation.subject->uid, UID_UNSET} : call->caller->identity;
    const int r = engine_begin_call(call->engine, call->facts);
    return r < 0 ? r : explain_package(&explanation, call->reply);
}
