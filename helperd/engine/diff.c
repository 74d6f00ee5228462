/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a reload would change, and for whom: by the rules that a reload follows (removed.c, drift.c, lifecycle/), each
 * asked and none applied. Reads a bounded part of the store, for it blocks other calls.
 */
#include "helperd/engine/internal.h"

#include "common/cleanup.h"
#include "helperd/config/package_settings.h"
#include "helperd/lifecycle/texts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    EFFECTS_MAX = 1000,      /* that one answer tells */
    PENDING_EXAMINED = 10000 /* requests that one call reads */
};

struct diff {
    struct engine *engine;
    const struct packages *after;
    const struct package *was; /* the package that is looked at, and what becomes of it: NULL: removed */
    const struct package *is;
    json_t *packages;
    json_t *effects;
    bool more; /* there are more effects than are told */
};

/* ---- packages ---- */

static bool names_people(const char *key)
{
    return strcmp(key, "groups") == 0 || strstr(key, "approvers");
}

/* Of a package that comes or goes only what it gives and who approves; its file has the rest. */
static int add_setting(json_t *list, const char *key, const json_t *before, const json_t *after, bool all)
{
    if ((before && after && json_equal(before, after)) || (!all && !names_people(key)))
        return 0;
    json_t *setting = json_pack("{s:s, s:O*, s:O*}", "key", key, "before", before, "after", after);
    return json_array_append_new(list, setting) < 0 ? -ENOMEM : 0;
}

static int compare_settings(json_t *list, json_t *before, json_t *after, bool all)
{
    const char *key = NULL;
    json_t *value = NULL;
    int r = 0;
    json_object_foreach(before, key, value)
    {
        r = r < 0 ? r : add_setting(list, key, value, json_object_get(after, key), all);
    }
    json_object_foreach(after, key, value)
    {
        if (r == 0 && !json_object_get(before, key))
            r = add_setting(list, key, NULL, value, all);
    }
    return r;
}

static int add_package(struct diff *diff, const struct package *was, const struct package *is)
{
    const char *change = !was ? "added" : !is ? "removed" : "changed";
    json_t *before = was ? package_settings(was) : json_object();
    json_t *after = is ? package_settings(is) : json_object();
    json_t *settings = json_array();
    int r = before && after && settings ? compare_settings(settings, before, after, was && is) : -ENOMEM;
    if (r == 0)
        r = json_array_append_new(diff->packages,
                                  json_pack("{s:s, s:s, s:O}", "package", (is ? is : was)->name, "change",
                                            change, "settings", settings)) < 0
                ? -ENOMEM
                : 0;
    json_decref(before);
    json_decref(after);
    json_decref(settings);
    return r;
}

/* ---- for whom ---- */

/* Takes both over; NULL: no memory. Without a group there is no effect. */
static int add_effect(struct diff *diff, const char *effect, json_t *groups, json_t *whose)
{
    const bool none = groups && json_array_size(groups) == 0;
    int r = groups && whose ? 0 : -ENOMEM;
    diff->more |= !none && json_array_size(diff->effects) >= EFFECTS_MAX;
    if (r == 0 && !none && !diff->more &&
        json_object_set_new(whose, "effect", json_string(effect)) | json_object_set(whose, "groups", groups) |
            json_array_append(diff->effects, whose))
        r = -ENOMEM;
    json_decref(groups);
    json_decref(whose);
    return r;
}

static json_t *name_holder(const struct assignment *assignment)
{
    const int64_t end = assignment->span.end;
    return json_pack("{s:s, s:s, s:I, s:I, s:o*}", "user", assignment->user, "package", assignment->package,
                     "uid", (json_int_t)assignment->uid, "assignment", (json_int_t)assignment->id,
                     "assignment_end", end == GRANT_FOREVER ? NULL : json_integer(end));
}

static json_t *name_requestor(const struct request *request)
{
    return json_pack("{s:s, s:s, s:I, s:I}", "user", request->user, "package", request->package, "uid",
                     (json_int_t)request->requestor.uid, "id", (json_int_t)request->id);
}

/* Why a grant is told of. */
typedef bool (*grant_test)(const struct diff *diff, const struct grant *grant);

static bool is_in_place(const struct diff *diff, const struct grant *grant)
{
    (void)diff;
    return !grant->problem;
}

/* Held to its end, though the package no longer gives it. */
static bool outlives_package(const struct diff *diff, const struct grant *grant)
{
    return !grant->problem && (!diff->is || !strv_contains(diff->is->groups, grant->group));
}

static bool is_dropped(const struct diff *diff, const struct grant *grant)
{
    return grant_is_dropped(grant, diff->is);
}

static bool is_put_back(const struct diff *diff, const struct grant *grant)
{
    return grant->drifted && !grant_is_dropped(grant, diff->is);
}

static int add_grants(struct diff *diff, const char *effect, const struct assignment *assignment,
                      const struct grants *grants, grant_test test)
{
    json_t *groups = json_array();
    for (size_t i = 0; groups && i < grants->count; i++)
        if (test(diff, &grants->items[i]) &&
            json_array_append_new(groups, json_string(grants->items[i].group)) < 0) {
            json_decref(groups);
            groups = NULL;
        }
    return add_effect(diff, effect, groups, name_holder(assignment));
}

/* What ends later than the package allows from now on keeps its end. */
static bool outlasts(const struct diff *diff, const struct assignment *assignment)
{
    return diff->is && diff->is->not_after && assignment->span.end > diff->is->not_after &&
           diff->is->not_after != diff->was->not_after;
}

