/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Publications: users whose grant file must be written from the store. Noted inside a transaction and written after its
 * commit; the store keeps the note until the file is in place and on stable storage, so that the next start replays it
 * after a crash or a power cut.
 */
#include "helperd/lifecycle/publication.h"

#include "common/grantdir.h"
#include "common/log.h"
#include "helperd/grants/grant.h"
#include "helperd/lifecycle/narrow.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

enum {
    SYNC_EACH = 16, /* files that are synced one by one; with more the whole file system is, at once */
    NARROW_EACH =
        128, /* the same for those that narrow, for which somebody waits: a slice of what is due has fewer */
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
    bool loose;     /* it narrows, and counts as done when it is on stable storage */
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

static struct published *find_from(struct published *first, const char *user)
{
    for (struct published *p = first; p; p = p->next)
        if (!p->done && strcmp(p->user, user) == 0)
            return p;
    return NULL;
}

static struct published *find_outstanding(const struct engine *engine, const char *user)
{
    return find_from(engine->published, user);
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

/* Each comes once, so it is looked for among those that were noted before. */
struct noting {
    struct engine *engine;
    struct published *before;
};

static int note_live(const char *user, void *data)
{
    const struct noting *noting = data;
    struct published *entry = find_from(noting->before, user);
    if (entry)
        entry->error = 0;
    return entry || add_published(noting->engine, user, false) ? 0 : -ENOMEM;
}

int engine_note_all(struct engine *engine)
{
    return store_each_live_user(engine->store, note_live, &(struct noting){engine, engine->published});
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
    struct published *outstanding = txn->engine->published;
    while (outstanding && outstanding->done)
        outstanding = outstanding->next;
    for (struct published *p = txn->engine->published; p; p = p->next) {
        p->struck = p->safe;
        if (p->struck && !find_from(outstanding, p->user))
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

static int write_whole(struct engine *engine, const char *user, bool durable, bool *ret_removed)
{
    struct grantdir_mark mark;
    const struct grant_source source = engine_grant_source(engine);
    const int r = grant_publish_user(&source, user, durable, &mark);
    if (r == 0)
        engine_note_own(engine, user, &mark);
    *ret_removed = mark.inode == 0;
    return r;
}

/* Not remembered as our own, so that the verification judges what it lacks. */
static int write_bounded(struct engine *engine, const char *user, bool durable, bool *ret_removed)
{
    struct grantdir_mark mark;
    struct grant_user file = {0};
    struct grant_source source = engine_grant_source(engine);
    const int read = grantdir_read_user(engine->state, user, INT64_MAX, &file);
    if (grant_is_reading_fault(read))
        return read;
    source.bound = &file;
    source.bound_to = engine->verification.last;
    const int r = grant_publish_user(&source, user, durable, &mark);
    grant_user_deinit(&file);
    *ret_removed = mark.inode == 0;
    return r;
}

static int write_user(struct engine *engine, const char *user, bool durable, bool *ret_removed)
{
    return engine_is_unverified(engine, user) && !engine_is_former(engine, user)
               ? write_bounded(engine, user, durable, ret_removed)
               : write_whole(engine, user, durable, ret_removed);
}

int engine_write_user(struct engine *engine, const char *user, bool narrows)
{
    bool removed = false;
    return write_user(engine, user, narrows, &removed);
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

static bool is_to_write(const struct published *entry, int64_t now)
{
    return !entry->done && !rests(entry, now);
}

static void note_result(struct engine *engine, struct published *entry, int error, int64_t now)
{
    entry->error = error;
    entry->tried = now;
    entry->done = error == 0;
    entry->state = judge(engine, entry);
}

/* Durable: on stable storage before it has its name. */
static void write_published(struct engine *engine, struct published *entry, bool durable, int64_t now)
{
    bool removed = false;
    const int r = entry->whole ? write_whole(engine, entry->user, durable, &removed)
                               : write_user(engine, entry->user, durable, &removed);
    note_result(engine, entry, r, now);
    entry->safe = entry->done && durable;
    entry->loose = entry->done && !durable && (entry->narrows || removed);
}

/* Those that narrow, put on stable storage together: a sync for each removal would be most of what many ends cost. */
static void sync_loose(struct engine *engine, size_t count, int64_t now)
{
    char **users = count ? calloc(count + 1, sizeof(*users)) : NULL;
    size_t n = 0;
    for (const struct published *p = engine->published; users && p && n < count; p = p->next)
        if (p->loose)
            users[n++] = (char *)p->user;
    const int r = count == 0                      ? 0
                  : users && count <= NARROW_EACH ? grantdir_sync_users(engine->state, users)
                                                  : grantdir_sync_all(engine->state);
    if (r < 0)
        log_error(
            "Grant files in grants/user that give less could not be put on stable storage: %s. They are "
            "written again.",
            strerror(-r));
    for (struct published *p = engine->published; p && count > 0; p = p->next) {
        if (p->loose && r < 0)
            note_result(engine, p, r, now);
        p->safe |= p->loose && r == 0;
        p->loose = false;
    }
    free(users);
}

/* Never from a transaction that is not committed yet, whose end asks for it again. */
void engine_publish(struct engine *engine)
{
    const int64_t now = clock_now(&engine->clock);
    size_t count = 0;
    size_t loose = 0;
    if (engine->joined.engine)
        return;
    for (const struct published *p = engine->published; p; p = p->next)
        count += is_to_write(p, now);
    for (struct published *p = engine->published; p && count > 0; p = p->next)
        if (is_to_write(p, now)) {
            write_published(engine, p, p->narrows && count == 1, now);
            loose += p->loose;
        }
    sync_loose(engine, loose, now);
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
