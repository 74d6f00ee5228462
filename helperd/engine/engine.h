/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The engine, as the daemon runs it; calls.h has the calls of users, reports.h what administrators read. It asks policy,
 * moves the state machines, commits, and only then acts (grant files, signals). Effects are idempotent, and the next
 * start replays them after a crash. It looks up nothing and waits for nothing: each call brings the facts about users
 * and groups.
 */
#pragma once

#include "helperd/engine/calls.h"
#include "helperd/engine/reports.h"

/*
 * Before the daemon reports that it is ready: adopts the grant files when the store is newborn, ends what ended
 * meanwhile, and writes every narrowing that a crash left outstanding. 0 or -errno.
 */
int engine_start(struct engine *engine, bool newborn);
/*
 * After that, in small steps: compares every grant file with the store. What a file lacks is put back where the process
 * before noted it as outstanding, and else was removed manually. 1: call again; 0: done; -errno: a file could not be
 * read (logged), call again for the rest.
 */
int engine_verify(struct engine *engine);
void engine_deinit(struct engine *engine);

/* Does what is due by the clock: requests expire, assignments end. 0 or -errno. */
int engine_tick(struct engine *engine);
/*
 * Records that the policy was read: its digest, and what is another than before. Without a call it is that of a start, which
 * is recorded only where something changed. 0 or -errno.
 */
struct policy_change {
    const struct packages *before; /* NULL: there was none */
    const struct packages *after;
    const char *settings; /* those of accesspkg.conf that changed: config_list_changes(); NULL: none */
};
int engine_audit_policy(struct engine *engine, const struct call *call, const struct policy_change *change);
/* Deletes some of the history that is older than [store] keep. 1: there is more; 0: none, or another time; ENGINE_E_UNKNOWN:
 * the clock has leapt (logged), call again in a day; -errno. */
int engine_forget_old(struct engine *engine);
/*
 * Revokes assignments that the name of a user in the facts holds with another uid: look-ups of groups go by name, so
 * the new user would get them. Joined (engine_end commits). 0 or -errno.
 */
int engine_revoke_stale(struct engine *engine, const struct facts *facts);
/* The next user after `after` to look up for engine_compare_user; as store_next_concerned_user. */
int engine_next_concerned_user(struct engine *engine, const char *after, char **ret);

/*
 * Drift: manual changes to grant files, groups and the allow-list. A manual removal is respected: its assignments
 * become partially fulfilled, with a problem for each group, and nothing is put back until an administrator asks for it
 * (engine_retry_now), or after growing pauses if the package says drift = repair. The file is then written from the
 * store, so that manual additions go. Our own writing is recognised and ignored.
 *
 * engine_watch_drift: the calls below follow, each time that something changed. After engine_start. 0 or -ENOMEM.
 */
int engine_watch_drift(struct engine *engine);
/*
 * A grant file, by its file name, may have changed. 0 or -errno (logged). 1: a file of a user who holds nothing, which
 * an editor may be about to rename: call again a little later with `settled`, which removes it.
 */
int engine_compare_user_file(struct engine *engine, const char *name, bool settled);
/* Any grant file may have changed: a folder was replaced, or events were lost. engine_drift_step compares them. */
int engine_compare_all_files(struct engine *engine);
/* Adds to the inquiry the next groups after `after` that users hold; STORE_E_NONE: no more. engine_compare_groups takes
 * their facts: a group may have been deleted, or have another gid. */
int engine_next_groups(struct engine *engine, const char *after, struct inquiry *inquiry);
int engine_compare_groups(struct engine *engine, const struct facts *facts);
/* The allow-list changed. `written`: packages.d as the files are now, perhaps before a reload: a group that a package
 * there no longer gives was removed by the policy, which is no drift. */
int engine_compare_allow_list(struct engine *engine, const struct packages *written);
/* Retries all partially fulfilled assignments now, but for what was removed manually: a reload, or a directory that
 * answers again, may have mended them. 0 or -errno. */
int engine_retry_all(struct engine *engine);
/* Works through what these calls have queued. 1: call again; 0: done. */
int engine_drift_step(struct engine *engine);
/*
 * Compares a user with the store (facts: user). A user who was in /etc/passwd and is found nowhere now is gone: revokes
 * what they hold, withdraws what waits. A user of a directory may be missing because the directory is away: logged
 * once.
 */
