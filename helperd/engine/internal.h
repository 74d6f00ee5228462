/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the engine's files share: transactions with their effects, refusals, fulfilment. Included by engine*.c only. */
#pragma once

#include "helperd/config/packages.h"
#include "helperd/engine/engine.h"
#include "helperd/engine/view.h"
#include "helperd/policy/policy.h"

struct groupfile;

#define NOBODY ((struct identity){UID_UNSET, UID_UNSET})

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

/*
 * Who holds something, or which group is held, and is not known just now: not found, or not answered
 * (unknown.c). For status alone. Noting: 1 when it is news, 0, -ENOMEM. A walk through all begins and ends: what
 * it did not note is nobody's any more.
 */
enum engine_unknown { ENGINE_UNKNOWN_USER, ENGINE_UNKNOWN_GROUP, ENGINE_UNKNOWN_KINDS };
int engine_note_unknown(struct engine *engine, enum engine_unknown kind, const char *name);
void engine_note_known(struct engine *engine, enum engine_unknown kind, const char *name);
void engine_begin_unknown(struct engine *engine, enum engine_unknown kind);
void engine_end_unknown(struct engine *engine, enum engine_unknown kind);
void engine_forget_unknown(struct engine *engine);
/* Adds "unknown_users" (how many) and "unknown_user_names" (the first few), and the same of groups. 0 or -ENOMEM. */
int engine_add_unknown(const struct engine *engine, json_t *status);

/*
 * A transaction and what follows from it. Effects are noted inside (engine_will_*), done after the commit, and
 * struck out with a later one; a crash in between is made good at start.
 */
int engine_begin(struct engine *engine);
int engine_commit(struct engine *engine);
void engine_rollback(struct engine *engine);
/* Commits when r is 0, rolls back otherwise; the result of all. */
int engine_end(struct engine *engine, int r);

/* The user's grant file is to say what the store says. */
int engine_will_publish(struct engine *engine, const char *user, bool narrows);
/* The same outside a transaction, for what the store notes already or holds as it is. 0 or -ENOMEM. */
int engine_note_publication(struct engine *engine, const char *user, bool narrows);
int engine_will_announce(struct engine *engine, int64_t request);
/* Tries to put in place what is outstanding. Whether the user's file could be written: 0 or -errno. */
void engine_publish(struct engine *engine);
int engine_publication_error(const struct engine *engine, const char *user);
/* Whether the user's file is still to be written. */
bool engine_is_outstanding(const struct engine *engine, const char *user);
/* Writes the file now, and remembers that it was us. 0 or -errno (logged). */
int engine_write_user(struct engine *engine, const char *user, bool narrows);
void engine_unwatch(struct engine *engine);

/* Rule 5, where the administrator wants it in earnest: 0, or a refusal of who has no login id to be told by. */
int engine_check_login_id(const struct engine *engine, const struct caller *caller, struct reply *reply);
/* Why nobody can decide anything on this host, whoever is asked; NULL: somebody may. Static. */
const char *engine_undecidable_here(const struct engine *engine);

int engine_audit(struct engine *engine, const char *actor, const struct identity *identity, const char *event,
                 int64_t request, int64_t assignment, const char *detail);

/* How every call begins: what is due is done, and what the facts say of holders is heeded. 0 or -errno. */
int engine_enter(struct engine *engine, const struct facts *facts);
/* Whether it is the caller's own: by uid and name. */
bool engine_is_own(const struct request *request, const struct caller *caller, const struct facts *facts);

/* Moves a request or an assignment along its table. A pair that the table does not list is refused: recorded in
 * the log, -EPROTO. */
int engine_move_request(struct request *request, enum request_event event);
int engine_move_assignment(struct assignment *assignment, enum assignment_event event);

/* Inside a transaction: an assignment ends, by the clock (END) or early (REVOKE); its grants go with it. `detail` may
 * be NULL. */
int engine_finish_assignment(struct engine *engine, struct assignment *assignment,
                             enum assignment_event event, const char *actor, const struct identity *identity,
                             const char *detail);
/* Inside a transaction, one thing that is due: 1 when there was one, 0 when there is none, -errno. */
int engine_do_due(struct engine *engine, int64_t now);
/* Inside a transaction: withdraws a request on the daemon's or an administrator's behalf. */
int engine_withdraw(struct engine *engine, struct request *request, const char *actor,
                    const struct identity *identity, const char *reason);

