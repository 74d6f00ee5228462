/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hands notices to accesspkg-notify and keeps each until it reports the delivery. lifecycle/notice.c writes them. */
#include "helperd/engine/internal.h"

#include "common/hostname.h"
#include "common/log.h"
#include "common/names.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    TAKE_MAX = 64,
    STALE_MAX = 512,
    FAILURE_MAX = 512,
};

/* ---- delivery ---- */

/* True for a request to decide what is decided already, or is in another stage; and for an event that is unknown. */
static int is_stale_notice(struct engine *engine, const struct notice *notice, const json_t *facts, bool *ret)
{
    *ret = notice->event == OUTBOX_EVENT_COUNT;
    if (notice->event != OUTBOX_REQUEST_WAITS && notice->event != OUTBOX_REMINDER)
        return 0;
    const int r = store_find_pending_in_stage(engine->store, notice->request,
                                              json_integer_value(json_object_get(facts, "stage")));
    *ret = r == STORE_E_NONE;
    return r < 0 ? r : 0;
}

/* The live delegations as pairs: "bob", "dave" when dave decides in bob's name. */
static json_t *list_delegates(struct engine *engine)
{
    struct delegation *live = NULL;
    size_t count = 0;
    json_t *pairs = json_array();
    if (store_get_delegations(engine->store, STORE_DELEGATIONS_ALL, UID_UNSET, clock_now(&engine->clock),
                              &live, &count) < 0)
        return pairs;
    for (size_t i = 0; i < count; i++)
        if (text_is_utf8(live[i].user) && text_is_utf8(live[i].delegate)) {
            json_array_append_new(pairs, json_string(live[i].user));
            json_array_append_new(pairs, json_string(live[i].delegate));
        }
    store_free_delegations(live, count);
    return pairs;
}

static json_t *split_names(const char *text, char separator)
{
    json_t *array = json_array();
    while (text && *text) {
        const char *end = strchrnul(text, separator);
        if (end > text)
            json_array_append_new(array, json_stringn(text, (size_t)(end - text)));
        text = *end ? end + 1 : end;
    }
    return array;
}

/* What one call takes. */
struct taking {
    char host[HOSTNAME_TEXT_MAX];
    json_t *array;
    json_t *delegates;        /* for all notices alike; NULL: none was for somebody who may have some */
    int64_t stale[STALE_MAX]; /* removed together: a commit for each would delay callers */
    size_t n_stale;
};

static json_t *share_delegates(struct engine *engine, struct taking *taking)
{
    if (!taking->delegates)
        taking->delegates = list_delegates(engine);
    return json_incref(taking->delegates);
}

/* Takes over the facts. NULL: its recipients could not be read. */
static json_t *view_notice(struct engine *engine, const struct notice *notice, json_t *facts,
                           struct taking *taking)
{
    int64_t unnamed = 0;
    json_t *recipients = json_loads(notice->recipients, 0, NULL);
    if (engine_add_holders(engine, recipients, &unnamed) < 0) {
        json_decref(recipients);
        json_decref(facts);
        return NULL;
    }
    notice_set_text(facts, "host", taking->host);
    notice_set_number(facts, "id", notice->id);
    notice_set_number(facts, "request", notice->request);
    notice_set_number(facts, "assignment", notice->assignment);
    notice_set_number(facts, "time", notice->at);
    notice_set_text(facts, "event", outbox_identifier(notice->event));
    json_object_set_new(facts, "recipients", recipients);
    notice_set_number(facts, "unnamed", unnamed);
    json_object_set_new(facts, "done", split_names(notice->done, '/'));
    if (outbox_audience(notice->event) != OUTBOX_REQUESTOR)
        json_object_set_new(facts, "delegates", share_delegates(engine, taking));
    return facts;
}

static int drop_stale(struct engine *engine, struct taking *taking)
{
    struct txn txn;
    if (taking->n_stale == 0)
        return 0;
    txn_begin(&txn, engine);
    for (size_t i = 0; i < taking->n_stale; i++)
        store_remove_notice(txn.store, taking->stale[i]);
    taking->n_stale = 0;
    return txn_commit(&txn);
}

