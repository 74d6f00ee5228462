/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Says of an account whether it has expired or is locked, and nothing else that stands in shadow: no password, no date
 * that has not come. */
#include "helperd/privileged/accounts.h"

#include "common/names.h"
#include "common/paths.h"
#include "helperd/privileged/shadow.h"

#include <errno.h>
#include <string.h>
#include <time.h>

enum { DAY = 24 * 3600 };

/* What a line of the files can have as a name. */
static bool can_be_name(const char *name)
{
    return *name && strcspn(name, ":\n") == strlen(name);
}

static int refuse_unread(struct answer *answer, const struct shadow_verdict *verdict, int r)
{
    if (r == -EBADMSG)
        return answer_refuse(answer, BUS_ERROR_UNAVAILABLE,
                             "the line of %s in /etc/shadow cannot be understood; mend it with: vipw -s",
                             verdict->user);
    if (r == -ENODATA)
        return answer_refuse(answer, BUS_ERROR_UNAVAILABLE, "/etc/passwd or /etc/shadow has no line");
    return answer_refuse(answer, BUS_ERROR_UNAVAILABLE, "/etc/passwd and /etc/shadow cannot be read: %s",
                         strerror(-r));
}

/* Names that the bus cannot carry are judged, and left out. */
static json_t *list_names(char *const *names)
{
    json_t *list = json_array();
    for (; names && *names; names++)
        if (text_is_utf8(*names) && json_array_append_new(list, json_string(*names)) < 0) {
            json_decref(list);
            return NULL;
        }
    return list;
}

static int give_verdict(struct answer *answer, const struct shadow_verdict *verdict)
{
    char user[NAME_ENCODED_MAX + 1] = "";
    int r;
    if (verdict->user)
        text_visible(verdict->user, user, sizeof(user));
    if ((r = answer_give(answer, json_string(account_state_identifier(verdict->state)))) != 0 ||
        (r = answer_give(answer, json_integer(verdict->day))) != 0 ||
        (r = answer_give(answer, json_string(user))) != 0)
        return r;
    return answer_give(answer, list_names(verdict->names));
}

int accounts_judge(const json_t *arguments, struct answer *answer)
{
    const char *user = json_string_value(json_array_get(arguments, 1));
    const struct shadow_question question = {
        .uid = (uid_t)json_integer_value(json_array_get(arguments, 0)),
        .user = user && *user ? user : NULL,
        .today = time(NULL) / DAY,
    };
    struct shadow_verdict verdict = {0};
    if (question.user ? !can_be_name(user) : question.uid == (uid_t)-1)
        return answer_refuse(answer, BUS_ERROR_INVALID_ARGUMENT, "no account can have this name or uid");
    int r = shadow_find(PATH_ETC, &question, &verdict);
    r = r < 0 ? refuse_unread(answer, &verdict, r) : give_verdict(answer, &verdict);
    shadow_verdict_deinit(&verdict);
    return r;
}
