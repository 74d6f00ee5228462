/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Publications that the process before left and that are still to be compared: their users, sorted. */
#include "helperd/lifecycle/publication.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* After a start with many holders these are most of what the process has in memory: names one behind the other. */
struct former {
    size_t count;
    size_t next;      /* the first that is still to be compared */
    uint32_t *places; /* of the names, in the text */
    char *text;
    size_t size;
};

static bool is_power_of_two(size_t number)
{
    return (number & (number - 1)) == 0;
}

/* Makes room for a name more; grows to twice the room. */
static int reserve(struct former *former, size_t length)
{
    size_t room = 1;
    if (former->size + length > UINT32_MAX)
        return -ENOMEM;
    if (is_power_of_two(former->count)) {
        uint32_t *places =
            reallocarray(former->places, former->count ? 2 * former->count : 1, sizeof(*former->places));
        if (!places)
            return -ENOMEM;
        former->places = places;
    }
    while (room < former->size + length)
        room *= 2;
    if (former->size <= room / 2) {
        char *text = realloc(former->text, room);
        if (!text)
            return -ENOMEM;
        former->text = text;
    }
    return 0;
}

int engine_keep_former(struct engine *engine, const char *user)
{
    struct verification *verification = &engine->verification;
    const size_t length = strlen(user) + 1;
    if (!verification->former)
        verification->former = calloc(1, sizeof(*verification->former));
    struct former *former = verification->former;
    const int r = former ? reserve(former, length) : -ENOMEM;
    if (r < 0)
        return r;
    memcpy(former->text + former->size, user, length);
    former->places[former->count++] = (uint32_t)former->size;
    former->size += length;
    return 0;
}

void engine_forget_former(struct engine *engine)
{
    struct former *former = engine->verification.former;
    if (former) {
        free(former->places);
        free(former->text);
    }
    free(former);
    engine->verification.former = NULL;
}

bool engine_has_former(const struct engine *engine)
{
    const struct former *former = engine->verification.former;
    return former && former->next < former->count;
}

const char *engine_take_former(struct engine *engine)
{
    struct former *former = engine->verification.former;
    return engine_has_former(engine) ? former->text + former->places[former->next++] : NULL;
}

bool engine_is_former(const struct engine *engine, const char *user)
{
    const struct former *former = engine->verification.former;
    size_t low = former ? former->next : 0;
    size_t high = former ? former->count : 0;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const int order = strcmp(user, former->text + former->places[middle]);
        if (order == 0)
            return true;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return false;
}
