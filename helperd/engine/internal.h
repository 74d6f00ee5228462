/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Shared by the files of engine/ only: refusals, views, inquiries; checks.h has the checks. */
#pragma once

#include "helperd/config/packages.h"
#include "helperd/engine/checks.h"
#include "helperd/engine/engine.h"
#include "helperd/engine/inquire.h"
#include "helperd/engine/unknown.h"
#include "helperd/engine/view.h"
#include "helperd/lifecycle/lifecycle.h"
#include "helperd/policy/policy.h"

#define ENGINE_NO_CALLER                                                                                     \
    "Your uid belongs to no user on this host, so it is not known who you are. Please tell an "              \
    "administrator."
#define ENGINE_NAME_TOO_LONG                                                                                 \
    "The user name is too long for a grant file (255 bytes once encoded), so this account can hold no "      \
    "package. An administrator can give it a shorter one: usermod -l"

/* Refuses a call that depends on groups of a user that could not be looked up. what: "whether bob may ask for db".
 * Returns BUS_ERROR_UNAVAILABLE. */
int engine_refuse_unknown(struct reply *reply, const char *what);

/* Compares the user's file now if engine_verify has not come to it yet. */
void engine_verify_user(struct engine *engine, const char *user);
void engine_verification_end(struct engine *engine);
void engine_unwatch_drift(struct engine *engine);

/* Begins every call: does what is due, and revokes what former users of the names in the facts hold; joined. 0 or
 * -errno. */
int engine_begin_call(struct engine *engine, const struct facts *facts);
/* Whether the name is the caller's, as it is or as the directory finds them by it (facts: user, the one of this name). */
bool engine_is_caller(const struct facts *facts, const char *name);
/* Whether the caller filed the request, by uid and name. */
bool engine_is_own_request(const struct request *request, const struct caller *caller,
                           const struct facts *facts);

/* With membership = files: the user was removed from the group manually; their assignments that give it fall short. */
void drift_note_member_removed(struct txn *txn, const char *user, const char *group);
/* The two parts of engine_apply_policy: plans retries for drift = repair; plans warnings for at_end. 0 or -errno. */
int engine_repair_drift(struct engine *engine);
/* Whether a policy with this package (NULL: without it) puts back what an assignment lacks that rests. */
bool engine_is_repaired(const struct assignment *assignment, const struct package *package);
/* Whether what is held of a package ends when `after` is put into force. */
bool engine_ends_with(const struct package *package, const struct packages *after);
int engine_plan_warnings(struct engine *engine);

/* Retries an assignment that is partially fulfilled; joined. `asked`: puts back what was removed manually. */
int engine_retry_assignment(struct engine *engine, struct assignment *assignment, const struct facts *facts,
                            bool asked);
/* After the commit: makes the request's assignment partially fulfilled if its grant file could not be written. */
int engine_check_fulfilment(struct engine *engine, int64_t request);

/*
 * The two parts of engine_assign. The check (facts: user) leaves the refusal in the reply when the separation of duties
 * is overridden; `overridden`, "" or that refusal, is recorded.
 */
int engine_check_assign(const struct call *call, const struct assign_terms *terms,
                        const struct package *package);
void engine_assign_checked(const struct call *call, const struct package *package,
                           const struct assign_terms *terms, const char *overridden);

/* The caller as the actor. reason "" or NULL: none was given. */
struct act engine_caller_act(const struct call *call, const char *reason);
/* Sets the reply's value to the request as the caller sees it. */
int engine_show_request(const struct call *call, int64_t id);
/* The first stage in which the decider is an approver, or a delegate of one; 0: none. engine_was_asked: there is one,
 * so the decider may see how the request ended. */
int64_t engine_find_stage_of(struct engine *engine, const struct record *record,
                             const struct policy_decider *decider);
bool engine_was_asked(struct engine *engine, const struct record *record,
                      const struct policy_decider *decider);
/* True when a group that could not be looked up may make the decider an approver. */
bool engine_may_be_asked(struct engine *engine, const struct record *record,
                         const struct policy_decider *decider);
enum engine_sight { ENGINE_SIGHT_NO = 0, ENGINE_SIGHT_UNKNOWN, ENGINE_SIGHT_OTHER_NAME, ENGINE_SIGHT_YES };
/* Whether the caller may see the request (OTHER_NAME: it is of another name with their uid); the refusal, 0 when they
 * may. */
enum engine_sight engine_judge_sight(struct engine *engine, const struct caller *caller,
                                     const struct facts *facts, const struct record *record);
int engine_refuse_sight(enum engine_sight sight, int64_t id, struct reply *reply);
/* The refusal for a verdict on a decision in the name of this delegator, or NULL; 0 when it is allowed. */
int engine_refuse_decider(enum policy_decide_verdict verdict, const struct policy_delegator *for_whom,
                          int64_t id, struct reply *reply);
/* The user to file for: the caller or, from uid 0, the user whom the submission names. 0, or the refusal. */
int engine_find_requestor(const struct call *call, const struct submission *submission,
                          const struct subject **ret);
/* A request of this subject to be filed, without duration, start and stages. Its origin is verified when uid 0 submits.
 * Owns nothing. */
struct request engine_compose_request(struct engine *engine, const struct caller *caller,
                                      const struct subject *subject, const struct submission *submission,
                                      const struct package *package);
/* The caller, with the delegators whom the facts confirm. A viewer sees what they could decide if no account were
 * expired or locked: that is asked for decisions alone. */
struct policy_decider engine_decider(struct engine *engine, const struct caller *caller,
                                     const struct facts *facts);
struct policy_decider engine_viewer(struct engine *engine, const struct caller *caller,
                                    const struct facts *facts);

/* Adds the principals of the current stage; with `if_needed` only while its fallback approvers may have to be asked. */
int engine_inquire_stage(struct engine *engine, const struct request *request, bool if_needed,
                         struct inquiry *inquiry);
/* Calls `each` for the users who have a group principal's group by a package now: by its gid, as packages may spell it
 * otherwise; by its name when the gid is not known. */
int engine_each_holder(struct engine *engine, const char *principal, store_each_holder_fn each, void *data);
/* Adds those of these principals that the book has no fresh answer to, to find whom they name. */
int engine_inquire_lacking(struct engine *engine, char *const *names, struct inquiry *inquiry);
/* Adds the names of all stages of the request, to find whom they name. */
int engine_inquire_stages(struct engine *engine, const struct request *request, struct inquiry *inquiry);
/* Adds the users who have the groups among the inquiry's principals by a package: the last step of an inquiry. */
int engine_inquire_holders(struct engine *engine, struct inquiry *inquiry);
/* Adds the names of the users who have the groups among the recipients ("alice", "%dba-leads") by a package now, up to
 * a limit; *ret_unnamed: how many there are beyond it. 0 or -errno. */
int engine_add_holders(struct engine *engine, json_t *names, int64_t *ret_unnamed);
/* Adds the user's live assignment of the package, else their waiting request, to the view. 0 or -errno. */
int engine_add_own_access(struct engine *engine, const struct subject *subject, const char *package,
                          json_t *view);
/* The caller does not. */
int engine_refuse_not_held(const char *package, struct reply *reply);
int engine_refuse_unknown_package(const struct engine *engine, const char *package, struct reply *reply);
