/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Publications: users whose grant file must be written from the store. Noted inside a transaction and written after its
 * commit; the store keeps the note until the file is in place, so that the next start replays it after a crash. Also
 * remembers the files as we wrote them, to recognise manual changes.
 */
#include "helperd/lifecycle/txn.h"

#include "common/grantdir.h"
#include "common/log.h"
#include "helperd/grants/grant.h"
#include "helperd/lifecycle/narrow.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    OWN_MAX = 128, /* files remembered as ours; others are read and compared, which costs more */
};

struct published {
    struct published *next;
    bool narrows;
    bool tentative; /* noted by a transaction that is not committed yet */
    bool done;
    enum publication_state state;
    int error;     /* of the last try; 0: not tried */
    int64_t tried; /* when it failed */
    char user[];
};

static bool is_done(const struct published *entry)
{
    return entry->done;
}

static bool is_tentative(const struct published *entry)
{
    return entry->tentative;
}

static bool is_any(const struct published *entry)
{
    (void)entry;
    return true;
}

static void forget_published(struct engine *engine, bool (*which)(const struct published *entry))
{
    for (struct published **p = &engine->published; *p;) {
        struct published *entry = *p;
        if (which(entry)) {
            *p = entry->next;
            free(entry);
        } else {
            p = &entry->next;
        }
    }
}

static int note_publication(struct engine *engine, const char *user, bool narrows, bool tentative)
{
    for (struct published *p = engine->published; p; p = p->next) {
        if (!p->done && strcmp(p->user, user) == 0) {
            p->narrows |= narrows;
            p->error = 0; /* its contents changed: try at once */
            return 0;
        }
    }
    struct published *entry = calloc(1, sizeof(*entry) + strlen(user) + 1);
    if (!entry)
        return -ENOMEM;
    entry->narrows = narrows;
    entry->tentative = tentative;
    strcpy(entry->user, user);
    entry->next = engine->published;
    engine->published = entry;
    return 0;
}

int engine_note_publication(struct engine *engine, const char *user, bool narrows)
{
    return note_publication(engine, user, narrows, false);
}

void txn_publish(struct txn *txn, const char *user, bool narrows)
{
    store_add_publication(txn->store, user, narrows);
    if (note_publication(txn->engine, user, narrows, true) < 0)
        store_fail(txn->store, -ENOMEM);
}

bool engine_is_outstanding(const struct engine *engine, const char *user)
{
    for (const struct published *p = engine->published; p; p = p->next)
        if (!p->done && strcmp(p->user, user) == 0)
            return true;
    return false;
}

void engine_strike_publications(struct txn *txn)
{
    for (const struct published *p = txn->engine->published; p; p = p->next)
        if (p->done)
            store_remove_publication(txn->store, p->user);
}

void engine_keep_publications(struct engine *engine)
{
    forget_published(engine, is_done);
    for (struct published *p = engine->published; p; p = p->next)
        p->tentative = false;
}

/* Drops the notes of a rolled-back transaction: writing the file again could undo a manual removal. */
void engine_drop_publications(struct engine *engine)
{
    forget_published(engine, is_tentative);
}

void engine_forget_publications(struct engine *engine)
{
    forget_published(engine, is_any);
}

bool engine_publication_failed(const struct engine *engine)
{
    for (const struct published *p = engine->published; p; p = p->next)
        if (p->error)
            return true;
    return false;
}

/* True during the pause after a failure: a retry at each call would fill the log. */
static bool rests(const struct published *entry, int64_t now)
{
    return entry->error && now >= entry->tried && now < entry->tried + ENGINE_FAULT_RETRY;
}

/* ---- our own writing ---- */

struct own_file {
    char *user; /* NULL: free */
    struct grantdir_mark mark;
};

struct own_files {
    struct own_file items[OWN_MAX];
    size_t oldest;
};

int engine_remember_own(struct engine *engine)
{
    if (!engine->own)
        engine->own = calloc(1, sizeof(*engine->own));
    return engine->own ? 0 : -ENOMEM;
}