/* The package is given no more when this would begin. */
static bool is_over(const struct diff *diff, const struct request *request, const struct package *package)
{
    const int64_t now = clock_now(&diff->engine->clock);
    return package && policy_last_end(package, 0) <= (request->start > now ? request->start : now);
}

static int judge_holder(const struct assignment *assignment, void *data)
{
    struct diff *diff = data;
    _cleanup_(grants_deinit) struct grants grants = {0};
    int r = store_get_grants(diff->engine->store, assignment->id, &grants.items, &grants.count);
    if (r == 0 && engine_ends_with(diff->was, diff->after))
        return add_grants(diff, "ends", assignment, &grants, is_in_place);
    if (r == 0)
        r = add_grants(diff, "keeps", assignment, &grants, outlives_package);
    if (r == 0)
        r = add_grants(diff, "drops", assignment, &grants, is_dropped);
    if (r == 0 && outlasts(diff, assignment))
        r = add_grants(diff, "outlasts", assignment, &grants, is_in_place);
    if (r == 0 && assignment->state == STATE_PARTIALLY_FULFILLED && assignment->retry_at == 0 &&
        engine_is_repaired(assignment, diff->is))
        r = add_grants(diff, "gets", assignment, &grants, is_put_back);
    return r;
}

/* What the request would give by this package. */
static json_t *list_groups(const struct request *request, const struct package *package, bool bound)
{
    char **groups = request_groups(request, package, bound);
    json_t *list = groups ? texts_new(groups) : NULL;
    free(groups);
    return list;
}

static int judge_waiting(const struct request *request, void *data)
{
    struct diff *diff = data;
    const char *effect = engine_ends_with(diff->was, diff->after) ? "withdrawn" : "does-not-start";
    if (!engine_ends_with(diff->was, diff->after) && request_gives_any(request, diff->is) &&
        !is_over(diff, request, diff->is))
        return 0;
    return add_effect(diff, effect, list_groups(request, diff->was, true), name_requestor(request));
}

/* Its stages stay as they were when it was filed. What it gives is asked of the policy of the moment (rule 14). */
static int judge_pending(struct diff *diff, const struct record *record)
{
    const struct request *request = &record->request;
    const bool bound = record_is_bound(record);
    const struct package *was = packages_find(diff->engine->packages, request->package);
    const struct package *is = packages_find(diff->after, request->package);
    if (!was)
        return 0;
    if (!request->extends && is_over(diff, request, is) && !is_over(diff, request, was))
        return add_effect(diff, "cannot-be-approved", list_groups(request, was, bound),
                          name_requestor(request));
    json_t *before = list_groups(request, was, bound);
    json_t *now = is ? list_groups(request, is, bound) : json_array();
    if (now && json_array_size(now) == 0) {
        json_decref(now);
        return add_effect(diff, is ? "gives-nothing" : "cannot-be-approved", before, name_requestor(request));
    }
    const bool same = before && now && json_equal(before, now);
    json_decref(before);
    if (!same)
        return add_effect(diff, "gives-other-groups", now, name_requestor(request));
    json_decref(now);
    return 0;
}

static int judge_all_pending(struct diff *diff)
{
    struct store *store = diff->engine->store;
    int64_t id = 0;
    int r = 0;
    for (int examined = 0; r == 0 && !diff->more && (r = store_next_pending(store, id, &id)) == 0;
         examined++) {
        struct record record = {0};
        diff->more = examined >= PENDING_EXAMINED;
        if (!diff->more && (r = record_load(store, id, &record)) == 0)
            r = judge_pending(diff, &record);
        record_deinit(&record);
    }
    return r < 0 ? r : 0;
}

/* Who holds the package, and who will. */
static int judge_holders(struct diff *diff)
{
    const struct store_holders_filter filter = {
        .limit = EFFECTS_MAX + 1, .name = diff->was->name, .kinds = STORE_NAMES_PACKAGE};
    const int r = store_list_holders(diff->engine->store, &filter, judge_holder, diff);
    return r < 0 ? r
                 : store_each_waiting_of_package(diff->engine->store, diff->was->name, EFFECTS_MAX + 1,
                                                 judge_waiting, diff);
}

/* ---- the whole ---- */

static int compare_package(struct diff *diff, const struct package *was, const struct package *is)
{
    if (was && is && strcmp(was->digest, is->digest) == 0)
        return 0;
    diff->was = was;
    diff->is = is;
    const int r = add_package(diff, was, is);
    return r < 0 || !was || diff->more ? r : judge_holders(diff);
}

static int compare_all(struct diff *diff)
{
    const struct packages *before = diff->engine->packages, *after = diff->after;
    int r = 0;
    for (size_t i = 0; r == 0 && i < before->count; i++)
        r = compare_package(diff, &before->items[i], packages_find(after, before->items[i].name));
    for (size_t i = 0; r == 0 && i < after->count; i++)
        if (!packages_find(before, after->items[i].name))
            r = compare_package(diff, NULL, &after->items[i]);
    if (r == 0 && json_array_size(diff->packages) > 0)
        r = judge_all_pending(diff);
    return r;
}

int engine_diff(struct engine *engine, const struct packages *after, struct reply *reply)
{
    struct diff diff = {.engine = engine, .after = after, .packages = json_array(), .effects = json_array()};
    int r = diff.packages && diff.effects ? engine_tick(engine) : -ENOMEM;
    if (r == 0)
        r = compare_all(&diff);
    if (r == 0)
        reply->value = json_pack("[O, O, b]", diff.packages, diff.effects, diff.more);
    json_decref(diff.packages);
    json_decref(diff.effects);
    return r < 0 ? r : reply->value ? 0 : -ENOMEM;
}
