/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The calls that the engine answers, and what to look up for them. A function of a struct call joins its changes to the
 * transaction of the calls under way; engine_finish then commits them and makes the answer. Results: 0; a positive enum
 * bus_error with reply->message for people; -errno for a fault (logged; nothing was changed).
 */
#pragma once

#include "helperd/lifecycle/txn.h"

/* Who calls, as the bus daemon and the kernel say. */
struct caller {
    struct identity identity;
};

/* A call: its caller, the facts that were looked up for it, its answer. Each function below says which facts it
 * needs. */
struct call {
    struct engine *engine;
    const struct caller *caller;
    const struct facts *facts;
    struct reply *reply;
};

/* When, and for how long: seconds, and seconds since the epoch; 0: as the package says. WISH(terms): that of a call. */
#define WISH(terms) ((struct wish){(terms)->duration, (terms)->start, (terms)->until})
struct wish {
    int64_t duration;
    int64_t start;
    int64_t until; /* in the place of a duration: not later than this, whenever it begins */
};

/* The terms of Submit; borrowed; NULL: not given. */
struct submission {
    const char *user; /* "" or NULL: the caller */
    strv packages;
    const char *justification;
    const char *service;
    const char *host;
    const char *address;
    const char *tty;
    int64_t duration, start, until; /* struct wish; a start that is not after now: at once */
    bool at_gate;
    bool own_login_id; /* the caller's login id is the user's, as in su and sudo; believed of uid 0 */
    bool can_ask; /* the caller can ask the user: when a justification is missing, say so and file nothing */
    bool
        dry_run; /* file nothing: say which package a request would be for, and whether it would be given at once */
};

/* facts: caller or user (see submission.user), and the gids of all groups of these packages. */
int engine_submit(const struct call *call, const struct submission *submission);
/* facts: caller. */
int engine_cancel(const struct call *call, int64_t id, const char *reason);
/* The terms of an approver. reason: may be "" to approve; the wish: less or later than requested; 0: as requested. */
struct decision_terms {
    const char *reason;
    const char
        *digest; /* of the text that the caller saw (record_digest); NULL: not given, which is refused */
    int64_t duration, start, until; /* struct wish */
};
/* facts: caller, delegators, user (the requestor), the gids of the package's groups. */
int engine_decide(const struct call *call, int64_t id, bool approve, const struct decision_terms *terms);
/* Requests more time for what the caller holds. facts: caller, the gids of the package's groups. */
int engine_extend(const struct call *call, const char *package, const char *justification, struct wish wish);
/* Hands back what the caller holds. facts: caller. */
int engine_return(const struct call *call, const char *package, const char *reason);
/* Whether this exact user name has a live assignment of the package, or an approved request that waits for its
 * start. */
bool engine_has_package(struct engine *engine, const char *user, const char *package);
/* For uid 0, and for those who decided on the request or may decide. facts: caller, delegators; the user, unless
 * engine_has_package is true of the name as it was typed. */
int engine_revoke(const struct call *call, const char *user, const char *package, const char *reason);
struct assign_terms {
    const char *user; /* for the refusal of a user who was not found; NULL: none */
    const char *package;
    const char *reason;             /* may be "" */
    int64_t duration, start, until; /* struct wish */
    bool override_duties;           /* assign it against the separation of duties; needs a reason */
    const char *advice;             /* options of `pkg-admin assign` for the refusal without it; NULL: none */
};
/* Administrator (uid 0, checked by the caller). facts: caller, user, the gids. */
int engine_assign(const struct call *call, const struct assign_terms *terms);
/*
 * Assigns a package that gives this Unix group to members of the group. Each as engine_assign, in a transaction of its
 * own: after a fault the users before it have the package, and a repetition goes on from there (rule 7). The value is
 * an array with an object for each user: what was done, or why not. facts: caller, others (the users), the gids.
 */
struct import_terms {
    const char *group;
    const char *package;
    strv users;
    const char *reason; /* "": "imported from the group ..." */
    int64_t duration;   /* 0: the package's */
    bool dry_run;       /* only says what would be done */
};
int engine_import(const struct call *call, const struct import_terms *terms);
/* Retries a partially fulfilled assignment now, and puts back what was removed manually. facts: caller, user, the
 * gids. */
