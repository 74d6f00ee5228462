/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helperd/config/packages_allow.h"

#include "common/cleanup.h"
#include "common/grantdir.h"
#include "common/timetext.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int compare_group_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

strv packages_groups(const struct packages *packages)
{
    size_t total = 0;
    for (size_t i = 0; i < packages->count; i++)
        total += strv_length(packages->items[i].groups);
    _cleanup_free_ char **names = calloc(total + 1, sizeof(*names)); /* borrowed names */
    if (!names)
        return NULL;

    size_t n = 0;
    for (size_t i = 0; i < packages->count; i++)
        for (char *const *group = packages->items[i].groups; *group; group++)
            names[n++] = *group;
    qsort(names, n, sizeof(*names), compare_group_names);
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        if (kept == 0 || strcmp(names[kept - 1], names[i]) != 0)
            names[kept++] = names[i];
    names[kept] = NULL;
    return strv_copy(names);
}

struct reading {
    struct packages_allowed allowed;
    size_t room;
};

static int add_allowed(gid_t gid, const char *name, void *data)
{
    struct reading *reading = data;
    struct packages_allowed *allowed = &reading->allowed;
    if (allowed->count == reading->room) {
        const size_t room = reading->room ? 2 * reading->room : 16;
        struct allow_entry *grown = reallocarray(allowed->entries, room, sizeof(*grown));
        if (!grown)
            return -ENOMEM;
        allowed->entries = grown;
        reading->room = room;
    }
    char *copy = strdup(name);
    if (!copy)
        return -ENOMEM;
    allowed->entries[allowed->count++] = (struct allow_entry){.gid = gid, .name = copy};
    return 0;
}

int packages_read_allowed(const char *state, struct packages_allowed *ret)
{
    struct reading reading = {0};
    const int r = grantdir_each_allowed(state, add_allowed, &reading);
    if (r < 0 && r != -ENOENT)
        packages_allowed_deinit(&reading.allowed);
    else
        *ret = reading.allowed;
    return r == -ENOENT ? 0 : r;
}

void packages_allowed_deinit(struct packages_allowed *allowed)
{
    for (size_t i = 0; i < allowed->count; i++)
        free((char *)allowed->entries[i].name);
    free(allowed->entries);
    *allowed = (struct packages_allowed){0};
}

const struct allow_entry *packages_allowed_group(const struct packages_allowed *allowed, const char *group)
{
    for (size_t i = 0; i < allowed->count; i++)
        if (strcmp(allowed->entries[i].name, group) == 0)
            return &allowed->entries[i];
    return NULL;
}

const struct allow_entry *packages_allowed_gid(const struct packages_allowed *allowed, gid_t gid)
{
    for (size_t i = 0; i < allowed->count; i++)
        if (allowed->entries[i].gid == gid)
            return &allowed->entries[i];
    return NULL;
}

static const struct packages_held *find_holder(const struct packages_held *held, size_t count,
                                               const struct allow_entry *entry)
{
    for (size_t i = 0; i < count; i++)
        if (held[i].gid == entry->gid && strcmp(held[i].group, entry->name) == 0)
            return &held[i];
    return NULL;
}

char *packages_until(int64_t until, char ret[PACKAGES_UNTIL_MAX])
{
    char time[TIME_TEXT_MAX];
    if (until == GRANT_FOREVER)
        return strcpy(ret, "without an end");
    snprintf(ret, PACKAGES_UNTIL_MAX, "until %s", time_people(until, time));
    return ret;
}

static void warn_unnamed_entry(const struct allow_entry *entry, const struct packages_held *held,
                               struct problems *problems)
{
    char until[PACKAGES_UNTIL_MAX];
    if (held)
        problems_add(
            problems, false,
            "the allow-list keeps the group %s, which no package gives any more, for what is held of "
            "it, %s; `pkg-admin revoke` ends that",
            entry->name, packages_until(held->until, until));
    else
        problems_add(
            problems, false,
            "the allow-list has the group %s, which no package gives any more; `pkg-admin reload`, run as "
            "root, takes it off",
            entry->name);
}

int packages_compare_allow_list(const struct packages *packages, const char *state,
                                const struct packages_held *held, size_t n_held, struct problems *problems)
{
    struct packages_allowed allowed = {0};
    strv groups = packages_groups(packages);
    if (!groups)
        return -ENOMEM;
    const int r = packages_read_allowed(state, &allowed);
    for (char *const *group = groups; *group; group++)
        if (!packages_allowed_group(&allowed, *group))
            problems_add(
                problems, false,
                "the group %s is not on the allow-list, so nobody can be given it; run `pkg-admin reload` "
                "as root",
                *group);
    for (size_t i = 0; i < allowed.count; i++)
        if (!strv_contains(groups, allowed.entries[i].name))
            warn_unnamed_entry(&allowed.entries[i], find_holder(held, n_held, &allowed.entries[i]), problems);
    strv_free(groups);
    packages_allowed_deinit(&allowed);
    if (r < 0)
        problems_add(problems, false, "%s/allow: the allow-list cannot be read: %s", state,
                     strerrordesc_np(-r));
    return r;
}
