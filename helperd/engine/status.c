/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The engine's part of the status: counts, and the first few of what needs attention. */
#include "helperd/engine/internal.h"

#include "common/duration.h"
#include "common/names.h"
#include "helperd/engine/unrecorded.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static int set_notices(struct engine *engine, json_t *status)
{
    struct notice_counts counts = {0};
    int r = store_count_notices(engine->store, &counts);
    if (r < 0)
        return r;
    r = json_object_set_new(status, "notices", json_integer(counts.waiting));
    if (counts.oldest)
        r |= json_object_set_new(status, "oldest_notice", json_integer(counts.oldest));
    if (counts.failure)
        r |= json_object_set_new(status, "notice_failure", json_string(counts.failure)) |
             json_object_set_new(status, "notice_failed", json_integer(counts.failed_at));
    free(counts.failure);
    return r ? -ENOMEM : 0;
}

enum { SHOWN_OF_EACH = 5 };

static json_t *partial_line(struct engine *engine, const struct assignment *assignment)
{
    char user[NAME_ENCODED_MAX + 1];
    char word[TEXT_WORD_MAX];
    struct grant *grants = NULL;
    size_t count = 0;
    char *text = NULL;
    size_t size = 0;
    if (store_get_grants(engine->store, assignment->id, &grants, &count) < 0)
        return NULL;
    FILE *out = open_memstream(&text, &size);
    if (out) {
        fprintf(out, "%s of %s", assignment->package, text_visible(assignment->user, user, sizeof(user)));
        for (size_t i = 0, shown = 0; i < count; i++)
            if (grants[i].problem)
                fprintf(out, "%s %s: %s", shown++ ? ";" : ":", grants[i].group, grants[i].problem);
        if (assignment->retry_at == 0)
            fprintf(out, "; to put it back: pkg-admin retry %s %s", assignment->package,
                    text_word(assignment->user, word));
        fclose(out);
    }
    store_free_grants(grants, count);
    json_t *line = text ? json_string(text) : NULL;
    free(text);
    return line;
}

/* The first few partially fulfilled assignments, with their problems. */
static json_t *list_partial(struct engine *engine)
{
    json_t *lines = json_array();
    int64_t after = 0;
    int r = 0;
    while (r == 0 && json_array_size(lines) < SHOWN_OF_EACH) {
        struct assignment assignment = {0};
        r = store_next_partial(engine->store, after, false, &assignment);
        if (r == 0 && json_array_append_new(lines, partial_line(engine, &assignment)) < 0)
            r = -ENOMEM;
        after = assignment.id;
        assignment_deinit(&assignment);
    }
    if (r >= 0)
        return lines;
    json_decref(lines);
    return NULL;
}

static json_t *undecidable_line(struct engine *engine, int64_t id)
{
    char user[NAME_ENCODED_MAX + 1];
    struct request request = {0};
    json_t *line = NULL;
    if (store_get_request(engine->store, id, &request) == 0)
        line = json_sprintf("request %" PRId64 ", %s of %s: %s", id, request.package,
                            text_visible(request.user, user, sizeof(user)),
                            request.undecidable ? request.undecidable : "");
    request_deinit(&request);
    return line;
}

/* The first few requests that no approver can decide, with the reason. */
static json_t *list_undecidable(struct engine *engine)
{
    json_t *lines = json_array();
    int64_t id = 0;
    int r = 0;
    while (r == 0 && json_array_size(lines) < SHOWN_OF_EACH) {
        r = store_next_undecidable(engine->store, id, &id);
        if (r == 0 && json_array_append_new(lines, undecidable_line(engine, id)) < 0)
            r = -ENOMEM;
    }
    if (r >= 0)
        return lines;
    json_decref(lines);
    return NULL;
}

static int set_pending(const struct store_counts *counts, json_t *status)
{
    int r = json_object_set_new(status, "pending", json_integer(counts->pending)) |
            json_object_set_new(status, "pending_hour", json_integer(counts->pending_hour)) |
            json_object_set_new(status, "pending_day", json_integer(counts->pending_day)) |
            json_object_set_new(status, "pending_older", json_integer(counts->pending_older));
    if (counts->oldest_pending)
        r |= json_object_set_new(status, "oldest_pending", json_integer(counts->oldest_pending));
    return r ? -ENOMEM : 0;
}

