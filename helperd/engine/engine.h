/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The one place that knows the order of stages: it asks policy, moves the state machines, commits, and only then
 * acts (grant files, signals). Effects are idempotent; what a crash left undone is replayed at start. It looks
 * nothing up and waits for nothing: the facts about users and groups are handed in with each call.
 *
 * Results of the calls: 0 with reply->value set (a new reference); a positive enum bus_error with reply->message
 * saying what happened, to what, and what to do; -errno for a fault (logged; nothing was changed).
 */
#pragma once

#include "helperd/lifecycle/txn.h"

/* Who calls, as the bus daemon and the kernel say. */
struct caller {
    struct identity identity;
};

/*
 * A call: who asks, what was looked up for it, and its answer. The calls below take it; behind each stands which facts it
 * needs. 0 with reply->value set (a new reference), the refusal, or -errno.
 */
struct call {
    struct engine *engine;
    const struct caller *caller;
    const struct facts *facts;
    struct reply *reply;
};

/* What Submit was asked for; pointers are borrowed, NULL where nothing was said. */
struct submission {
    const char *user; /* "" or NULL: the caller */
    strv packages;
    const char *justification;
    const char *service;
    const char *host;
    const char *address;
    const char *tty;
    int64_t duration; /* 0: the package's */
    int64_t start;    /* 0, or not after now: at once */
    bool at_gate;
    bool own_login_id; /* uid 0 says so: the login id of its process is the user's, as in su and sudo */
    bool can_ask; /* the person can be asked: where a justification is missing, say so and file nothing */
};

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
 * name alone. For callers who have facts and no call. 0 or -errno.
 */
int engine_heed(struct engine *engine, const struct facts *facts);
/* The next user who holds something, whose request waits or who has a part in a delegation, behind `after`: to be looked
 * up for engine_heed_holder; as store_next_live_user. */
int engine_next_holder(struct engine *engine, const char *after, char **ret);

/*
 * Drift: what others change by hand. Somebody who removes a membership means it: its assignments become partially
 * fulfilled, with a problem per group, and nothing is put back until an administrator says so (engine_retry_now), or
 * by itself where the package says `drift = repair`, each time later when it goes on. The file then says what the
 * store now says. What was added by hand, or gives nothing of ours, only goes. Our own writing is told from others'.
 *
 * engine_watch: from now on the calls below come, each time that somebody wrote; before engine_start is done there is
 * nothing to compare with. 0 or -ENOMEM.
 */
int engine_watch(struct engine *engine);
/*
 * A grant file that may have changed; its name as it stands in its folder. 0 or -errno (logged). 1: it is there, and
 * nobody of its name holds anything. An editor may be about to give it the name that it is meant for: call again in a
 * moment, `settled`, and it goes.
 */
int engine_heed_user_file(struct engine *engine, const char *name, bool settled);
/* All of them: a folder was replaced, or events were lost. In steps, with engine_drift_step. */
int engine_heed_files(struct engine *engine);
/* The next groups behind `after` that somebody has from a package, added to the inquiry; STORE_E_NONE: no more. Their
 * facts go to engine_heed_groups. An administrator may have deleted one, or given it another number. */
int engine_next_groups(struct engine *engine, const char *after, struct inquiry *inquiry);
int engine_heed_groups(struct engine *engine, const struct facts *facts);
/* The allow-list changed. `written`: packages.d as it stands there now, which a reload under way may be about to
 * bring: a group that it takes from its package is the policy's doing, and no drift. */
int engine_heed_allow_list(struct engine *engine, const struct packages *written);
/* A reload, or a directory that answers again, may have mended what lacks: all that is partially fulfilled is tried now,
 * but for what somebody took away by hand. 0 or -errno. */
int engine_retry_all(struct engine *engine);
/* Works on what these calls left to do. 1: call again; 0: done. */
int engine_drift_step(struct engine *engine);
/*
 * The facts about a user who holds something, or whose request waits (facts: user). Who was in /etc/passwd and is
 * there no more, and nobody else knows either, is gone: what they held is revoked, what waits withdrawn. A directory
 * that does not know somebody may be away: that is logged, once.
 */
int engine_heed_holder(struct engine *engine, const char *name, const struct facts *facts);

/* facts: caller or user (see submission.user), and the gids of all groups of these packages. */
int engine_submit(const struct call *call, const struct submission *submission);
/* facts: caller. */
int engine_cancel(const struct call *call, int64_t id, const char *reason);
/* What an approver says: the reason may be "" to approve; less time or a later start than asked for, 0: as asked. */
struct decision_terms {
    const char *reason;
    int64_t duration;
    int64_t start;
};
/* facts: caller, delegators, user (the requestor), the gids of the package's groups. */
int engine_decide(const struct call *call, int64_t id, bool approve, const struct decision_terms *terms);
/* The requestor asks for more time before the end. facts: caller, the gids of the package's groups. */
int engine_extend(const struct call *call, const char *package, const char *justification, int64_t duration);
/* The requestor hands back what they hold. facts: caller. */
int engine_return(const struct call *call, const char *package, const char *reason);
/* Whether a user of this very name holds the package, or will: a live assignment or a start that lies ahead. */
bool engine_has(struct engine *engine, const char *user, const char *package);
/* Administrator (uid 0, checked by the caller). facts: caller; for assign also user and the gids; for revoke the user,
 * unless engine_has the name as it was typed. */
