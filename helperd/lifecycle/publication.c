/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Publications: users whose grant file must be written from the store. Noted inside a transaction and written after its
 * commit; the store keeps the note until the file is in place and on stable storage, so that the next start replays it
 * after a crash or a power cut. Also remembers the files as we wrote them, to recognise manual changes.
 */
#include "helperd/lifecycle/txn.h"

#include "common/grantdir.h"
#include "common/log.h"
#include "helperd/grants/grant.h"
#include "helperd/lifecycle/narrow.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

enum {
    OWN_MAX = 128,        /* files remembered as ours; others are read and compared, which costs more */
    SYNC_EACH = 16,       /* files that are synced one by one; with more the whole file system is, at once */
    FORMER_AT_ONCE = 128, /* widening publications that are replayed before the daemon is ready */
    UNSAFE_MAX = 512,     /* files in place that wait for a sync */
};

struct published {
    struct published *next;
    bool narrows;
    bool
        whole; /* from before the start: the file lacks it because it was not written, see engine_write_user */
    bool tentative; /* noted by a transaction that is not committed yet */
    bool done;      /* in place */
    bool safe;      /* on stable storage, too */
    bool struck;    /* from the store, by the transaction under way */
    enum publication_state state;
    int error;     /* of the last try; 0: not tried */
    int64_t tried; /* when it failed */
    char user[];
};

