/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helperd/policy.h"

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
        return POLICY_REQUEST_NOT_REQUESTOR;
    if (ask->duration > package->max_duration)
        return POLICY_REQUEST_TOO_LONG;
    if (package->justification_required && !ask->has_justification && !ask->at_gate)
        return POLICY_REQUEST_NEEDS_JUSTIFICATION;
    return POLICY_REQUEST_ALLOWED;
}

bool policy_escalated(const struct stage *stage, int64_t now)
{
    return stage->escalate_after > 0 && stage->entered > 0 && now >= stage->entered + stage->escalate_after;
}

enum policy_decide_verdict policy_may_decide(const struct stage *stage, const struct identity *requestor,
                                             const struct decision *decisions, size_t n_decisions,
                                             const struct policy_decider *decider, int64_t now)
{
    const bool named =
        policy_names(stage->approvers, decider->subject) ||
        (policy_escalated(stage, now) && policy_names(stage->fallback_approvers, decider->subject));
    if (!named)
        return POLICY_DECIDE_NOT_APPROVER;
    if (policy_same_person(requestor, &decider->identity))
        return POLICY_DECIDE_OWN_REQUEST;
    if (!decider->subject->may_log_in)
        return POLICY_DECIDE_NO_LOGIN;
    for (size_t i = 0; i < n_decisions; i++)
        if (decisions[i].stage == stage->number &&
            policy_same_person(&decisions[i].identity, &decider->identity))
            return POLICY_DECIDE_TWICE;
    return POLICY_DECIDE_ALLOWED;
}

int64_t policy_lacking(const struct stage *stage, const struct decision *decisions, size_t n_decisions)
{
    int64_t approvals = 0;
    for (size_t i = 0; i < n_decisions; i++)
        if (decisions[i].stage == stage->number && decisions[i].approved)
            approvals++;
    return approvals < stage->quorum ? stage->quorum - approvals : 0;
}

/* Approvals that these principals can give, without the requestor; INT64_MAX with a group among them. */
static int64_t count_others(char *const *principals, char *const *counted_before, const char *requestor)
{
    int64_t count = 0;
    for (; principals && *principals; principals++) {
        if ((*principals)[0] == '%')
            return INT64_MAX;
        count += strcmp(*principals, requestor) != 0 && !strv_contains(counted_before, *principals);
    }
    return count;
}

bool policy_undecidable(const struct stage *stage, const char *requestor)
{
    const int64_t approvers = count_others(stage->approvers, NULL, requestor);
    if (approvers >= stage->quorum)
        return false;
    const int64_t fallback =
        stage->escalate_after ? count_others(stage->fallback_approvers, stage->approvers, requestor) : 0;
    return fallback < stage->quorum - approvers;
}
