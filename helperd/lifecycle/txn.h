/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The engine, and the transaction that a step is part of. A step (a function of a struct txn) returns nothing: the
 * transaction keeps its first fault, later steps do nothing, and txn_commit returns the fault. Effects outside the
 * store are noted inside, done after the commit, and struck out by a later commit; the next start replays them after a
 * crash.
 */
#pragma once

#include "common/config.h"
#include "common/identity.h"
#include "common/locks.h"
#include "common/names.h"
#include "helperd/config/packages_allow.h"
#include "helperd/grants/grant.h"
#include "helperd/host/clock.h"
#include "helperd/host/facts.h"
#include "helperd/lifecycle/journal.h"
#include "helperd/store/store.h"

#include <jansson.h>

#define IDENTITY_NONE ((struct identity){UID_UNSET, UID_UNSET})

struct engine_hooks {
    void (*changed)(int64_t request, void *data);
    void (*deadline)(int64_t at, void *data);  /* 0: none; call engine_tick then */
    void (*notices)(int64_t last, void *data); /* there are new notices: engine_take_notices */
    void (*written)(void *data); /* grant files await a sync: engine_settle_publications in a moment */
    void (*chores)(void *data);  /* due at once: engine_take_due_membership, _warning or _ending */
    void *data;
};

struct engine {
    struct store *store;
    const struct packages *packages;
    const struct config *config;
    struct clock clock;
    bool login_ids_count;         /* bus_caller_login_ids_count */
    const char *state;            /* the folder */
    const char *group_file;       /* /etc/group; NULL: none */
    const char *host_name;        /* this host's; NULL: not known */
    const char *host_key;         /* the fingerprint of its key (hostkey.h); NULL: it has none */
    const char *store_note;       /* root's note of the store (storenote.h); NULL: none */
    uid_t note_owner;             /* whose it has to be: 0 */
    const struct namebook *names; /* what look-ups said of the names in policies; NULL: none were made */
    struct engine_hooks hooks;
    /* Private from here on. */
    int64_t last_now; /* the clock at the last tick, to notice when it was set back */
    int64_t
        history_seen; /* the clock when history was looked at last, to be deleted; 0: not since the start */
    int64_t set_back_from;  /* the clock before it was set back, until that is recorded; 0: it is */
    int64_t endings_waited; /* when all ends of sessions that are due waited; 0: one did not */
    struct removals {
        int64_t taken;      /* of those that are planned, without a commit */
        int64_t rest_until; /* none is taken in that way */
    } removals;
    bool chores_begun;           /* by a commit, since the daemon last cleared it */
    struct store_backup *backup; /* under way; NULL: none is */
    struct mark *mark;           /* grants/mark; NULL: it is not written */
    char *unaccepted;     /* why the store is not what was known here, until root accepts it; NULL: it is */
    int64_t held_request; /* then: requests up to this one do not begin */
    struct published *published; /* outstanding publications, and those to be struck out of the store */
    int sync_error;              /* of the last sync of their files; 0: none */
    /* After a start: whose grant files are still to be compared with the store, see engine_verify. */
    struct verification {
        bool pending;
        char *at;              /* those of users up to this one have been; NULL: none has */
        void *early;           /* a tree of others that have been, as something was about them */
        int64_t last;          /* the last assignment before the start */
        struct former *former; /* publications that the process before left; NULL: none is kept */
        size_t replayed;
        struct grantdir_list *files; /* of users who may hold nothing; NULL: not yet */
    } verification;
    struct survey {
        int64_t soon[64]; /* requests that have entered a stage, to be surveyed first */
        size_t count;
        bool walking;   /* through all pending requests */
        bool again;     /* walk once more afterwards */
        bool alone;     /* a shared look-up took too long: none is shared until the walk ends */
        int64_t after;  /* the last one that the walk took */
        int64_t failed; /* the request whose look-up failed last */
    } survey;
    /* The root service's notes of members that the store does not know: lines for people, and how many there are. */
    json_t *unexplained;
    int64_t unexplained_count;
    /* For the status, see engine/unknown.c. */
    struct unknown_groups {
        void *root; /* a tree of names */
        size_t count;
        unsigned walk;
    } unknown_groups;
    struct unknown_users {
        size_t count;
        char *first[5];
    } unknown_users, unknown_users_before; /* of the walk under way, or the last one; of the one before it */
    struct txn {
        struct engine *engine; /* NULL: none was begun */
        struct store *store;   /* the engine's */
        /* To do after the commit: */
        int64_t *changed; /* requests to announce */
        size_t n_changed;
        bool chores_are_due;
        int64_t noticed;                /* the last notice written; 0: none */
        struct journal journal;         /* lines to log */
        char *warning;                  /* to log; NULL: none */
        bool records_set_back;          /* engine->set_back_from is done with */
        int64_t none_due_at;            /* what was due by then is done; 0: not known */
        bool again;                     /* after a fault all of it is done again: nothing of it stands */
    } joined;                           /* of the calls under way: engine_join */
    struct narrowed *narrowed;          /* ends that hold: lifecycle/narrow.h */
    struct unrecorded_file *unrecorded; /* those that stand; NULL: it could not be made */
    int64_t slice_ns;      /* what is due is done for so long, then others have a turn; 0: no limit */
    int64_t slice_end_ns;  /* how long the commit of the last such slice took, files and all */
    int64_t failed_at;     /* when the last commit failed; 0: it did not */
    struct own_files *own; /* the grant files as we wrote them last; NULL: not remembered */
    struct drift *drift;   /* what is still to be compared; NULL: nothing is watched */
    struct locks locks;    /* as root set them: engine/locks.h */
    bool locks_due;        /* they could not be read, or not all be recorded */
};

