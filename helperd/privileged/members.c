/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Members of groups in /etc/group. What must hold:
 * MUST 1  only groups whose gid, as /etc/group has it, is on the allow-list by their name; never gid 0;
 * MUST 2  only gpasswd writes, one member at a time;
 * MUST 3  who stood there before is told apart from who was added (rule 6);
 * MUST 4  a success is one that /etc/group shows.
 */
#include "helperd/privileged/members.h"

#include "common/cleanup.h"
#include "common/grantdir.h"
#include "common/groupfile.h"
#include "common/log.h"
#include "common/names.h"
#include "common/paths.h"
#include "common/strv.h"
#include "helperd/privileged/gpasswd.h"

#include <errno.h>
#include <pwd.h>
#include <string.h>

enum { NAME_LENGTH_MAX = 255 };

static const char *text_argument(const json_t *arguments, size_t index)
{
    const char *text = json_string_value(json_array_get(arguments, index));
    return text ? text : "";
}

bool members_is_name(const char *name)
{
    char visible[NAME_LENGTH_MAX + 8];
    const size_t length = strlen(name);
    return length > 0 && length <= NAME_LENGTH_MAX && *name != '-' && *name != '+' &&
           strcspn(name, ":,") == length && strcmp(text_visible(name, visible, sizeof(visible)), name) == 0;
}

/* MUST 1, the part that root wrote down: the gid's entry, which says the name. */
static bool is_allowed(const char *group, gid_t gid)
{
    char name[NAME_ENCODED_MAX + 1];
    return grantdir_allowed_name(PATH_STATE, gid, name, sizeof(name)) == 0 && strcmp(name, group) == 0;
}

/* MUST 1 as a whole. ret_members: new. */
static int find_members(const char *group, strv *ret_members, struct answer *answer)
{
    gid_t gid = 0;
    strv members = NULL;
    if (!members_is_name(group))
        return answer_refuse(answer, BUS_ERROR_INVALID_ARGUMENT, "no group can have this name: %s", group);
    const int r = groupfile_find("/etc/group", group, &gid, &members);
    if (r == GROUPFILE_E_NONE)
        return answer_refuse(answer, BUS_ERROR_NO_SUCH_GROUP, "the group %s does not stand in /etc/group",
                             group);
    if (r == -ENOTUNIQ)
        return answer_refuse(answer, BUS_ERROR_UNAVAILABLE,
                             "/etc/group has two lines for the group %s; take one out", group);
    if (r < 0)
        return answer_refuse(answer, BUS_ERROR_UNAVAILABLE, "/etc/group cannot be read: %s", strerror(-r));
    if (!is_allowed(group, gid)) {
        strv_free(members);
        return answer_refuse(
            answer, BUS_ERROR_NOT_AUTHORIZED,
            "the group %s with the gid %u is not on the allow-list; if a package names it, run "
            "as root: pkg-admin reload",
            group, gid);
    }
    *ret_members = members;
    return 0;
}

static int check_member(const char *group, const char *user, bool *ret_is_member, struct answer *answer)
{
    strv members = NULL;
    const int r = find_members(group, &members, answer);
    if (r != 0)
        return r;
    *ret_is_member = strv_contains(members, user);
    strv_free(members);
    return 0;
}

static int check_user(const char *user, struct answer *answer)
{
    errno = 0;
    const struct passwd *entry = getpwnam(user);
    if (!entry && errno != 0 && errno != ENOENT && errno != ESRCH)
        return answer_refuse(answer, BUS_ERROR_UNAVAILABLE, "the user %s could not be looked up: %s", user,
                             strerror(errno));
    /* A directory may find "Alice" where /etc/group must say "alice". */
    if (!entry || strcmp(entry->pw_name, user) != 0)
        return answer_refuse(answer, BUS_ERROR_NO_SUCH_USER, "there is no user %s on this host", user);
    return 0;
}

/* MUST 2 and 4. What /etc/group says in the end counts: a gpasswd that failed after its work has done it. */
static int change(const char *option, const char *group, const char *user, struct answer *answer)
{
    const bool wanted = strcmp(option, "-a") == 0;
    bool is_member = false;
    char said[GPASSWD_SAID_MAX];
    const int outcome = gpasswd_run(option, user, group, said);
    const int r = check_member(group, user, &is_member, answer);
    if (r != 0)
        return r;
    if (is_member == wanted) {
        if (outcome != 0)
            log_warning("%s failed after its work was done: %s", GPASSWD_PROGRAM, said);
        log_notice("%s the group %s in /etc/group: %s", wanted ? "Added to" : "Removed from", group, user);
        return answer_give(answer, json_true());
    }
    answer_refuse(answer, BUS_ERROR_UNAVAILABLE, "%s %s %s %s %s%s%s", GPASSWD_PROGRAM, option, user, group,
                  outcome == -ETIME ? "did not end in time and was ended"
                  : outcome == 0    ? "changed nothing"
                                    : "failed",
                  *said ? ": " : "", said);
    log_error("%s", answer->message);
    return (int)answer->error;
}

static int check_arguments(const char *user, struct answer *answer)
{
    return members_is_name(user)
               ? 0
               : answer_refuse(answer, BUS_ERROR_INVALID_ARGUMENT, "no user can have this name: %s", user);
}

int members_add(const json_t *arguments, struct answer *answer)
{
    const char *group = text_argument(arguments, 0);
    const char *user = text_argument(arguments, 1);
    bool is_member = false;
    int r;
    if ((r = check_arguments(user, answer)) != 0 ||
        (r = check_member(group, user, &is_member, answer)) != 0 || (r = check_user(user, answer)) != 0)
        return r;
    return is_member ? answer_give(answer, json_false()) : change("-a", group, user, answer); /* MUST 3 */
}

int members_remove(const json_t *arguments, struct answer *answer)
{
    const char *group = text_argument(arguments, 0);
    const char *user = text_argument(arguments, 1);
    bool is_member = false;
    int r;
    if ((r = check_arguments(user, answer)) != 0 || (r = check_member(group, user, &is_member, answer)) != 0)
        return r;
    return is_member ? change("-d", group, user, answer) : answer_give(answer, json_false());
}

int members_list(const json_t *arguments, struct answer *answer)
{
    strv members = NULL;
    const int r = find_members(text_argument(arguments, 0), &members, answer);
    if (r != 0)
        return r;
    json_t *list = json_array();
    char visible[1024];
    /* Not UTF-8: no name that this service would have put there, but one that it shows. */
    for (size_t i = 0; members[i]; i++)
        json_array_append_new(list, json_string(text_visible(members[i], visible, sizeof(visible))));
    strv_free(members);
    return answer_give(answer, list);
}
