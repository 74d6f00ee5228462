/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Writes a grant file as text. A file of its own, so that the modules do not contain it. Must never write what the
 * parser refuses. Called by grantdir_write.c.
 */
#include "common/grantfile.h"
#include "common/names.h"

#include <errno.h>
#include <inttypes.h>

enum { END_TEXT_MAX = 24 };

static bool is_past_or_future(int64_t time)
{
    return time >= 0 && time < GRANT_FOREVER;
}

static bool is_span(const struct grant_span *span)
{
    return is_past_or_future(span->start) && span->end >= 0;
}

static const char *end_text(int64_t end, char ret[END_TEXT_MAX])
{
    if (end == GRANT_FOREVER)
        return "forever";
    snprintf(ret, END_TEXT_MAX, "%" PRId64, end);
    return ret;
}

/* -errno if the stream failed at any time; EIO when errno was lost meanwhile. */
static int stream_result(FILE *out)
{
    return ferror(out) ? -(errno ? errno : EIO) : 0;
}

static int render_package(const struct grant_package *package, FILE *out)
{
    char end[END_TEXT_MAX];
    if (!name_is_package(package->name) || !is_span(&package->span) || package->assignment < 0)
        return -EINVAL;
    fprintf(out, "package %s %" PRId64 " %s %" PRId64 "\n", package->name, package->span.start,
            end_text(package->span.end, end), package->assignment);
    return 0;
}

static int render_group(const struct grant_group *group, FILE *out)
{
    char name[NAME_ENCODED_MAX + 1], end[END_TEXT_MAX];
    if (!grant_gid_is_valid(group->gid) || !is_span(&group->span))
        return -EINVAL;
    const int r = name_encode(group->name, name, sizeof(name));
    if (r == 0)
        fprintf(out, "group %u %s %" PRId64 " %s\n", group->gid, name, group->span.start,
                end_text(group->span.end, end));
    return r;
}

int grant_user_render(const struct grant_user *file, FILE *out)
{
    char user[NAME_ENCODED_MAX + 1];
    int r = name_encode(file->user, user, sizeof(user));
    if (r < 0)
        return r;
    if (file->uid == (uid_t)-1 || !is_past_or_future(file->written))
        return -EINVAL;
    fprintf(out,
            "# Access packages that %s holds on this host. Written by accesspkgd; edits are lost.\n"
            "accesspkg-grants 1\n"
            "user %s %u\n"
            "written %" PRId64 "\n",
            user, user, file->uid, file->written);
    for (size_t i = 0; r == 0 && i < file->n_packages; i++)
        r = render_package(&file->packages[i], out);
    for (size_t i = 0; r == 0 && i < file->n_groups; i++)
        r = render_group(&file->groups[i], out);
    if (r < 0)
        return r;
    fputs("end\n", out);
    return stream_result(out);
}
