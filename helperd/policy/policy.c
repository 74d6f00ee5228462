/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helperd/policy/policy.h"

#include "common/duration.h"
#include "common/grantfile.h"
#include "helperd/config/distinct.h"

#include <stdlib.h>
#include <string.h>

bool policy_same_person(const struct identity *a, const struct identity *b)
{
    const uid_t of_a[] = {a->uid, a->loginuid};
    const uid_t of_b[] = {b->uid, b->loginuid};
    for (size_t i = 0; i < 2; i++)
        for (size_t j = 0; j < 2; j++)
            if (of_a[i] != UID_UNSET && of_a[i] == of_b[j])
                return true;
    return false;
}

enum policy_request_verdict policy_may_request(const struct package *package, const struct subject *subject,
                                               const struct policy_ask *ask)
{
    if (package->requestors[0] && !policy_names(package->requestors, subject))
        return policy_may_name(package->requestors, subject) ? POLICY_REQUEST_UNKNOWN
                                                             : POLICY_REQUEST_NOT_REQUESTOR;
    if (policy_last_end(package, 0) <= ask->begins)
        return POLICY_REQUEST_OVER;
    if (ask->duration > package->max_duration)
        return POLICY_REQUEST_TOO_LONG;
    if (!ask->has_justification &&
        (package->justification_at_gate || (package->justification_required && !ask->at_gate)))
        return POLICY_REQUEST_NEEDS_JUSTIFICATION;
    return POLICY_REQUEST_ALLOWED;
}

int64_t policy_last_end(const struct package *package, int64_t until)
{
    const int64_t asked = until ? until : GRANT_FOREVER;
    const int64_t given = package && package->not_after ? package->not_after : GRANT_FOREVER;
    return asked < given ? asked : given;
}

int64_t policy_extended_end(const struct package *package, const struct assignment *assignment,
                            const struct request *request)
{
    const int64_t end = assignment->span.end, last = policy_last_end(package, request->until);
    const int64_t moved = duration_after(end, request->granted ? request->granted : request->duration);
    return moved <= last ? moved : last > end ? last : end;
}

int64_t policy_longest(const struct package *package, bool unapproved)
{
    if (package->max_total)
        return package->max_total;
    return unapproved && package->max_duration != DURATION_FOREVER ? package->max_duration : DURATION_MAX;
}

bool policy_escalated(const struct stage *stage, int64_t now)
{
    return stage->escalated > 0 ||
           (stage->escalate_after > 0 && stage->entered > 0 && now >= stage->entered + stage->escalate_after);
}

bool policy_took_part(const struct decision *decision, const struct identity *who)
{
    return policy_same_person(&decision->identity, who) ||
           (decision->for_user && policy_same_person(&decision->for_identity, who));
}

/* Why this person may not decide, even if they are an approver. */
static enum policy_decide_verdict judge_person(const struct policy_pending *pending,
                                               const struct identity *person)
{
    if (policy_same_person(pending->requestor, person))
        return POLICY_DECIDE_OWN_REQUEST;
    enum policy_decide_verdict verdict = POLICY_DECIDE_ALLOWED;
    for (size_t i = 0; i < pending->n_decisions; i++) {
        const struct decision *decision = &pending->decisions[i];
        if (!policy_took_part(decision, person))
            continue;
        if (decision->stage == pending->stage->number)
            return POLICY_DECIDE_TWICE;
        if (!pending->same_approver)
            verdict = POLICY_DECIDE_OTHER_STAGE;
    }
    return verdict;
}

static bool stage_names(const struct stage *stage, const struct subject *subject, int64_t now)
{
    return policy_names(stage->approvers, subject) ||
           (policy_escalated(stage, now) && policy_names(stage->fallback_approvers, subject));
}

bool policy_asks(char *const *principals, const struct policy_decider *decider)
{
    if (policy_names(principals, decider->subject))
        return true;
    for (size_t i = 0; i < decider->n_delegators; i++)
        if (decider->delegators[i].subject->may_log_in &&
            policy_names(principals, decider->delegators[i].subject))
            return true;
    return false;
}

bool policy_may_ask(char *const *principals, const struct policy_decider *decider)
{
    if (decider->delegators_unknown || policy_may_name(principals, decider->subject))
        return true;
    for (size_t i = 0; i < decider->n_delegators; i++)
        if (decider->delegators[i].subject->may_log_in &&
            policy_may_name(principals, decider->delegators[i].subject))
            return true;
    return false;
}