int engine_revoke(const struct call *call, const char *user, const char *package, const char *reason);
struct assign_terms {
    const char *user; /* whom a refusal names who is not found; NULL: nobody */
    const char *package;
    const char *reason; /* may be "" */
    int64_t duration;   /* 0: the package's */
    int64_t start;
    bool override_duties; /* give it although it is incompatible with what the user holds; wants a reason */
    const char *advice;   /* options of `pkg-admin assign` that a refusal for that names; NULL: none */
};
int engine_assign(const struct call *call, const struct assign_terms *terms);
/*
 * Takes members of a Unix group over as assignments of a package that gives it: each as engine_assign does, in a
 * transaction of its own, so that what was done before a fault is done, and repeating goes on from there (rule 7). The
 * value is an array, an object per user: what was done, or why not. facts: caller, others (the users), the gids.
 */
struct import_terms {
    const char *group;
    const char *package;
    strv users;
    const char *reason; /* "": that it was imported */
    int64_t duration;   /* 0: the package's */
    bool dry_run;       /* only says what would be done */
};
int engine_import(const struct call *call, const struct import_terms *terms);
/* Tries what is partially fulfilled again, now. facts: caller, user, the gids. */
int engine_retry_now(const struct call *call, const char *user, const char *package);
/* Takes the one package at once, for those whom its policy lets: approved by nobody, to be reviewed. The submission's
 * duration and start do not count. facts: caller, user, the gids. */
int engine_emergency(const struct call *call, const struct submission *submission);
/* facts: caller, delegators. The reason may be "". */
int engine_review(const struct call *call, int64_t id, const char *reason);

/*
 * Delegations. Whose delegate the caller is counts where the facts have the delegators: what engine_inquire_delegators
 * adds to the inquiry's others, for calls that decide, show or list.
 */
int engine_inquire_delegators(struct engine *engine, uid_t caller, struct inquiry *inquiry);
struct delegate_terms {
    const char *to; /* as it was typed; who that is, is in the facts */
    int64_t until;  /* 0: not said, which is refused */
    const char *reason;
};
/* facts: caller, user (the delegate). The value of these two is the delegation. */
int engine_delegate(const struct call *call, const struct delegate_terms *terms);
/* Ends what the caller delegated to this user, else what they received from them. facts: caller. */
int engine_undelegate(const struct call *call, const char *other);
/* An array of the live ones: what the caller gave and received; of uid 0 all. facts: caller. */
int engine_list_delegations(const struct call *call);

/* facts: caller, delegators. */
int engine_get_request(const struct call *call, int64_t id);
enum engine_role { ENGINE_ROLE_REQUESTOR = 0, ENGINE_ROLE_APPROVER, ENGINE_ROLE_DECIDED, ENGINE_ROLE_ALL };
/* The value is an array [requests, more]. facts: caller, delegators. */
int engine_list_requests(const struct call *call, enum engine_role role, const struct store_filter *filter);
int engine_list_packages(const struct call *call);

/* Who holds what now, for uid 0 (checked by the caller), newest first. The value is an array [rows, more, kinds]: as what
 * the name was taken. `kinds`: see store.h; of a word as on the bus ("package"), 0: there is no such. */
int engine_list_holders(struct engine *engine, const struct store_holders_filter *filter,
                        struct reply *reply);
unsigned engine_holder_kind(const char *word);

/* Looking back, for uid 0 (checked by the caller). The report's value is [rows, since when it counts]; the audit log's
 * [lines, next_at, next]. filter->examine is set here. */
int engine_report(struct engine *engine, int64_t since, const char *package, struct reply *reply);
int engine_list_audit(struct engine *engine, const struct store_audit_filter *filter, struct reply *reply);

/* What would become of a request for this package, asked by the same code that decides. user: "" for the caller; another
 * name for uid 0. facts: caller, user, the package's groups and the principals of all its stages. */
int engine_explain(const struct call *call, const char *package, const char *user);
/*
 * Memberships in /etc/group (membership = files). engine_due_membership takes the next thing that is to be asked of
 * the root service and puts its next try off with back-off: 0 with *ret (owned), STORE_E_NONE, -errno. One at a time:
 * engine_membership_done hears what became of it before the next is taken. `failure` is NULL when it was done; for
 * ACT_ASK `member` says what was seen.
 */
int engine_due_membership(struct engine *engine, struct membership *ret);
int engine_membership_done(struct engine *engine, const struct membership *membership, bool member,
                           const char *failure);