static int set_undecidable(struct engine *engine, json_t *status)
{
    int64_t count = 0;
    int r = store_count_undecidable(engine->store, &count);
    if (r < 0)
        return r;
    r = json_object_set_new(status, "undecidable", json_integer(count));
    if (count)
        r |= json_object_set_new(status, "undecidable_requests", list_undecidable(engine));
    return r ? -ENOMEM : 0;
}

static int set_next_deadline(struct engine *engine, json_t *status)
{
    int64_t next = 0;
    int64_t retry = 0;
    int r = store_next_deadline(engine->store, &next);
    if (r == 0)
        r = store_next_retry(engine->store, &retry);
    if (r < 0)
        return r;
    if (retry && (next == 0 || retry < next))
        next = retry;
    return next && json_object_set_new(status, "next_deadline", json_integer(next)) < 0 ? -ENOMEM : 0;
}

static int set_space(struct engine *engine, json_t *status)
{
    const struct store_space space = store_measure(engine->store);
    if (space.used == 0)
        return 0;
    return json_object_set_new(status, "store_size", json_integer(space.used)) |
                   json_object_set_new(status, "store_free", json_integer(space.left))
               ? -ENOMEM
               : 0;
}

static int set_history(struct engine *engine, json_t *status)
{
    int64_t oldest = 0;
    int failed = 0;
    const int r = store_oldest_line(engine->store, &oldest);
    if (r < 0)
        return r;
    if (r == 0)
        failed |= json_object_set_new(status, "history_since", json_integer(oldest));
    if (engine->config->keep != DURATION_FOREVER)
        failed |= json_object_set_new(status, "keep", json_integer(engine->config->keep));
    return failed ? -ENOMEM : 0;
}

static int set_assignments(struct engine *engine, const struct store_counts *counts, json_t *status)
{
    int r = json_object_set_new(status, "live_assignments", json_integer(counts->live)) |
            json_object_set_new(status, "partially_fulfilled", json_integer(counts->partial));
    if (counts->partial)
        r |= json_object_set_new(status, "partial", list_partial(engine));
    return r ? -ENOMEM : 0;
}

/*
 * Rule 5 recognises by login ids a person who went on to another account. If the caller has none, probably no user has:
 * pam_loginuid sets them; in a container they are all the same and count as none.
 */
static int set_login_id_facts(const struct engine *engine, const struct caller *caller, json_t *status)
{
    const bool required = engine->config->require_login_id == CONFIG_YES;
    const int r =
        json_object_set_new(status, "login_id_required", json_boolean(required)) |
        json_object_set_new(status, "login_id_known", json_boolean(caller->identity.loginuid != UID_UNSET)) |
        json_object_set_new(status, "login_ids_count", json_boolean(engine->login_ids_count));
    return r ? -ENOMEM : 0;
}

static int set_standing(struct engine *engine, json_t *status)
{
    json_t *first = NULL;
    int64_t count = 0;
    const int r = standing_count(engine, SHOWN_OF_EACH, &count, &first);
    if (r < 0)
        return r;
    const int failed = json_object_set_new(status, "standing_count", json_integer(count));
    if (count > 0)
        return json_object_set_new(status, "standing_members", first) | failed ? -ENOMEM : 0;
    json_decref(first);
    return failed ? -ENOMEM : 0;
}

static int set_unexplained(const struct engine *engine, json_t *status)
{
    if (engine->unexplained_count == 0)
        return 0;
    return json_object_set_new(status, "unexplained_count", json_integer(engine->unexplained_count)) |
                   json_object_set(status, "unexplained_members", engine->unexplained)
               ? -ENOMEM
               : 0;
}

static int set_lineage(struct engine *engine, json_t *status)
{
    int64_t adopted = 0;
    const int r = store_count_adopted(engine->store, &adopted);
    int failed = 0;
    if (r < 0)
        return r;
    if (adopted > 0)
        failed |= json_object_set_new(status, "adopted", json_integer(adopted));
    if (engine->unaccepted)
        failed |= json_object_set_new(status, "store_problem", json_string(engine->unaccepted));
    return failed ? -ENOMEM : 0;
}

