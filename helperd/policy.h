/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who may ask and who may decide. Pure: facts in, verdict out; no clock, no SQL, no bus, no look-up, so that
 * a table can test every rule. Verdicts start at zero with a refusal: zeroed memory refuses (rule 1).
 */
#pragma once

#include "helperd/facts.h"
#include "helperd/packages.h"
#include "helperd/request.h"

/* Whether one of the principals ("alice", "%dba-leads") names this user. */
bool policy_names(char *const *principals, const struct subject *subject);

/* Whether two identities may be the same person: no uid or loginuid of one equals any of the other (rule 5).
 */
bool policy_same_person(const struct identity *a, const struct identity *b);

enum policy_request_verdict {
    POLICY_REQUEST_NOT_REQUESTOR = 0,
    POLICY_REQUEST_NEEDS_JUSTIFICATION,
    POLICY_REQUEST_TOO_LONG,
    POLICY_REQUEST_ALLOWED,
};

struct policy_ask {
    bool has_justification;
    bool at_gate;     /* filed by the PAM module: nobody could be asked why */
    int64_t duration; /* 0: the package's */
};

enum policy_request_verdict policy_may_request(const struct package *package, const struct subject *subject,
                                               const struct policy_ask *ask);

enum policy_decide_verdict {
    POLICY_DECIDE_NOT_APPROVER = 0,
    POLICY_DECIDE_OWN_REQUEST,
    POLICY_DECIDE_NO_LOGIN,
    POLICY_DECIDE_TWICE,
    POLICY_DECIDE_ALLOWED,
};

struct policy_decider {
    const struct subject *subject;
    struct identity identity;
};

/* Whether this person may decide the stage now. `decisions` are those of the request so far. */
enum policy_decide_verdict policy_may_decide(const struct stage *stage, const struct identity *requestor,
                                             const struct decision *decisions, size_t n_decisions,
                                             const struct policy_decider *decider, int64_t now);

/*
 * Whether it can be seen from the names alone that the stage will never be complete: too few others than the requestor
 * are named, and no group. (Whether a group has members is a question to the directory, not to this.)
 */
bool policy_undecidable(const struct stage *stage, const char *requestor);

/* Whether the fallback approvers of the stage are asked as well by now. */
bool policy_escalated(const struct stage *stage, int64_t now);

/* Approvals that the stage still lacks. */
int64_t policy_lacking(const struct stage *stage, const struct decision *decisions, size_t n_decisions);
