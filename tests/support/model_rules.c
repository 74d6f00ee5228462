/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The model of who may what: what an operation is expected to answer, and decisions. */
#include "tests/support/model_parts.h"

#include "common/duration.h"
#include "common/grantfile.h"

static struct model_cell *cell_of(struct model *model, int64_t id)
{
    return &model->cells[model->records[id].person][model->records[id].package];
}

/* ---- who may what ---- */

static int count_waiting(const struct model *model, int person)
{
    int count = 0;
    for (int p = 0; p < MODEL_PACKAGES; p++)
        count += model->cells[person][p].request && !model->cells[person][p].later;
    return count;
}

bool model_conflicts(const struct model *model, int person, int package, bool pending_too)
{
    for (int p = 0; p < MODEL_PACKAGES; p++) {
        const struct model_cell *cell = &model->cells[person][p];
        const bool has = cell->held || cell->later || (pending_too && cell->request);
        const bool both = model->packages[package].incompatible & 1u << p ||
                          (model->packages[p].present && model->packages[p].incompatible & 1u << package);
        if (p != package && has && both)
            return true;
    }
    return false;
}

/* A denial holds for a while; silence, for what the gate files. */
static bool pauses(const struct model *model, int person, int package, bool at_gate)
{
    const struct model_cell *cell = &model->cells[person][package];
    const struct model_package *policy = &model->packages[package];
    return (cell->denied && policy->cooldown && model->now < cell->denied + policy->cooldown) ||
           (at_gate && cell->expired && policy->gate_cooldown &&
            model->now < cell->expired + policy->gate_cooldown);
}

int model_expect_submit(const struct model *model, int person, int package, bool at_gate, int64_t duration)
{
    const struct model_cell *cell = &model->cells[person][package];
    const struct model_package *policy = &model->packages[package];
    if (cell->held || cell->request) /* rule 7 */
        return 0;
    if (!policy->present)
        return BUS_ERROR_NO_SUCH_PACKAGE;
    if (!(policy->requestors & 1u << model_user(person)) || duration > policy->max_duration)
        return BUS_ERROR_POLICY_REFUSED;
    if (policy->n_stages && count_waiting(model, person) >= model->pending_per_user)
        return BUS_ERROR_LIMIT_EXCEEDED;
    return pauses(model, person, package, at_gate) || model_conflicts(model, person, package, true)
               ? BUS_ERROR_POLICY_REFUSED
               : 0;
}

/* Rule 14: what nobody approves does not last longer than one request may, without max_total. */
static bool may_extend(const struct model *model, const struct model_cell *cell, int package,
                       int64_t duration, bool unapproved)
{
    const struct model_package *policy = &model->packages[package];
    const int64_t total = policy->max_total                                        ? policy->max_total
                          : unapproved && policy->max_duration != DURATION_FOREVER ? policy->max_duration
                                                                                   : DURATION_MAX;
    return cell->end != GRANT_FOREVER && policy->present && policy->extension != PACKAGE_EXTENSION_NO &&
           duration <= policy->max_duration && cell->end - cell->begin <= total - duration;
}

bool model_asks_nobody(const struct model *model, int person, int package)
{
    const struct model_package *policy = &model->packages[package];
    return !policy->n_stages ||
           (policy->extension == PACKAGE_EXTENSION_ALLOWED && !model->cells[person][package].of_emergency &&
            !model->cells[person][package].adopted);
}

int model_expect_extend(const struct model *model, int person, int package, int64_t duration)
{
    const struct model_cell *cell = &model->cells[person][package];
    const struct model_package *policy = &model->packages[package];
    if (!cell->held)
        return policy->present ? BUS_ERROR_NO_SUCH_REQUEST : BUS_ERROR_NO_SUCH_PACKAGE;
    if (!may_extend(model, cell, package, duration ? duration : policy->duration,
                    model_asks_nobody(model, person, package)) ||
        !(policy->requestors & 1u << model_user(person)) || model_conflicts(model, person, package, false))
        return BUS_ERROR_POLICY_REFUSED;
    if (cell->request)
        return 0;
    if (!model_asks_nobody(model, person, package) && count_waiting(model, person) >= model->pending_per_user)
        return BUS_ERROR_LIMIT_EXCEEDED;
    return pauses(model, person, package, false) ? BUS_ERROR_POLICY_REFUSED : 0;
}