int engine_retry_now(const struct call *call, const char *user, const char *package);
/* Takes the one package at once, without approval, to be reviewed afterwards; for those whom its policy allows to.
 * Ignores the submission's duration and start. facts: caller, user, the gids. */
int engine_emergency(const struct call *call, const struct submission *submission);
/* facts: caller, delegators. The reason may be "". */
int engine_review(const struct call *call, int64_t id, const char *reason);

/* Root's lock of this user was set, or lifted (common/locks.h): reads, applies and records it. The value: user, locked,
 * recorded. facts: none. */
int engine_heed_lock(const struct call *call, const char *user, bool locked);

struct delegate_terms {
    const char *to; /* as it was typed; the facts have the user */
    int64_t until;  /* 0: not given, which is refused */
    const char *reason;
};
/* The value of these two is the delegation. facts: caller, user (the delegate). */
int engine_delegate(const struct call *call, const struct delegate_terms *terms);
/* Ends the caller's delegation to this user, else the one from this user. facts: caller. */
int engine_undelegate(const struct call *call, const char *other);
/* The value is an array of the live delegations that the caller gave or received; for uid 0 of all. facts: caller. */
int engine_list_delegations(const struct call *call);

/* facts: caller, delegators. */
int engine_get_request(const struct call *call, int64_t id);
enum engine_role { ENGINE_ROLE_REQUESTOR = 0, ENGINE_ROLE_APPROVER, ENGINE_ROLE_DECIDED, ENGINE_ROLE_ALL };
/* The value is an array [requests, more]. facts: caller, delegators. */
int engine_list_requests(const struct call *call, enum engine_role role, const struct store_filter *filter);
int engine_list_packages(const struct call *call);

/* Explains what would become of a request for this package, by the code that decides it. user: "": the caller; another
 * name: for uid 0 only. facts: caller, user, the package's groups and the principals of all its stages. */
int engine_explain(const struct call *call, const char *package, const char *user);

/*
 * Ends a call whose function returned r: commits, then makes the answer. 0 with reply->value (a new reference), or as
 * above.
 */
int engine_finish(const struct call *call, int r);
/*
 * For several calls that share a commit. First all their subjects are verified, as engine_begin_call does for one; their
 * functions follow, one after the other, until one returns -errno; then engine_end_shared. 0 or more: engine_answer with
 * what its function returned makes each answer; -errno: each is run again by itself, with an empty reply.
 */
void engine_verify_subjects(struct engine *engine, const struct facts *facts);
int engine_answer(const struct call *call, int r);
/* Whether a membership of this user (NULL: of any) is under way and has not failed yet. */
bool engine_is_settling(struct engine *engine, const char *user);
/* Whether the answer must wait for a membership of the user whom it is about. */
bool engine_answer_waits(const struct call *call);
/* Makes the answer again after it has waited. 0, the refusal, or -errno. */
int engine_answer_again(const struct call *call);

/*
 * Notices (common/outbox.h), for accesspkg-notify only. Taking returns those with an id above `after`, in order, as
 * org.accesspkg1.Manager.xml describes them; each stays until engine_notice_done finishes it. hook: a program that
 * delivered it (ok), or failed; "": it is finished, or given up when there is a message.
 */
int engine_take_notices(struct engine *engine, int64_t after, int64_t limit, struct reply *reply);
int engine_notice_done(struct engine *engine, int64_t id, const char *hook, bool ok, const char *message,
                       struct reply *reply);

/* Copies the store into a file, in steps; the caller has checked for uid 0. The file is to be empty and stays the
 * caller's, until a step returns something else than ENGINE_E_MORE. One at a time. */
int engine_begin_backup(const struct call *call, int file);
int engine_step_backup(const struct call *call);
void engine_end_backup(struct engine *engine); /* also when none is under way */

/* Takes the store for what it is, where it is not the one that was known here; the caller has checked for uid 0. The value
 * counts what is held, waits for its start, and waits for a decision. */
int engine_accept_store(const struct call *call);

/* Sets reply->message and returns the code. */
int engine_refuse(struct reply *reply, enum bus_error code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