/* Rule 5, for an approver, or for the delegate of one (delegator NULL: in their own name). */
static enum policy_decide_verdict judge_approver(const struct policy_pending *pending,
                                                 const struct policy_decider *decider,
                                                 const struct policy_delegator *delegator)
{
    const enum policy_decide_verdict own = judge_person(pending, &decider->identity);
    const enum policy_decide_verdict other =
        delegator ? judge_person(pending, &delegator->identity) : POLICY_DECIDE_ALLOWED;
    if (own == POLICY_DECIDE_OWN_REQUEST)
        return own;
    if (other == POLICY_DECIDE_OWN_REQUEST)
        return POLICY_DECIDE_DELEGATORS_REQUEST;
    if (!decider->subject->may_log_in)
        return POLICY_DECIDE_NO_LOGIN;
    return own == POLICY_DECIDE_ALLOWED ? other : own;
}

static bool stage_may_ask(const struct stage *stage, const struct policy_decider *decider, int64_t now)
{
    return policy_may_ask(stage->approvers, decider) ||
           (policy_escalated(stage, now) && policy_may_ask(stage->fallback_approvers, decider));
}

enum policy_decide_verdict policy_decide_as(const struct policy_pending *pending,
                                            const struct policy_decider *decider, int64_t now,
                                            const struct policy_delegator **ret_for)
{
    enum policy_decide_verdict verdict = POLICY_DECIDE_NOT_APPROVER;
    if (stage_names(pending->stage, decider->subject, now)) {
        verdict = judge_approver(pending, decider, NULL);
        if (verdict == POLICY_DECIDE_ALLOWED)
            *ret_for = NULL;
        return verdict;
    }
    for (size_t i = 0; i < decider->n_delegators; i++) {
        const struct policy_delegator *delegator = &decider->delegators[i];
        if (!delegator->subject->may_log_in || !stage_names(pending->stage, delegator->subject, now))
            continue;
        enum policy_decide_verdict of_this = judge_approver(pending, decider, delegator);
        if (of_this == POLICY_DECIDE_ALLOWED && !decider->any_account &&
            !account_may_decide(&delegator->subject->account))
            of_this = POLICY_DECIDE_ACCOUNT;
        if (of_this == POLICY_DECIDE_ALLOWED) {
            *ret_for = delegator;
            return of_this;
        }
        if (verdict != POLICY_DECIDE_NOT_APPROVER) /* if none may, the first refusal counts */
            continue;
        verdict = of_this;
        if (verdict == POLICY_DECIDE_ACCOUNT)
            *ret_for = delegator;
    }
    return verdict == POLICY_DECIDE_NOT_APPROVER && stage_may_ask(pending->stage, decider, now)
               ? POLICY_DECIDE_UNKNOWN
               : verdict;
}

enum policy_decide_verdict policy_may_decide(const struct policy_pending *pending,
                                             const struct policy_decider *decider, int64_t now)
{
    const struct policy_delegator *for_whom = NULL;
    return policy_decide_as(pending, decider, now, &for_whom);
}

enum policy_decide_verdict policy_may_review(const struct package *package, const struct request *emergency,
                                             const struct policy_decider *decider,
                                             const struct policy_delegator **ret_for)
{
    enum policy_decide_verdict verdict = POLICY_DECIDE_NOT_APPROVER;
    for (size_t i = 0; i < package->n_stages && verdict != POLICY_DECIDE_ALLOWED; i++) {
        const struct stage stage = {
            .number = (int64_t)i + 1,
            .escalated = emergency->submitted,
            .approvers = package->stages[i].approvers,
            .fallback_approvers = package->stages[i].fallback_approvers,
        };
        const struct policy_pending pending = {.stage = &stage, .requestor = &emergency->requestor};
        const enum policy_decide_verdict of_stage =
            policy_decide_as(&pending, decider, emergency->submitted, ret_for);
        if (of_stage == POLICY_DECIDE_ALLOWED || verdict == POLICY_DECIDE_NOT_APPROVER)
            verdict = of_stage;
    }
    return verdict;
}

bool policy_reviews(const struct package *package, const struct policy_decider *decider)
{
    for (size_t i = 0; package && i < package->n_stages; i++)
        if (policy_asks(package->stages[i].approvers, decider) ||
            policy_asks(package->stages[i].fallback_approvers, decider))
            return true;
    return false;
}

int64_t policy_lacking(const struct stage *stage, const struct decision *decisions, size_t n_decisions)
{
    int64_t approvals = 0;
    for (size_t i = 0; i < n_decisions; i++)
        if (decisions[i].stage == stage->number && decisions[i].approved)
            approvals++;
    return approvals < stage->quorum ? stage->quorum - approvals : 0;
}

/* People, counted without repetition up to `enough`. */
struct crowd {
    uid_t uids[PACKAGE_PRINCIPALS_MAX];
    int64_t count;
    int64_t enough;
    bool unknown; /* the look-up of a principal failed */
};

static void count_person(struct crowd *crowd, uid_t uid)
{
    if (crowd->count == crowd->enough)
        return;
    for (int64_t i = 0; i < crowd->count; i++)
        if (crowd->uids[i] == uid)
            return;
    crowd->uids[crowd->count++] = uid;
}

