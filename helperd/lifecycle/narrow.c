/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helperd/lifecycle/narrow.h"

#include "common/disk.h"
#include "common/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct narrowed *find(const struct engine *engine, int64_t assignment, int64_t request)
{
    for (struct narrowed *n = engine->narrowed; n; n = n->next)
        if (n->what.assignment == assignment && n->what.request == request)
            return n;
    return NULL;
}

const struct narrowed *narrow_find(const struct engine *engine, int64_t assignment, int64_t request)
{
    const struct narrowed *found = find(engine, assignment, request);
    return found && found->stands ? found : NULL;
}

bool narrow_is_about(const struct unrecorded *what, const char *user, const char *package, int64_t start)
{
    return what->start == start && strcmp(what->user, user) == 0 && strcmp(what->package, package) == 0;
}

bool narrow_any(const struct engine *engine)
{
    return engine->narrowed != NULL;
}

static struct narrowed *add(struct engine *engine)
{
    struct narrowed *new = calloc(1, sizeof(*new));
    if (new) {
        new->slot = -1;
        new->next = engine->narrowed;
        engine->narrowed = new;
    }
    return new;
}

#define PUT_TEXT(place, text) snprintf(place, sizeof(place), "%s", text)

static void note(struct txn *txn, const struct unrecorded *which, enum assignment_event event, struct act act)
{
    struct narrowed *narrowed = find(txn->engine, which->assignment, which->request);
    if (!narrowed) {
        narrowed = add(txn->engine);
        if (!narrowed) {
            store_fail(txn->store, -ENOMEM);
            return;
        }
        narrowed->what = *which;
        narrowed->event = event;
        narrowed->what.at = clock_now(&txn->engine->clock);
        narrowed->what.uid = act.identity.uid;
        narrowed->what.loginuid = act.identity.loginuid;
        PUT_TEXT(narrowed->what.actor, act.actor);
        PUT_TEXT(narrowed->what.reason, act.reason ? act.reason : "");
    }
    narrowed->noted = true;
}

void narrow_note_end(struct txn *txn, const struct assignment *assignment, enum assignment_event event,
                     struct act act)
{
    struct unrecorded which = {.assignment = assignment->id, .start = assignment->span.start};
    PUT_TEXT(which.user, assignment->user);
    PUT_TEXT(which.package, assignment->package);
    note(txn, &which, event, act);
}

void narrow_note_withdrawal(struct txn *txn, const struct request *request, struct act act)
{
    struct unrecorded which = {.request = request->id, .start = request->submitted};
    PUT_TEXT(which.user, request->user);
    PUT_TEXT(which.package, request->package);
    note(txn, &which, ASSIGNMENT_REVOKE, act);
}

void narrow_note_recorded(struct narrowed *narrowed)
{
    narrowed->noted = true;
}

static void drop(struct engine *engine, struct narrowed **place)
{
    struct narrowed *gone = *place;
    if (gone->slot >= 0)
        unrecorded_clear(engine->unrecorded, gone->slot);
    *place = gone->next;
    free(gone);
}

void narrow_forget_noted(struct engine *engine)
{
    for (struct narrowed **n = &engine->narrowed; *n;)
        if ((*n)->noted)
            drop(engine, n);
        else
            n = &(*n)->next;
}

void narrow_drop_noted(struct engine *engine)
{
    for (struct narrowed **n = &engine->narrowed; *n;) {
        if ((*n)->noted && !(*n)->stands) {
            drop(engine, n);
        } else {
            (*n)->noted = false;
            n = &(*n)->next;
        }
    }
}

/* What ends by the clock ends by it after a restart, too; and a file that could not be made may be by now. */
static void put_in_file(struct engine *engine, struct narrowed *narrowed)
{
    if (narrowed->event == ASSIGNMENT_END)
        return;
    int r = engine->unrecorded ? 0 : unrecorded_open(engine->state, &engine->unrecorded);
    if (r == 0)
        r = unrecorded_put(engine->unrecorded, &narrowed->what);
    if (r < 0)
        log_error(
            "The end of %s for %s could not be noted: %s. Until it is recorded, a restart of accesspkgd "
            "would give the access back.",
            narrowed->what.package, narrowed->what.user, strerror(-r));
    narrowed->slot = r;
}

bool narrow_keep_noted(struct engine *engine, narrow_each_user each)
{
    bool any = false;
    for (struct narrowed *n = engine->narrowed; n; n = n->next) {
        if (!n->noted)
            continue;
        any = true;
        n->noted = false;
        n->n_released = 0;
        if (n->stands)
            continue;
        n->stands = true;
        put_in_file(engine, n);
        if (n->what.assignment)
            each(engine, n->what.user);
    }
    return any;
}

int narrow_load(struct engine *engine, narrow_each_user each)
{
    int r = engine->unrecorded ? 0 : unrecorded_open(engine->state, &engine->unrecorded);
    if (r < 0) {
        char disk[DISK_ADVICE_MAX];
        log_warning("The file for ends that cannot be recorded could not be made. %s",
                    disk_advice(r, engine->state, disk));
        return 0;
    }
    for (int i = 0; r == 0 && i < UNRECORDED_SLOTS; i++) {
        struct unrecorded what;
        if (!unrecorded_get(engine->unrecorded, i, &what))
            continue;
        struct narrowed *narrowed = add(engine);
        if (!narrowed)
            return -ENOMEM;
        narrowed->what = what;
        narrowed->event = ASSIGNMENT_REVOKE;
        narrowed->slot = i;
        narrowed->stands = true;
        r = what.assignment ? each(engine, what.user) : 0;
    }
    return r;
}

void narrow_unload(struct engine *engine)
{
    while (engine->narrowed) {
        struct narrowed *gone = engine->narrowed;
        engine->narrowed = gone->next;
        free(gone);
    }
    unrecorded_close(engine->unrecorded);
    engine->unrecorded = NULL;
}
