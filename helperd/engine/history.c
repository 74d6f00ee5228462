/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who held what in a period, for uid 0: with who asked, who decided and why, the first and the last use, and how it ended. Each
 * call reads a bounded part.
 */
#include "helperd/engine/internal.h"

#include "helperd/engine/reports.h"

#include <errno.h>

enum {
    HISTORY_EXAMINED = 2000,
    EXTENSIONS_MAX = 100,     /* of one assignment */
    PAGE_BYTES = 1024 * 1024, /* of what people wrote; the row that reaches it is the last */
};

struct listing {
    struct engine *engine;
    json_t *rows;
    size_t bytes;
};

static json_t *new_name(const char *name)
{
    char visible[NAME_ENCODED_MAX + 1];
    return json_string(text_is_utf8(name) ? name : text_visible(name, visible, sizeof(visible)));
}

/* ---- who asked, who decided ---- */

static int add_decisions(struct listing *listing, const struct request *request, json_t *row)
{
    struct decision *decisions = NULL;
    size_t count = 0;
    int r = store_get_decisions(listing->engine->store, request->id, &decisions, &count);
    for (size_t i = 0; r == 0 && i < count; i++) {
        listing->bytes += view_bytes(decisions[i].reason);
        r = json_array_append_new(json_object_get(row, "decisions"), view_decision(request, &decisions[i])) <
                    0
                ? -ENOMEM
                : 0;
    }
    store_free_decisions(decisions, count);
    return r;
}

static json_t *view_asking(const struct request *request)
{
    return json_pack("{s:I, s:I, s:s*, s:s, s:b, s:b, s:s, s:[]}", "request", (json_int_t)request->id, "at",
                     (json_int_t)request->submitted, "justification", request->justification, "state",
                     state_identifier(request->state), "emergency", request->emergency, "assigned",
                     request->assigned, "user", request->user, "decisions");
}

struct asking {
    struct listing *listing;
    json_t *askings;
};

/* What it was requested by, and each extension: a row of its own with its decisions. */
static int add_asking(const struct request *request, void *data)
{
    const struct asking *asking = data;
    json_t *row = view_asking(request);
    int r = row && json_array_append_new(asking->askings, row) == 0 ? 0 : -ENOMEM;
    asking->listing->bytes += view_bytes(request->justification);
    return r == 0 ? add_decisions(asking->listing, request, row) : r;
}

/* Who holds something may extend it as often as they like, and ask and withdraw: the answer has room for what was given, and
 * of that for the last ones. */
static int set_askings(struct listing *listing, const struct assignment *assignment, json_t *view)
{
    struct store *store = listing->engine->store;
    struct asking asking = {listing, json_array()};
    struct request request = {0};
    int r = view_set(view, "requests", asking.askings);
    if (r == 0 && assignment->request)
        r = store_get_request(store, assignment->request, &request);
    if (r == 0 && assignment->request)
        r = add_asking(&request, &asking);
    request_deinit(&request);
    const size_t before = json_array_size(asking.askings);
    if (r == 0)
        r = store_each_extension(store, assignment->id, EXTENSIONS_MAX, add_asking, &asking);
    if (r == 0 && json_array_size(asking.askings) - before == EXTENSIONS_MAX)
        r = view_set(view, "extensions_cut", json_true());
    return r > 0 ? -EIO : r;
}

/* ---- the assignment ---- */

static int set_groups(struct engine *engine, const struct assignment *assignment, json_t *view)
{
    struct grant *grants = NULL;
    size_t count = 0;
    json_t *groups = json_array();
    int r = store_get_grants(engine->store, assignment->id, &grants, &count);
    for (size_t i = 0; r == 0 && i < count; i++)
        if (!grants[i].problem && json_array_append_new(groups, new_name(grants[i].group)) < 0)
            r = -ENOMEM;
    store_free_grants(grants, count);
    const int set = view_set(view, "groups", groups);
    return r < 0 ? r : set;
}

static int set_use(struct engine *engine, const struct assignment *assignment, json_t *view)
{
    struct usage use;
    int r =
        assignment_read_use(engine, assignment, &use) < 0 ? view_set(view, "use_unknown", json_true()) : 0;
    if (r == 0 && use.first)
        r = view_set(view, "first_use", json_integer(use.first));
    return r == 0 && use.last ? view_set(view, "last_use", json_integer(use.last)) : r;
}

static json_t *view_held(const struct assignment *assignment)
{
    const bool live = assignment_is_live(assignment->state);
    const int64_t end = assignment->span.end;
    return json_pack(
        "{s:s, s:o, s:I, s:s, s:I, s:I, s:o*, s:o*, s:s*, s:s*, s:o*}", "package", assignment->package,
        "user", new_name(assignment->user), "uid", (json_int_t)assignment->uid, "state",
        state_identifier(assignment_shown_state(assignment)), "assignment", (json_int_t)assignment->id,
        "assignment_start", (json_int_t)assignment->span.start, "assignment_end",
        end == GRANT_FOREVER ? NULL : json_integer(end), "ended",
        live ? NULL : json_integer(store_over_at(assignment)), "ended_by", assignment->ended_by, "end_reason",
        assignment->end_reason, "adopted", assignment->request ? NULL : json_true());
}

static int list_held(const struct assignment *assignment, void *data)
{
    struct listing *listing = data;
    json_t *view = view_held(assignment);
    int r = view && json_array_append_new(listing->rows, view) == 0 ? 0 : -ENOMEM;
    if (r == 0)
        r = set_groups(listing->engine, assignment, view);
    if (r == 0)
        r = set_use(listing->engine, assignment, view);
    if (r == 0)
        r = set_askings(listing, assignment, view);
    return r < 0 ? r : listing->bytes >= PAGE_BYTES;
}

int engine_list_history(struct engine *engine, const struct store_history_filter *asked, struct reply *reply)
{
    struct listing listing = {.engine = engine, .rows = json_array()};
    struct store_history_filter filter = *asked;
    struct store_history_cursor next = {0};
    filter.examine = HISTORY_EXAMINED;
    int r = engine_tick(engine);
    if (r == 0)
        r = store_list_history(engine->store, &filter, list_held, &listing, &next);
    if (r == 0)
        reply->value = json_pack("[O, I, I]", listing.rows, (json_int_t)next.at, (json_int_t)next.id);
    json_decref(listing.rows);
    return r < 0 ? r : reply->value ? 0 : -ENOMEM;
}
