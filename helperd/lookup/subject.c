/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helperd/lookup/subject.h"

#include "common/names.h"
#include "helperd/lookup/find.h"
#include "helperd/lookup/local_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Makes text from a directory, which may hold any bytes, visible. */
static json_t *new_visible_string(const char *raw, size_t length)
{
    char copy[1024];
    char visible[1024];
    snprintf(copy, sizeof(copy), "%.*s", (int)length, raw);
    return json_string(text_visible(copy, visible, sizeof(visible)));
}

static json_t *new_gecos_string(const char *gecos, int field)
{
    for (; gecos && field > 0; field--) {
        gecos = strchr(gecos, ',');
        gecos = gecos ? gecos + 1 : NULL;
    }
    return gecos ? new_visible_string(gecos, strcspn(gecos, ",")) : json_string("");
}

bool subject_may_log_in(const struct passwd *entry)
{
    const char *base = strrchr(entry->pw_shell, '/');
    base = base ? base + 1 : entry->pw_shell;
    return strcmp(base, "nologin") != 0 && strcmp(base, "false") != 0;
}

/* Names leave out groups without one, which no package can name. */
json_t *subject_find_groups(const char *user, gid_t primary, json_t *all_gids, bool *ret_all)
{
    struct directory_groups groups;
    if (find_groups(user, primary, &groups) < 0)
        return NULL;
    json_t *names = json_array();
    bool all = groups.whole;
    for (size_t i = 0; names && i < groups.count; i++) {
        const struct group *found = NULL;
        const enum directory_answer answer = find_group_by_gid(groups.gids[i], &found);
        all &= answer != DIRECTORY_UNANSWERED;
        json_array_append_new(all_gids, json_integer(groups.gids[i]));
        if (answer == DIRECTORY_FOUND && text_is_utf8(found->gr_name) &&
            json_array_append_new(names, json_string(found->gr_name)) < 0)
            all = false;
    }
    free(groups.gids);
    *ret_all = all;
    return names;
}

static bool group_lists(const struct group *group, const char *user)
{
    for (char *const *member = group->gr_mem; *member; member++)
        if (strcmp(*member, user) == 0)
            return true;
    return false;
}

/* The groups of /etc/group that list the user, and the primary one; new. Adds their gids. */
static json_t *list_local_groups(const char *user, gid_t primary, json_t *gids)
{
    json_t *names = json_array();
    size_t count;
    const struct group *groups = local_files_groups(&count);
    for (size_t i = 0; i < count; i++)
        if ((groups[i].gr_gid == primary || group_lists(&groups[i], user)) &&
            text_is_utf8(groups[i].gr_name)) {
            json_array_append_new(names, json_string(groups[i].gr_name));
            json_array_append_new(gids, json_integer(groups[i].gr_gid));
        }
    return names;
}

/* NULL: its name is not UTF-8, or /etc/passwd cannot be read. */
static json_t *describe_user(const struct passwd *entry)
{
    if (!text_is_utf8(entry->pw_name) || !local_files_have_users())
        return NULL;
    json_t *gids = json_array();
    json_t *groups = list_local_groups(entry->pw_name, entry->pw_gid, gids);
    return json_pack("{s:s, s:I, s:b, s:b, s:o, s:o, s:o, s:o}", "name", entry->pw_name, "uid",
                     (json_int_t)entry->pw_uid, "may_log_in", subject_may_log_in(entry), "local",
                     local_files_user(entry->pw_name) != NULL, "full_name",
                     new_gecos_string(entry->pw_gecos, 0), "organisation",
                     new_gecos_string(entry->pw_gecos, 1), "groups", groups, "gids", gids);
}

json_t *subject_find(const json_t *who, gid_t *ret_primary)
{
    const struct passwd *found = NULL;
    const enum directory_answer answer = json_is_integer(who)
                                             ? find_user_by_uid((uid_t)json_integer_value(who), &found)
                                             : find_user(json_string_value(who), &found);
    json_t *subject = answer == DIRECTORY_FOUND ? describe_user(found) : NULL;
    if (subject)
        *ret_primary = found->pw_gid;
    if (subject)
        return subject;
    return answer == DIRECTORY_ABSENT ? json_null() : json_false();
}
