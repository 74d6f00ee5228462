/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Figures for whoever watches many hosts. Asked for each minute, so each is counted as it changes, or by a small index. */
#include "helperd/engine/internal.h"

#include "helperd/engine/unrecorded.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const int64_t delays[] = {
#define X(seconds) seconds,
    STORE_DELAYS(X)
#undef X
};
enum { DELAYS = sizeof(delays) / sizeof(delays[0]) };

/* Sets an array of objects, each with a key of `counts` as its `label` and with its count. Takes `counts` over; NULL: no memory.
 * 0 or -ENOMEM. */
static int set_counts(json_t *figures, const char *member, const char *label, json_t *counts)
{
    json_t *rows = json_array();
    int failed = !rows || !counts;
    const char *key;
    json_t *count;
    json_object_foreach(counts, key, count)
    {
        failed |= json_array_append_new(rows, json_pack("{s:s, s:O}", label, key, "count", count));
    }
    failed |= json_object_set_new(figures, member, rows);
    json_decref(counts);
    return failed ? -ENOMEM : 0;
}

struct measuring {
    json_t *live;
    json_t *ended;
    json_t *decisions;
    int64_t within[DELAYS + 1]; /* decisions by their delay; the last: longer than all bounds */
    int64_t delay_sum;
};

static int note_tally(const char *kind, const char *name, int64_t count, void *data)
{
    struct measuring *measuring = data;
    json_t *const object = strcmp(kind, "live") == 0       ? measuring->live
                           : strcmp(kind, "ended") == 0    ? measuring->ended
                           : strcmp(kind, "decision") == 0 ? measuring->decisions
                                                           : NULL;
    const unsigned long bucket = strtoul(name, NULL, 10);
    if (object)
        return json_object_set_new(object, name, json_integer(count)) < 0 ? -ENOMEM : 0;
    if (strcmp(kind, "delay") == 0 && bucket <= DELAYS)
        measuring->within[bucket] = count;
    else if (strcmp(kind, "delay-sum") == 0)
        measuring->delay_sum = count;
    return 0;
}

static json_t *delay_histogram(const struct measuring *measuring)
{
    json_t *bounds = json_array(), *counts = json_array();
    int failed = 0;
    for (size_t i = 0; i <= DELAYS; i++) {
        if (i < DELAYS)
            failed |= json_array_append_new(bounds, json_integer(delays[i]));
        failed |= json_array_append_new(counts, json_integer(measuring->within[i]));
    }
    json_t *histogram = json_pack("{s:o, s:o, s:I}", "bounds", bounds, "counts", counts, "sum",
                                  (json_int_t)measuring->delay_sum);
    if (!failed)
        return histogram;
    json_decref(histogram);
    return NULL;
}

/* Each package has its figure, also while nobody holds it; so have both verdicts and both ends. */
static int begin_tallies(const struct engine *engine, struct measuring *ret)
{
    ret->live = json_object();
    ret->ended = json_pack("{s:i, s:i}", state_identifier(STATE_ACCESS_EXPIRED), 0,
                           state_identifier(STATE_REVOKED), 0);
    ret->decisions = json_pack("{s:i, s:i}", "approved", 0, "denied", 0);
    int failed = !ret->live || !ret->ended || !ret->decisions;
    for (size_t i = 0; !failed && i < engine->packages->count; i++)
        failed = json_object_set_new(ret->live, engine->packages->items[i].name, json_integer(0));
    return failed ? -ENOMEM : 0;
}

static int set_tallies(struct engine *engine, json_t *figures)
{
    struct measuring measuring = {0};
    int r = begin_tallies(engine, &measuring);
    if (r == 0)
        r = store_each_tally(engine->store, note_tally, &measuring);
    if (r == 0)
        r = json_object_set_new(figures, "decision_delay", delay_histogram(&measuring)) < 0 ? -ENOMEM : 0;
    const int set = set_counts(figures, "live", "package", measuring.live) |
                    set_counts(figures, "ended", "state", measuring.ended) |
                    set_counts(figures, "decisions", "verdict", measuring.decisions);
    return r < 0 ? r : set;
}

