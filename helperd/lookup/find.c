/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helperd/lookup/find.h"

#include "helperd/lookup/local_files.h"
#include "helperd/lookup/say.h"

#include <errno.h>

/* What may be gone through between two events: bytes of a file, members of a group. */
enum { SMALL = 64 * 1024, FEW = 256 };

static struct {
    bool users, groups; /* the files come first */
    bool alone;         /* nothing else may be asked, */
    bool lacked;        /* but had to be */
} scope;

static void begin(off_t most, bool alone)
{
    local_files_look(most);
    directory_find_files_first(&scope.users, &scope.groups);
    scope.alone = alone;
    scope.lacked = false;
}

void find_begin(void)
{
    begin(LOCAL_FILES_ANY_SIZE, false);
}

void find_begin_in_files(bool look)
{
    if (look || !scope.alone)
        begin(SMALL, true);
    scope.lacked = !local_files_have_users() || !local_files_have_groups();
}

bool find_lacked(void)
{
    return scope.lacked;
}

/* glibc passes over lines that are there for its service "compat". */
static bool is_name(const char *name)
{
    return name[0] != '+' && name[0] != '-';
}

/* What was found so far is said before. False: it may not be asked. */
static bool may_ask(void)
{
    scope.lacked |= scope.alone;
    if (!scope.alone)
        say_all();
    return !scope.alone;
}

/* Time has passed: whether the files have what was found is asked of what they have now. */
static enum directory_answer looked_up(enum directory_answer answer)
{
    local_files_look(LOCAL_FILES_ANY_SIZE);
    return answer;
}

enum directory_answer find_user(const char *name, const struct passwd **ret)
{
    const struct passwd *found = scope.users ? local_files_user(name) : NULL;
    if (!found || !is_name(found->pw_name))
        return may_ask() ? looked_up(directory_user(name, ret)) : DIRECTORY_UNANSWERED;
    *ret = found;
    return DIRECTORY_FOUND;
}

enum directory_answer find_user_by_uid(uid_t uid, const struct passwd **ret)
{
    const struct passwd *found = scope.users ? local_files_user_by_uid(uid) : NULL;
    if (!found || !is_name(found->pw_name))
        return may_ask() ? looked_up(directory_user_by_uid(uid, ret)) : DIRECTORY_UNANSWERED;
    *ret = found;
    return DIRECTORY_FOUND;
}

static bool is_large(const struct group *group)
{
    size_t members = 0;
    while (members <= FEW && group->gr_mem[members])
        members++;
    return members > FEW;
}

enum directory_answer find_group(const char *name, const struct group **ret)
{
    const struct group *found = scope.groups ? local_files_group(name) : NULL;
    if (!found || !is_name(found->gr_name) || (scope.alone && is_large(found)))
        return may_ask() ? looked_up(directory_group(name, ret)) : DIRECTORY_UNANSWERED;
    *ret = found;
    return DIRECTORY_FOUND;
}

enum directory_answer find_group_by_gid(gid_t gid, const struct group **ret)
{
    const struct group *found = scope.groups ? local_files_group_by_gid(gid) : NULL;
    if (!found || !is_name(found->gr_name))
        return may_ask() ? looked_up(directory_group_by_gid(gid, ret)) : DIRECTORY_UNANSWERED;
    *ret = found;
    return DIRECTORY_FOUND;
}

int find_groups(const char *user, gid_t primary, struct directory_groups *ret)
{
    return may_ask() ? directory_groups(user, primary, ret) : -EAGAIN;
}
