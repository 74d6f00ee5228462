/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Separation of duties (rule 9): what the user holds, or has asked for, and cannot have together with a package. */
#include "helperd/lifecycle/lifecycle.h"

#include "common/names.h"

#include <string.h>

struct duties {
    const struct engine *engine;
    const struct package *package;
    char found[NAME_PACKAGE_MAX + 1];
};

/* It counts both ways: whichever of the two packages names the other. */
static bool conflict(const struct duties *duties, const char *other_name)
{
    const struct package *other = packages_find(duties->engine->packages, other_name);
    return strv_contains(duties->package->incompatible, other_name) ||
           (other && strv_contains(other->incompatible, duties->package->name));
}

static int note_conflict(const char *name, void *data)
{
    struct duties *duties = data;
    if (strcmp(name, duties->package->name) != 0 && conflict(duties, name))
        snprintf(duties->found, sizeof(duties->found), "%s", name);
    return duties->found[0] != '\0';
}

int engine_find_conflict(struct engine *engine, uid_t uid, const char *user, const struct package *package,
                         bool pending_too, char ret_other[NAME_PACKAGE_MAX + 1], bool *ret_held)
{
    struct duties duties = {.engine = engine, .package = package};
    int r = store_each_package_held(engine->store, uid, user, note_conflict, &duties);
    *ret_held = duties.found[0] != '\0';
    if (r >= 0 && !*ret_held)
        r = store_each_package_asked(engine->store, uid, user, pending_too, note_conflict, &duties);
    snprintf(ret_other, NAME_PACKAGE_MAX + 1, "%s", duties.found);
    return r < 0 ? r : duties.found[0] != '\0';
}
