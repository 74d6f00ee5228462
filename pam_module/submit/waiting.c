/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See the header. Makes text of users visible (rule 10). Called by accesspkg-submit.c. */
#include "pam_module/submit/waiting.h"

#include "common/timetext.h"
#include "pam_module/submit/words.h"

#include <inttypes.h>

int waiting_ask(struct client *client, json_t **ret_answer, struct client_error *ret_error)
{
    return client_call_all(
        client,
        client_message("ListRequests", "a{sv}",
                       json_pack("[{s:s, s:i}]", "role", "approver", "limit", WAITING_MAX)),
        ret_answer, ret_error);
}

enum { MEMBER_MAX = 176 }; /* bytes of a name, made visible */

static const char *visible_member(const json_t *request, const char *name, char ret[MEMBER_MAX])
{
    const char *text = json_string_value(json_object_get(request, name));
    words_one_line(text ? text : "", ret, MEMBER_MAX);
    return ret;
}

static void say_one(struct words *words, const json_t *request)
{
    const int64_t id = json_integer_value(json_object_get(request, "id"));
    const int64_t expires = json_integer_value(json_object_get(request, "expires"));
    const bool emergency = json_is_true(json_object_get(request, "emergency"));
    char user[MEMBER_MAX], package[MEMBER_MAX], when[TIME_TEXT_MAX];
    words_say(words, "%s of %s (%s, request %" PRId64 ") waits for your %s",
              emergency ? "an emergency" : "a request", visible_member(request, "user", user),
              visible_member(request, "package", package), id, emergency ? "review" : "decision");
    if (!emergency && expires > 0)
        words_say(words, ", until %s", time_people(expires, when));
    words_say(words, ": pkg-approve show %" PRId64, id);
}

void waiting_answer(const json_t *answer, const char *host, struct protocol_message *ret)
{
    const json_t *requests = json_array_get(answer, 0);
    const bool more = json_is_true(json_array_get(answer, 1));
    const size_t count = json_array_size(requests);
    struct words words = {.used = 0};
    if (count > 0)
        words_say(&words, "%s: ", host);
    if (count == 1 && !more)
        say_one(&words, json_array_get(requests, 0));
    else if (count > 0)
        words_say(&words, "%s%zu requests wait for you: pkg-approve", more ? "more than " : "", count);
    ret->size = 0;
    ret->overflowed = false;
    protocol_add(ret, "message", words.text);
}
