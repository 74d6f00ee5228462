/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What every step works on, and the transaction that it is part of. Effects are noted inside (engine_will_*), done after
 * the commit, and struck out with a later one; a crash in between is made good at start.
 */
#pragma once

#include "common/config.h"
#include "common/identity.h"
#include "helperd/config/packages_allow.h"
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
    int64_t last_now;    /* the clock at the last tick, to notice when it was set back */
    bool chores_begun;   /* by a commit, since somebody last cleared it */
    bool chores_are_due; /* by what this transaction does */
    int64_t noticed;     /* the last notice that it wrote; 0: none */
    struct published
        *published; /* publications whose file is in place, to be struck out with the next commit */
    struct changed {
        int64_t *ids;
        size_t count;
    } changed; /* requests to announce after the commit */
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
    } unknown[2];          /* users, groups */
    struct own_files *own; /* the grant files as we wrote them last; NULL: not remembered */
    struct drift *drift;   /* what is still to be looked at; NULL: nothing is watched */
};

struct reply {
    json_t *value;
    char message[1024];
    char *long_message; /* owned; instead of `message` where that could be too short */
};

enum { ENGINE_E_UNKNOWN = 1001 }; /* the facts do not tell, and nothing was changed */
_Static_assert((int)BUS_ERROR_COUNT < (int)STORE_E_NONE && (int)STORE_E_NONE != (int)ENGINE_E_UNKNOWN,
               "no result is taken for another");

int engine_begin(struct engine *engine);
int engine_commit(struct engine *engine);
void engine_rollback(struct engine *engine);
/* Commits when r is 0, rolls back otherwise; the result of all. */
int engine_end(struct engine *engine, int r);
/* Has the hook called when something is due next; not before `earliest`, after a fault. */
void engine_set_deadline(struct engine *engine, int64_t earliest);
enum {
    ENGINE_FAULT_RETRY = 5
}; /* seconds until what failed, as a grant file to be written, is tried again */

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

int engine_audit(struct engine *engine, struct act act, const char *event, int64_t request,
                 int64_t assignment);
int engine_will_announce(struct engine *engine, int64_t request);
/* The pause before the next try, after so many. */
int64_t engine_backoff(const struct engine *engine, int64_t attempts);

/* The user's grant file is to say what the store says. */
int engine_will_publish(struct engine *engine, const char *user, bool narrows);
/* The same outside a transaction, for what the store notes already or holds as it is. 0 or -ENOMEM. */
int engine_note_publication(struct engine *engine, const char *user, bool narrows);
/* Tries to put in place what is outstanding. Whether the user's file could be written: 0 or -errno. */
void engine_publish(struct engine *engine);
int engine_publication_error(const struct engine *engine, const char *user);
/* Whether the user's file is still to be written; whether any could not be written when it was tried last. */
bool engine_is_outstanding(const struct engine *engine, const char *user);
bool engine_publication_failed(const struct engine *engine);
/* For transactions: strikes out what is in place; what was noted inside counts from now on, or does not. */
int engine_strike_publications(struct engine *engine);
void engine_keep_publications(struct engine *engine);
void engine_drop_publications(struct engine *engine);
void engine_forget_publications(struct engine *engine); /* all: the process ends */
/* Writes the file now, and remembers that it was us. 0 or -errno (logged). */
int engine_write_user(struct engine *engine, const char *user, bool narrows);
/* From now on our own files are remembered: 0 or -ENOMEM. Whether the user's is as we wrote it last. */
int engine_remember_own(struct engine *engine);
void engine_forget_own(struct engine *engine);
bool engine_is_own_file(struct engine *engine, const char *user);
