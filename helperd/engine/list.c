/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lists requests and packages, and shows one request. Changes nothing. */
#include "helperd/engine/internal.h"

#include "helperd/lifecycle/texts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int engine_get_request(const struct call *call, int64_t id)
{
    struct record record = {0};
    int r = engine_begin_call(call->engine, call->facts);
    if (r == 0)
        r = record_load(call->engine->store, id, &record);
    if (r < 0)
        return r;
    r = engine_refuse_sight(r == 0 ? engine_judge_sight(call->engine, call->caller, call->facts, &record)
                                   : ENGINE_SIGHT_NO,
                            id, call->reply);
    record_deinit(&record);
    return r != 0 ? r : engine_show_request(call, id);
}

/* Of what people wrote; a page ends with the request that reaches it. Else a user's own requests made answers that the bus
 * could not read in time, and accesspkgd left it (rule 15; bus_send). */
enum { PAGE_BYTES = 128 * 1024 };

struct listing {
    struct engine *engine;
    const struct caller *caller;
    const struct facts *facts;
    struct policy_decider decider;
    json_t *array;
    int64_t *ids; /* of the requests in the array */
    size_t limit;
    size_t bytes; /* of what people wrote in them */
    bool more;
    bool unsure; /* of some requests it is unknown whether they belong here */
};

static size_t count_bytes(const struct record *record)
{
    size_t bytes = view_bytes(record->request.justification) + view_bytes(record->request.cancel_reason) +
                   view_bytes(record->assignment.end_reason) + view_bytes(record->remaining);
    for (size_t i = 0; i < record->n_decisions; i++)
        bytes += view_bytes(record->decisions[i].reason);
    return bytes;
}

