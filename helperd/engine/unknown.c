/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Remembers users and groups that are unknown now, for the status. Decides nothing. */
#include "helperd/engine/internal.h"

#include "common/names.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN_OF_EACH = 5 };

struct unknown {
    unsigned walk; /* the last walk that noted it */
    char name[];
};

static int compare_unknown(const void *a, const void *b)
{
    return strcmp(((const struct unknown *)a)->name, ((const struct unknown *)b)->name);
}

static struct unknown *new_unknown(const char *name, unsigned walk)
{
    struct unknown *unknown = malloc(sizeof(*unknown) + strlen(name) + 1);
    if (unknown) {
        unknown->walk = walk;
        strcpy(unknown->name, name);
    }
    return unknown;
}

int engine_note_unknown(struct engine *engine, enum engine_unknown kind, const char *name)
{
    struct unknown_names *names = &engine->unknown[kind];
    struct unknown *unknown = new_unknown(name, names->walk);
    struct unknown **found = unknown ? tsearch(unknown, &names->root, compare_unknown) : NULL;
    if (!found) {
        free(unknown);
        return -ENOMEM;
    }
    if (*found == unknown) {
        names->count++;
        return 1;
    }
    free(unknown);
    (*found)->walk = names->walk;
    return 0;
}

void engine_note_known(struct engine *engine, enum engine_unknown kind, const char *name)
{
    struct unknown_names *names = &engine->unknown[kind];
    struct unknown *key = names->count ? new_unknown(name, 0) : NULL;
    struct unknown **found = key ? tfind(key, &names->root, compare_unknown) : NULL;
    struct unknown *unknown = found ? *found : NULL;
    if (unknown) {
        tdelete(key, &names->root, compare_unknown);
        names->count--;
    }
    free(unknown);
    free(key);
}

void engine_begin_unknown(struct engine *engine, enum engine_unknown kind)
{
    engine->unknown[kind].walk++;
}

struct search {
    unsigned walk;
    const char *stale;
    json_t *shown;
};

static void find_stale(const void *node, VISIT visit, void *data)
{
    struct search *search = data;
    const struct unknown *unknown = *(struct unknown *const *)node;
    if ((visit == postorder || visit == leaf) && unknown->walk != search->walk)
        search->stale = unknown->name;
}

void engine_end_unknown(struct engine *engine, enum engine_unknown kind)
{
    struct search search;
    do {
        search = (struct search){.walk = engine->unknown[kind].walk};
        twalk_r(engine->unknown[kind].root, find_stale, &search);
        if (search.stale)
            engine_note_known(engine, kind, search.stale);
    } while (search.stale);
}

void engine_forget_unknown(struct engine *engine)
{
    for (int kind = 0; kind < ENGINE_UNKNOWN_KINDS; kind++) {
        tdestroy(engine->unknown[kind].root, free);
        engine->unknown[kind] = (struct unknown_names){0};
    }
}

static void show_name(const void *node, VISIT visit, void *data)
{
    const struct search *search = data;
    const struct unknown *unknown = *(struct unknown *const *)node;
    char visible[NAME_ENCODED_MAX + 1];
    if ((visit == postorder || visit == leaf) && json_array_size(search->shown) < SHOWN_OF_EACH)
        json_array_append_new(search->shown,
                              json_string(text_visible(unknown->name, visible, sizeof(visible))));
}

int engine_add_unknown(const struct engine *engine, json_t *status)
{
    static const char *const keys[ENGINE_UNKNOWN_KINDS][2] = {{"unknown_users", "unknown_user_names"},
                                                              {"unknown_groups", "unknown_group_names"}};
    int failed = 0;
    for (int kind = 0; kind < ENGINE_UNKNOWN_KINDS; kind++) {
        struct search search = {.shown = json_array()};
        twalk_r(engine->unknown[kind].root, show_name, &search);
        failed |= json_object_set_new(status, keys[kind][0],
                                      json_integer((json_int_t)engine->unknown[kind].count)) |
                  json_object_set_new(status, keys[kind][1], search.shown);
    }
    return failed ? -ENOMEM : 0;
}
