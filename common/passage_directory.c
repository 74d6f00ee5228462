/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "common/passage_directory.h"

#include "common/strv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int code_of(enum directory_answer answer)
{
    return answer == DIRECTORY_FOUND ? 0 : answer == DIRECTORY_ABSENT ? -ENOENT : -EAGAIN;
}

static int uid_of(const char *name, void *data, uid_t *ret)
{
    const struct passwd *found = NULL;
    const int r = code_of(directory_user(name, &found));
    (void)data;
    if (r == 0)
        *ret = found->pw_uid;
    return r;
}

static int in_group(const struct passage_person *person, const char *name, void *data)
{
    struct passage_directory *directory = data;
    const struct group *group = NULL;
    int r = code_of(directory_group(name, &group));
    if (r < 0)
        return r == -ENOENT ? 0 : r;
    const gid_t gid = group->gr_gid;
    if (gid == person->gid || strv_contains(group->gr_mem, person->name))
        return 1;
    if (!directory->has_groups && (r = directory_groups(person->name, person->gid, &directory->groups)) < 0)
        return r;
    directory->has_groups = true;
    for (size_t i = 0; i < directory->groups.count; i++)
        if (directory->groups.gids[i] == gid)
            return 1;
    return directory->groups.whole ? 0 : -EAGAIN;
}

struct passage_lookup passage_directory_lookup(struct passage_directory *directory)
{
    return (struct passage_lookup){in_group, uid_of, directory};
}

void passage_directory_deinit(struct passage_directory *directory)
{
    free((char *)directory->person.name);
    grant_user_deinit(&directory->person.grants);
    free(directory->groups.gids);
    *directory = (struct passage_directory){0};
}

enum directory_answer passage_directory_find(struct passage_directory *directory, const char *state,
                                             const char *name, int64_t now, const struct passage_person **ret)
{
    const struct passwd *found = NULL;
    passage_directory_deinit(directory);
    const enum directory_answer answer = directory_user(name, &found);
    if (answer != DIRECTORY_FOUND)
        return answer;
    struct passage_person *person = &directory->person;
    *person =
        (struct passage_person){.name = strdup(found->pw_name), .uid = found->pw_uid, .gid = found->pw_gid};
    if (!person->name)
        return DIRECTORY_UNANSWERED;
    passage_read_grants(state, now, person);
    *ret = person;
    return DIRECTORY_FOUND;
}
