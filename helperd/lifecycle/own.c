/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The grant files as we wrote them last, to recognise manual changes. */
#include "helperd/lifecycle/publication.h"

#include "common/grantdir.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { OWN_MAX = 128 }; /* files remembered as ours; others are read and compared, which costs more */

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
void engine_note_own(struct engine *engine, const char *user, const struct grantdir_mark *mark)
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