/* Inside a transaction: files a request, routed to its approvers or waived. `word`: an administrator's, who gives it
 * unasked; NULL: it was asked for. */
int engine_file(struct engine *engine, const struct facts *facts, const struct package *package,
                struct request *request, bool waived, const struct decision *word);
/* The user's request for this package that waits, for a decision or for its start: 0, STORE_E_NONE, -errno. */
int engine_find_waiting(struct engine *engine, const struct subject *subject, const char *package,
                        int64_t *ret_id);
/* Inside a transaction: what an approved request asked for happens: its start is awaited, or it is fulfilled, or the
 * end of what it extends is moved. */
int engine_complete(struct engine *engine, struct request *request, const struct package *package,
                    const struct facts *facts);
/* Why an extension is not possible now: 0, or the refusal. `seconds` is what it would add. */
int engine_check_extension(struct engine *engine, const struct assignment *assignment,
                           const struct package *package, int64_t seconds, struct reply *reply);

/* Before something is filed, extended, assigned or approved. Each: 0, the refusal, or -errno. */
int engine_check_terms(struct engine *engine, int64_t duration, int64_t start, struct reply *reply);
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
int engine_check_duties(struct engine *engine, uid_t uid, const char *user, const struct package *package,
                        bool pending_too, struct reply *reply);

/* Inside a transaction: the audit line of a decision, with whom it was made for. */
int engine_audit_decision(struct engine *engine, int64_t request, const struct decision *decision,
                          const char *event);

/* Inside a transaction: the assignment of an approved request, as far as its groups can be put in place now. */
int engine_fulfil(struct engine *engine, const struct request *request, const struct package *package,
                  const struct facts *facts);
/* Inside a transaction: the groups of an assignment are known anew, each with its problem or none. `start`: see
 * engine_start_of. */
int engine_regrant(struct engine *engine, struct assignment *assignment, const struct grant *grants,
                   size_t count, int64_t start);
/* The start that was asked for; 0 where it was approved after it: the delay eats none of the time (rule 8). */
int engine_start_of(struct engine *engine, const struct assignment *assignment, int64_t *ret);
/* The pause before the next try, after so many. */
int64_t engine_backoff(const struct engine *engine, int64_t attempts);

/* Inside a transaction, where membership = files: somebody took the user out of the group. */
int engine_lose_group(struct engine *engine, const char *user, const char *group);
/* After the policy was loaded: what it says of drift, and of the end, holds for what is held already. 0 or -errno. */
int engine_repair_drift(struct engine *engine);
int engine_plan_warnings(struct engine *engine);

/* When the user is to be told that the end is near, where the package says so. */
void engine_plan_warning(const struct engine *engine, struct assignment *assignment);
/* Inside a transaction: notes that live sessions go with this assignment, if its package says so. */
int engine_will_end_sessions(struct engine *engine, const struct assignment *assignment);

/* Inside a transaction, where membership = files: wants the user in the group. *ret_problem (new): why they are not
 * in it yet; NULL: they are. */
int engine_want_membership(struct engine *engine, const char *user, const char *group, gid_t gid,
                           char **ret_problem);
/* Inside a transaction: what the assignment gave is not wanted on its account any more (rule 6). */
int engine_release_memberships(struct engine *engine, const struct assignment *assignment,
                               const struct grant *grants, size_t count);

/*
 * Who holds a group by a package and stands in /etc/group as well, by other means (standing.c), where the end of
 * ours leaves them (rule 6). The names of these groups, as the file writes them; new.
 */
void engine_read_group_file(
    const struct engine *engine, const char *user,
    struct groupfile *ret); /* user: see groupfile_read; empty where it cannot be read */
int engine_find_standing(struct engine *engine, const struct groupfile *file, const char *user,
                         const struct grant *grants, size_t count, json_t **ret);
/* Inside a transaction: says so of an assignment that ends, in the journal and the audit log. */
int engine_note_standing(struct engine *engine, const struct assignment *assignment);
/* Adds them to what is answered about it, as "standing", if there are any. */
int engine_show_standing(struct engine *engine, const struct assignment *assignment, json_t *view);
/* Says of somebody who does not hold the package (NULL: none) where they stand in its groups, behind the refusal. */
int engine_append_standing(struct engine *engine, const struct package *package, const char *user,
                           struct reply *reply);