/* At a start, and when the setting changed: what was given another way is put into /etc/group. 0 or -errno. */
int engine_adopt_memberships(struct engine *engine);
/* The groups with members of ours; new. 0 or -errno. */
int engine_membership_groups(struct engine *engine, strv *ret);
/* What /etc/group says of a group (its members): who was in it and is not is shown, and recorded. 0 or -errno. */
int engine_compare_members(struct engine *engine, const char *group, char *const *members);
/* After the policy was loaded: what is held goes by what its package says now of drift and of the end. 0 or -errno. */
int engine_heed_policy(struct engine *engine);
/*
 * The end of live sessions (at_end = warn, terminate), through the root service, too. Each takes the next that is due;
 * of a user who has another package by then that names the same service, or gives the same group, these are left out.
 */
struct engine_warning {
    uid_t uid;
    char text[512];
};
int engine_due_warning(struct engine *engine, struct engine_warning *ret);
struct engine_ending {
    int64_t assignment;
    uid_t uid;
    char *user;
    strv services;
    gid_t *gids;
    size_t n_gids;
};
int engine_due_ending(struct engine *engine, struct engine_ending *ret);
void engine_ending_deinit(struct engine_ending *ending);
/* `remaining`: a line for each thing that was not ended; NULL with a `failure`, and it is tried again. */
int engine_ending_done(struct engine *engine, const struct engine_ending *ending, char *const *remaining,
                       const char *failure);

/* Whether something of this user's (NULL: of anybody's) is under way that has not failed yet: an answer about it had
 * better wait. */
bool engine_is_settling(struct engine *engine, const char *user);
/* Brings an answer that waited up to date. 0, the refusal, or -errno. */
int engine_settled(const struct call *call);
/*
 * Before a policy comes into force: ends what is held, or approved for later, of packages of the policy `before` that
 * it has no more and that said on_removed = revoke. Harmless to repeat. 0 or -errno: do not put it into force then.
 */
int engine_end_removed(struct engine *engine, const struct packages *before, const struct packages *after);

/*
 * Notices (outbox.h), for accesspkg-notify alone. Taking them gives those behind the number `after`, in order, as
 * org.accesspkg1.Manager.xml describes them; they wait until engine_notice_done says that they are finished. `hook`: a
 * program that has it (`ok`), or failed at it; "": all of it is finished, for good where there is a message.
 */
int engine_take_notices(struct engine *engine, int64_t after, int64_t limit, struct reply *reply);
int engine_notice_done(struct engine *engine, int64_t id, const char *hook, bool ok, const char *message,
                       struct reply *reply);

/* What GetStatus says of the store. */
/* `caller`: whose command it is; what login ids say here is judged from theirs. */
int engine_status(struct engine *engine, const struct caller *caller, struct reply *reply);
/* The groups that somebody holds, or will, and that none of these packages gives. 0 with a new array; -errno. */
int engine_list_held(struct engine *engine, const struct packages *packages, struct packages_held **ret,
                     size_t *ret_count);
void engine_free_held(struct packages_held *held, size_t count);

/* Fills reply->message and returns the code: also for what the bus itself has to refuse. */
int engine_refuse(struct reply *reply, enum bus_error code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* What a look-up for this call has to find out, added to the inquiry. 0; -errno. */
int engine_inquire_packages(struct engine *engine, char *const *packages, struct inquiry *inquiry);
/* The groups of what the user holds of this package, whatever becomes of packages.d; none when nothing. */
int engine_inquire_holding(struct engine *engine, const char *user, const char *package,
                           struct inquiry *inquiry);
/* Who asked, and the groups of what they asked for. STORE_E_NONE when there is no such request. */
int engine_inquire_request(struct engine *engine, int64_t id, struct inquiry *inquiry);

/*
 * Retries of what is partially fulfilled. engine_due_retry takes the next one that is due and puts its next try
 * off with back-off: 0 with the assignment and what to look up; STORE_E_NONE; -errno. engine_retry tries it.
 */
int engine_due_retry(struct engine *engine, int64_t *ret_assignment, struct inquiry *inquiry);
int engine_retry(struct engine *engine, int64_t assignment, const struct facts *facts);

/*
 * Surveys: whether somebody can decide each request that waits, and whether its fallback approvers have to be asked for
 * want of others. engine_due_survey takes the next one to be looked at: 0 with what to look up; STORE_E_NONE; -errno.
 * One at a time: engine_survey follows, with the facts, or with NULL when the look-up failed, which changes nothing but
 * that it is tried once more. 0; ENGINE_E_UNKNOWN: the facts do not tell who can decide it; -errno.
 */
int engine_due_survey(struct engine *engine, int64_t *ret_request, struct inquiry *inquiry);
int engine_survey(struct engine *engine, int64_t request, const struct facts *facts);
/* All that wait are due: the directory may say something else by now. */
void engine_survey_all(struct engine *engine);

/* Adds the principals of these packages' first stages, or of all their stages, as far as they are few enough. */
int engine_inquire_approvers(struct engine *engine, char *const *packages, bool all_stages,
                             struct inquiry *inquiry);
