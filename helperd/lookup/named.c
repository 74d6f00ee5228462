/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helperd/lookup/named.h"

#include "common/names.h"
#include "helperd/lookup/find.h"
#include "helperd/lookup/local_files.h"
#include "helperd/lookup/say.h"

#include <string.h>

/* The name that was found; null: absent; false: unanswered, or a name that no subject can have. */
static json_t *say_found(enum directory_answer answer, const char *name)
{
    if (answer != DIRECTORY_FOUND)
        return answer == DIRECTORY_ABSENT ? json_null() : json_false();
    return *name && text_is_utf8(name) ? json_string(name) : json_false();
}

static json_t *name_group(const char *written, json_int_t *ret_gid)
{
    const struct group *found = NULL;
    const enum directory_answer answer = find_group(written, &found);
    if (found)
        *ret_gid = found->gr_gid;
    return say_found(answer, found ? found->gr_name : NULL);
}

/* Some directories answer with the spelling that was asked for: then the name is the one that the uid has. Two accounts of
 * this host may share a uid, and are two all the same. */
static json_t *name_user(const char *written, bool local, json_int_t *ret_uid)
{
    const struct passwd *found = NULL;
    enum directory_answer answer = find_user(written, &found);
    if (!found)
        return say_found(answer, NULL);
    *ret_uid = found->pw_uid;
    if (!local && strcmp(found->pw_name, written) == 0)
        answer = find_user_by_uid(found->pw_uid, &found);
    return answer == DIRECTORY_FOUND ? say_found(answer, found->pw_name) : json_false();
}

static void answer_name(const char *principal, size_t index, bool local)
{
    json_int_t id = 0;
    json_t *found = principal[0] == '%' ? name_group(principal + 1, &id) : name_user(principal, local, &id);
    say_line(
        json_pack("{s:I, s:o, s:I, s:b}", "named", (json_int_t)index, "as", found, "id", id, "local", local));
}

void named_answer_names(const json_t *question)
{
    const json_t *names = json_object_get(question, "names");
    if (json_array_size(names) == 0)
        return;
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < json_array_size(names); i++) {
            const char *principal = json_string_value(json_array_get(names, i));
            const bool local = local_files_have(principal);
            if (local == (pass == 0))
                answer_name(principal, i, local);
        }
}