bool engine_has_text(const json_t *texts, const char *wanted);
/* How many there are now, and a line for each of the first `most`; new. */
int engine_count_standing(struct engine *engine, size_t most, int64_t *ret, json_t **ret_first);

/* As engine_retry; `asked`: an administrator says that what was taken away by hand is to be put back. */
int engine_retry_as(struct engine *engine, int64_t assignment, const struct facts *facts, bool asked);
/* Inside a transaction: remembers whether the user of a new request or assignment is local. */
int engine_note_local(struct engine *engine, const struct facts *facts, const char *user, uid_t uid);
/* After the commit, when the user's grant file could not be written: shows it as partially fulfilled. */
int engine_check_fulfilment(struct engine *engine, int64_t request);

/*
 * An administrator gives a package. Checks: facts: user; with the duties overridden the refusal stays in the reply. Gives:
 * in a transaction of its own; `overridden`, "" or why it would have been refused, goes on record.
 */
int engine_check_assign(struct engine *engine, const struct facts *facts, const struct assign_terms *terms,
                        const struct package *package, struct reply *reply);
int engine_give(struct engine *engine, const struct caller *caller, const struct facts *facts,
                const struct package *package, const struct assign_terms *terms, const char *overridden,
                int64_t *ret_id);

/* What an assignment that is not whole is to give: of the package's groups as they are now those that it lacks, beside
 * what it has in place. For fulfil.c; the array grows. 0 or -ENOMEM. */
int engine_renew_grants(struct engine *engine, const struct assignment *assignment, struct grant **grants,
                        size_t *count);
/* The groups to look up for that, and the numbers of those in place; none for an assignment that is none (id 0). */
int engine_groups_to_try(struct engine *engine, const struct assignment *assignment, struct inquiry *inquiry);

/* A justification or reason: bounded, one line of plain text. 0 or the refusal. */
int engine_check_text(const char *what, const char *text, struct reply *reply);

/* The view of a request as the caller sees it, into the reply. */
int engine_show(struct engine *engine, const struct caller *caller, const struct facts *facts, int64_t id,
                struct reply *reply);
/* Whether the decider is an approver of any of its stages, or their delegate: who was asked may know how it ended. */
bool engine_was_asked(struct engine *engine, const struct record *record,
                      const struct policy_decider *decider);
/* Whether the decider may be, as far as is known. */
bool engine_may_be_asked(struct engine *engine, const struct record *record,
                         const struct policy_decider *decider);
enum engine_sight { ENGINE_SIGHT_NO = 0, ENGINE_SIGHT_UNKNOWN, ENGINE_SIGHT_YES };
/* Whether it is the caller's to see; and that as a refusal, 0 when it is. */
enum engine_sight engine_may_see(struct engine *engine, const struct caller *caller,
                                 const struct facts *facts, const struct record *record);
int engine_refuse_sight(enum engine_sight sight, int64_t id, struct reply *reply);
/* The verdict as a refusal: 0 when it is allowed. */
int engine_refuse_decider(enum policy_decide_verdict verdict, int64_t id, struct reply *reply);
/* Whose request it is: the caller's, or, from uid 0, of whom it names. 0, or the refusal. */
int engine_find_requestor(const struct caller *caller, const struct facts *facts,
                          const struct submission *submission, const struct subject **ret,
                          struct reply *reply);
/* A request that was not filed yet, of this subject's; where it came from is believed of uid 0 alone. Owns nothing of
 * what it points to, and lacks its terms: duration, start, stages. */
struct request engine_compose(struct engine *engine, const struct caller *caller,
                              const struct subject *subject, const struct submission *submission,
                              const struct package *package);
/* Shows a request that was just filed, with whether it is held. */
int engine_show_filed(struct engine *engine, const struct caller *caller, const struct facts *facts,
                      const struct subject *subject, const struct request *request, struct reply *reply);
/* Whether an emergency of theirs for this package is not reviewed yet. 0 with *ret, or -errno. */
int engine_has_unreviewed(struct engine *engine, const struct subject *subject, const struct package *package,
                          bool *ret);
/* Whether what is held was taken in an emergency. 0 or -errno. */
int engine_of_emergency(struct engine *engine, const struct assignment *assignment, bool *ret);
/* Inside a transaction: ends a delegation because one of the two is not who they were. */
int engine_drop_delegation(struct engine *engine, const struct delegation *delegation, const char *why);
/* The caller with those in whose name they decide, as the facts have them. */
struct policy_decider engine_decider(struct engine *engine, const struct caller *caller,
                                     const struct facts *facts);
