/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Drift: the queue of what to compare. */
#include "helperd/engine/drift.h"

#include "common/log.h"
#include "common/names.h"
#include "helperd/lifecycle/publication.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int engine_watch_drift(struct engine *engine)
{
    if (engine->drift)
        return 0;
    engine->drift = calloc(1, sizeof(*engine->drift));
    if (!engine->drift)
        return -ENOMEM;
    engine->drift->last = &engine->drift->first;
    return engine_remember_own(engine);
}

static void drift_item_free(struct drift_item *item)
{
    free(item->user);
    free(item->group.name);
    free(item->why);
    strv_free(item->packages);
    free(item);
}

int drift_add_item(struct engine *engine, const struct drift_item *item)
{
    struct drift_item *copy = malloc(sizeof(*copy));
    if (!copy) {
        free(item->user);
        free(item->group.name);
        free(item->why);
        strv_free(item->packages);
        return -ENOMEM;
    }
    *copy = *item;
    copy->next = NULL;
    *engine->drift->last = copy;
    engine->drift->last = &copy->next;
    return 0;
}

void drift_remove_first(struct drift *drift)
{
    struct drift_item *item = drift->first;
    drift->first = item->next;
    if (!drift->first)
        drift->last = &drift->first;
    drift_item_free(item);
}

void engine_unwatch_drift(struct engine *engine)
{
    struct drift *drift = engine->drift;
    engine_forget_own(engine);
    if (!drift)
        return;
    while (drift->first)
        drift_remove_first(drift);
    free(drift);
    engine->drift = NULL;
}

int drift_log_failure(int r, const char *name)
{
    char visible[NAME_ENCODED_MAX + 1];
    if (r < 0)
        log_error("Cannot compare the grant file %s with the store: %s. It stays as it is.",
                  text_visible(name, visible, sizeof(visible)), strerror(-r));
    return r;
}
