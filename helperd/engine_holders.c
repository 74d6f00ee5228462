/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The engine's knowledge of who holds what now. No look-up of a group lists those who have it by a package, so the store
 * is asked wherever a group's people count: for look-ups of who can decide, for notices. Changes nothing.
 */
#include "helperd/engine_internal.h"

#include "common/names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    INQUIRY_HOLDERS_MAX = 64 * 1024, /* bytes of a question, about: it has to fit into a socket */
    INQUIRY_HOLDER = 64,             /* of these, what one takes beside the name */
    RECIPIENTS_MAX = 256,            /* of a notice: as many as accesspkg-notify tells */
};

/* ---- for a look-up ---- */

struct gathering {
    struct inquiry *inquiry;
    const char *principal;
    size_t before; /* holders of other principals */
    size_t *room;
    bool full;
};

/* 1 behind the last that is wanted: FACTS_PEOPLE_MAX are more than any quorum needs to be told of. */
static int gather_one(const struct store_holder *found, void *data)
{
    struct gathering *gathering = data;
    struct inquiry *inquiry = gathering->inquiry;
    const size_t size = strlen(found->user) + INQUIRY_HOLDER;
    if (!text_is_utf8(found->user))
        return 0;
    if (inquiry->n_holders - gathering->before >= FACTS_PEOPLE_MAX)
        return 1;
    gathering->full = size > *gathering->room;
    if (gathering->full)
        return 1;
    struct holder *grown = reallocarray(inquiry->holders, inquiry->n_holders + 1, sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    inquiry->holders = grown;
    struct holder *added = &grown[inquiry->n_holders++];
    *added = (struct holder){.principal = strdup(gathering->principal),
                             .name = strdup(found->user),
                             .uid = found->uid,
                             .gid = found->gid};
    *gathering->room -= size;
    return added->principal && added->name ? 0 : -ENOMEM;
}

int engine_inquire_holders(struct engine *engine, struct inquiry *inquiry)
{
    size_t room = INQUIRY_HOLDERS_MAX;
    size_t kept = 0;
    int r = 0;
    for (char **principal = inquiry->principals; principal && *principal; principal++) {
        struct gathering gathering = {inquiry, *principal, inquiry->n_holders, &room, false};
        if (r >= 0 && **principal == '%')
            r = store_each_holder_of_group(engine->store, *principal + 1, clock_now(&engine->clock),
                                           gather_one, &gathering);
        /* One whose holders do not fit is left out, and so not known. */
        if (gathering.full)
            free(*principal);
        else
            inquiry->principals[kept++] = *principal;
    }
    if (inquiry->principals)
        inquiry->principals[kept] = NULL;
    return r < 0 ? r : 0;
}

/* ---- for a notice ---- */

static int add_recipient(const struct store_holder *holder, void *data)
{
    json_t *recipients = data;
    if (json_array_size(recipients) >= RECIPIENTS_MAX)
        return 1;
    if (!text_is_utf8(holder->user) || engine_has_text(recipients, holder->user))
        return 0;
    return json_array_append_new(recipients, json_string(holder->user)) < 0 ? -ENOMEM : 0;
}

int engine_add_holders(struct engine *engine, json_t *recipients)
{
    const size_t count = json_array_size(recipients);
    int r = 0;
    for (size_t i = 0; r >= 0 && i < count; i++) {
        const char *principal = json_string_value(json_array_get(recipients, i));
        if (principal && *principal == '%')
            r = store_each_holder_of_group(engine->store, principal + 1, clock_now(&engine->clock),
                                           add_recipient, recipients);
    }
    return r < 0 ? r : 0;
}
