/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helperd/policy/policy.h"

#include <string.h>

bool policy_names(char *const *principals, const struct subject *subject)
{
    for (; principals && *principals; principals++) {
        const char *principal = *principals;
        if (principal[0] == '%' ? strv_contains(subject->groups, principal + 1)
                                : strcmp(principal, subject->name) == 0)
            return true;
    }
    return false;
}

bool policy_may_name(char *const *principals, const struct subject *subject)
{
    if (policy_names(principals, subject))
        return true;
    for (; !subject->all_groups && principals && *principals; principals++)
        if ((*principals)[0] == '%')
            return true;
    return false;
}

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
    if (ask->duration > package->max_duration)
        return POLICY_REQUEST_TOO_LONG;
    if (package->justification_required && !ask->has_justification && !ask->at_gate)
        return POLICY_REQUEST_NEEDS_JUSTIFICATION;
    return POLICY_REQUEST_ALLOWED;
}

bool policy_escalated(const struct stage *stage, int64_t now)
{
    return stage->escalated > 0 ||
           (stage->escalate_after > 0 && stage->entered > 0 && now >= stage->entered + stage->escalate_after);
}

/* Whether somebody took part in a decision of this stage: made it, or had it made in their name. */
static bool took_part(const struct stage *stage, const struct decision *decisions, size_t n_decisions,
                      const struct identity *who)
{
    for (size_t i = 0; i < n_decisions; i++)
        if (decisions[i].stage == stage->number &&
            (policy_same_person(&decisions[i].identity, who) ||
             (decisions[i].for_user && policy_same_person(&decisions[i].for_identity, who))))
            return true;
    return false;
}

/* What stands against the person, whoever named them: of the requestor's side, or one who has had their say. */
static enum policy_decide_verdict judge_person(const struct stage *stage, const struct identity *requestor,
                                               const struct decision *decisions, size_t n_decisions,
                                               const struct identity *person)
{
    if (policy_same_person(requestor, person))
        return POLICY_DECIDE_OWN_REQUEST;
    return took_part(stage, decisions, n_decisions, person) ? POLICY_DECIDE_TWICE : POLICY_DECIDE_ALLOWED;
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

/* Rule 5, of whoever is named to decide: in their own name (delegator NULL), or in that of another one. */
static enum policy_decide_verdict judge_named(const struct stage *stage, const struct identity *requestor,
                                              const struct decision *decisions, size_t n_decisions,
                                              const struct policy_decider *decider,
                                              const struct policy_delegator *delegator)
{
    const enum policy_decide_verdict own =
        judge_person(stage, requestor, decisions, n_decisions, &decider->identity);
    const enum policy_decide_verdict other =
        delegator ? judge_person(stage, requestor, decisions, n_decisions, &delegator->identity)
                  : POLICY_DECIDE_ALLOWED;
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

enum policy_decide_verdict policy_decide_as(const struct stage *stage, const struct identity *requestor,
                                            const struct decision *decisions, size_t n_decisions,
                                            const struct policy_decider *decider, int64_t now,
                                            const struct policy_delegator **ret_for)
{
    enum policy_decide_verdict verdict = POLICY_DECIDE_NOT_APPROVER;
    if (stage_names(stage, decider->subject, now)) {
        verdict = judge_named(stage, requestor, decisions, n_decisions, decider, NULL);
        if (verdict == POLICY_DECIDE_ALLOWED)
            *ret_for = NULL;
        return verdict;
    }
    for (size_t i = 0; i < decider->n_delegators; i++) {
        const struct policy_delegator *delegator = &decider->delegators[i];
        if (!delegator->subject->may_log_in || !stage_names(stage, delegator->subject, now))
            continue;
        const enum policy_decide_verdict of_this =
            judge_named(stage, requestor, decisions, n_decisions, decider, delegator);
        if (of_this == POLICY_DECIDE_ALLOWED) {
            *ret_for = delegator;
            return of_this;
        }
        if (verdict == POLICY_DECIDE_NOT_APPROVER) /* the first one is what is told in the end */
            verdict = of_this;
    }
    return verdict == POLICY_DECIDE_NOT_APPROVER && stage_may_ask(stage, decider, now) ? POLICY_DECIDE_UNKNOWN
                                                                                       : verdict;
}

enum policy_decide_verdict policy_may_decide(const struct stage *stage, const struct identity *requestor,
                                             const struct decision *decisions, size_t n_decisions,
                                             const struct policy_decider *decider, int64_t now)
{
    const struct policy_delegator *for_whom = NULL;
    return policy_decide_as(stage, requestor, decisions, n_decisions, decider, now, &for_whom);
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
        const enum policy_decide_verdict of_stage =
            policy_decide_as(&stage, &emergency->requestor, NULL, 0, decider, emergency->submitted, ret_for);
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

/* Different people, counted until there are as many as lack. */
struct crowd {
    uid_t uids[PACKAGE_PRINCIPALS_MAX];
    int64_t count;
    int64_t enough;
    bool unknown; /* of one principal it could not be found out */
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

bool policy_may_count(const struct stage *stage, const struct identity *requestor,
                      const struct decision *decisions, size_t n_decisions, const char *principal,
                      const struct person *person)
{
    /* As whom they will have logged in is not known. */
    const struct identity identity = {person->uid, UID_UNSET};
    /* policy_names takes a name as it is written; a directory may find somebody by another spelling. */
    return (principal[0] == '%' || strcmp(principal, person->name) == 0) &&
           judge_person(stage, requestor, decisions, n_decisions, &identity) == POLICY_DECIDE_ALLOWED;
}

struct policy_reach policy_reach(const struct stage *stage, const struct identity *requestor,
                                 const struct decision *decisions, size_t n_decisions,
                                 const struct facts *facts)
{
    char *const *const lists[] = {stage->approvers, stage->fallback_approvers};
    struct policy_reach reach = {.lacking = policy_lacking(stage, decisions, n_decisions)};
    struct crowd crowd = {.enough = reach.lacking < PACKAGE_PRINCIPALS_MAX ? reach.lacking
                                                                           : PACKAGE_PRINCIPALS_MAX};
    for (size_t list = 0; list < 2; list++) {
        for (char *const *name = lists[list]; name && *name; name++) {
            const struct principal *principal = facts_principal(facts, *name);
            crowd.unknown |= !principal || !principal->whole;
            /* A list that was cut off has more people than any quorum. */
            if (principal && principal->n_people >= FACTS_PEOPLE_MAX)
                crowd.count = crowd.enough;
            for (size_t i = 0; principal && i < principal->n_people; i++)
                if (policy_may_count(stage, requestor, decisions, n_decisions, *name, &principal->people[i]))
                    count_person(&crowd, principal->people[i].uid);
        }
        *(list == 0 ? &reach.approvers : &reach.everybody) = crowd.count;
        if (crowd.count < reach.lacking && crowd.unknown)
            return reach;
        if (crowd.count >= reach.lacking && reach.verdict == POLICY_REACH_UNKNOWN)
            reach.verdict = list == 0 ? POLICY_REACH_APPROVERS : POLICY_REACH_FALLBACK;
    }
    if (reach.verdict == POLICY_REACH_UNKNOWN)
        reach.verdict = POLICY_REACH_NOBODY;
    return reach;
}

/* The stages as the policy has them now; the request keeps them whatever becomes of the policy. */
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