static int set_pending(struct engine *engine, json_t *figures)
{
    struct store_counts counts = {0};
    struct store_numbers numbers = {0};
    int64_t undecidable = 0, unreviewed = 0, overdue = 0;
    int r;
    if ((r = store_count_pending(engine->store, clock_now(&engine->clock), &counts)) != 0 ||
        (r = store_get_numbers(engine->store, &numbers)) != 0 ||
        (r = store_count_undecidable(engine->store, &undecidable)) != 0 ||
        (r = store_count_unreviewed(engine->store, &unreviewed)) != 0 ||
        (r = engine_count_overdue_reviews(engine, &overdue)) != 0)
        return r < 0 ? r : -EIO;
    json_t *pending = json_pack("{s:I, s:I, s:I}", "1h", (json_int_t)counts.pending_hour, "1d",
                                (json_int_t)counts.pending_day, "older", (json_int_t)counts.pending_older);
    int failed = set_counts(figures, "pending", "age", pending) |
                 json_object_set_new(figures, "requests", json_integer(numbers.request)) |
                 json_object_set_new(figures, "undecidable", json_integer(undecidable)) |
                 json_object_set_new(figures, "unreviewed", json_integer(unreviewed)) |
                 json_object_set_new(figures, "review_overdue", json_integer(overdue));
    if (counts.oldest_pending)
        failed |= json_object_set_new(figures, "oldest_pending", json_integer(counts.oldest_pending));
    return failed ? -ENOMEM : 0;
}

/* What has ended, or is held, and is not so everywhere yet. */
static int set_failures(struct engine *engine, json_t *figures)
{
    int64_t partial = 0, memberships = 0, sessions = 0;
    int r;
    if ((r = store_count_partial(engine->store, &partial)) != 0 ||
        (r = store_count_memberships_left(engine->store, &memberships)) != 0 ||
        (r = store_count_endings_left(engine->store, &sessions)) != 0)
        return r < 0 ? r : -EIO;
    json_t *left = json_pack("{s:I, s:I, s:I}", "record", (json_int_t)engine_count_unrecorded(engine),
                             "membership", (json_int_t)memberships, "sessions", (json_int_t)sessions);
    return set_counts(figures, "ends_left", "where", left) |
                   json_object_set_new(figures, "partially_fulfilled", json_integer(partial))
               ? -ENOMEM
               : 0;
}

static int set_notices(struct engine *engine, json_t *figures)
{
    struct notice_counts counts = {0};
    const int r = store_count_notices(engine->store, &counts);
    if (r < 0)
        return r;
    free(counts.failure);
    int failed = json_object_set_new(figures, "notices", json_integer(counts.waiting));
    if (counts.oldest)
        failed |= json_object_set_new(figures, "oldest_notice", json_integer(counts.oldest));
    return failed ? -ENOMEM : 0;
}

static int set_store(struct engine *engine, json_t *figures)
{
    const struct store_space space = store_measure(engine->store);
    if (space.used == 0)
        return 0;
    return json_object_set_new(figures, "store_size", json_integer(space.used)) |
                   json_object_set_new(figures, "store_free", json_integer(space.left))
               ? -ENOMEM
               : 0;
}

int engine_measure(struct engine *engine, json_t **ret)
{
    json_t *figures = json_pack("{s:I}", "packages", (json_int_t)engine->packages->count);
    int r = figures ? 0 : -ENOMEM;
    engine_tick(engine); /* a fault is logged, and all the more a reason to look */
    if (r == 0)
        r = set_pending(engine, figures);
    if (r == 0)
        r = set_tallies(engine, figures);
    if (r == 0)
        r = set_failures(engine, figures);
    if (r == 0)
        r = set_notices(engine, figures);
    if (r == 0)
        r = set_store(engine, figures);
    if (r == 0)
        *ret = figures;
    else
        json_decref(figures);
    return r;
}
