/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helperd/lookup/find.h"

#include "helperd/lookup/local_files.h"
#include "helperd/lookup/say.h"

static struct {
    bool users, groups;
} files_first;

void find_begin(void)
{
    local_files_look();
    files_first.users = directory_begins_with_files("passwd");
    files_first.groups = directory_begins_with_files("group");
}

/* glibc passes over lines that are there for its service "compat". */
static bool is_name(const char *name)
{
    return name[0] != '+' && name[0] != '-';
}

/* Time has passed: whether the files have what was found is asked of what they have now. */
static enum directory_answer looked_up(enum directory_answer answer)
{
    local_files_look();
    return answer;
}

enum directory_answer find_user(const char *name, const struct passwd **ret)
{
    const struct passwd *found = files_first.users ? local_files_user(name) : NULL;
    if (!found || !is_name(found->pw_name)) {
        say_all();
        return looked_up(directory_user(name, ret));
    }
    *ret = found;
    return DIRECTORY_FOUND;
}

enum directory_answer find_user_by_uid(uid_t uid, const struct passwd **ret)
{
    const struct passwd *found = files_first.users ? local_files_user_by_uid(uid) : NULL;
    if (!found || !is_name(found->pw_name)) {
        say_all();
        return looked_up(directory_user_by_uid(uid, ret));
    }
    *ret = found;
    return DIRECTORY_FOUND;
}

enum directory_answer find_group(const char *name, const struct group **ret)
{
    const struct group *found = files_first.groups ? local_files_group(name) : NULL;
    if (!found || !is_name(found->gr_name)) {
        say_all();
        return looked_up(directory_group(name, ret));
    }
    *ret = found;
    return DIRECTORY_FOUND;
}

enum directory_answer find_group_by_gid(gid_t gid, const struct group **ret)
{
    const struct group *found = files_first.groups ? local_files_group_by_gid(gid) : NULL;
    if (!found || !is_name(found->gr_name)) {
        say_all();
        return looked_up(directory_group_by_gid(gid, ret));
    }
    *ret = found;
    return DIRECTORY_FOUND;
}

int find_groups(const char *user, gid_t primary, struct directory_groups *ret)
{
    say_all();
    return directory_groups(user, primary, ret);
}