bool policy_may_count(const struct policy_pending *pending, const struct person *person)
{
    /* Their login id is unknown until they log in. */
    const struct identity identity = {person->uid, UID_UNSET};
    return judge_person(pending, &identity) == POLICY_DECIDE_ALLOWED;
}

struct policy_reach policy_reach(const struct policy_pending *pending, const struct facts *facts)
{
    char *const *const lists[] = {pending->stage->approvers, pending->stage->fallback_approvers};
    struct policy_reach reach = {
        .lacking = policy_lacking(pending->stage, pending->decisions, pending->n_decisions)};
    struct crowd crowd = {.enough = reach.lacking < PACKAGE_PRINCIPALS_MAX ? reach.lacking
                                                                           : PACKAGE_PRINCIPALS_MAX};
    for (size_t list = 0; list < 2; list++) {
        for (char *const *name = lists[list]; name && *name; name++) {
            const struct principal *principal = facts_principal(facts, *name);
            crowd.unknown |= !principal || !principal->whole;
            /* A list that was cut has more people than any quorum needs. */
            if (principal && principal->n_people >= FACTS_PEOPLE_MAX)
                crowd.count = crowd.enough;
            for (size_t i = 0; principal && i < principal->n_people; i++)
                if (policy_may_count(pending, &principal->people[i]))
                    count_person(&crowd, principal->people[i].uid);
        }
        *(list == 0 ? &reach.approvers : &reach.everybody) = crowd.count;
        if (crowd.count < reach.lacking && crowd.unknown)
            return reach;
        if (crowd.count >= reach.lacking && reach.verdict == POLICY_REACH_UNKNOWN)
            reach.verdict = list == 0 ? POLICY_REACH_APPROVERS : POLICY_REACH_FALLBACK;
    }
    if (reach.verdict == POLICY_REACH_UNKNOWN)
        reach.verdict = POLICY_REACH_NONE;
    return reach;
}

/* A person's number is the index of their first occurrence among the people of all principals. */
static size_t number_of(const struct facts *facts, uid_t uid)
{
    size_t number = 0;
    for (size_t i = 0; i < facts->n_principals; i++)
        for (size_t k = 0; k < facts->principals[i].n_people; k++, number++)
            if (facts->principals[i].people[k].uid == uid)
                return number;
    return number;
}

static size_t count_people(const struct facts *facts)
{
    size_t count = 0;
    for (size_t i = 0; i < facts->n_principals; i++)
        count += facts->principals[i].n_people;
    return count;
}

/* Adds the people of the principals. False if they are not all known, or more than any stage needs. */
static bool add_people(const struct policy_pending *pending, const struct facts *facts, char *const *list,
                       struct distinct_stage *ret)
{
    for (; list && *list; list++) {
        const struct principal *principal = facts_principal(facts, *list);
        if (!principal || !principal->whole || principal->n_people >= FACTS_PEOPLE_MAX)
            return false;
        for (size_t i = 0; i < principal->n_people; i++)
            if (policy_may_count(pending, &principal->people[i]))
                ret->people[ret->count++] = number_of(facts, principal->people[i].uid);
    }
    return true;
}

static bool add_stage(const struct stage *stage, const struct identity *requestor, const struct facts *facts,
                      struct distinct_stage *ret)
{
    const struct policy_pending pending = {.stage = stage, .requestor = requestor};
    ret->quorum = stage->quorum;
    ret->people = calloc(2 * count_people(facts) + 1, sizeof(*ret->people)); /* a name may be in both lists */
    return ret->people && add_people(&pending, facts, stage->approvers, ret) &&
           add_people(&pending, facts, stage->fallback_approvers, ret);
}

size_t policy_reach_stages(const struct package *package, const struct stage *stages,
                           const struct identity *requestor, const struct facts *facts)
{
    struct distinct_stage distinct[PACKAGE_STAGES_MAX] = {0};
    bool known = !package->same_approver;
    for (size_t i = 0; i < package->n_stages && known; i++)
        known = add_stage(&stages[i], requestor, facts, &distinct[i]);
    const size_t reach =
        known ? distinct_reach(distinct, package->n_stages, count_people(facts)) : package->n_stages;
    for (size_t i = 0; i < package->n_stages; i++)
        free(distinct[i].people);
    return reach;
}

void policy_plan_stages(const struct package *package, int64_t now, struct stage *stages)
{
    for (size_t i = 0; i < package->n_stages; i++)
        stages[i] = (struct stage){
            .number = (int64_t)i + 1,
            .quorum = package->stages[i].quorum,
            .timeout = package->stages[i].timeout,
            .escalate_after = package->stages[i].escalate_after,
            .entered = i == 0 ? now : 0,
            .approvers = package->stages[i].approvers,
            .fallback_approvers = package->stages[i].fallback_approvers,
        };
}