static bool is_struck(const struct published *entry)
{
    return entry->struck;
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

static struct published *find_outstanding(const struct engine *engine, const char *user)
{
    for (struct published *p = engine->published; p; p = p->next)
        if (!p->done && strcmp(p->user, user) == 0)
            return p;
    return NULL;
}

static struct published *add_published(struct engine *engine, const char *user, bool narrows)
{
    struct published *entry = calloc(1, sizeof(*entry) + strlen(user) + 1);
    if (!entry)
        return NULL;
    entry->narrows = narrows;
    strcpy(entry->user, user);
    entry->next = engine->published;
    engine->published = entry;
    return entry;
}

static int note_publication(struct engine *engine, const char *user, bool narrows, bool tentative)
{
    struct published *entry = find_outstanding(engine, user);
    if (entry) {
        entry->narrows |= narrows;
        entry->error = 0; /* its contents changed: try at once */
        return 0;
    }
    entry = add_published(engine, user, narrows);
    if (!entry)
        return -ENOMEM;
    entry->tentative = tentative;
    return 0;
}

int engine_note_publication(struct engine *engine, const char *user, bool narrows)
{
    return note_publication(engine, user, narrows, false);
}

int engine_note_former(struct engine *engine, const char *user, bool narrows)
{
    const int r = note_publication(engine, user, narrows, false);
    if (r == 0)
        find_outstanding(engine, user)->whole = true;
    return r;
}

struct loading {
    struct engine *engine;
    int widening;
};

static int load_former(const char *user, bool narrows, void *data)
{
    struct loading *loading = data;
    if (narrows || loading->widening++ < FORMER_AT_ONCE)
        return engine_note_former(loading->engine, user, narrows);
    return engine_keep_former(loading->engine, user);
}

int engine_load_former(struct engine *engine)
{
    return store_each_publication(engine->store, load_former, &(struct loading){.engine = engine});
}

int engine_note_in_place(struct engine *engine, const char *user)
{
    struct published *entry = add_published(engine, user, false);
    if (!entry)
        return -ENOMEM;
    entry->done = true;
    return 0;
}

void txn_publish(struct txn *txn, const char *user, bool narrows)
{
    store_add_publication(txn->store, user, narrows);
    if (note_publication(txn->engine, user, narrows, true) < 0)
        store_fail(txn->store, -ENOMEM);
}

bool engine_is_outstanding(const struct engine *engine, const char *user)
{
    return find_outstanding(engine, user) != NULL;
}

/* The note in the store may stand for a later change as well, whose file is still to be written. */
void engine_strike_publications(struct txn *txn)
{
    for (struct published *p = txn->engine->published; p; p = p->next) {
        p->struck = p->safe;
        if (p->struck && !find_outstanding(txn->engine, p->user))
            store_remove_publication(txn->store, p->user);
    }
}

void engine_keep_publications(struct engine *engine)
{
    forget_published(engine, is_struck);
    for (struct published *p = engine->published; p; p = p->next)
        p->tentative = false;
}

/* Drops the notes of a rolled-back transaction: writing the file again could undo a manual removal. */
void engine_drop_publications(struct engine *engine)
{
    forget_published(engine, is_tentative);
    for (struct published *p = engine->published; p; p = p->next)
        p->struck = false;
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

/* ---- stable storage ---- */

static bool is_unsafe(const struct published *entry)
{
    return entry->done && !entry->safe;
}

static size_t count_unsafe(const struct engine *engine)
{
    size_t count = 0;
    for (const struct published *p = engine->published; p; p = p->next)
        count += is_unsafe(p);
    return count;
}

static int sync_written(const struct engine *engine, size_t count)
{
    char *users[SYNC_EACH + 1] = {NULL};
    if (count > SYNC_EACH)
        return grantdir_sync_all(engine->state);
    count = 0;
    for (struct published *p = engine->published; p; p = p->next)
        if (is_unsafe(p))
            users[count++] = p->user;
    return count ? grantdir_sync_users(engine->state, users) : 0;
}

void engine_sync_publications(struct engine *engine)
{
    const int r = sync_written(engine, count_unsafe(engine));
    if (r < 0 && r != engine->sync_error)
        log_warning("Grant files could not be put on stable storage: %s. Until they are, the next start of "
                    "accesspkgd writes them again.",
                    strerror(-r));
    engine->sync_error = r;
    for (struct published *p = engine->published; p && r == 0; p = p->next)
        p->safe = p->done;
}

bool engine_awaits_strike(const struct engine *engine)
{
    for (const struct published *p = engine->published; p; p = p->next)
        if (p->safe)
            return true;
    return false;
}

static void ask_to_settle(struct engine *engine)
{
    if (engine->published && engine->hooks.written)
        engine->hooks.written(engine->hooks.data);
    if (count_unsafe(engine) > UNSAFE_MAX)
        engine_sync_publications(engine);
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
    return (struct grant_source){.store = engine->store,
                                 .packages = engine->packages,
                                 .state = engine->state,
                                 .now = clock_now(&engine->clock),
                                 .is_over = is_over,
                                 .data = engine};
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(a, b);
}

bool engine_is_unverified(const struct engine *engine, const char *user)
{
    const struct verification *verification = &engine->verification;
    return verification->pending && (!verification->at || strcmp(user, verification->at) > 0) &&
           !tfind(user, &verification->early, compare_names);
}

int engine_note_verified(struct engine *engine, const char *user)
{
    char *name = strdup(user);
    char **found = name ? tsearch(name, &engine->verification.early, compare_names) : NULL;
    if (!found || *found != name)
        free(name);
    return found ? 0 : -ENOMEM;
}

void engine_forget_verified(struct engine *engine)
{
    tdestroy(engine->verification.early, free);
    engine->verification.early = NULL;
}

static int write_whole(struct engine *engine, const char *user, bool narrows)
{
    struct grantdir_mark mark;
    const struct grant_source source = engine_grant_source(engine);
    const int r = grant_publish_user(&source, user, narrows, &mark);
    if (r == 0)
        remember_own(engine, user, &mark);
    return r;
}

/* Not remembered as our own, so that the verification judges what it lacks. */
static int write_bounded(struct engine *engine, const char *user, bool narrows)
{
    struct grantdir_mark mark;
    struct grant_user file = {0};
    struct grant_source source = engine_grant_source(engine);
    const int read = grantdir_read_user(engine->state, user, INT64_MAX, &file);
    if (grant_is_reading_fault(read))
        return read;
    source.bound = &file;
    source.bound_to = engine->verification.last;
    const int r = grant_publish_user(&source, user, narrows, &mark);
    grant_user_deinit(&file);
    return r;
}

int engine_write_user(struct engine *engine, const char *user, bool narrows)
{
    return engine_is_unverified(engine, user) && !engine_is_former(engine, user)
               ? write_bounded(engine, user, narrows)
               : write_whole(engine, user, narrows);
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

/* Never from a transaction that is not committed yet, whose end asks for it again. */
void engine_publish(struct engine *engine)
{
    const int64_t now = clock_now(&engine->clock);
    if (engine->joined.engine)
        return;
    for (struct published *p = engine->published; p; p = p->next) {
        if (p->done || rests(p, now))
            continue;
        p->error = p->whole ? write_whole(engine, p->user, p->narrows)
                            : engine_write_user(engine, p->user, p->narrows);
        p->tried = now;
        p->done = p->error == 0;
        p->safe = p->done && p->narrows;
        p->state = judge(engine, p);
    }
    ask_to_settle(engine);
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