int engine_compare_user(struct engine *engine, const char *name, const struct facts *facts);

/*
 * Memberships in /etc/group (membership = files). engine_take_due_membership takes the next one for the root service,
 * and plans its retry with back-off: 0 with *ret (owned), STORE_E_NONE, -errno. One at a time: call
 * engine_membership_done before the next. failure NULL: it was done; member: the answer to ACT_ASK and ACT_ADD, a member
 * by others' doing.
 */
int engine_take_due_membership(struct engine *engine, struct membership *ret);
int engine_membership_done(struct engine *engine, const struct membership *membership, bool member,
                           const char *failure);
/* At a start, and when the setting changed: plans a membership for every grant that has none. 0 or -errno. */
int engine_adopt_memberships(struct engine *engine);
/* At a start: the root service is told when each member of ours ends. 0 or -errno. */
int engine_note_memberships(struct engine *engine);
/* The root service's notes, a user and a group each: keeps those that the store does not know, for the status. 0 or
 * -errno. */
int engine_compare_notes(struct engine *engine, char *const *users, char *const *groups);
/* Whether membership = files. */
bool engine_gives_by_files(const struct engine *engine);
/* The groups of /etc/group in which we manage members; new. 0 or -errno. */
int engine_membership_groups(struct engine *engine, strv *ret);
/* Compares the members that /etc/group has with those that we put there; a missing one was removed manually. 0 or
 * -errno. */
int engine_compare_members(struct engine *engine, const char *group, char *const *members);
/* After the policy was loaded: applies its drift and at_end settings to what is held. 0 or -errno. */
int engine_apply_policy(struct engine *engine);
/*
 * Warnings before the end of live sessions, and their end (at_end = warn, terminate), by the root service. Each
 * function takes the next one that is due. Services and groups that the user still has by another package are left out.
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
/* remaining: a line for each session or process that was not ended; NULL with a failure, which is retried. */
int engine_ending_done(struct engine *engine, const struct engine_ending *ending, char *const *remaining,
                       const char *failure);

/*
 * Before a policy is put into force: ends what is held, or approved for later, of packages of `before` that `after`
 * does not have and that said on_removed = revoke. Harmless to repeat. 0; -errno: do not put `after` into force.
 */
int engine_end_removed_packages(struct engine *engine, const struct packages *before,
                                const struct packages *after);

/* The groups that users hold and that none of these packages gives. 0 with a new array; -errno. */
int engine_list_held(struct engine *engine, const struct packages *packages, struct packages_held **ret,
                     size_t *ret_count);
void engine_free_held(struct packages_held *held, size_t count);

/*
 * Retries of partially fulfilled assignments. engine_take_due_retry takes the next one that is due, and plans its next
 * retry with back-off: 0 with the assignment and what to look up; STORE_E_NONE; -errno. engine_retry follows with
 * facts.
 */
int engine_take_due_retry(struct engine *engine, int64_t *ret_assignment, struct inquiry *inquiry);
int engine_retry(struct engine *engine, int64_t assignment, const struct facts *facts);

/*
 * Surveys: whether approvers can decide a pending request, or its fallback approvers must be asked.
 * engine_take_due_survey takes the next request: 0 with what to look up; STORE_E_NONE; -errno. One at a time:
 * engine_survey follows with the facts, or with NULL when the look-up failed, after which it is tried once more. 0;
 * ENGINE_E_UNKNOWN: the facts do not say who can decide it; -errno.
 *
 * Requests that follow in the walk and ask the same approvers share a look-up: engine_take_due_surveys takes them as
 * well, and engine_survey_all does them all. What a shared look-up did not find in time, each looks up alone.
 */
enum { SURVEYS_SHARED_MAX = 8 }; /* the look-up has to end in time */
struct surveys {
    int64_t requests[SURVEYS_SHARED_MAX];
    size_t count;
};
int engine_take_due_survey(struct engine *engine, int64_t *ret_request, struct inquiry *inquiry);
int engine_take_due_surveys(struct engine *engine, struct surveys *ret, struct inquiry *inquiry);
int engine_survey(struct engine *engine, int64_t request, const struct facts *facts);
int engine_survey_all(struct engine *engine, const struct surveys *surveys, const struct facts *facts);
