/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The one place that knows the order of stages: it asks policy, moves the state machines, commits, and only then
 * acts (grant files, signals). Effects are idempotent; what a crash left undone is replayed at start. It looks
 * nothing up and waits for nothing: the facts about users and groups are handed in with each call.
 * What callers ask is in calls.h; here is what the daemon does of itself.
 */
#pragma once

#include "helperd/engine/calls.h"

/*
 * Before the daemon says that it is ready: adopts the grant files when the store is newborn, ends what ended
 * meanwhile, and puts in place every narrowing that a crash left outstanding. 0 or -errno.
 */
int engine_start(struct engine *engine, bool newborn);
/* After that, in small steps: makes every grant file say what the store says. 1: call again; 0: done; -errno: a
 * file could not be written (logged), call again for the rest. */
struct engine_verification {
    bool begun;
    char **names;
    size_t count;
    size_t next;
};
int engine_verify(struct engine *engine, struct engine_verification *verification);
void engine_verification_deinit(struct engine_verification *verification);
void engine_deinit(struct engine *engine);

/* Time passed: requests time out, assignments end. 0 or -errno. */
int engine_tick(struct engine *engine);
/*
 * Ends what is held by somebody who had the name of a user in the facts with another uid: look-ups of groups go by
 * name alone. Joined (engine_end commits). 0 or -errno.
 */
int engine_revoke_stale(struct engine *engine, const struct facts *facts);
/* The next user who holds something, whose request waits or who has a part in a delegation, behind `after`: to be
 * looked up for engine_compare_user; as store_next_live_user. */
int engine_next_concerned_user(struct engine *engine, const char *after, char **ret);

/*
 * Drift: what others change by hand. Somebody who removes a membership means it: its assignments become partially
 * fulfilled, with a problem per group, and nothing is put back until an administrator says so (engine_retry_now), or
 * by itself where the package says `drift = repair`, each time later when it goes on. The file then says what the
 * store now says. What was added by hand, or gives nothing of ours, only goes. Our own writing is told from others'.
 *
 * engine_watch_drift: from now on the calls below come, each time that somebody wrote; before engine_start is done
 * there is nothing to compare with. 0 or -ENOMEM.
 */
int engine_watch_drift(struct engine *engine);
/*
 * A grant file that may have changed; its name as it stands in its folder. 0 or -errno (logged). 1: it is there, and
 * nobody of its name holds anything. An editor may be about to give it the name that it is meant for: call again in a
 * moment, `settled`, and it goes.
 */
int engine_compare_user_file(struct engine *engine, const char *name, bool settled);
/* All of them: a folder was replaced, or events were lost. In steps, with engine_drift_step. */
int engine_compare_all_files(struct engine *engine);
/* The next groups behind `after` that somebody has from a package, added to the inquiry; STORE_E_NONE: no more. Their
 * facts go to engine_compare_groups. An administrator may have deleted one, or given it another number. */
int engine_next_groups(struct engine *engine, const char *after, struct inquiry *inquiry);
int engine_compare_groups(struct engine *engine, const struct facts *facts);
/* The allow-list changed. `written`: packages.d as it stands there now, which a reload under way may be about to
 * bring: a group that it takes from its package is the policy's doing, and no drift. */
int engine_compare_allow_list(struct engine *engine, const struct packages *written);
/* A reload, or a directory that answers again, may have mended what lacks: all that is partially fulfilled is tried
 * now, but for what somebody took away by hand. 0 or -errno. */
int engine_retry_all(struct engine *engine);
/* Works on what these calls left to do. 1: call again; 0: done. */
int engine_drift_step(struct engine *engine);
/*
 * The facts about a user who holds something, or whose request waits (facts: user). Who was in /etc/passwd and is
 * there no more, and nobody else knows either, is gone: what they held is revoked, what waits withdrawn. A directory
 * that does not know somebody may be away: that is logged, once.
 */
int engine_compare_user(struct engine *engine, const char *name, const struct facts *facts);

/*
 * Memberships in /etc/group (membership = files). engine_take_due_membership takes the next thing that is to be asked
 * of the root service and puts its next try off with back-off: 0 with *ret (owned), STORE_E_NONE, -errno. One at a
 * time: engine_membership_done hears what became of it before the next is taken. `failure` is NULL when it was done;
 * for ACT_ASK `member` says what was seen.
 */
int engine_take_due_membership(struct engine *engine, struct membership *ret);
int engine_membership_done(struct engine *engine, const struct membership *membership, bool member,
                           const char *failure);
/* At a start, and when the setting changed: what was given another way is put into /etc/group. 0 or -errno. */
int engine_adopt_memberships(struct engine *engine);
/* The groups with members of ours; new. 0 or -errno. */
int engine_membership_groups(struct engine *engine, strv *ret);
/* What /etc/group says of a group (its members): who was in it and is not is shown, and recorded. 0 or -errno. */
int engine_compare_members(struct engine *engine, const char *group, char *const *members);
/* After the policy was loaded: what is held goes by what its package says now of drift and of the end. 0 or -errno. */
int engine_apply_policy(struct engine *engine);
/*
 * The end of live sessions (at_end = warn, terminate), through the root service, too. Each takes the next that is due;
 * of a user who has another package by then that names the same service, or gives the same group, these are left out.
 */
struct engine_warning {
    uid_t uid;
    char text[512];
};
int engine_take_due_warning(struct engine *engine, struct engine_warning *ret);
struct engine_ending {
    int64_t assignment;
    uid_t uid;
    char *user;
    strv services;
    gid_t *gids;
    size_t n_gids;
};
int engine_take_due_ending(struct engine *engine, struct engine_ending *ret);
void engine_ending_deinit(struct engine_ending *ending);
/* `remaining`: a line for each thing that was not ended; NULL with a `failure`, and it is tried again. */
int engine_ending_done(struct engine *engine, const struct engine_ending *ending, char *const *remaining,
                       const char *failure);

/*
 * Before a policy comes into force: ends what is held, or approved for later, of packages of the policy `before` that
 * it has no more and that said on_removed = revoke. Harmless to repeat. 0 or -errno: do not put it into force then.
 */
int engine_end_removed_packages(struct engine *engine, const struct packages *before,
                                const struct packages *after);

/* The groups that somebody holds, or will, and that none of these packages gives. 0 with a new array; -errno. */
int engine_list_held(struct engine *engine, const struct packages *packages, struct packages_held **ret,
                     size_t *ret_count);
void engine_free_held(struct packages_held *held, size_t count);

/*
 * Retries of what is partially fulfilled. engine_take_due_retry takes the next one that is due and puts its next try
 * off with back-off: 0 with the assignment and what to look up; STORE_E_NONE; -errno. engine_retry tries it.
 */
int engine_take_due_retry(struct engine *engine, int64_t *ret_assignment, struct inquiry *inquiry);
int engine_retry(struct engine *engine, int64_t assignment, const struct facts *facts);

/*
 * Surveys: whether somebody can decide each request that waits, and whether its fallback approvers have to be asked for
 * want of others. engine_take_due_survey takes the next one to be looked at: 0 with what to look up; STORE_E_NONE;
 * -errno. One at a time: engine_survey follows, with the facts, or with NULL when the look-up failed, which changes
 * nothing but that it is tried once more. 0; ENGINE_E_UNKNOWN: the facts do not tell who can decide it; -errno.
 */
int engine_take_due_survey(struct engine *engine, int64_t *ret_request, struct inquiry *inquiry);
int engine_survey(struct engine *engine, int64_t request, const struct facts *facts);
