/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/support/model.h"

#include "common/duration.h"
#include "common/grantfile.h"

#include <string.h>

static struct model_cell *cell_of(struct model *model, int64_t id)
{
    return &model->cells[model->records[id].person][model->records[id].package];
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* ---- what is held ---- */

bool model_is_whole(const struct model *model, int person, int package)
{
    const struct model_cell *cell = &model->cells[person][package];
    for (int g = 0; g < MODEL_GROUPS; g++)
        if (model->packages[package].groups & 1u << g && cell->grants[g] != PLACED)
            return false;
    return cell->held;
}

/* Rule 8: the clock starts when it is whole for the first time, or at the start that was asked for. */
static void settle(struct model *model, int person, int package)
{
    struct model_cell *cell = &model->cells[person][package];
    if (!model_is_whole(model, person, package))
        return;
    if (!cell->begun && !cell->fixed_start) {
        cell->begin = model->now;
        cell->end = duration_after(cell->begin, cell->length);
    }
    cell->begun = true;
}

void model_try(struct model *model, int person, int package, bool asked)
{
    struct model_cell *cell = &model->cells[person][package];
    const struct model_package *policy = &model->packages[package];
    const unsigned user = 1u << model_user(person);
    const unsigned may = cell->of_emergency ? policy->emergency
                         : cell->assigned   ? EVERYBODY
                                            : policy->requestors;
    if (policy->present && !(may & user)) { /* rule 9 */
        model_end(model, person, package);
        return;
    }
    for (int g = 0; g < MODEL_GROUPS; g++) {
        if (!(policy->groups & 1u << g) ||
            (cell->grants[g] == DRIFTED && !asked && !(policy->present && policy->drift_repair)))
            continue;
        const bool placed = model->allowed[g] && (!model->files || model->there[model_user(person)][g]);
        cell->grants[g] = !model->exists[g] ? UNKNOWN : placed ? PLACED : LACKING;
    }
    cell->tried = model->now;
    settle(model, person, package);
}

static void hold(struct model *model, int person, int package, int64_t begin)
{
    struct model_cell *cell = &model->cells[person][package];
    cell->held = true;
    cell->begun = false;
    cell->begin = begin;
    cell->end = duration_after(begin, cell->length);
    memset(cell->grants, 0, sizeof(cell->grants));
    cell->tried = model->now;
}

bool model_wants(const struct model *model, int user, int group)
{
    bool wants = false;
    for (int p = 0; p < MODEL_PACKAGES; p++)
        wants |= model->cells[model->person_of[user]][p].held && (model->packages[p].groups & 1u << group);
    return wants;
}

void model_end(struct model *model, int person, int package)
{
    struct model_cell *cell = &model->cells[person][package];
    const struct model_package *policy = &model->packages[package];
    cell->held = false;
    if (cell->extends)
        model_withdraw(cell);
    model->endings += policy->present && policy->at_end == PACKAGE_AT_END_TERMINATE;
    for (int g = 0; g < MODEL_GROUPS; g++) /* rule 6: with the last one that gives it */
        model->there[model_user(person)][g] &= model_wants(model, model_user(person), g);
}

void model_drift(struct model *model, int user, unsigned groups, bool present_only)
{
    for (int p = 0; p < MODEL_PACKAGES; p++) {
        struct model_cell *cell = &model->cells[model->person_of[user]][p];
        for (int g = 0; cell->held && g < MODEL_GROUPS; g++)
            if (groups & 1u << g && cell->grants[g] == PLACED &&
                (model->packages[p].present || !present_only)) {
                cell->grants[g] = DRIFTED;
                cell->tried = model->now;
            }
    }
}

void model_placed(struct model *model, int user, int group)
{
    model->there[user][group] = true;
    for (int p = 0; p < MODEL_PACKAGES; p++) {
        struct model_cell *cell = &model->cells[model->person_of[user]][p];
        if (!cell->held)
            continue;
        if (cell->grants[group] == LACKING)
            cell->grants[group] = PLACED;
        settle(model, model->person_of[user], p);
    }
}

bool model_opens(const struct model *model, int user, int package)
{
    const struct model_cell *cell = &model->cells[model->person_of[user]][package];
    return model_is_whole(model, model->person_of[user], package) && cell->begin <= model->now &&
           model->now < cell->end;
}

bool model_in_group(const struct model *model, int user, int group)
{
    bool in = false;
    for (int p = 0; p < MODEL_PACKAGES; p++) {
        const struct model_cell *cell = &model->cells[model->person_of[user]][p];
        in |= cell->held && cell->grants[group] == PLACED && cell->begin <= model->now &&
              model->now < cell->end;
    }
    return in && model->allowed[group];
}

/* ---- what waits ---- */

void model_withdraw(struct model_cell *cell)
{
    cell->request = 0;
    cell->later = cell->extends = false;
}

/* Rule 5: different people, none of whom is the requestor or has had their say. */
static int count_people(const struct model *model, const struct model_cell *cell, unsigned users)
{
    int count = 0;
    for (int u = 0; u < MODEL_USERS; u++)
        count += users & 1u << u && !((cell->requestor | cell->took_part) & 1u << model->person_of[u]);
    return count;
}

static const struct model_package *policy_of(const struct model *model, const struct model_cell *cell)
{
    return &model->packages[model->records[cell->request].package];
}

bool model_is_undecidable(const struct model *model, const struct model_cell *cell)
{
    const struct model_package *policy = policy_of(model, cell);
    return count_people(model, cell,
                        policy->stages[cell->stage].approvers | policy->stages[cell->stage].fallback) <
           policy->stages[cell->stage].quorum - cell->approvals;
}

/* Where the approvers cannot complete the stage the fallback approvers are asked at once. */
static void judge(const struct model *model, struct model_cell *cell)
{
    const struct model_package *policy = policy_of(model, cell);
    if (policy->stages[cell->stage].fallback &&
        count_people(model, cell, policy->stages[cell->stage].approvers) <
            policy->stages[cell->stage].quorum - cell->approvals)
        cell->escalated = true;
}

void model_survey(struct model *model)
{
    for (int i = 0; i < MODEL_PERSONS * MODEL_PACKAGES; i++) {
        struct model_cell *cell = &model->cells[0][0] + i;
        if (cell->request && !cell->later)
            judge(model, cell);
    }
}

static void enter_stage(struct model *model, struct model_cell *cell, int stage)
{
    cell->stage = stage;
    cell->approvals = 0;
    cell->took_part = 0;
    cell->escalated = false;
    cell->entered = model->now;
    cell->deadline = model->now + policy_of(model, cell)->stages[stage].timeout;
    judge(model, cell);
}

/* Approved: at once, or at its start. */
static void complete(struct model *model, int person, int package)
{
    struct model_cell *cell = &model->cells[person][package];
    if (cell->extends) {
        cell->end = duration_after(cell->end, cell->duration);
        cell->length = duration_after(cell->length, cell->duration);
        model_withdraw(cell);
        return;
    }
    cell->later = cell->start > model->now;
    if (cell->later)
        return;
    cell->request = 0;
    cell->length = cell->assigned || cell->of_emergency
                       ? cell->duration
                       : least(cell->duration, model->packages[package].max_duration);
    cell->fixed_start = 0;
    hold(model, person, package, model->now); /* rule 8: the delay ate nothing */
    model_try(model, person, package, false);
}

/* Rule 9, at a start. */
static void start(struct model *model, int person, int package)
{
    struct model_cell *cell = &model->cells[person][package];
    const int64_t at = cell->start;
    model_withdraw(cell);
    if (!model->packages[package].present || cell->held ||
        (!cell->overrides && model_conflicts(model, person, package, false)))
        return;
    cell->length =
        cell->assigned ? cell->duration : least(cell->duration, model->packages[package].max_duration);
    cell->of_emergency = false;
    cell->fixed_start = at;
    hold(model, person, package, at);
}

/* ---- time ---- */

static void end_what_ended(struct model *model)
{
    for (int i = 0; i < MODEL_PERSONS * MODEL_PACKAGES; i++)
        if ((&model->cells[0][0] + i)->held && (&model->cells[0][0] + i)->end <= model->now)
            model_end(model, i / MODEL_PACKAGES, i % MODEL_PACKAGES);
}

static bool start_next(struct model *model)
{
    int next = -1;
    for (int i = 0; i < MODEL_PERSONS * MODEL_PACKAGES; i++) {
        const struct model_cell *cell = &model->cells[0][0] + i;
        const struct model_cell *best = &model->cells[0][0] + next;
        if (cell->later && cell->start <= model->now &&
            (next < 0 || cell->start < best->start ||
             (cell->start == best->start && cell->request < best->request)))
            next = i;
    }
    if (next >= 0)
        start(model, next / MODEL_PACKAGES, next % MODEL_PACKAGES);
    return next >= 0;
}

static void end_delegations(struct model *model)
{
    int kept = 0;
    for (int i = 0; i < MODEL_DELEGATIONS; i++)
        if (model->delegations[i].until > model->now) /* rule 8: and it is over for good */
            model->delegations[kept++] = model->delegations[i];
    memset(model->delegations + kept, 0, (size_t)(MODEL_DELEGATIONS - kept) * sizeof(model->delegations[0]));
}

void model_pass(struct model *model)
{
    for (int i = 0; i < MODEL_PERSONS * MODEL_PACKAGES; i++) {
        struct model_cell *cell = &model->cells[0][0] + i;
        if (!cell->request || cell->later)
            continue;
        const struct model_package *policy = policy_of(model, cell);
        const int64_t after = policy->stages[cell->stage].escalate_after;
        if (cell->deadline <= model->now) {
            cell->expired = cell->at_gate ? model->now : 0;
            model_withdraw(cell);
        } else if (after && model->now >= cell->entered + after) {
            cell->escalated = true;
        }
    }
    do
        end_what_ended(model);
    while (start_next(model));
    end_delegations(model);
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

static bool may_extend(const struct model *model, const struct model_cell *cell, int package,
                       int64_t duration)
{
    const struct model_package *policy = &model->packages[package];
    const int64_t total = policy->max_total ? policy->max_total : DURATION_MAX;
    return cell->end != GRANT_FOREVER && policy->present && policy->extension != PACKAGE_EXTENSION_NO &&
           duration <= policy->max_duration && cell->end - cell->begin <= total - duration;
}

static bool asks_nobody(const struct model *model, int person, int package)
{
    const struct model_package *policy = &model->packages[package];
    return !policy->n_stages ||
           (policy->extension == PACKAGE_EXTENSION_ALLOWED && !model->cells[person][package].of_emergency);
}

int model_expect_extend(const struct model *model, int person, int package, int64_t duration)
{
    const struct model_cell *cell = &model->cells[person][package];
    const struct model_package *policy = &model->packages[package];
    if (!cell->held)
        return policy->present ? BUS_ERROR_NO_SUCH_REQUEST : BUS_ERROR_NO_SUCH_PACKAGE;
    if (!may_extend(model, cell, package, duration ? duration : policy->duration) ||
        !(policy->requestors & 1u << model_user(person)) || model_conflicts(model, person, package, false))
        return BUS_ERROR_POLICY_REFUSED;
    if (cell->request)
        return 0;
    if (!asks_nobody(model, person, package) && count_waiting(model, person) >= model->pending_per_user)
        return BUS_ERROR_LIMIT_EXCEEDED;
    return pauses(model, person, package, false) ? BUS_ERROR_POLICY_REFUSED : 0;
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

/* ---- decisions ---- */

/* What stands against somebody, in their own name or (`other`) in that of a delegator: rule 5, and nobody twice. */
static int judge_people(unsigned requestor, unsigned took_part, unsigned own, unsigned other)
{
    return requestor & (own | other)   ? BUS_ERROR_NOT_AUTHORIZED
           : took_part & (own | other) ? BUS_ERROR_ALREADY_DECIDED
                                       : 0;
}

enum { NOT_NAMED = -1 };

/* Who is named, or a delegate of somebody who is. *ret_for: the delegator's identity, 0 in their own name. */
static int judge_decider(const struct model *model, const struct model_caller *caller, unsigned named,
                         unsigned requestor, unsigned took_part, unsigned *ret_for)
{
    int first = 0;
    *ret_for = 0;
    if (named & 1u << model_user(caller->person))
        return judge_people(requestor, took_part, caller->identity, 0);
    for (int i = 0; i < MODEL_DELEGATIONS; i++) {
        const struct model_delegation *delegation = &model->delegations[i];
        if (!delegation->until || delegation->to != caller->person ||
            !model_is_current(model, delegation->from) || !(named & 1u << model_user(delegation->from)))
            continue;
        const int r = judge_people(requestor, took_part, caller->identity, delegation->identity);
        *ret_for = delegation->identity;
        if (r == 0)
            return 0;
        first = first ? first : r;
    }
    return first ? first : NOT_NAMED;
}

static unsigned named_now(const struct model *model, const struct model_cell *cell)
{
    const struct model_package *policy = policy_of(model, cell);
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
    unsigned for_whom = 0;
    if (cell->request != id || cell->later) /* rule 4 */
        return stage_of(model, caller, id) < MODEL_STAGES ? BUS_ERROR_ALREADY_DECIDED
                                                          : BUS_ERROR_NOT_AUTHORIZED;
    int r = judge_decider(model, caller, named_now(model, cell), cell->requestor, cell->took_part, &for_whom);
    if (r == NOT_NAMED) /* rule 4, of an earlier stage */
        r = caller->person != person && stage_of(model, caller, id) < cell->stage ? BUS_ERROR_ALREADY_DECIDED
                                                                                  : BUS_ERROR_NOT_AUTHORIZED;
    if (r != 0 || !approve)
        return r;
    if (!policy->present || !(policy->requestors & 1u << model_user(person)) || /* rule 9 */
        duration > cell->duration || (start_at && (cell->extends || start_at < cell->start)) ||
        (!cell->extends && cell->held) || model_conflicts(model, person, package, false))
        return BUS_ERROR_POLICY_REFUSED;
    const int64_t given = least(duration ? duration : cell->duration, policy->max_duration);
    return cell->extends && !may_extend(model, cell, package, given) ? BUS_ERROR_POLICY_REFUSED : 0;
}

void model_decide(struct model *model, const struct model_caller *caller, int64_t id, bool approve,
                  int64_t duration, int64_t start_at)
{
    struct model_cell *cell = cell_of(model, id);
    const int person = model->records[id].person;
    const int package = model->records[id].package;
    const struct model_package *policy = &model->packages[package];
    unsigned for_whom = 0;
    if (!approve) {
        cell->denied = model->now;
        model_withdraw(cell);
        return;
    }
    judge_decider(model, caller, named_now(model, cell), cell->requestor, cell->took_part, &for_whom);
    cell->took_part |= caller->identity | for_whom;
    cell->duration = least(duration ? duration : cell->duration, policy->max_duration);
    cell->start = start_at > model->now ? start_at : cell->start;
    if (++cell->approvals < policy->stages[cell->stage].quorum)
        return;
    if (cell->stage + 1 < policy->n_stages)
        enter_stage(model, cell, cell->stage + 1);
    else
        complete(model, person, package);
}

bool model_may_review(const struct model *model, const struct model_caller *caller, int64_t id)
{
    const int package = model->records[id].package;
    const struct model_package *policy = &model->packages[package];
    const struct model_cell *cell = &model->cells[model->records[id].person][package];
    unsigned for_whom = 0;
    bool may = false;
    for (int s = 0; s < policy->n_stages; s++)
        may |= judge_decider(model, caller, policy->stages[s].approvers | policy->stages[s].fallback,
                             model->records[id].requestor, 0, &for_whom) == 0;
    return may && policy->present && cell->unreviewed == id;
}

/* ---- filing ---- */

static void file(struct model *model, int person, int package, const struct model_filing *filing, bool waived)
{
    struct model_cell *cell = &model->cells[person][package];
    const struct model_package *policy = &model->packages[package];
    cell->request = filing->id;
    cell->later = false;
    cell->extends = filing->extends;
    cell->at_gate = filing->at_gate;
    cell->overrides = filing->overrides;
    cell->requestor = filing->requestor;
    cell->duration = filing->duration ? filing->duration : policy->duration;
    cell->start = filing->start > model->now ? filing->start : 0;
    cell->denied = cell->expired = 0;
    model->records[filing->id] = (struct model_record){person, package, filing->requestor, !waived};
    if (waived)
        complete(model, person, package);
    else
        enter_stage(model, cell, 0);
}

void model_submit(struct model *model, int person, int package, const struct model_filing *filing)
{
    struct model_cell *cell = &model->cells[person][package];
    cell->assigned = cell->of_emergency = false;
    file(model, person, package, filing, model->packages[package].n_stages == 0);
}

void model_extend(struct model *model, int person, int package, const struct model_filing *filing)
{
    file(model, person, package, filing, asks_nobody(model, person, package));
}

void model_assign(struct model *model, int person, int package, const struct model_filing *filing)
{
    struct model_cell *cell = &model->cells[person][package];
    model_withdraw(cell);
    cell->assigned = true;
    cell->of_emergency = false;
    file(model, person, package, filing, true);
}

/* What is approved for later stays: it meets this one at its start. */
void model_emergency(struct model *model, int person, int package, const struct model_filing *filing)
{
    struct model_cell *cell = &model->cells[person][package];
    if (!cell->later)
        model_withdraw(cell);
    cell->of_emergency = true;
    cell->length = filing->duration;
    cell->fixed_start = 0;
    cell->denied = cell->expired = 0;
    cell->unreviewed = filing->id;
    model->records[filing->id] = (struct model_record){person, package, filing->requestor, true};
    hold(model, person, package, model->now);
    model_try(model, person, package, false);
}

/* ---- delegations ---- */

static void drop_delegation(struct model *model, int i)
{
    memmove(model->delegations + i, model->delegations + i + 1,
            (size_t)(MODEL_DELEGATIONS - i - 1) * sizeof(model->delegations[0]));
    model->delegations[MODEL_DELEGATIONS - 1] = (struct model_delegation){0};
}

void model_delegate(struct model *model, const struct model_caller *caller, int to, int64_t until)
{
    int at = 0;
    for (int i = MODEL_DELEGATIONS - 1; i >= 0; i--)
        if (model->delegations[i].until && model->delegations[i].from == caller->person &&
            model->delegations[i].to == to)
            drop_delegation(model, i);
    while (model->delegations[at].until && model->delegations[at].until <= until)
        at++;
    memmove(model->delegations + at + 1, model->delegations + at,
            (size_t)(MODEL_DELEGATIONS - at - 1) * sizeof(model->delegations[0]));
    model->delegations[at] = (struct model_delegation){caller->person, to, caller->identity, until};
}

bool model_undelegate(struct model *model, int person, int user)
{
    for (int received = 0; received < 2; received++)
        for (int i = 0; i < MODEL_DELEGATIONS && model->delegations[i].until; i++) {
            const struct model_delegation *delegation = &model->delegations[i];
            if (received ? delegation->to == person && model_user(delegation->from) == user
                         : delegation->from == person && model_user(delegation->to) == user) {
                drop_delegation(model, i);
                return true;
            }
        }
    return false;
}

/* ---- the host ---- */

void model_reload(struct model *model, const struct model_package *packages)
{
    for (int p = 0; p < MODEL_PACKAGES; p++)
        for (int i = 0; i < MODEL_PERSONS; i++) {
            const bool removed = model->packages[p].present && !packages[p].present;
            struct model_cell *cell = &model->cells[i][p];
            if (removed && model->packages[p].revoke_on_removed && cell->later)
                model_withdraw(cell);
            if (removed && model->packages[p].revoke_on_removed && cell->held)
                model_end(model, i, p);
        }
    memcpy(model->packages, packages, sizeof(model->packages));
}

void model_change_uid(struct model *model, int user)
{
    const int person = model->person_of[user];
    for (int p = 0; p < MODEL_PACKAGES; p++) {
        if (model->cells[person][p].held)
            model_end(model, person, p);
        model_withdraw(&model->cells[person][p]);
    }
    for (int i = MODEL_DELEGATIONS - 1; i >= 0; i--)
        if (model->delegations[i].until &&
            (model->delegations[i].from == person || model->delegations[i].to == person))
            drop_delegation(model, i);
    model->person_of[user] = (person + MODEL_USERS) % MODEL_PERSONS;
}
