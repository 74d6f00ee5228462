/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Decides who may request and who may approve. Pure: facts in, verdict out; no clock, no SQL, no bus, no look-up, so
 * that a table can test every rule. Verdicts start at zero with a refusal: zeroed memory refuses (rule 1).
 */
#pragma once

#include "helperd/config/packages.h"
#include "helperd/host/facts.h"
#include "helperd/policy/assignment.h"
#include "helperd/policy/request.h"

/* True when one of the principals ("alice", "%dba-leads") is this user, or a group of theirs, to the directory
 * (principal.c). */
bool policy_names(char *const *principals, const struct subject *subject);
/* True when one is, or may be: its look-up was not answered, or the subject's groups are not all known. */
bool policy_may_name(char *const *principals, const struct subject *subject);

/* True when the two may be one person: the uid or loginuid of one equals one of the other (rule 5). */
bool policy_same_person(const struct identity *a, const struct identity *b);

/* True when this person made the decision, or it was made in their name. */
bool policy_took_part(const struct decision *decision, const struct identity *who);

enum policy_request_verdict {
    POLICY_REQUEST_NOT_REQUESTOR = 0,
    POLICY_REQUEST_UNKNOWN, /* it depends on groups that could not be looked up */
    POLICY_REQUEST_NEEDS_JUSTIFICATION,
    POLICY_REQUEST_TOO_LONG,
    POLICY_REQUEST_OVER, /* the package is given no more by then (not_after) */
    POLICY_REQUEST_ALLOWED,
};

struct policy_ask {
    bool has_justification;
    bool at_gate;     /* filed by the PAM module, which cannot always ask for a justification */
    int64_t duration; /* seconds; 0: the package's */
    int64_t begins;   /* seconds since the epoch, when it would begin */
};

enum policy_request_verdict policy_may_request(const struct package *package, const struct subject *subject,
                                               const struct policy_ask *ask);

/* When what is given of the package ends at the latest: at `until` (0: no such end), and at its not_after. GRANT_FOREVER:
 * there is no such end. */
int64_t policy_last_end(const struct package *package, int64_t until);

/* When the assignment ends once this request has extended it; never sooner than it does. package: NULL where there is none
 * any more. */
int64_t policy_extended_end(const struct package *package, const struct assignment *assignment,
                            const struct request *request);

/* The longest that access may last with its extensions: without max_total as long as approvers agree, and max_duration where
 * none is asked for them (rule 14). */
int64_t policy_longest(const struct package *package, bool unapproved);

enum policy_decide_verdict {
    POLICY_DECIDE_NOT_APPROVER = 0,
    POLICY_DECIDE_UNKNOWN, /* it depends on groups or delegators that could not be looked up */
    POLICY_DECIDE_OWN_REQUEST,
    POLICY_DECIDE_DELEGATORS_REQUEST, /* the request of the delegator */
    POLICY_DECIDE_NO_LOGIN,
    POLICY_DECIDE_TWICE,
    POLICY_DECIDE_OTHER_STAGE, /* took part in another stage of the request (rule 4) */
    POLICY_DECIDE_ACCOUNT, /* the delegator's account has expired or is locked, or that is not known (rule 9) */
    POLICY_DECIDE_ALLOWED,
};

/* An approver in whose name another user decides. */
struct policy_delegator {
    const struct subject *subject; /* as they are now */
    struct identity identity;      /* as of the time when they delegated */
};

enum { POLICY_DELEGATORS_MAX = 16 }; /* live delegations that one user may have received */

/* The user who decides, with the delegators of live delegations to them who are still the same users. Delegations that
 * those received do not count: a delegation cannot be passed on. The engine checks the decider's own account. */
struct policy_decider {
    const struct subject *subject;
    struct identity identity;
    struct policy_delegator delegators[POLICY_DELEGATORS_MAX];
    size_t n_delegators;
    bool delegators_unknown; /* there may be more, whose look-up failed */
    bool any_account;        /* what shadow says of the delegators was not asked, or does not count */
};

/* True when the principals name the decider or a delegator: such a user may see the request and is asked. */
bool policy_asks(char *const *principals, const struct policy_decider *decider);
/* True when they do, or may: not all is known. */
bool policy_may_ask(char *const *principals, const struct policy_decider *decider);

/* A stage that waits for decisions. */
struct policy_pending {
    const struct stage *stage;
    const struct identity *requestor;
    const struct decision *decisions; /* of the request so far, in any stage */
    size_t n_decisions;
    bool same_approver; /* one person may take part in several stages */
};

/*
 * Says whether the decider may decide the stage now. Approvers may, fallback approvers after escalation, and delegates
 * of either; no other code decides this. A decider who is an approver decides in their own name. With
 * POLICY_DECIDE_ALLOWED *ret_for is the delegator in whose name they decide (points into the decider), or NULL; with
 * POLICY_DECIDE_ACCOUNT the one whose account bars it.
 */
enum policy_decide_verdict policy_decide_as(const struct policy_pending *pending,
                                            const struct policy_decider *decider, int64_t now,
                                            const struct policy_delegator **ret_for);
/* The same, if it does not matter in whose name. */
enum policy_decide_verdict policy_may_decide(const struct policy_pending *pending,
                                             const struct policy_decider *decider, int64_t now);

/*
 * Says whether the decider may review an emergency. Approvers of any stage of the package, as the policy is now, may,
 * and its fallback approvers without escalation, because a review gives no access. Otherwise as policy_decide_as.
 */
enum policy_decide_verdict policy_may_review(const struct package *package, const struct request *emergency,
                                             const struct policy_decider *decider,
                                             const struct policy_delegator **ret_for);
/* True when any stage of the package (NULL: none) asks the decider, who may then see its emergencies. */
bool policy_reviews(const struct package *package, const struct policy_decider *decider);

enum policy_reach_verdict {
    POLICY_REACH_UNKNOWN = 0, /* too few people were found, but there may be more */
    POLICY_REACH_APPROVERS,   /* the approvers can complete the stage */
    POLICY_REACH_FALLBACK,    /* only together with the fallback approvers */
    POLICY_REACH_NONE,        /* not even so */
};

struct policy_reach {
    enum policy_reach_verdict verdict;
    int64_t lacking;   /* approvals */
    int64_t approvers; /* people who can give one, counted up to `lacking` */
    int64_t everybody; /* the same, with the fallback approvers */
};

/*
 * Says whether and by whom the stage can still be completed, as far as the facts have its principals. By the rules of
 * policy_may_decide: counts people by uid, without the requestor, those who have decided, and those who may not log in
 * (facts leave these out).
 */
struct policy_reach policy_reach(const struct policy_pending *pending, const struct facts *facts);

/*
 * How many stages, from the first on, can be completed if no one takes part in two (rule 4), as far as the facts have
 * their principals. All of them if the package allows it (same_approver), or if not all is known.
 */
size_t policy_reach_stages(const struct package *package, const struct stage *stages,
                           const struct identity *requestor, const struct facts *facts);

/* True when this person, whom a look-up found by a principal, counts: neither the requestor nor one who has taken part already. */
bool policy_may_count(const struct policy_pending *pending, const struct person *person);

/* True when the fallback approvers of the stage are asked, too: it was escalated, or escalate_after has passed. */
bool policy_escalated(const struct stage *stage, int64_t now);

/* Approvals that the stage still lacks. */
int64_t policy_lacking(const struct stage *stage, const struct decision *decisions, size_t n_decisions);

/* Fills `stages`, which has room for all of the package's. Their lists are borrowed from the package. */
void policy_plan_stages(const struct package *package, int64_t now, struct stage *stages);