/* Adds the request; at the limit sets `more` and stops. */
static int list_record(struct listing *listing, const struct record *record)
{
    if (json_array_size(listing->array) == listing->limit || listing->bytes >= PAGE_BYTES) {
        listing->more = true;
        return 1;
    }
    int64_t *grown = reallocarray(listing->ids, json_array_size(listing->array) + 1, sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    listing->ids = grown;
    grown[json_array_size(listing->array)] = record->request.id;
    listing->bytes += count_bytes(record);
    json_t *view = view_request(listing->engine, record, &listing->decider, false);
    return json_array_append_new(listing->array, view) < 0 ? -ENOMEM : 0;
}

static int list_request(const struct request *request, void *data)
{
    struct listing *listing = data;
    struct record record = {0};
    int r = record_load(listing->engine->store, request->id, &record);
    if (r != 0)
        return r < 0 ? r : -EIO;
    r = list_record(listing, &record);
    record_deinit(&record);
    return r;
}

/* Lists a request that the caller could decide now: policy also judges escalation and own requests. */
static int list_decidable(const struct request *request, void *data)
{
    struct listing *listing = data;
    struct record record = {0};
    int r = record_load(listing->engine->store, request->id, &record);
    if (r != 0)
        return r < 0 ? r : -EIO;
    const struct policy_pending pending = record_pending(listing->engine->packages, &record);
    const enum policy_decide_verdict verdict =
        policy_may_decide(&pending, &listing->decider, clock_now(&listing->engine->clock));
    listing->unsure |= verdict == POLICY_DECIDE_UNKNOWN;
    if (verdict == POLICY_DECIDE_ALLOWED)
        r = list_record(listing, &record);
    record_deinit(&record);
    return r;
}

static int list_reviewable(const struct request *request, void *data)
{
    struct listing *listing = data;
    const struct package *package = packages_find(listing->engine->packages, request->package);
    const struct policy_delegator *for_whom = NULL;
    const bool mine =
        package && policy_may_review(package, request, &listing->decider, &for_whom) == POLICY_DECIDE_ALLOWED;
    return mine ? list_request(request, data) : 0;
}

static int64_t get_id_at(const struct listing *listing, size_t index)
{
    return index < json_array_size(listing->array) ? listing->ids[index] : 0;
}

/* Whether nothing is known of what follows in it. */
static bool is_cut_at(const struct listing *listing, size_t index)
{
    return listing->more && index == json_array_size(listing->array);
}

/* Merges the requests of another listing, newest first, up to the limit, or to where one of the two was cut. */
static int merge_listings(struct listing *listing, const struct listing *other)
{
    json_t *merged = json_array();
    size_t i = 0;
    size_t j = 0;
    while (json_array_size(merged) < listing->limit && !is_cut_at(listing, i) && !is_cut_at(other, j) &&
           (i < json_array_size(listing->array) || j < json_array_size(other->array))) {
        const bool first = get_id_at(listing, i) > get_id_at(other, j);
        if (json_array_append(merged, first ? json_array_get(listing->array, i++)
                                            : json_array_get(other->array, j++)) < 0) {
            json_decref(merged);
            return -ENOMEM;
        }
    }
    listing->more |= other->more || i < json_array_size(listing->array) || j < json_array_size(other->array);
    json_decref(listing->array);
    listing->array = merged;
    return 0;
}

static bool names_caller(char *const *principals, void *data)
{
    const struct listing *listing = data;
    return policy_asks(principals, &listing->decider);
}

static bool may_name_caller(char *const *principals, void *data)
{
    const struct listing *listing = data;
    return policy_may_ask(principals, &listing->decider);
}

/* Lists what the caller could decide, and the emergencies that they could review. */
static int list_for_approver(struct listing *listing, const struct store_filter *filter)
{
    struct store *store = listing->engine->store;
    struct listing reviews = *listing;
    reviews.array = json_array();
    reviews.ids = NULL;
    int r = store_list_unreviewed(store, filter, list_reviewable, &reviews);
    if (r >= 0)
        r = store_list_pending(store, filter, may_name_caller, listing, list_decidable, listing);
    if (r >= 0)
        r = merge_listings(listing, &reviews);
    json_decref(reviews.array);
    free(reviews.ids);
    return r;
}

static int list_by_role(struct listing *listing, enum engine_role role, const struct store_filter *asked)
{
    struct store *store = listing->engine->store;
    struct store_filter filter = *asked;
    filter.limit = asked->limit + 1; /* one more tells whether there are more */
    switch (role) {
    case ENGINE_ROLE_REQUESTOR:
        if (asked->user && strcmp(asked->user, listing->facts->caller->name) != 0)
            return 0;
        filter.uid = listing->caller->identity.uid;
        filter.user = listing->facts->caller->name;
        return store_list_requests(store, &filter, list_request, listing);
    case ENGINE_ROLE_ALL:
        return store_list_requests(store, &filter, list_request, listing);
    case ENGINE_ROLE_APPROVER:
        filter.limit = INT64_MAX; /* requests that policy leaves out must not count */
        return list_for_approver(listing, &filter);
    case ENGINE_ROLE_DECIDED:
        return store_list_decided(store, &filter, listing->caller->identity.uid, listing->facts->caller->name,
                                  names_caller, listing, list_request, listing);
    }
    return -EINVAL;
}

int engine_list_requests(const struct call *call, enum engine_role role, const struct store_filter *filter)
{
    if (role == ENGINE_ROLE_ALL && call->caller->identity.uid != 0)
        return engine_refuse(call->reply, BUS_ERROR_NOT_AUTHORIZED,
                             "Only root may list everybody's requests.");
    int r;
    if ((r = engine_check_caller(call)) != 0 || (r = engine_begin_call(call->engine, call->facts)) != 0)
        return r;
    struct listing listing = {
        .engine = call->engine,
        .caller = call->caller,
        .facts = call->facts,
        .decider = engine_viewer(call->engine, call->caller, call->facts),
        .array = json_array(),
        .limit = (size_t)filter->limit,
    };
    r = list_by_role(&listing, role, filter);
    free(listing.ids);
    if (r >= 0 && listing.unsure && json_array_size(listing.array) == 0) {
        json_decref(listing.array);
        return engine_refuse_unknown(call->reply, "what waits for you");
    }
    if (r >= 0)
        call->reply->value = json_pack("[O, b]", listing.array, listing.more);
    json_decref(listing.array);
    return r < 0 ? r : call->reply->value ? 0 : -ENOMEM;
}

/* ---- packages ---- */

static json_t *view_listed_package(const struct package *package, const struct subject *subject, int64_t now)
{
    const struct policy_ask ask = {.has_justification = true, .begins = now};
    return json_pack("{s:s, s:s, s:o, s:o, s:b, s:b, s:I, s:I, s:b, s:b}", "name", package->name,
                     "description", package->description, "groups", texts_new(package->groups), "approvers",
                     package->n_stages ? texts_new(package->stages[0].approvers) : json_array(), "approval",
                     package->approval_required, "justification", package->justification_required, "duration",
                     (json_int_t)package->duration, "max_duration", (json_int_t)package->max_duration,
                     "may_request", policy_may_request(package, subject, &ask) == POLICY_REQUEST_ALLOWED,
                     "emergency", policy_names(package->emergency, subject));
}

int engine_add_own_access(struct engine *engine, const struct subject *subject, const char *package,
                          json_t *view)
{
    struct assignment assignment = {0};
    struct request request = {0};
    int failed = 0;
    int r = store_find_live_assignment(engine->store, subject->uid, subject->name, package, &assignment);
    if (r == 0) {
        failed |= json_object_set_new(view, "state",
                                      json_string(state_identifier(assignment_shown_state(&assignment))));
        if (assignment.request)
            failed |= json_object_set_new(view, "request", json_integer(assignment.request));
        if (assignment.span.end != GRANT_FOREVER)
            failed |= json_object_set_new(view, "assignment_end", json_integer(assignment.span.end));
    } else if (r == STORE_E_NONE) {
        r = request_find_waiting(engine, subject, package, &request);
        if (r == 0) {
            failed |= json_object_set_new(view, "state", json_string(state_identifier(request.state)));
            failed |= json_object_set_new(view, "request", json_integer(request.id));
        }
    }
    assignment_deinit(&assignment);
    request_deinit(&request);
    return r < 0 ? r : failed ? -ENOMEM : 0;
}

int engine_list_packages(const struct call *call)
{
    int r;
    if ((r = engine_check_caller(call)) != 0 || (r = engine_begin_call(call->engine, call->facts)) != 0)
        return r;
    json_t *array = json_array();
    for (size_t i = 0; r == 0 && i < call->engine->packages->count; i++) {
        json_t *view = view_listed_package(&call->engine->packages->items[i], call->facts->caller,
                                           clock_now(&call->engine->clock));
        r = view ? engine_add_own_access(call->engine, call->facts->caller,
                                         call->engine->packages->items[i].name, view)
                 : -ENOMEM;
        if (json_array_append_new(array, view) < 0)
            r = -ENOMEM;
    }
    if (r == 0)
        call->reply->value = array;
    else
        json_decref(array);
    return r;
}