/* "14:05 on 23 Nov" would be ambiguous in a log and on another host: ISO 8601 with the zone. */
enum { ENGINE_TIME_MAX = 32 };
char *engine_time(int64_t time, char ret[ENGINE_TIME_MAX]);

/*
 * Who can decide (survey.c). Inside a transaction: a request has entered this stage, which is judged when the
 * facts know its principals and surveyed soon otherwise. `request` has its id and why nobody could decide before.
 */
int engine_enter_stage(struct engine *engine, const struct request *request, const struct stage *stage,
                       const struct facts *facts);
/* Whether somebody can decide it is to be looked at, before the others. */
void engine_survey_soon(struct engine *engine, int64_t request);
/* Somebody got, or lost, these groups by a package: if one of them approves anything, all that waits is looked at. */
void engine_survey_holders(struct engine *engine, const struct grant *grants, size_t count);
/* Judges the stage that a request waits in and notes what is news, in a transaction of its own; the record follows. 0;
 * ENGINE_E_UNKNOWN: the facts do not tell, and nothing is changed; -errno. */
int engine_judge(struct engine *engine, struct record *record, const struct facts *facts);
/* Inside a transaction: the time of the stage's fallback approvers has come. */
int engine_escalate_due(struct engine *engine, const struct request *request);
/* Adds the principals of the stage that it waits in; with `if_needed` only where who is asked may follow from it. */
int engine_inquire_stage(struct engine *engine, const struct request *request, bool if_needed,
                         struct inquiry *inquiry);
/* Adds who has the groups among the inquiry's principals by a package (holders.c): the last step of an inquiry. */
int engine_inquire_holders(struct engine *engine, struct inquiry *inquiry);
/* Adds, by name, who has the groups among the recipients ("alice", "%dba-leads") by a package now. 0 or -errno. */
int engine_add_holders(struct engine *engine, json_t *recipients);
/* Why nobody can complete the stage, in a sentence's second half, from what policy_reach found. */
enum { ENGINE_WHY_MAX = 512 };
char *engine_say_reach(const struct stage *stage, const struct policy_reach *reach, const struct facts *facts,
                       char ret[ENGINE_WHY_MAX]);

/*
 * Notices (notices.c), all inside a transaction. A stage is entered, its fallback approvers are asked, its approvers
 * are to be reminded; a decision completed a stage or the request (the record has the stage in which it was, and the state that follows).
 */
int engine_tell_stage(struct engine *engine, const struct request *request, const struct stage *stage);
int engine_tell_escalated(struct engine *engine, const struct request *request, const struct stage *stage);
int engine_remind_due(struct engine *engine, const struct request *request);
int engine_tell_decision(struct engine *engine, const struct record *record, const struct decision *decision);
int engine_tell_requestor(struct engine *engine, enum outbox_event event, const struct request *request,
                          const char *actor, const char *reason);
int engine_tell_emergency(struct engine *engine, const struct request *request,
                          const struct package *package);
int engine_tell_review(struct engine *engine, const struct request *request, const struct package *package,
                       const struct decision *review);
/* actor, reason: NULL where there is none. `turn`: see struct notice. */
int engine_tell_holder(struct engine *engine, enum outbox_event event, const struct assignment *assignment,
                       int64_t turn, const char *actor, const char *reason);
/* Its groups were put in place, or not; detail: which are not. */
int engine_tell_place(struct engine *engine, const struct assignment *assignment, const char *detail);
/* It is time to say that it ends. */
int engine_notice_due(struct engine *engine, struct assignment *assignment);

/* The stages as the policy has them now, with borrowed lists; there is room for all of the package's. */
void engine_plan_stages(const struct package *package, int64_t now, struct stage *stages);
/* Why a group cannot be put in place, new; NULL when it can. facts: NULL where it is not looked up yet. 0 or -ENOMEM. */
int engine_group_problem(const struct engine *engine, const struct facts *facts, const char *group,
                         char **ret_problem);
/* Adds what the user has of the package: the live assignment, else the request that waits. 0 or -errno. */
int engine_add_own(struct engine *engine, const struct subject *subject, const char *package, json_t *view);
