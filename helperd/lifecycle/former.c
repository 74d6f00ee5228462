/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Publications that the process before left and that are still to be compared: their users, sorted. */
#include "helperd/lifecycle/txn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct former {
    size_t count;
    size_t next; /* the first that is still to be compared */
    char *names[];
};

int engine_keep_former(struct engine *engine, const char *user)
{
    struct verification *verification = &engine->verification;
    struct former *former = verification->former;
    const size_t count = former ? former->count : 0;
    if ((count & (count - 1)) == 0) { /* grows at each power of two */
        former = realloc(former, sizeof(*former) + (count ? 2 * count : 1) * sizeof(*former->names));
        if (!former)
            return -ENOMEM;
        if (count == 0)
            *former = (struct former){0};
        verification->former = former;
    }
    former->names[count] = strdup(user);
    if (!former->names[count])
        return -ENOMEM;
    former->count++;
    return 0;
}

void engine_forget_former(struct engine *engine)
{
    struct former *former = engine->verification.former;
    for (size_t i = 0; former && i < former->count; i++)
        free(former->names[i]);
    free(former);
    engine->verification.former = NULL;
}

bool engine_has_former(const struct engine *engine)
{
    const struct former *former = engine->verification.former;
    return former && former->next < former->count;
}

const char *engine_take_former(struct engine *engine)
{
    struct former *former = engine->verification.former;
    return engine_has_former(engine) ? former->names[former->next++] : NULL;
}

static int compare_names(const void *name, const void *item)
{
    return strcmp(name, *(char *const *)item);
}

bool engine_is_former(const struct engine *engine, const char *user)
{
    const struct former *former = engine->verification.former;
    return engine_has_former(engine) &&
           bsearch(user, former->names + former->next, former->count - former->next, sizeof(*former->names),
                   compare_names);
}
