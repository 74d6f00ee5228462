/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the engine's files share: what is checked, shown, looked up. Included by files of engine/ only. */
#pragma once

#include "helperd/config/packages.h"
#include "helperd/engine/engine.h"
#include "helperd/engine/unknown.h"
#include "helperd/engine/view.h"
#include "helperd/lifecycle/lifecycle.h"
#include "helperd/policy/policy.h"

/* What several calls are refused with. */
#define ENGINE_NO_CALLER                                                                                     \
    "Your uid belongs to no user on this host, so it is not known who you are. Please tell an "              \
    "administrator."
#define ENGINE_NAME_TOO_LONG                                                                                 \
    "The user name is too long for a grant file (255 bytes once encoded), so this account can hold no "      \
    "package. An administrator can give it a shorter one: usermod -l"

/* What follows from a group that somebody is not in waits until all of their groups are known. `what` is not known:
 * "whether bob may ask for db". BUS_ERROR_UNAVAILABLE. */
int engine_refuse_unknown(struct reply *reply, const char *what);

void engine_unwatch_drift(struct engine *engine);

/* Rule 5, where the administrator wants it in earnest: 0, or a refusal of who has no login id to be told by. */
int engine_check_login_id(const struct engine *engine, const struct caller *caller, struct reply *reply);

/* How every call begins: what is due is done, and what the facts say of holders is heeded; joined. 0 or -errno. */
int engine_begin_call(struct engine *engine, const struct facts *facts);
/* Whether it is the caller's own: by uid and name. */
bool engine_is_own_request(const struct request *request, const struct caller *caller,
                           const struct facts *facts);

/* Time that is to be added to an assignment. */
struct extension {
    const struct assignment *assignment;
    const struct package *package; /* NULL: not in packages.d any more */
    int64_t seconds;
    bool unapproved; /* no approver is asked for it */
};
/* Why it is not possible now: 0, or the refusal. */
int engine_check_extension(struct engine *engine, const struct extension *extension, struct reply *reply);

/* Before something is filed, extended, assigned or approved. Each: 0, the refusal, or -errno. */
int engine_check_times(struct engine *engine, int64_t duration, int64_t start, struct reply *reply);
/* What one user files: at a time (not counted when it is `waived`), and in an hour. */
int engine_check_limits(struct engine *engine, uid_t uid, bool waived, struct reply *reply);
/* All of it that stands between a user and a new request for this package: what the policy says, limits, pauses, other
 * duties. Nothing is filed. */
int engine_check_filing(struct engine *engine, const struct subject *subject, const struct package *package,
                        const struct policy_ask *ask, struct reply *reply);
int engine_check_cooldown(struct engine *engine, const struct subject *subject, const struct package *package,
                          bool at_gate, struct reply *reply);
/*
 * Rule 9, separation of duties: beside what the user holds or is about to. What waits for a decision counts too when
 * something new is filed; at a decision it does not, or two of them would shut each other out.
 */
int engine_check_duties(struct engine *engine, const struct subject *subject, const struct package *package,
                        bool pending_too, struct reply *reply);

/* Where membership = files: the user was taken out of the group by hand. */
void drift_note_member_removed(struct txn *txn, const char *user, const char *group);
/* After the policy was loaded: what it says of drift, and of the end, holds for what is held already. 0 or -errno. */
int engine_repair_drift(struct engine *engine);
int engine_plan_warnings(struct engine *engine);

/* Tries it again where it is partially fulfilled; joined. `asked`: an administrator says that what was taken away by
 * hand is to be put back. */
int engine_retry_assignment(struct engine *engine, struct assignment *assignment, const struct facts *facts,
                            bool asked);
/* After the commit, when the user's grant file could not be written: shows it as partially fulfilled. */
int engine_check_fulfilment(struct engine *engine, int64_t request);

/*
 * An administrator gives a package. Checks: facts: user; with the duties overridden the refusal stays in the reply.
 * `overridden`, "" or why it would have been refused, goes on record.
 */
int engine_check_assign(const struct call *call, const struct assign_terms *terms,
                        const struct package *package);
void engine_assign_checked(const struct call *call, const struct package *package,
                           const struct assign_terms *terms, const char *overridden);

/* Whether the caller is a user of this host: 0, or the refusal. */
int engine_check_caller(const struct call *call);
/* The caller does something. reason: "" or NULL: none was given. */
struct act engine_caller_act(const struct call *call, const char *reason);
/* A justification or reason: bounded, one line of plain text. 0 or the refusal. */
int engine_check_text(const char *what, const char *text, struct reply *reply);

/* The view of a request as the caller sees it, into the reply. */
int engine_show_request(const struct call *call, int64_t id);
/* Whether the decider is an approver of any of its stages, or their delegate: who was asked may know how it ended. */
int64_t engine_find_stage_of(struct engine *engine, const struct record *record,
                             const struct policy_decider *decider);
bool engine_was_asked(struct engine *engine, const struct record *record,
                      const struct policy_decider *decider);
/* Whether the decider may be, as far as is known. */
bool engine_may_be_asked(struct engine *engine, const struct record *record,
                         const struct policy_decider *decider);
enum engine_sight { ENGINE_SIGHT_NO = 0, ENGINE_SIGHT_UNKNOWN, ENGINE_SIGHT_OTHER_NAME, ENGINE_SIGHT_YES };
/* Whether it is the caller's to see; and that as a refusal, 0 when it is. */
enum engine_sight engine_judge_sight(struct engine *engine, const struct caller *caller,
                                     const struct facts *facts, const struct record *record);
int engine_refuse_sight(enum engine_sight sight, int64_t id, struct reply *reply);
/* The verdict as a refusal: 0 when it is allowed. */
int engine_refuse_decider(enum policy_decide_verdict verdict, int64_t id, struct reply *reply);
/* Whose request it is: the caller's, or, from uid 0, of whom it names. 0, or the refusal. */
int engine_find_requestor(const struct call *call, const struct submission *submission,
                          const struct subject **ret);
/* A request that was not filed yet, of this subject's; where it came from is believed of uid 0 alone. Owns nothing of
 * what it points to, and lacks its terms: duration, start, stages. */
struct request engine_compose_request(struct engine *engine, const struct caller *caller,
                                      const struct subject *subject, const struct submission *submission,
                                      const struct package *package);
/* The caller with those in whose name they decide, as the facts have them. */
struct policy_decider engine_decider(struct engine *engine, const struct caller *caller,
                                     const struct facts *facts);

/* Adds the principals of the stage that it waits in; with `if_needed` only where who is asked may follow from it. */
int engine_inquire_stage(struct engine *engine, const struct request *request, bool if_needed,
                         struct inquiry *inquiry);
/* Adds who has the groups among the inquiry's principals by a package (holders.c): the last step of an inquiry. */
int engine_inquire_holders(struct engine *engine, struct inquiry *inquiry);
/* Adds, by name, who has the groups among the recipients ("alice", "%dba-leads") by a package now, as far as they are
 * not too many; how many there are besides. 0 or -errno. */
int engine_add_holders(struct engine *engine, json_t *names, int64_t *ret_unnamed);
/* Adds what the user has of the package: the live assignment, else the request that waits. 0 or -errno. */
int engine_add_own_access(struct engine *engine, const struct subject *subject, const char *package,
                          json_t *view);
int engine_refuse_unknown_package(const char *package, struct reply *reply);
