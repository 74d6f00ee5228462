/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What every step works on, and the transaction that it is part of. A step (a function of a struct txn) returns nothing:
 * the transaction keeps its first fault, what follows does nothing, and txn_commit tells it. Effects outside the store are
 * noted inside, done after the commit, and struck out with a later one; a crash in between is made good at start.
 */
#pragma once

#include "common/config.h"
#include "common/identity.h"
#include "helperd/config/packages_allow.h"
#include "helperd/grants/grant.h"
#include "helperd/host/clock.h"
#include "helperd/host/facts.h"
#include "helperd/store/store.h"

#include <jansson.h>

#define NOBODY ((struct identity){UID_UNSET, UID_UNSET})

struct engine_hooks {
    void (*changed)(int64_t request, void *data);
    void (*deadline)(int64_t at, void *data);  /* 0: none; call engine_tick then */
    void (*notices)(int64_t last, void *data); /* somebody is to be told: engine_take_notices */
    void (*chores)(void *data);                /* due at once: engine_due_membership, _warning or _ending */
    void *data;
};

struct engine {
    struct store *store;
    const struct packages *packages;
    const struct config *config;
    struct clock clock;
    bool login_ids_count;   /* bus_caller_login_ids_count */
    const char *state;      /* the folder */
    const char *group_file; /* /etc/group; NULL: nobody stands there */
    struct engine_hooks hooks;
    /* Private from here on. */
    int64_t last_now;  /* the clock at the last tick, to notice when it was set back */
    bool chores_begun; /* by a commit, since the daemon last cleared it */
    struct published
        *published; /* publications whose file is in place, to be struck out with the next commit */
    struct survey {
        int64_t soon[64]; /* requests that have entered a stage, to be looked at first */
        size_t count;
        bool walking;   /* through all that wait for a decision */
        bool again;     /* once more when it is through */
        int64_t after;  /* the last one that the walk took */
        int64_t failed; /* the look-up for this one failed last */
    } survey;
    struct unknown_names {
        void *root; /* a tree of names, see engine/unknown.c */
        size_t count;
        unsigned walk;
    } unknown[2]; /* users, groups */
    struct txn {
        struct engine *engine; /* NULL: none was begun */
        struct store *store;   /* the engine's */
        /* What is to be done after the commit. */
        int64_t *changed; /* requests to announce */
        size_t n_changed;
        bool chores_are_due;
        int64_t noticed;   /* the last notice that it wrote; 0: none */
        char *warning;     /* to be logged; NULL: none */
    } joined;              /* of the calls under way: engine_join */
    struct own_files *own; /* the grant files as we wrote them last; NULL: not remembered */
    struct drift *drift;   /* what is still to be looked at; NULL: nothing is watched */
};

/* What the value of an answer shows, as it is after the commit of the call. */
struct answer {
    int64_t request;    /* 0: none */
    int64_t assignment; /* without a request: adopted with its grant file; 0: none */
    bool submitted;     /* says whether it existed before, and is held */
    bool extended;      /* says whether it existed before */
    bool existing;
    bool may_emergency;   /* while it waits for a decision, the person may take it in an emergency */
    bool ended;           /* an end: done when the access is gone, and says who keeps it by other means */
    int64_t withdrawn[8]; /* requests that an end withdrew as well */
    size_t n_withdrawn;
};

struct reply {
    json_t *value; /* for an answer without a request or an assignment; else engine_finish makes it */
    struct answer answer;
    char message[1024];
    char *long_message; /* owned; instead of `message` where that could be too short */
};

enum { ENGINE_E_UNKNOWN = 1001 }; /* the facts do not tell, and nothing was changed */
_Static_assert((int)BUS_ERROR_COUNT < (int)STORE_E_NONE && (int)STORE_E_NONE != (int)ENGINE_E_UNKNOWN,
               "no result is taken for another");

/* Begins; what fails here is told by the commit. Each one that was begun is committed. */
void txn_begin(struct txn *ret, struct engine *engine);
/* 0 when it is durable, its effects done; the first fault (-errno), rolled back. */
int txn_commit(struct txn *txn);
/* Keeps a fault (-errno), and that something is not there (STORE_E_NONE) which has to be. Whether none was kept so far. */
bool txn_ok(struct txn *txn, int r);
int64_t txn_now(const struct txn *txn);
/* A warning, logged after the commit. The first one alone. */
void txn_warn(struct txn *txn, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * The transaction of the calls under way, begun with the first change that one of them makes. engine_end commits it, if it
 * was begun, and fails it where r is -errno: r, or the first fault.
 */
struct txn *engine_join(struct engine *engine);
int engine_end(struct engine *engine, int r);

/* Has the hook called when something is due next; not before `earliest`, after a fault. */
void engine_set_deadline(struct engine *engine, int64_t earliest);
/* Seconds until what failed, as a grant file to be written, is tried again. */
enum { ENGINE_FAULT_RETRY = 5 };

/* Who does something, and why, for the record and for those whom it concerns. */
struct act {
    const char *actor; /* a user, or "accesspkgd" */
    struct identity identity;
    const char *reason; /* NULL: none was given */
};

static inline struct act own_act(const char *reason)
{
    return (struct act){"accesspkgd", NOBODY, reason};
}

/* A line of the audit log. request, assignment: 0: none. */
void txn_audit(struct txn *txn, struct act act, const char *event, int64_t request, int64_t assignment);
/* Announces the request's change after the commit. 0: none. */
void txn_announce(struct txn *txn, int64_t request);
/* Writes the user's grant file after the commit, as the store has it then. */
void txn_publish(struct txn *txn, const char *user, bool narrows);
/* The pause before the next try, after so many. */
int64_t retry_backoff(const struct engine *engine, int64_t attempts);

/* txn_publish outside a transaction, for what the store notes already or holds as it is. 0 or -ENOMEM. */
int engine_note_publication(struct engine *engine, const char *user, bool narrows);
/* Tries to put in place what is outstanding. Whether the user's file could be written: 0 or -errno. */
void engine_publish(struct engine *engine);
int engine_publication_error(const struct engine *engine, const char *user);
/* Whether the user's file is still to be written; whether any could not be written when it was tried last. */
bool engine_is_outstanding(const struct engine *engine, const char *user);
bool engine_publication_failed(const struct engine *engine);
/* For transactions: strikes out what is in place; what was noted inside counts from now on, or does not. */
void engine_strike_publications(struct txn *txn);
void engine_keep_publications(struct engine *engine);
void engine_drop_publications(struct engine *engine);
void engine_forget_publications(struct engine *engine); /* all: the process ends */
/* What the grant files are derived from, now. */
static inline struct grant_source engine_grant_source(const struct engine *engine)
{
    return (struct grant_source){engine->store, engine->state, clock_now(&engine->clock)};
}
/* Writes the file now, and remembers that it was us. 0 or -errno (logged). */
int engine_write_user(struct engine *engine, const char *user, bool narrows);
/* From now on our own files are remembered: 0 or -ENOMEM. Whether the user's is as we wrote it last. */
int engine_remember_own(struct engine *engine);
void engine_forget_own(struct engine *engine);
bool engine_is_own_file(struct engine *engine, const char *user);
