/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The steps of requests and assignments, each inside the caller's transaction unless it says otherwise: 0 or -errno. They
 * ask no policy whether somebody may, and answer nobody: that is the engine's.
 */
#pragma once

#include "common/names.h"
#include "helperd/config/packages.h"
#include "helperd/lifecycle/members.h"
#include "helperd/lifecycle/notice.h"
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

/* ---- requests ---- */

/* Moves a request or an assignment along its table. A pair that the table does not list is refused: recorded in
 * the log, -EPROTO. */
int engine_move_request(struct request *request, enum request_event event);
int engine_move_assignment(struct assignment *assignment, enum assignment_event event);

/* Files a request, routed to its approvers or waived. `word`: an administrator's, who gives it unasked; NULL: it was
 * asked for. */
int engine_file(struct engine *engine, const struct facts *facts, const struct package *package,
                struct request *request, bool waived, const struct decision *word);
/* Records a decision, and what follows from it: another stage, what was asked for, or the end of the request. */
int engine_record_decision(struct engine *engine, struct record *record, const struct decision *decision,
                           const struct package *package, const struct facts *facts);
/* The audit line of a decision, with whom it was made for. */
int engine_audit_decision(struct engine *engine, int64_t request, const struct decision *decision,
                          const char *event);
/* Withdraws a request on the daemon's or an administrator's behalf. */
int engine_withdraw(struct engine *engine, struct request *request, struct act act);
/* Nobody decided in time. */
int engine_time_out(struct engine *engine, struct request *request);
/* The start of an approved request has come: it is fulfilled, or withdrawn where that may not be any more (rule 9). */
int engine_start_request(struct engine *engine, struct request *request);

/* The user's request for this package that waits, for a decision or for its start: 0, STORE_E_NONE, -errno. */
int engine_find_waiting(struct engine *engine, const struct subject *subject, const char *package,
                        int64_t *ret_id);
/* Whether an emergency of theirs for this package is not reviewed yet. 0 with *ret, or -errno. */
int engine_has_unreviewed(struct engine *engine, const struct subject *subject, const struct package *package,
                          bool *ret);
/* Whether what is held was taken in an emergency. 0 or -errno. */
int engine_of_emergency(struct engine *engine, const struct assignment *assignment, bool *ret);
/* Remembers whether the user of a new request or assignment is local. */
int engine_note_local(struct engine *engine, const struct facts *facts, const char *user, uid_t uid);

/*
 * Rule 9, separation of duties: what the user holds, or is about to, and cannot have beside the package. What waits for a
 * decision counts too with `pending_too`. 1 with the other package's name, and whether it is held; 0; -errno.
 */
int engine_find_conflict(struct engine *engine, uid_t uid, const char *user, const struct package *package,
                         bool pending_too, char ret_other[NAME_PACKAGE_MAX + 1], bool *ret_held);

/* ---- stages ---- */

/*
 * A request has entered this stage, which is judged when the facts know its principals and surveyed soon otherwise.
 * `request` has its id and why nobody could decide before.
 */
int engine_enter_stage(struct engine *engine, const struct request *request, const struct stage *stage,
                       const struct facts *facts);
/* The time of the stage's fallback approvers has come. */
int engine_escalate_due(struct engine *engine, const struct request *request);
/* Judges the stage that a request waits in and notes what is news, in a transaction of its own; the record follows. 0;
 * ENGINE_E_UNKNOWN: the facts do not tell, and nothing is changed; -errno. */
int engine_judge(struct engine *engine, struct record *record, const struct facts *facts);
/* Why nobody can decide anything on this host, whoever is asked; NULL: somebody may. Static. */
const char *engine_undecidable_here(const struct engine *engine);
/* Why nobody can complete the stage, in a sentence's second half, from what policy_reach found. */
enum { ENGINE_WHY_MAX = 512 };
char *engine_say_reach(const struct stage *stage, const struct policy_reach *reach, const struct facts *facts,
                       char ret[ENGINE_WHY_MAX]);

/* What is to be surveyed: this request before the others; all behind `after`; all that wait, for the directory may say
 * something else by now; all, if one of the groups that somebody got or lost by a package approves anything. */
void engine_survey_soon(struct engine *engine, int64_t request);
void engine_survey_from(struct engine *engine, int64_t after);
void engine_survey_all(struct engine *engine);
void engine_survey_holders(struct engine *engine, const struct grant *grants, size_t count);

/* ---- assignments ---- */

/* The assignment of an approved request, as far as its groups can be put in place now. */
int engine_fulfil(struct engine *engine, const struct request *request, const struct package *package,
                  const struct facts *facts);
/* The groups of an assignment are known anew, each with its problem or none. `start`: see engine_start_of. */
int engine_regrant(struct engine *engine, struct assignment *assignment, const struct grant *grants,
                   size_t count, int64_t start);
/* Looks at all its groups again. `asked`: what was taken away by hand is to be put back. */
int engine_resolve_anew(struct engine *engine, struct assignment *assignment, const struct facts *facts,
                        bool asked);
/* Its grant file could not be written. */
int engine_fall_short(struct engine *engine, struct assignment *assignment, int error);
/* The start that was asked for; 0 where it was approved after it: the delay eats none of the time (rule 8). */
int engine_start_of(struct engine *engine, const struct assignment *assignment, int64_t *ret);
/* The end of what the request extends moves. */
int engine_move_end(struct engine *engine, const struct request *request);
/* An assignment ends, by the clock (END) or early (REVOKE); its grants go with it. */
int engine_finish_assignment(struct engine *engine, struct assignment *assignment,
                             enum assignment_event event, struct act act);
/* Why a group cannot be put in place, new; NULL when it can. facts: NULL where it is not looked up yet. 0 or -ENOMEM. */
int engine_group_problem(const struct engine *engine, const struct facts *facts, const char *name,
                         char **ret_problem);
/* What an assignment that is not whole is to give: of the package's groups as they are now those that it lacks, beside
 * what it has in place. The array grows. 0 or -ENOMEM. */
int engine_renew_grants(struct engine *engine, const struct assignment *assignment, struct grant **grants,
                        size_t *count);
/* The groups to look up for that, and the numbers of those in place; none for an assignment that is none (id 0). */
int engine_groups_to_try(struct engine *engine, const struct assignment *assignment, struct inquiry *inquiry);

/* Ends a delegation because one of the two is not who they were; puts one on record. */
int engine_drop_delegation(struct engine *engine, const struct delegation *delegation, const char *why);
int engine_audit_delegation(struct engine *engine, struct act act, const char *event,
                            const struct delegation *delegation);

/* When the user is to be told that the end is near, where the package says so, and whether it does. */
void engine_plan_warning(const struct engine *engine, struct assignment *assignment);
bool engine_warns(const struct engine *engine, const struct assignment *assignment);
/* Live sessions go with this assignment, if its package says so. */
int engine_will_end_sessions(struct engine *engine, const struct assignment *assignment);
