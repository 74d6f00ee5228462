/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helperd/engine/denial.h"

#include "common/names.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

enum { REASON_SHOWN_MAX = 256 };

int denial_find(const struct call *call, const struct subject *subject, char *const *packages, int64_t *ret)
{
    int64_t newest = 0;
    *ret = 0;
    for (; *packages; packages++) {
        struct request last = {0};
        const int r =
            store_find_last_request(call->engine->store, subject->uid, subject->name, *packages, &last);
        if (r == 0 && last.id > newest) {
            newest = last.id;
            *ret = last.state == STATE_DENIED ? last.id : 0;
        }
        request_deinit(&last);
        if (r < 0)
            return r;
    }
    return 0;
}

static const struct decision *find_denying(const struct decision *decisions, size_t count)
{
    for (size_t i = count; i > 0; i--)
        if (!decisions[i - 1].approved)
            return &decisions[i - 1];
    return NULL;
}

static bool ends_sentence(const char *text)
{
    const size_t length = strlen(text);
    return length > 0 && strchr(".!?", text[length - 1]);
}

int denial_describe(struct engine *engine, const struct request *denied, char ret[DENIAL_TEXT_MAX])
{
    struct decision *decisions = NULL;
    size_t count = 0;
    char reason[REASON_SHOWN_MAX];
    const int r = store_get_decisions(engine->store, denied->id, &decisions, &count);
    if (r < 0)
        return r;
    const struct decision *denying = find_denying(decisions, count);
    const bool why = denying && denying->reason && *denying->reason;
    text_visible(why ? denying->reason : "", reason, sizeof(reason));
    snprintf(ret, DENIAL_TEXT_MAX, "Request %" PRId64 " for %s was denied%s%s%s%s%s", denied->id,
             denied->package, denying ? " by " : "", denying ? denying->decider : "", why ? ": " : "", reason,
             ends_sentence(reason) ? "" : ".");
    store_free_decisions(decisions, count);
    return 0;
}

int denial_show(struct engine *engine, int64_t request, json_t *view)
{
    struct request denied = {0};
    char text[DENIAL_TEXT_MAX];
    int r = store_get_request(engine->store, request, &denied);
    if (r == 0)
        r = denial_describe(engine, &denied, text);
    if (r == 0)
        r = view_set(view, "denied", json_integer(request));
    if (r == 0)
        r = view_set(view, "denial", json_string(text));
    request_deinit(&denied);
    return r == STORE_E_NONE ? -EIO : r;
}