int model_expect_retry(const struct model *model, int person, int package)
{
    const struct model_cell *cell = &model->cells[person][package];
    return !cell->held                            ? BUS_ERROR_NO_SUCH_REQUEST
           : cell->held_back && model->unaccepted ? BUS_ERROR_POLICY_REFUSED
                                                  : 0;
}

int model_expect_cancel(const struct model *model, int person, int64_t id)
{
    if (model->records[id].person != person)
        return BUS_ERROR_NO_SUCH_REQUEST;
    return model->cells[person][model->records[id].package].request == id ? 0 : BUS_ERROR_ALREADY_DECIDED;
}

int model_expect_assign(const struct model *model, int person, int package, bool override)
{
    if (!model->packages[package].present)
        return BUS_ERROR_NO_SUCH_PACKAGE;
    return model->cells[person][package].held || (!override && model_conflicts(model, person, package, true))
               ? BUS_ERROR_POLICY_REFUSED
               : 0;
}

int model_expect_emergency(const struct model *model, int person, int package)
{
    const struct model_cell *cell = &model->cells[person][package];
    if (!model->packages[package].present)
        return BUS_ERROR_NO_SUCH_PACKAGE;
    return !(model->packages[package].emergency & 1u << model_user(person)) || cell->held ||
                   cell->unreviewed || model_conflicts(model, person, package, false)
               ? BUS_ERROR_POLICY_REFUSED
               : 0;
}

/* ---- accounts: rule 9 ---- */

static int judge_user(const struct model *model, int user, int barred)
{
    return model->accounts[user] == MODEL_OPEN     ? 0
           : model->accounts[user] == MODEL_BARRED ? barred
                                                   : BUS_ERROR_UNAVAILABLE;
}

/* Of the account, and of the login that it was got at from. */
static int judge_accounts(const struct model *model, const struct model_caller *caller)
{
    const unsigned login = caller->identity & ~(1u << caller->person);
    const int r = judge_user(model, model_user(caller->person), BUS_ERROR_NOT_AUTHORIZED);
    return r || !login ? r : judge_user(model, model_user(__builtin_ctz(login)), BUS_ERROR_NOT_AUTHORIZED);
}

int model_expect_delegate(const struct model *model, const struct model_caller *caller, int to)
{
    const int r = judge_accounts(model, caller);
    if (r)
        return r;
    return model_user(caller->person) == to || caller->identity & 1u << model->person_of[to]
               ? BUS_ERROR_POLICY_REFUSED
               : judge_user(model, to, BUS_ERROR_POLICY_REFUSED);
}

/* ---- decisions ---- */

/* Why nobody of these may decide in a stage: rule 5, nobody twice, and nobody in two stages (rule 4). */
struct against {
    unsigned requestor, took_part, earlier;
};

static int judge_person(const struct against *against, unsigned who)
{
    return against->requestor & who   ? BUS_ERROR_NOT_AUTHORIZED
           : against->took_part & who ? BUS_ERROR_ALREADY_DECIDED
           : against->earlier & who   ? BUS_ERROR_NOT_AUTHORIZED
                                      : 0;
}

/* In their own name or (`other`) in that of a delegator. */
static int judge_people(const struct against *against, unsigned own, unsigned other)
{
    if (against->requestor & other)
        return BUS_ERROR_NOT_AUTHORIZED;
    const int r = judge_person(against, own);
    return r ? r : judge_person(against, other);
}

enum { NOT_NAMED = -1 };

/* Who is named, or a delegate of somebody who is. *ret_for: the delegator's identity, 0 in their own name. */
static int judge_decider(const struct model *model, const struct model_caller *caller, unsigned named,
                         const struct against *against, unsigned *ret_for)
{
    int first = 0;
    *ret_for = 0;
    if (named & 1u << model_user(caller->person))
        return judge_people(against, caller->identity, 0);
    for (int i = 0; i < MODEL_DELEGATIONS; i++) {
        const struct model_delegation *delegation = &model->delegations[i];
        if (!delegation->until || delegation->to != caller->person ||
            !model_is_current(model, delegation->from) || !(named & 1u << model_user(delegation->from)))
            continue;
        int r = judge_people(against, caller->identity, delegation->identity);
        if (r == 0)
            r = judge_user(model, model_user(delegation->from), BUS_ERROR_NOT_AUTHORIZED);
        *ret_for = delegation->identity;
        if (r == 0)
            return 0;
        first = first ? first : r;
    }
    return first ? first : NOT_NAMED;
}

