/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Remembers users and groups that are unknown now, for the status. Decides nothing. */
#include "helperd/engine/internal.h"

#include "common/names.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN_OF_EACH = sizeof((struct unknown_users){0}.first) / sizeof(char *) };

/* ---- users: while a directory is away there are many ---- */

static void forget_users(struct unknown_users *users)
{
    for (size_t i = 0; i < SHOWN_OF_EACH; i++)
        free(users->first[i]);
    *users = (struct unknown_users){0};
}

void engine_begin_unknown_users(struct engine *engine)
{
    forget_users(&engine->unknown_users_before);
    engine->unknown_users_before = engine->unknown_users;
    engine->unknown_users = (struct unknown_users){0};
}

int engine_note_unknown_user(struct engine *engine, const char *name)
{
    struct unknown_users *users = &engine->unknown_users;
    if (users->count < SHOWN_OF_EACH && !(users->first[users->count] = strdup(name)))
        return -ENOMEM;
    users->count++;
    return 0;
}

void engine_end_unknown_users(struct engine *engine)
{
    forget_users(&engine->unknown_users_before);
}

/* Those of the walk before count until the one under way has found more, or is over. */
static json_t *show_users(const struct engine *engine, json_t *names)
{
    const struct unknown_users *before = &engine->unknown_users_before;
    const struct unknown_users *users =
        engine->unknown_users.count < before->count ? before : &engine->unknown_users;
    char visible[NAME_ENCODED_MAX + 1];
    for (size_t i = 0; i < SHOWN_OF_EACH && users->first[i]; i++)
        json_array_append_new(names, json_string(text_visible(users->first[i], visible, sizeof(visible))));
    return json_integer((json_int_t)users->count);
}

/* ---- groups ---- */

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

int engine_note_unknown_group(struct engine *engine, const char *name)
{
    struct unknown_groups *names = &engine->unknown_groups;
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

void engine_note_known_group(struct engine *engine, const char *name)
{
    struct unknown_groups *names = &engine->unknown_groups;
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

void engine_begin_unknown_groups(struct engine *engine)
{
    engine->unknown_groups.walk++;
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

void engine_end_unknown_groups(struct engine *engine)
{
    struct search search;
    do {
        search = (struct search){.walk = engine->unknown_groups.walk};
        twalk_r(engine->unknown_groups.root, find_stale, &search);
        if (search.stale)
            engine_note_known_group(engine, search.stale);
    } while (search.stale);
}

void engine_forget_unknown(struct engine *engine)
{
    forget_users(&engine->unknown_users);
    forget_users(&engine->unknown_users_before);
    tdestroy(engine->unknown_groups.root, free);
    engine->unknown_groups = (struct unknown_groups){0};
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
    json_t *users = json_array();
    struct search search = {.shown = json_array()};
    twalk_r(engine->unknown_groups.root, show_name, &search);
    const int failed = json_object_set_new(status, "unknown_users", show_users(engine, users)) |
                       json_object_set_new(status, "unknown_user_names", users) |
                       json_object_set_new(status, "unknown_groups",
                                           json_integer((json_int_t)engine->unknown_groups.count)) |
                       json_object_set_new(status, "unknown_group_names", search.shown);
    return failed ? -ENOMEM : 0;
}
