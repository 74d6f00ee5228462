/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the directory said of the names that policies have ("alice", "%dba-leads"): the user or group that it finds by
 * each. A directory may find one by several spellings, as "Alice" or "alice@corp.example.com"; only its answer tells
 * whether two of them are one, so nothing of ours folds case or cuts a domain off. host/lookup.c fills it from each
 * question; in memory only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum named_state { NAMED_UNKNOWN = 0, NAMED_ABSENT, NAMED_FOUND };

struct named {
    enum named_state state; /* as of the last answer */
    bool sure;              /* the last question was answered; else a later one was not */
    char *name;             /* as the directory writes it; NULL: not found */
    id_t id;                /* its uid or gid */
    int64_t at;             /* when it was answered, by namebook_clock() */
};

struct namebook {
    void *root;
    size_t count;
    int64_t expired; /* answers up to this time are not fresh */
};

/* Nanoseconds of a clock that nobody sets. */
int64_t namebook_clock(void);

/* Notes an answer for a principal; NAMED_UNKNOWN keeps what was answered before, and is no longer sure of it. Not noted
 * when memory or room is short: then it is unknown. */
void namebook_note(struct namebook *book, const char *principal, enum named_state state, const char *name,
                   id_t id);
/* NULL: it was never answered. Borrowed until the next note. */
const struct named *namebook_find(const struct namebook *book, const char *principal);
/* True when it was answered within a minute, and not before what was known expired: fresh enough for a list. */
bool namebook_is_fresh(const struct namebook *book, const char *principal);
/* The gid of a group principal that is found for sure; (gid_t)-1: it is not, or there is no book (NULL). */
gid_t namebook_gid(const struct namebook *book, const char *principal);
void namebook_deinit(struct namebook *book);