static unsigned named_now(const struct model *model, const struct model_cell *cell)
{
    const struct model_package *policy = model_policy_of(model, cell);
    return policy->stages[cell->stage].approvers |
           (cell->escalated ? policy->stages[cell->stage].fallback : 0);
}

/* The first stage that asks somebody, or those in whose name they decide; MODEL_STAGES: none. */
static int stage_of(const struct model *model, const struct model_caller *caller, int64_t id)
{
    const struct model_package *policy = &model->packages[model->records[id].package];
    unsigned users = 1u << model_user(caller->person);
    int s = 0;
    for (int i = 0; i < MODEL_DELEGATIONS; i++)
        if (model->delegations[i].until && model->delegations[i].to == caller->person &&
            model_is_current(model, model->delegations[i].from))
            users |= 1u << model_user(model->delegations[i].from);
    while (s < MODEL_STAGES && !((policy->stages[s].approvers | policy->stages[s].fallback) & users))
        s++;
    return model->records[id].routed ? s : MODEL_STAGES;
}

int model_expect_decide(const struct model *model, const struct model_caller *caller, int64_t id,
                        bool approve, int64_t duration, int64_t start_at)
{
    const int person = model->records[id].person;
    const int package = model->records[id].package;
    const struct model_cell *cell = &model->cells[person][package];
    const struct model_package *policy = &model->packages[package];
    const struct against against = {cell->requestor, cell->took_part, cell->earlier};
    unsigned for_whom = 0;
    if (cell->request != id || cell->later) /* rule 4 */
        return stage_of(model, caller, id) < MODEL_STAGES ? BUS_ERROR_ALREADY_DECIDED
                                                          : BUS_ERROR_NOT_AUTHORIZED;
    int r = judge_decider(model, caller, named_now(model, cell), &against, &for_whom);
    if (r == NOT_NAMED) /* rule 4, of an earlier stage */
        r = caller->person != person && stage_of(model, caller, id) < cell->stage ? BUS_ERROR_ALREADY_DECIDED
                                                                                  : BUS_ERROR_NOT_AUTHORIZED;
    if (r == 0)
        r = judge_accounts(model, caller);
    if (r != 0 || !approve)
        return r;
    if (model_is_held_request(model, id) || !policy->present ||
        !(policy->requestors & 1u << model_user(person)) || /* rule 9 */
        duration > cell->duration || (start_at && (cell->extends || start_at < cell->start)) ||
        (!cell->extends && cell->held) || model_conflicts(model, person, package, false))
        return BUS_ERROR_POLICY_REFUSED;
    const int64_t given = model_least(duration ? duration : cell->duration, policy->max_duration);
    return cell->extends && !may_extend(model, cell, package, given, false) ? BUS_ERROR_POLICY_REFUSED : 0;
}

void model_decide(struct model *model, const struct model_caller *caller, int64_t id, bool approve,
                  int64_t duration, int64_t start_at)
{
    struct model_cell *cell = cell_of(model, id);
    const int person = model->records[id].person;
    const int package = model->records[id].package;
    const struct model_package *policy = &model->packages[package];
    const struct against against = {cell->requestor, cell->took_part, cell->earlier};
    unsigned for_whom = 0;
    if (!approve) {
        cell->denied = model->now;
        model_withdraw(cell);
        return;
    }
    judge_decider(model, caller, named_now(model, cell), &against, &for_whom);
    cell->took_part |= caller->identity | for_whom;
    cell->duration = model_least(duration ? duration : cell->duration, policy->max_duration);
    cell->start = start_at > model->now ? start_at : cell->start;
    if (++cell->approvals < policy->stages[cell->stage].quorum)
        return;
    if (cell->stage + 1 < policy->n_stages)
        model_enter_stage(model, cell, cell->stage + 1);
    else
        model_complete(model, person, package);
}

bool model_may_review(const struct model *model, const struct model_caller *caller, int64_t id)
{
    const int package = model->records[id].package;
    const struct model_package *policy = &model->packages[package];
    const struct model_cell *cell = &model->cells[model->records[id].person][package];
    const struct against against = {.requestor = model->records[id].requestor};
    unsigned for_whom = 0;
    bool may = false;
    for (int s = 0; s < policy->n_stages; s++)
        may |= judge_decider(model, caller, policy->stages[s].approvers | policy->stages[s].fallback,
                             &against, &for_whom) == 0;
    return may && policy->present && cell->unreviewed == id && judge_accounts(model, caller) == 0;
}
