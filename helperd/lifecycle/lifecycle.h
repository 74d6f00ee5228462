/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The steps of requests and assignments. A function of a struct txn is a step of that transaction (txn.h); the others read:
 * 0 or -errno. They ask no policy whether a user may, and answer no call: that is the engine's.
 */
#pragma once

#include "common/names.h"
#include "helperd/config/packages.h"
#include "helperd/lifecycle/members.h"
#include "helperd/lifecycle/notice.h"
#include "helperd/lifecycle/survey_plan.h"
#include "helperd/policy/policy.h"

/* Everything about one request, loaded together; the stage is zero before and without approval. */
struct record {
    struct request request;
    struct stage stage;
    struct decision *decisions;
    size_t n_decisions;
    struct assignment assignment; /* id 0: none */
    struct grant *grants;
    size_t n_grants;
    char *remaining; /* lines: what the end of live sessions left; NULL: nothing is known */
};

/* 0, STORE_E_NONE, -errno. */
int record_load(struct store *store, int64_t id, struct record *ret);
void record_deinit(struct record *record);
/* The stage that it waits in, for policy_decide_as; points into the record. */
struct policy_pending record_pending(const struct packages *packages, const struct record *record);

/* ---- requests ---- */

/* Moves a request or an assignment along its table. A pair that the table does not list fails the transaction (logged). */
void request_move(struct txn *txn, struct request *request, enum request_event event);
void assignment_move(struct txn *txn, struct assignment *assignment, enum assignment_event event);

/* How a request comes to be filed. */
struct filing {
    bool waived;                 /* the policy asks nobody, or `word` was given */
    const struct decision *word; /* an administrator's, who gives it unasked; NULL: it was asked for */
};
/* Files a request, routed to its approvers or waived; request->id is set. */
void request_file(struct txn *txn, const struct facts *facts, const struct package *package,
                  struct request *request, const struct filing *filing);
/* Records a decision, and what follows from it: another stage, what was asked for, or the end of the request. */
void request_decide(struct txn *txn, struct record *record, const struct decision *decision,
                    const struct package *package, const struct facts *facts);
/* The audit line of a decision, with whom it was made for. */
void audit_decision(struct txn *txn, int64_t request, const struct decision *decision, const char *event);
/* Withdraws a request on the daemon's or an administrator's behalf. */
void request_withdraw(struct txn *txn, struct request *request, struct act act);
/* No decision came in time. */
void request_time_out(struct txn *txn, struct request *request);
/* The start of an approved request has come: it is fulfilled, or withdrawn where that may not be any more (rule 9). */
void request_start(struct txn *txn, struct request *request);

/* The user's request for this package that waits, for a decision or for its start: 0, STORE_E_NONE, -errno. */
int request_find_waiting(struct engine *engine, const struct subject *subject, const char *package,
                         struct request *ret);
/* Whether an emergency of theirs for this package is not reviewed yet. */
int emergency_is_unreviewed(struct engine *engine, const struct subject *subject,
                            const struct package *package, bool *ret);
/* Whether what is held was taken in an emergency. */
int assignment_is_emergency(struct engine *engine, const struct assignment *assignment, bool *ret);
/* Remembers whether the user of a new request or assignment is local. */
void note_local_user(struct txn *txn, const struct facts *facts, const char *user, uid_t uid);

/* Rule 9, separation of duties: a package that the user cannot have beside another one. */
struct conflict {
    char package[NAME_PACKAGE_MAX + 1]; /* "": none */
    bool held;                          /* else it was asked for */
};
/* What the user holds, or is about to, beside this package; with `pending_too` also what waits for a decision. */
int find_conflict(struct engine *engine, const struct subject *subject, const struct package *package,
                  bool pending_too, struct conflict *ret);

/* ---- stages ---- */

/*
 * A request has entered this stage, which is judged when the facts know its principals and surveyed soon otherwise.
 * `request` has its id and why nobody could decide before.
 */
void stage_enter(struct txn *txn, const struct request *request, const struct stage *stage,
                 const struct facts *facts);
/* The time of the stage's fallback approvers has come. */
void stage_escalate(struct txn *txn, struct request *request);
/* Judges the stage that a request waits in and notes what is news, joined (engine_join); the record follows. 0;
 * ENGINE_E_UNKNOWN: the facts do not tell, and nothing is changed; -errno. */
int stage_judge(struct engine *engine, struct record *record, const struct facts *facts);
/* Why nobody can decide anything on this host, whoever is asked; NULL: somebody may. Static. */
const char *stage_undecidable_here(const struct engine *engine);
/* Why nobody can complete the stage, in a sentence's second half, from what policy_reach found. */
enum { STAGE_WHY_MAX = 512 };
char *stage_say_reach(const struct stage *stage, const struct policy_reach *reach, const struct facts *facts,
                      char ret[STAGE_WHY_MAX]);

/* ---- assignments ---- */

struct grants {
    struct grant *items;
    size_t count;
};
void grants_load(struct txn *txn, const struct assignment *assignment, struct grants *ret);
void grants_deinit(struct grants *grants);

/* The assignment of an approved request, as far as its groups can be put in place now. facts: NULL: not looked up yet. */
void assignment_fulfil(struct txn *txn, const struct request *request, const struct package *package,
                       const struct facts *facts);
/* Saves its groups, each with its problem or none, and what follows. `start`: see assignment_start_asked. */
void assignment_regrant(struct txn *txn, struct assignment *assignment, const struct grants *grants,
                        int64_t start);
/* Looks at all its groups again. `asked`: what was taken away by hand is to be put back. */
void assignment_resolve(struct txn *txn, struct assignment *assignment, const struct facts *facts,
                        bool asked);
/* Its grant file could not be written. */
void assignment_fall_short(struct txn *txn, struct assignment *assignment, int error);
/* The start that was asked for; 0 where it was approved after it: the delay eats none of the time (rule 8). */
int64_t assignment_start_asked(struct txn *txn, const struct assignment *assignment);
/* The end of what the request extends moves. */
void assignment_extend(struct txn *txn, const struct request *request);
/* An assignment ends, by the clock (END) or early (REVOKE); its grants go with it. */
void assignment_finish(struct txn *txn, struct assignment *assignment, enum assignment_event event,
                       struct act act);
/* Why a group cannot be put in place, new; NULL when it can. facts: NULL where it is not looked up yet. 0 or -ENOMEM. */
int group_problem(const struct engine *engine, const struct facts *facts, const char *name,
                  char **ret_problem);
/* What is missing, and not given by the package any more, is not waited for. Nothing is added (rule 14). */
void grants_drop_unnamed(struct txn *txn, const struct assignment *assignment, struct grants *grants);
/* Its groups, to look up, and the numbers of those in place; none for an assignment that is none (id 0). */
int assignment_inquire_groups(struct engine *engine, const struct assignment *assignment,
                              struct inquiry *inquiry);

/* Ends a delegation; puts one on record. */
void delegation_end(struct txn *txn, const struct delegation *delegation, struct act act);
void delegation_audit(struct txn *txn, struct act act, const char *event,
                      const struct delegation *delegation);

/* When the user is to be told that the end is near, where the package says so, and whether it does. */
void assignment_plan_warning(const struct engine *engine, struct assignment *assignment);
bool assignment_warns(const struct engine *engine, const struct assignment *assignment);
/* Live sessions go with this assignment, if its package says so. */
void sessions_end_later(struct txn *txn, const struct assignment *assignment);