int engine_count_overdue_reviews(struct engine *engine, int64_t *ret)
{
    const int64_t now = clock_now(&engine->clock);
    int64_t all = 0;
    for (size_t i = 0; i < engine->packages->count; i++) {
        const struct package *package = &engine->packages->items[i];
        int64_t count = 0;
        const int r = package->review_within
                          ? store_count_overdue_reviews(engine->store, package->name,
                                                        now - package->review_within, &count)
                          : 0;
        if (r < 0)
            return r;
        all += count;
    }
    *ret = all;
    return 0;
}

int engine_status(struct engine *engine, const struct caller *caller, struct reply *reply)
{
    struct store_counts counts = {0};
    int64_t left = 0;
    int64_t unreviewed = 0, overdue = 0;
    int r;
    engine_tick(engine); /* a fault is logged, and all the more a reason to look */
    if ((r = store_read_counts(engine->store, clock_now(&engine->clock), &counts)) != 0 ||
        (r = store_count_unreviewed(engine->store, &unreviewed)) != 0 ||
        (r = engine_count_overdue_reviews(engine, &overdue)) != 0 ||
        (r = store_count_memberships_left(engine->store, &left)) != 0)
        return r;
    json_t *status = json_pack("{s:I, s:I, s:I, s:I}", "packages", (json_int_t)engine->packages->count,
                               "unreviewed", (json_int_t)unreviewed, "review_overdue", (json_int_t)overdue,
                               "memberships_left", (json_int_t)left);
    reply->value = status;
    if (!status)
        return -ENOMEM;
    if ((r = set_login_id_facts(engine, caller, status)) != 0 || (r = set_pending(&counts, status)) != 0 ||
        (r = set_undecidable(engine, status)) != 0 || (r = set_assignments(engine, &counts, status)) != 0 ||
        (r = set_standing(engine, status)) != 0 || (r = set_unexplained(engine, status)) != 0 ||
        (r = engine_add_unrecorded(engine, status)) != 0 || (r = engine_add_unknown(engine, status)) != 0 ||
        (r = set_space(engine, status)) != 0 || (r = set_history(engine, status)) != 0 ||
        (r = set_next_deadline(engine, status)) != 0)
        return r;
    if ((r = set_lineage(engine, status)) != 0)
        return r;
    return set_notices(engine, status);
}

/* ---- groups that are held ---- */

struct held {
    struct packages_held *items;
    size_t count;
};

/* Takes over the group's name. */
static int add_held_group(struct engine *engine, struct held *held, const struct store_group *group)
{
    int64_t until = 0;
    const int r = store_last_end_of_group(engine->store, group->name, group->gid, &until);
    struct packages_held *grown =
        r == 0 ? reallocarray(held->items, held->count + 1, sizeof(*grown)) : held->items;
    if (r != 0 || !grown) {
        free(group->name);
        return r < 0 ? r : r == 0 ? -ENOMEM : 0;
    }
    held->items = grown;
    grown[held->count++] = (struct packages_held){.group = group->name, .gid = group->gid, .until = until};
    return 0;
}

void engine_free_held(struct packages_held *held, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(held[i].group);
    free(held);
}

int engine_list_held(struct engine *engine, const struct packages *packages, struct packages_held **ret,
                     size_t *ret_count)
{
    struct held held = {0};
    struct store_group after = {.name = strdup("")}, group = {0};
    strv named = packages_groups(packages);
    int r = named && after.name ? 0 : -ENOMEM;
    while (r == 0 && (r = store_next_live_group(engine->store, &after, &group)) == 0) {
        free(after.name);
        after = (struct store_group){strdup(group.name), group.gid, true}; /* local or not, it is one group */
        if (!after.name || strv_contains(named, group.name))
            free(group.name);
        else
            r = add_held_group(engine, &held, &group);
        r = after.name ? r : -ENOMEM;
    }
    strv_free(named);
    free(after.name);
    if (r < 0) {
        engine_free_held(held.items, held.count);
        return r;
    }
    *ret = held.items;
    *ret_count = held.count;
    return 0;
}