/* Takes the next notice above *after, or adds it to the stale ones. 0, STORE_E_NONE, -errno. */
static int take_next_notice(struct engine *engine, int64_t *after, struct taking *taking)
{
    struct notice notice = {0};
    bool is_old = false;
    int r = store_next_notice(engine->store, *after, &notice);
    if (r != 0)
        return r;
    *after = notice.id;
    json_t *facts = json_loads(notice.facts, 0, NULL);
    r = facts ? is_stale_notice(engine, &notice, facts, &is_old) : -ENOMEM;
    if (r == 0 && is_old)
        taking->stale[taking->n_stale++] = notice.id;
    else if (r == 0 && json_array_append_new(taking->array,
                                             view_notice(engine, &notice, json_incref(facts), taking)) < 0)
        r = -ENOMEM;
    json_decref(facts);
    notice_deinit(&notice);
    if (r == 0 && taking->n_stale == STALE_MAX)
        r = drop_stale(engine, taking);
    return r;
}

int engine_take_notices(struct engine *engine, int64_t after, int64_t limit, struct reply *reply)
{
    const size_t most = limit > 0 && limit < TAKE_MAX ? (size_t)limit : TAKE_MAX;
    struct taking taking = {.array = json_array()};
    int r = engine_tick(engine);
    hostname_visible(taking.host);
    store_begin_reading(engine->store); /* one lock for all; engine_finish ends it */
    while (r == 0 && json_array_size(taking.array) < most)
        r = take_next_notice(engine, &after, &taking);
    if (r >= 0)
        r = drop_stale(engine, &taking);
    json_decref(taking.delegates);
    if (r < 0) {
        json_decref(taking.array);
        return r;
    }
    reply->value = taking.array;
    return 0;
}

static void end_notice(struct txn *txn, const struct notice *notice, const char *message)
{
    store_remove_notice(txn->store, notice->id);
    if (!*message)
        return;
    log_warning("Notice %" PRId64 " (%s) is given up: %s", notice->id, outbox_identifier(notice->event),
                message);
    txn_audit(txn, own_act(message), AUDIT_UNDELIVERED, notice->request, notice->assignment);
}

static void note_hook(struct txn *txn, struct notice *notice, const char *hook, bool ok, const char *message)
{
    char *done = NULL;
    if (ok) {
        if (asprintf(&done, "%s%s/", notice->done ? notice->done : "", hook) < 0) {
            txn_ok(txn, -ENOMEM);
            return;
        }
        free(notice->done);
        notice->done = done;
    } else {
        free(notice->failure);
        notice->failure = strdup(message);
        notice->failed_at = txn_now(txn);
        notice->attempts++;
        txn_ok(txn, notice->failure ? 0 : -ENOMEM);
    }
    store_update_notice(txn->store, notice);
}

int engine_notice_done(struct engine *engine, int64_t id, const char *hook, bool ok, const char *message,
                       struct reply *reply)
{
    struct notice notice = {0};
    char visible[FAILURE_MAX];
    text_visible(message, visible, sizeof(visible));
    if (strchr(hook, '/') || strlen(hook) > NAME_ENCODED_MAX)
        return engine_refuse(reply, BUS_ERROR_INVALID_ARGUMENT,
                             "'%s' cannot be the name of a program in notify.d.",
                             text_visible(hook, visible, sizeof(visible)));
    int r = store_get_notice(engine->store, id, &notice);
    const bool known = r == 0;
    if (known && *hook)
        note_hook(engine_join(engine), &notice, hook, ok, visible);
    else if (known)
        end_notice(engine_join(engine), &notice, visible);
    r = r < 0 ? r : store_failed(engine->store);
    notice_deinit(&notice);
    if (r < 0)
        return r;
    reply->value = json_boolean(known); /* rule 7: a repeated report is no error */
    return 0;
}
