/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Separation of duties (rule 9): finds a package that the user holds or has requested and that excludes another one. */
#include "helperd/lifecycle/lifecycle.h"

#include "common/names.h"

#include <string.h>

struct duties {
    const struct engine *engine;
    const struct package *package;
    struct conflict *found;
};

/* Either of the two packages may name the other. */
static bool are_incompatible(const struct duties *duties, const char *other_name)
{
    const struct package *other = packages_find(duties->engine->packages, other_name);
    return strv_contains(duties->package->incompatible, other_name) ||
           (other && strv_contains(other->incompatible, duties->package->name));
}

static int note_conflict(const char *name, void *data)
{
    struct duties *duties = data;
    char *found = duties->found->package;
    if (strcmp(name, duties->package->name) != 0 && are_incompatible(duties, name))
        snprintf(found, sizeof(duties->found->package), "%s", name);
    return *found != '\0';
}

int duties_find_conflict(struct engine *engine, const struct subject *subject, const struct package *package,
                         bool pending_too, struct conflict *ret)
{
    struct duties duties = {engine, package, ret};
    *ret = (struct conflict){0};
    if (!engine->packages || !engine->packages->any_incompatible)
        return 0;
    int r = store_each_package_held(engine->store, subject->uid, subject->name, note_conflict, &duties);
    ret->held = *ret->package;
    if (r == 0)
        r = store_each_package_asked(engine->store, subject->uid, subject->name, pending_too, note_conflict,
                                     &duties);
    return r < 0 ? r : 0;
}
