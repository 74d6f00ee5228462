/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helperd/packages_allow.h"

#include "common/cleanup.h"
#include "common/grantdir.h"
#include "common/names.h"
#include "helperd/packages_kept.h"

#include <dirent.h>
#include <errno.h>
#include <search.h>
#include <string.h>
#include <time.h>

static int compare_names(const void *a, const void *b)
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
    qsort(names, n, sizeof(*names), compare_names);
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        if (kept == 0 || strcmp(names[kept - 1], names[i]) != 0)
            names[kept++] = names[i];
    names[kept] = NULL;
    return strv_copy(names);
}

static void warn_missing(strv groups, const char *state, struct problems *problems)
{
    gid_t gid = 0;
    for (char *const *group = groups; *group; group++)
        if (grantdir_allowed_gid(state, *group, &gid) < 0)
            problems_add(
                problems, false,
                "the group %s is not on the allow-list, so nobody can be given it; run `pkg-admin reload` "
                "as root",
                *group);
}

static void warn_stranger(const char *state, const char *name, struct problems *problems)
{
    struct packages_kept kept;
    char until[PACKAGES_UNTIL_MAX];
    if (packages_find_kept(state, name, time(NULL), &kept) == 0)
        problems_add(
            problems, false,
            "the allow-list keeps the group %s, which no package gives any more, for what is held of "
            "it, %s; `pkg-admin revoke` ends that",
            name, packages_until(kept.until, until));
    else
        problems_add(
            problems, false,
            "the allow-list has the group %s, which no package gives any more; `pkg-admin reload`, run as "
            "root, takes it off",
            name);
}

static void warn_entry(const char *entry, const char *state, strv groups, struct problems *problems)
{
    static const char prefix[] = "name-";
    char name[NAME_ENCODED_MAX + 1];
    const char *wanted = name;
    size_t count = strv_length(groups);
    if (strncmp(entry, prefix, strlen(prefix)) != 0 ||
        name_decode(entry + strlen(prefix), name, sizeof(name)) < 0)
        return;
    if (!lfind(&wanted, groups, &count, sizeof(*groups), compare_names))
        warn_stranger(state, name, problems);
}

static int warn_left_over(DIR *folder, const char *state, strv groups, struct problems *problems)
{
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(folder);
        if (!entry)
            return -errno;
        warn_entry(entry->d_name, state, groups, problems);
    }
}

int packages_compare_allow_list(const struct packages *packages, const char *state, struct problems *problems)
{
    _cleanup_free_ char *path = NULL;
    strv groups = packages_groups(packages);
    if (!groups)
        return -ENOMEM;
    if (asprintf(&path, "%s/allow", state) < 0) {
        path = NULL;
        strv_free(groups);
        return -ENOMEM;
    }

    warn_missing(groups, state, problems);
    DIR *folder = opendir(path);
    int rc = folder ? warn_left_over(folder, state, groups, problems) : -errno;
    if (folder)
        closedir(folder);
    strv_free(groups);
    if (rc == -ENOENT) /* no list at all: every group was told already */
        return 0;
    if (rc < 0)
        problems_add(problems, false, "%s: the allow-list cannot be read: %s", path, strerrordesc_np(-rc));
    return rc;
}
