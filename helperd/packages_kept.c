/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helperd/packages_kept.h"

#include "common/cleanup.h"
#include "common/grantdir.h"
#include "common/names.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static int add_name(strv *list, size_t *count, const char *entry)
{
    static const char prefix[] = "name-";
    char name[NAME_ENCODED_MAX + 1];
    if (strncmp(entry, prefix, strlen(prefix)) != 0 ||
        name_decode(entry + strlen(prefix), name, sizeof(name)) < 0)
        return 0;
    strv grown = reallocarray(*list, *count + 2, sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    *list = grown;
    grown[*count + 1] = NULL;
    grown[*count] = strdup(name);
    return grown[(*count)++] ? 0 : -ENOMEM;
}

int packages_allowed_groups(const char *state, strv *ret)
{
    _cleanup_free_ char *path = NULL;
    strv list = calloc(1, sizeof(*list));
    if (!list || asprintf(&path, "%s/allow", state) < 0) {
        path = NULL;
        strv_free(list);
        return -ENOMEM;
    }
    DIR *folder = opendir(path);
    int r = folder ? 0 : -errno;
    size_t count = 0;
    errno = 0;
    for (const struct dirent *entry; r == 0 && (entry = readdir(folder)); errno = 0)
        r = add_name(&list, &count, entry->d_name);
    if (r == 0)
        r = -errno;
    if (folder)
        closedir(folder);
    if (r < 0)
        strv_free(list);
    else
        *ret = list;
    return r;
}

/* Root's two entries must say the same, as for the NSS module. */
static int find_gid(const char *state, const char *group, gid_t *ret)
{
    char back[NAME_ENCODED_MAX + 1];
    int r = grantdir_allowed_gid(state, group, ret);
    if (r == 0)
        r = grantdir_allowed_name(state, *ret, back, sizeof(back));
    return r == 0 && strcmp(back, group) != 0 ? -ENOENT : r;
}

int packages_find_kept(const char *state, const char *group, int64_t now, struct packages_kept *ret)
{
    struct packages_kept kept = {0};
    struct grant_gid file;
    int r = find_gid(state, group, &kept.gid);
    if (r == 0)
        r = grantdir_read_gid(state, kept.gid, now, &file);
    if (r < 0)
        return r;
    for (size_t i = 0; i < file.n_members; i++) {
        const struct grant_span *span = &file.members[i].span;
        kept.holders += span->end > now;
        if (span->end > now && span->end > kept.until)
            kept.until = span->end;
    }
    const bool same = strcmp(file.name, group) == 0;
    grant_gid_deinit(&file);
    if (!same || kept.holders == 0)
        return same ? -ENOENT : -EBADMSG;
    *ret = kept;
    return 0;
}

char *packages_until(int64_t until, char ret[PACKAGES_UNTIL_MAX])
{
    const time_t seconds = until;
    struct tm parts;
    if (until == GRANT_FOREVER)
        return strcpy(ret, "without an end");
    if (!localtime_r(&seconds, &parts) ||
        strftime(ret, PACKAGES_UNTIL_MAX, "until %Y-%m-%d %H:%M:%S %z", &parts) == 0)
        snprintf(ret, PACKAGES_UNTIL_MAX, "until %" PRId64, until);
    return ret;
}
