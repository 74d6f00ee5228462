/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What callers ask the engine, and what has to be looked up before. Each of the functions of a struct call joins its
 * changes to the transaction of the calls under way; engine_finish commits them and makes the answer. Results: 0; a
 * positive enum bus_error with reply->message saying what happened, to what, and what to do; -errno for a fault
 * (logged; nothing was changed).
 */
#pragma once

#include "helperd/lifecycle/txn.h"

/* Who calls, as the bus daemon and the kernel say. */
struct caller {
    struct identity identity;
};

/*
 * A call: who asks, what was looked up for it, and its answer. The calls below take it; behind each stands which facts
 * it needs.
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
bool engine_has_package(struct engine *engine, const char *user, const char *package);
/* Uid 0, and who decided on it or may decide. facts: caller, delegators, the user unless engine_has_package the name as it was
 * typed. */
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
/* Administrator (uid 0, checked by the caller). facts: caller, user, the gids. */
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

/* Who holds what now, for uid 0 (checked by the caller), newest first. The value is an array [rows, more, kinds]: as
 * what the name was taken. `kinds`: see store.h; of a word as on the bus ("package"), 0: there is no such. */
int engine_list_holders(struct engine *engine, const struct store_holders_filter *filter,
                        struct reply *reply);
unsigned engine_holder_kind(const char *word);

/* Looking back, for uid 0 (checked by the caller). The report's value is [rows, since when it counts]; the audit log's
 * [lines, next_at, next]. filter->examine is set here. */
int engine_report(struct engine *engine, int64_t since, const char *package, struct reply *reply);
int engine_list_audit(struct engine *engine, const struct store_audit_filter *filter, struct reply *reply);

/* What would become of a request for this package, asked by the same code that decides. user: "" for the caller;
 * another name for uid 0. facts: caller, user, the package's groups and the principals of all its stages. */
int engine_explain(const struct call *call, const char *package, const char *user);

/*
 * The end of a call whose function returned r: commits, and answers when that is durable. 0 with reply->value (a new
 * reference), or as above.
 */
int engine_finish(const struct call *call, int r);
/* Whether a membership of this user's (NULL: of any user's) is under way and has not failed yet. */
bool engine_is_settling(struct engine *engine, const char *user);
/* Whether one of the user whom the answer is about is: the answer waits for it. */
bool engine_answer_waits(const struct call *call);
/* Makes an answer that waited anew. 0, the refusal, or -errno. */
int engine_answer_again(const struct call *call);

/*
 * Notices (outbox.h), for accesspkg-notify alone. Taking them gives those behind the number `after`, in order, as
 * org.accesspkg1.Manager.xml describes them; they wait until engine_notice_done says that they are finished. `hook`: a
 * program that has it (`ok`), or failed at it; "": all of it is finished, for good where there is a message.
 */
int engine_take_notices(struct engine *engine, int64_t after, int64_t limit, struct reply *reply);
int engine_notice_done(struct engine *engine, int64_t id, const char *hook, bool ok, const char *message,
                       struct reply *reply);

/* What GetStatus says of the store. `caller`: whose command it is; what login ids say here is judged from theirs. */
int engine_status(struct engine *engine, const struct caller *caller, struct reply *reply);

/* Fills reply->message and returns the code: also for what the bus itself has to refuse. */
int engine_refuse(struct reply *reply, enum bus_error code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* What a look-up for this call has to find out, added to the inquiry. 0; -errno. */
int engine_inquire_packages(struct engine *engine, char *const *packages, struct inquiry *inquiry);
/* The groups of what the user holds of this package, whatever becomes of packages.d; none when nothing. */
int engine_inquire_held_groups(struct engine *engine, const char *user, const char *package,
                               struct inquiry *inquiry);
/* Who asked, and the groups of what they asked for. STORE_E_NONE when there is no such request. */
int engine_inquire_request(struct engine *engine, int64_t id, struct inquiry *inquiry);

/* Adds the principals of these packages' first stages, or of all their stages, as far as they are few enough. */
int engine_inquire_approvers(struct engine *engine, char *const *packages, bool all_stages,
                             struct inquiry *inquiry);
