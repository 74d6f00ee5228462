/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The steps of requests and assignments. A function of a struct txn is a step of that transaction (txn.h); the others
 * only read and return 0 or -errno. None checks whether a user may do something, and none answers a call: the engine
 * does.
 */
#pragma once

#include "common/names.h"
#include "helperd/config/packages.h"
#include "helperd/lifecycle/assignment.h"
#include "helperd/lifecycle/members.h"
#include "helperd/lifecycle/notice.h"
#include "helperd/lifecycle/record.h"
#include "helperd/lifecycle/survey_plan.h"
#include "helperd/policy/policy.h"

/* ---- requests ---- */

/* Moves to the next state. An event that the table does not allow in this state fails the transaction (logged). */
void request_move(struct txn *txn, struct request *request, enum request_event event);
void assignment_move(struct txn *txn, struct assignment *assignment, enum assignment_event event);

struct filing {
    bool waived; /* it needs no approval */
    const struct decision
        *word; /* by which an administrator assigns the package; NULL: the user requested it */
};
/* Files a request: asks its approvers, or does at once what it asks for when waived. Sets request->id. */
void request_file(struct txn *txn, const struct facts *facts, const struct package *package,
                  struct request *request, const struct filing *filing);
/* Records the gids that these groups have now. */
void request_note_gids(struct txn *txn, struct request *request, char *const *groups,
                       const struct facts *facts);
/* Records a decision; then the next stage, the end of a denied request, or what an approved one asked for. */
void request_decide(struct txn *txn, struct record *record, const struct decision *decision,
                    const struct package *package, const struct facts *facts);
/* Adds the audit line of a decision, with the approver in whose name it was made. */
void audit_decision(struct txn *txn, int64_t request, const struct decision *decision,
                    enum audit_event event);
/* Withdraws a request: its requestor, an administrator or the daemon did. */
void request_withdraw(struct txn *txn, struct request *request, struct act act);
/* Expires a request whose deadline has passed without a decision. */
void request_time_out(struct txn *txn, struct request *request);
/* Whether the package (NULL: gone) gives a group that was approved: else an approved request does not start. */
bool request_gives_any(const struct request *request, const struct package *package);
/* Fulfils an approved request whose start has come, or withdraws it if the policy no longer allows it (rule 9). */
void request_start(struct txn *txn, struct request *request);

/* The user's request for this package that waits for a decision or for its start. 0, STORE_E_NONE, -errno. */
int request_find_waiting(struct engine *engine, const struct subject *subject, const char *package,
                         struct request *ret);
/* Whether the user has an emergency of this package that is not reviewed yet. */
int emergency_is_unreviewed(struct engine *engine, const struct subject *subject,
                            const struct package *package, bool *ret);
/* Whether the assignment was taken in an emergency. */
int assignment_is_emergency(struct engine *engine, const struct assignment *assignment, bool *ret);
/* Whether the facts say that the user is in /etc/passwd. */
bool is_local_user(const struct facts *facts, const char *user, uid_t uid);
/* Records that the user of a new request or assignment is, if they say so. */
void note_local_user(struct txn *txn, const struct facts *facts, const char *user, uid_t uid);

/* Rule 9, separation of duties: a package that excludes another one. */
struct conflict {
    char package[NAME_PACKAGE_MAX + 1]; /* "": none */
    bool held;                          /* the user holds it; false: they requested it */
};
/* Looks among what the user holds or waits for with an approval; with `pending_too` also among pending requests. */
int duties_find_conflict(struct engine *engine, const struct subject *subject, const struct package *package,
                         bool pending_too, struct conflict *ret);

/* ---- stages ---- */

/*
 * Enters this stage: tells its approvers, and records whether they can complete it. When the facts do not say, a survey
 * is planned. `request` has its id, and why the stage before was undecidable.
 */
void stage_enter(struct txn *txn, const struct request *request, const struct stage *stage,
                 const struct facts *facts);
/* Asks the fallback approvers as well: the approvers' time has passed. */
void stage_escalate(struct txn *txn, struct request *request);
/* Judges whether the current stage can be completed, and records what has changed, joined (engine_join), also in the
 * record. 0; ENGINE_E_UNKNOWN: the facts do not say, nothing is changed; -errno. */
int stage_judge(struct engine *engine, struct record *record, const struct facts *facts);
/* Why no approver can decide any request on this host; NULL: they can. Static. */
const char *stage_find_host_obstacle(const struct engine *engine);
/* Why no approver can complete the stage, as the second half of a sentence, from what policy_reach found. */
enum { STAGE_WHY_MAX = 512 };
char *stage_describe_reach(const struct stage *stage, const struct policy_reach *reach,
                           const struct facts *facts, char ret[STAGE_WHY_MAX]);

/* ---- delegations and sessions ---- */

/* How far ahead a delegation may end, in seconds. */
#define DELEGATION_AHEAD_MAX ((int64_t)366 * 24 * 3600)
/* Ends a delegation, with its audit line; adds an audit line. */
void delegation_end(struct txn *txn, const struct delegation *delegation, struct act act);
void delegation_audit(struct txn *txn, struct act act, enum audit_event event,
                      const struct delegation *delegation);

/* Sets the times of the next warning on terminals and of the notice. Whether its package wants warnings (at_end). */
void assignment_plan_warning(const struct engine *engine, struct assignment *assignment);
bool assignment_warns(const struct engine *engine, const struct assignment *assignment);
/* Plans the end of the user's live sessions, if the package says at_end = terminate. */
void sessions_end_later(struct txn *txn, const struct assignment *assignment);
