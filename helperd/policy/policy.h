/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who may ask and who may decide. Pure: facts in, verdict out; no clock, no SQL, no bus, no look-up, so that
 * a table can test every rule. Verdicts start at zero with a refusal: zeroed memory refuses (rule 1).
 */
#pragma once

#include "helperd/config/packages.h"
#include "helperd/host/facts.h"
#include "helperd/policy/request.h"

/* Whether one of the principals ("alice", "%dba-leads") names this user. */
bool policy_names(char *const *principals, const struct subject *subject);
/* Whether one of them may, as far as is known: one that names a group counts while not all of the subject's are known. */
bool policy_may_name(char *const *principals, const struct subject *subject);

/* Whether two identities may be the same person: no uid or loginuid of one equals any of the other (rule 5).
 */
bool policy_same_person(const struct identity *a, const struct identity *b);

enum policy_request_verdict {
    POLICY_REQUEST_NOT_REQUESTOR = 0,
    POLICY_REQUEST_UNKNOWN, /* not all of the subject's groups are known */
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
    POLICY_DECIDE_UNKNOWN, /* not all groups are known, or not all delegators */
    POLICY_DECIDE_OWN_REQUEST,
    POLICY_DECIDE_DELEGATORS_REQUEST, /* of the one in whose name it would be decided */
    POLICY_DECIDE_NO_LOGIN,
    POLICY_DECIDE_TWICE,
    POLICY_DECIDE_ALLOWED,
};

/* Somebody in whose name another one decides: who they are now, and who they were when they delegated. */
struct policy_delegator {
    const struct subject *subject;
    struct identity identity;
};

enum { POLICY_DELEGATORS_MAX = 16 }; /* live delegations that one user may have received */

/* The delegators: of delegations that are live, and who still are the same users. What they received themselves does
 * not count: a delegation cannot be passed on. */
struct policy_decider {
    const struct subject *subject;
    struct identity identity;
    struct policy_delegator delegators[POLICY_DELEGATORS_MAX];
    size_t n_delegators;
    bool delegators_unknown; /* there are more, who could not be looked up */
};

/* Whether the principals name the person, or somebody in whose name they decide: who may see and who may be asked. */
bool policy_asks(char *const *principals, const struct policy_decider *decider);
/* Whether they may, as far as is known. */
bool policy_may_ask(char *const *principals, const struct policy_decider *decider);

/*
 * Who may decide the stage now: approvers, fallback approvers after escalation, and for either their delegates. The
 * one place that says so. `decisions` are those of the request so far. Who is an approver in their own right acts as
 * themselves. *ret_for is written with POLICY_DECIDE_ALLOWED: the delegator in whose name it is (into the decider), or
 * NULL.
 */
enum policy_decide_verdict policy_decide_as(const struct stage *stage, const struct identity *requestor,
                                            const struct decision *decisions, size_t n_decisions,
                                            const struct policy_decider *decider, int64_t now,
                                            const struct policy_delegator **ret_for);
/* The same, where it does not matter in whose name. */
enum policy_decide_verdict policy_may_decide(const struct stage *stage, const struct identity *requestor,
                                             const struct decision *decisions, size_t n_decisions,
                                             const struct policy_decider *decider, int64_t now);

/*
 * Who may review an emergency: whoever could decide a stage of the package, as the policy has it now; its fallback
 * approvers at once, for a review gives no access. As policy_decide_as otherwise.
 */
enum policy_decide_verdict policy_may_review(const struct package *package, const struct request *emergency,
                                             const struct policy_decider *decider,
                                             const struct policy_delegator **ret_for);
/* Whether any stage of the package (NULL: none) asks the decider at all: who may see its emergencies. */
bool policy_reviews(const struct package *package, const struct policy_decider *decider);

enum policy_reach_verdict {
    POLICY_REACH_UNKNOWN = 0, /* those who were found are too few, and there may be more: changes nothing */
    POLICY_REACH_APPROVERS,   /* the approvers can give what lacks */
    POLICY_REACH_FALLBACK,    /* they cannot, with the fallback approvers they can */
    POLICY_REACH_NOBODY,
};

struct policy_reach {
    enum policy_reach_verdict verdict;
    int64_t lacking;   /* approvals */
    int64_t approvers; /* different people who can give one; none is counted beyond what lacks */
    int64_t everybody; /* likewise, with the fallback approvers */
};

/*
 * Whether the stage can still be completed, and by whom, as far as the facts know its principals. By the rules of
 * policy_may_decide: different people by uid, never the requestor, nobody who has approved already, nobody who may
 * not log in (facts leave them out).
 */
struct policy_reach policy_reach(const struct stage *stage, const struct identity *requestor,
                                 const struct decision *decisions, size_t n_decisions,
                                 const struct facts *facts);

/* Whether this is one of those who are counted among the principal's people: neither the requestor nor somebody who has
 * decided in this stage. */
bool policy_may_count(const struct stage *stage, const struct identity *requestor,
                      const struct decision *decisions, size_t n_decisions, const char *principal,
                      const struct person *person);

/* Whether the fallback approvers of the stage are asked as well by now: since the approvers cannot complete it, or after
 * its time. */
bool policy_escalated(const struct stage *stage, int64_t now);

/* Approvals that the stage still lacks. */
int64_t policy_lacking(const struct stage *stage, const struct decision *decisions, size_t n_decisions);

/* The stages as the policy has them now, with borrowed lists; there is room for all of the package's. */
void policy_plan_stages(const struct package *package, int64_t now, struct stage *stages);