/* What an answer shows, read after the commit of the call. */
struct answer {
    int64_t request;    /* 0: none */
    int64_t assignment; /* without a request: one adopted from a grant file; 0: none */
    bool submitted;     /* show whether it existed before, and is held */
    bool extended;      /* show whether it existed before */
    bool existing;
    int64_t denied; /* the request that was denied before this one was filed: it is told; 0: none */
    /* What the user may take in an emergency while it is pending. */
    char emergencies[BUS_PACKAGES_MAX][NAME_PACKAGE_MAX + 1];
    size_t n_emergencies;
    /* The packages of the gate's line, of whose ways in without approval it is told while it is pending. */
    char line[BUS_PACKAGES_MAX][NAME_PACKAGE_MAX + 1];
    size_t n_line;
    bool ended; /* it ended: answer when the access is gone, and show memberships that stay by other means */
    int64_t withdrawn[8]; /* requests that were withdrawn with it */
    size_t n_withdrawn;
};

struct reply {
    json_t *value; /* set by calls whose answer is no request or assignment; else engine_finish sets it */
    struct answer answer;
    char message[1024]; /* of a refusal */
    char *long_message; /* owned; used instead of `message` when that could be too short */
};

enum { ENGINE_E_MORE = 1002 };    /* a call that is done in steps: another follows */
enum { ENGINE_E_UNKNOWN = 1001 }; /* the facts do not say, and nothing was changed */
_Static_assert((int)BUS_ERROR_COUNT < (int)STORE_E_NONE && (int)STORE_E_NONE != (int)ENGINE_E_UNKNOWN,
               "no result is taken for another");

/* Begins; txn_commit returns a fault of this, and must be called. */
void txn_begin(struct txn *ret, struct engine *engine);
/* 0 when it is durable and its effects are done; otherwise its first fault (-errno), and it is rolled back. */
int txn_commit(struct txn *txn);
/* Keeps a fault: -errno, or STORE_E_NONE for a row that must exist. True when there is none so far. */
bool txn_ok(struct txn *txn, int r);
int64_t txn_now(const struct txn *txn);
/* Logs a warning after the commit; only the first one of a transaction. */
void txn_warn(struct txn *txn, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * The transaction that the calls under way share, begun by the first change. engine_end commits it if it was begun, or
 * rolls it back if r is -errno. Returns r, or the transaction's first fault. engine_end_shared is the same for several
 * calls, which the caller runs again, each by itself, after a fault: until then not even an end stands (rule 13).
 */
struct txn *engine_join(struct engine *engine);
int engine_end(struct engine *engine, int r);
int engine_end_shared(struct engine *engine, int r);

/* Calls the hook with the next time at which something is due, after a fault not before `earliest`. */
void engine_set_deadline(struct engine *engine, int64_t earliest);
/* Seconds after a fault until the retry, as of a grant file that could not be written. */
enum { ENGINE_FAULT_RETRY = 5 };

/* Who does something, and why: for the audit log and for notices. */
struct act {
    const char *actor; /* a user, or "accesspkgd" */
    struct identity identity;
    const char *reason; /* NULL: none was given */
    int64_t at;         /* when; 0: now */
    const char *user;   /* whom it is about, where it is about no request and no assignment; NULL: nobody */
};

static inline struct act own_act(const char *reason)
{
    return (struct act){.actor = "accesspkgd", .identity = IDENTITY_NONE, .reason = reason};
}

/* Adds a line to the audit log, and after the commit to the journal. request, assignment 0: none. */
void txn_audit(struct txn *txn, struct act act, enum audit_event event, int64_t request, int64_t assignment);
/* Announces the request's change after the commit. 0: none. */
void txn_announce(struct txn *txn, int64_t request);
/* Writes the user's grant file after the commit. `narrows`: it takes access away, so the file must be durable. */
void txn_publish(struct txn *txn, const char *user, bool narrows);
/* Seconds until the next attempt, after so many. */
int64_t retry_backoff(const struct engine *engine, int64_t attempts);
