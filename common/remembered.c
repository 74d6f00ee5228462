/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "common/remembered.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

enum { SURE_AFTER = 24 * 60 * 60, NAMES_MAX = 16384 };

struct name {
    bool denied;
    double since; /* denied */
    char text[];
};

static int compare_names(const void *a, const void *b)
{
    return strcmp(((const struct name *)a)->text, ((const struct name *)b)->text);
}

static struct name *make_name(const char *text)
{
    struct name *name = calloc(1, sizeof(*name) + strlen(text) + 1);
    if (name)
        strcpy(name->text, text);
    return name;
}

static struct name *find_name(const struct remembered *names, const char *text)
{
    struct name *key = names->count ? make_name(text) : NULL;
    struct name *const *found = key ? tfind(key, &names->root, compare_names) : NULL;
    struct name *name = found ? *found : NULL;
    free(key);
    return name;
}

void remembered_note(struct remembered *names, const char *text)
{
    struct name *known = find_name(names, text);
    if (known)
        known->denied = false;
    if (known || names->count == NAMES_MAX)
        return;
    struct name *name = make_name(text);
    if (name && tsearch(name, &names->root, compare_names))
        names->count++;
    else
        free(name);
}

void remembered_forget(struct remembered *names, const char *text)
{
    struct name *name = find_name(names, text);
    if (!name)
        return;
    tdelete(name, &names->root, compare_names);
    names->count--;
    free(name);
}

bool remembered_doubts(struct remembered *names, const char *text, double now)
{
    struct name *name = find_name(names, text);
    if (!name)
        return false;
    if (!name->denied) {
        name->denied = true;
        name->since = now;
    }
    if (now - name->since < SURE_AFTER)
        return true;
    remembered_forget(names, text);
    return false;
}

void remembered_deinit(struct remembered *names)
{
    tdestroy(names->root, free);
    *names = (struct remembered){0};
}
