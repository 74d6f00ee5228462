/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helperd/privileged/holder.h"

#include "common/cleanup.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>

static int add_name(strv *names, const char *name)
{
    const size_t count = strv_length(*names);
    strv grown = reallocarray(*names, count + 2, sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    *names = grown;
    grown[count] = strdup(name);
    grown[count + 1] = NULL;
    return grown[count] ? 0 : -ENOMEM;
}

static FILE *open_file(const char *etc, const char *name)
{
    char path[256];
    snprintf(path, sizeof(path), "%s/%s", etc, name);
    return fopen(path, "re");
}

/* The names that the uid has now; the noted one alone while it is among them, or where the file has none. */
static int find_names(const char *etc, const struct note *note, strv *ret)
{
    _cleanup_fclose_ FILE *in = open_file(etc, "passwd");
    bool any = false, kept = false;
    int r = in ? 0 : -errno;
    for (const struct passwd *line; r == 0 && !kept && (line = fgetpwent(in));) {
        any = true;
        if (line->pw_uid != note->uid)
            continue;
        kept = strcmp(line->pw_name, note->user) == 0;
        r = add_name(ret, line->pw_name);
    }
    if (r == 0 && !any)
        r = -ENODATA;
    if (r == 0 && (kept || !*ret)) {
        strv_free(*ret);
        *ret = NULL;
        r = add_name(ret, note->user);
    }
    return r;
}

/* Of the members, those with one of the names; if there is none of them, the noted name. */
static int find_members(const struct note *note, char *const *names, char *const *members, strv *ret)
{
    int r = 0;
    for (; r == 0 && *names; names++)
        if (strv_contains(members, *names))
            r = add_name(ret, *names);
    return r == 0 && !*ret && strv_contains(members, note->user) ? add_name(ret, note->user) : r;
}

/* How well a line fits the note: by its gid first, for a group may be renamed; never gid 0. */
static int rank_line(const struct note *note, const struct group *line)
{
    const bool named = strcmp(line->gr_name, note->group) == 0;
    if (line->gr_gid == 0)
        return 0;
    return line->gr_gid == note->gid ? 2 + named : named;
}

int holder_find(const char *etc, const struct note *note, struct holder *ret)
{
    struct holder best = {0};
    strv names = NULL;
    int best_rank = 0;
    bool any = false;
    int r = find_names(etc, note, &names);
    _cleanup_fclose_ FILE *in = r == 0 ? open_file(etc, "group") : NULL;
    if (r == 0 && !in)
        r = -errno;
    for (const struct group *line; r == 0 && (line = fgetgrent(in));) {
        const int rank = rank_line(note, line);
        any = true;
        if (rank < best_rank || rank == 0 || (rank == best_rank && best.users))
            continue;
        holder_deinit(&best);
        best_rank = rank;
        best.group = strdup(line->gr_name);
        r = best.group ? find_members(note, names, line->gr_mem, &best.users) : -ENOMEM;
    }
    if (r == 0 && !any)
        r = -ENODATA;
    strv_free(names);
    if (r == 0)
        *ret = best;
    else
        holder_deinit(&best);
    return r;
}

void holder_deinit(struct holder *holder)
{
    free(holder->group);
    strv_free(holder->users);
    *holder = (struct holder){0};
}