void engine_forget_own(struct engine *engine)
{
    for (size_t i = 0; engine->own && i < OWN_MAX; i++)
        free(engine->own->items[i].user);
    free(engine->own);
    engine->own = NULL;
}

static struct own_file *find_own(const struct engine *engine, const char *user)
{
    struct own_files *own = engine->own;
    for (size_t i = 0; own && i < OWN_MAX; i++)
        if (own->items[i].user && strcmp(own->items[i].user, user) == 0)
            return &own->items[i];
    return NULL;
}

/* Keeps one mark per user, so that an older file of ours that is moved back is not taken for the last one. */
static void remember_own(struct engine *engine, const char *user, const struct grantdir_mark *mark)
{
    if (!engine->own)
        return;
    struct own_file *own = find_own(engine, user);
    if (!own && mark->inode == 0)
        return;
    if (!own) {
        own = &engine->own->items[engine->own->oldest];
        engine->own->oldest = (engine->own->oldest + 1) % OWN_MAX;
        free(own->user);
        *own = (struct own_file){.user = strdup(user)};
    }
    own->mark = *mark;
}

bool engine_is_own_file(struct engine *engine, const char *user)
{
    const struct own_file *own = find_own(engine, user);
    struct grantdir_mark mark = {0};
    return own && own->mark.inode != 0 && grantdir_mark_user(engine->state, user, &mark) == 0 &&
           grantdir_same_mark(&own->mark, &mark);
}

/* It ended and is not recorded yet, or its user is locked. */
static bool is_over(const struct assignment *assignment, const void *data)
{
    const struct engine *engine = data;
    if (locks_find(&engine->locks, assignment->user, assignment->uid))
        return true;
    const struct narrowed *narrowed = narrow_find(data, assignment->id, 0);
    return narrowed &&
           narrow_is_about(&narrowed->what, assignment->user, assignment->package, assignment->span.start);
}

struct grant_source engine_grant_source(const struct engine *engine)
{
    return (struct grant_source){engine->store, engine->state, clock_now(&engine->clock), is_over, engine};
}

int engine_write_user(struct engine *engine, const char *user, bool narrows)
{
    struct grantdir_mark mark;
    const struct grant_source source = engine_grant_source(engine);
    const int r = grant_publish_user(&source, user, narrows, &mark);
    if (r == 0)
        remember_own(engine, user, &mark);
    return r;
}

/*
 * Rule 13: where a narrower file cannot be written, none is left; an unlink needs no room. What else the user holds comes
 * back with the next try that succeeds.
 */
static bool take_away(struct engine *engine, const char *user)
{
    const int r = grantdir_remove_user(engine->state, user);
    if (r == 0)
        log_warning("The grant file of %s was taken away, as a narrower one cannot be written: what else "
                    "they hold comes back as soon as it can.",
                    user);
    return r == 0 || r == -ENOENT;
}

static enum publication_state judge(struct engine *engine, const struct published *entry)
{
    const struct grant_source source = engine_grant_source(engine);
    if (!entry->error)
        return PUBLICATION_DONE;
    if (entry->state == PUBLICATION_SHUT)
        return PUBLICATION_SHUT;
    if (!entry->narrows || !grant_file_exceeds(&source, entry->user))
        return PUBLICATION_LAGS;
    return take_away(engine, entry->user) ? PUBLICATION_SHUT : PUBLICATION_GIVES;
}

void engine_publish(struct engine *engine)
{
    const int64_t now = clock_now(&engine->clock);
    for (struct published *p = engine->published; p; p = p->next) {
        if (p->done || rests(p, now))
            continue;
        p->error = engine_write_user(engine, p->user, p->narrows);
        p->tried = now;
        p->done = p->error == 0;
        p->state = judge(engine, p);
    }
}

int engine_publication_error(const struct engine *engine, const char *user, enum publication_state *ret)
{
    for (const struct published *p = engine->published; p; p = p->next)
        if (p->error && strcmp(p->user, user) == 0) {
            *ret = p->state;
            return p->error;
        }
    return 0;
}
