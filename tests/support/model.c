/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/support/model_parts.h"

#include "common/duration.h"
#include "common/grantfile.h"

#include <string.h>

/* ---- what is held ---- */

bool model_is_whole(const struct model *model, int person, int package)
{
    const struct model_cell *cell = &model->cells[person][package];
    for (int g = 0; g < MODEL_GROUPS; g++)
        if (model->packages[package].groups & 1u << g && cell->grants[g] != PLACED)
            return false;
    return cell->held;
}

static bool is_in_place(const struct model *model, int person, int package)
{
    const struct model_cell *cell = &model->cells[person][package];
    for (int g = 0; g < MODEL_GROUPS; g++)
        if (model->packages[package].groups & 1u << g && cell->grants[g] == PLACED)
            return cell->held;
    return false;
}

/* Rule 8: the clock starts when its first group is in place, or at the start that was asked for. */
static void settle(struct model *model, int person, int package)
{
    struct model_cell *cell = &model->cells[person][package];
    if (!is_in_place(model, person, package))
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
    const unsigned may = cell->of_emergency                ? policy->emergency
                         : cell->assigned || cell->adopted ? EVERYBODY
                                                           : policy->requestors;
    if (policy->present && !(may & user)) { /* rule 9 */
        model_end(model, person, package);
        return;
    }
    cell->held_back &= !asked;
    for (int g = 0; g < MODEL_GROUPS; g++) {
        if (!(policy->groups & 1u << g) || (cell->grants[g] == DRIFTED && !asked &&
                                            (cell->held_back || !(policy->present && policy->drift_repair))))
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
    cell->begun = cell->adopted = cell->held_back = false;
    cell->begin = begin;
    cell->end = duration_after(begin, cell->length);
    memset(cell->grants, 0, sizeof(cell->grants));
    cell->tried = model->now;
}

bool model_wants(const struct model *model, int user, int group)
{
    bool wants = false;
    for (int p = 0; p < MODEL_PACKAGES; p++) {
        const struct model_cell *cell = &model->cells[model->person_of[user]][p];
        wants |= cell->held && (model->packages[p].groups & 1u << group) &&
                 !(cell->held_back && cell->grants[group] == DRIFTED);
    }
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
        count += users & 1u << u &&
                 !((cell->requestor | cell->took_part | cell->earlier) & 1u << model->person_of[u]);
    return count;
}

bool model_is_undecidable(const struct model *model, const struct model_cell *cell)
{
    const struct model_package *policy = model_policy_of(model, cell);
    return count_people(model, cell,
                        policy->stages[cell->stage].approvers | policy->stages[cell->stage].fallback) <
           policy->stages[cell->stage].quorum - cell->approvals;
}

/* Where the approvers cannot complete the stage the fallback approvers are asked at once. */
static void judge(const struct model *model, struct model_cell *cell)
{
    const struct model_package *policy = model_policy_of(model, cell);
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

void model_enter_stage(struct model *model, struct model_cell *cell, int stage)
{
    cell->stage = stage;
    cell->approvals = 0;
    cell->earlier = stage == 0 ? 0 : cell->earlier | cell->took_part; /* rule 4 */
    cell->took_part = 0;
    cell->escalated = false;
    cell->entered = model->now;
    cell->deadline = model->now + model_policy_of(model, cell)->stages[stage].timeout;
    judge(model, cell);
}

/* Approved: at once, or at its start. */
void model_complete(struct model *model, int person, int package)
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
                       : model_least(cell->duration, model->packages[package].max_duration);
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
        cell->assigned ? cell->duration : model_least(cell->duration, model->packages[package].max_duration);
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
        if (cell->later && cell->start <= model->now && !model_is_held_request(model, cell->request) &&
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
        const struct model_package *policy = model_policy_of(model, cell);
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
    model->records[filing->id] = (struct model_record){person, package, filing->requestor, !waived, false};
    if (waived)
        model_complete(model, person, package);
    else
        model_enter_stage(model, cell, 0);
}

void model_submit(struct model *model, int person, int package, const struct model_filing *filing)
{
    struct model_cell *cell = &model->cells[person][package];
    cell->assigned = cell->of_emergency = false;
    file(model, person, package, filing, model->packages[package].n_stages == 0);
}

void model_extend(struct model *model, int person, int package, const struct model_filing *filing)
{
    file(model, person, package, filing, model_asks_nobody(model, person, package));
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
    model->records[filing->id] = (struct model_record){person, package, filing->requestor, true, false};
    hold(model, person, package, model->now);
    model_try(model, person, package, false);
}

/* ---- another store ---- */

void model_put_back(struct model *model, const struct model *saved)
{
    memset(model->delegations, 0, sizeof(model->delegations));
    if (saved)
        memcpy(model->cells, saved->cells, sizeof(model->cells));
    else
        memset(model->cells, 0, sizeof(model->cells));
    for (int person = 0; person < MODEL_PERSONS; person++)
        for (int p = 0; !model_is_current(model, person) && p < MODEL_PACKAGES; p++) {
            model->cells[person][p].held = false;
            model_withdraw(&model->cells[person][p]);
        }
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

void model_lock(struct model *model, int user)
{
    for (int person = user; person < MODEL_PERSONS; person += MODEL_USERS)
        for (int p = 0; p < MODEL_PACKAGES; p++) {
            if (model->cells[person][p].held)
                model_end(model, person, p);
            model_withdraw(&model->cells[person][p]);
        }
    for (int i = MODEL_DELEGATIONS - 1; i >= 0; i--)
        if (model->delegations[i].until &&
            (model_user(model->delegations[i].from) == user || model_user(model->delegations[i].to) == user))
            drop_delegation(model, i);
}
