/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helperd/lookup/named.h"

#include "common/directory.h"
#include "common/names.h"
#include "helperd/lookup/local_names.h"
#include "helperd/lookup/say.h"

/* The name that the directory writes, and its number; null: absent; false: unanswered, or a name that no policy has. */
static json_t *find_name(const char *principal, json_int_t *ret_id)
{
    const struct passwd *user = NULL;
    const struct group *group = NULL;
    const enum directory_answer answer =
        principal[0] == '%' ? directory_group(principal + 1, &group) : directory_user(principal, &user);
    if (answer != DIRECTORY_FOUND)
        return answer == DIRECTORY_ABSENT ? json_null() : json_false();
    const char *name = user ? user->pw_name : group->gr_name;
    *ret_id = user ? user->pw_uid : group->gr_gid;
    return *name && text_is_utf8(name) ? json_string(name) : json_false();
}

static void answer_name(const char *principal, size_t index, bool local)
{
    json_int_t id = 0;
    json_t *found = find_name(principal, &id);
    say_line(
        json_pack("{s:I, s:o, s:I, s:b}", "named", (json_int_t)index, "as", found, "id", id, "local", local));
}

void named_answer_names(const json_t *question)
{
    const json_t *names = json_object_get(question, "names");
    struct local_names local_names;
    if (json_array_size(names) == 0)
        return;
    local_names_read(&local_names);
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < json_array_size(names); i++) {
            const char *principal = json_string_value(json_array_get(names, i));
            const bool local = local_names_have(&local_names, principal);
            if (local == (pass == 0))
                answer_name(principal, i, local);
        }
    local_names_deinit(&local_names);
}
