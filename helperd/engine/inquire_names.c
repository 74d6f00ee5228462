/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Plans look-ups of the names in policies, by which policy/principal.c says who is meant. What is decided or shown of one
 * request asks for its names each time (rule 9). Lists concern every policy, and ask only for what the book has no fresh
 * answer to.
 */
#include "helperd/engine/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    NAMES_MAX = 1024,       /* of one question: a deadline holds for all */
    NAMES_ROOM = 32 * 1024, /* bytes: a question must fit into a socket */
};

struct naming {
    struct engine *engine;
    struct inquiry *inquiry;
    bool lacking;       /* leave out what the book has a fresh answer to */
    size_t count, size; /* of the names in the inquiry */
};

static struct naming naming_begin(struct engine *engine, struct inquiry *inquiry, bool lacking)
{
    struct naming naming = {.engine = engine, .inquiry = inquiry, .lacking = lacking};
    for (char *const *name = inquiry->names; name && *name; name++, naming.count++)
        naming.size += strlen(*name) + 1;
    return naming;
}

/* Adds each name once. Names beyond the limits are left out, and so as well known as before. */
static int add_names(struct naming *naming, char *const *names)
{
    for (; names && *names; names++) {
        const size_t size = naming->size + strlen(*names) + 1;
        naming->inquiry->by_group |= **names == '%';
        if ((naming->lacking && namebook_is_fresh(naming->engine->names, *names)) ||
            strv_contains(naming->inquiry->names, *names))
            continue;
        if (naming->count == NAMES_MAX || size > NAMES_ROOM) {
            naming->inquiry->by_group = true; /* perhaps */
            return 0;
        }
        const int r = strv_add(&naming->inquiry->names, *names);
        if (r < 0)
            return r;
        naming->count++;
        naming->size = size;
    }
    return 0;
}

static int name_requestors(struct naming *naming, const struct package *package)
{
    const int r = add_names(naming, package->requestors);
    return r < 0 ? r : add_names(naming, package->emergency);
}

static int name_approvers(struct naming *naming, const struct package *package)
{
    int r = 0;
    for (size_t i = 0; r == 0 && i < package->n_stages; i++) {
        r = add_names(naming, package->stages[i].approvers);
        if (r == 0)
            r = add_names(naming, package->stages[i].fallback_approvers);
    }
    return r;
}

int engine_inquire_lacking(struct engine *engine, char *const *names, struct inquiry *inquiry)
{
    struct naming naming = naming_begin(engine, inquiry, true);
    return add_names(&naming, names);
}

int engine_inquire_requestors(struct engine *engine, char *const *packages, struct inquiry *inquiry)
{
    struct naming naming = naming_begin(engine, inquiry, false);
    int r = 0;
    for (char *const *name = packages; r == 0 && *name; name++) {
        const struct package *package = packages_find(engine->packages, *name);
        r = package ? name_requestors(&naming, package) : 0;
    }
    return r;
}

int engine_inquire_reviewers(struct engine *engine, const char *package, struct inquiry *inquiry)
{
    struct naming naming = naming_begin(engine, inquiry, false);
    const struct package *found = packages_find(engine->packages, package);
    return found ? name_approvers(&naming, found) : 0;
}

static int name_stage(struct naming *naming, int64_t request, int64_t number)
{
    struct stage stage = {0};
    int r = store_get_stage(naming->engine->store, request, number, &stage);
    if (r == 0)
        r = add_names(naming, stage.approvers);
    if (r == 0)
        r = add_names(naming, stage.fallback_approvers);
    stage_deinit(&stage);
    return r < 0 ? r : 0;
}

/* The current stage first, for which a slow directory has the most time. */
int engine_inquire_stages(struct engine *engine, const struct request *request, struct inquiry *inquiry)
{
    struct naming naming = naming_begin(engine, inquiry, false);
    int r = request->stage > 0 ? name_stage(&naming, request->id, request->stage) : 0;
    for (int64_t number = 1; r == 0 && number <= request->n_stages; number++)
        r = name_stage(&naming, request->id, number);
    return r;
}

int engine_inquire_sight(struct engine *engine, int64_t id, struct inquiry *inquiry)
{
    struct request request = {0};
    int r = store_get_request(engine->store, id, &request);
    if (r == 0)
        r = engine_inquire_stages(engine, &request, inquiry);
    if (r == 0 && request.emergency)
        r = engine_inquire_reviewers(engine, request.package, inquiry);
    request_deinit(&request);
    return r < 0 ? r : 0;
}

int engine_inquire_revoker(struct engine *engine, const char *user, const char *package,
                           struct inquiry *inquiry)
{
    struct assignment assignment = {0};
    struct request request = {0};
    int r = engine_inquire_reviewers(engine, package, inquiry);
    if (r == 0 && (r = store_find_live_assignment_by_name(engine->store, user, package, &assignment)) == 0 &&
        assignment.request)
        r = engine_inquire_sight(engine, assignment.request, inquiry);
    if (r >= 0 && (r = store_find_waiting_request_by_name(engine->store, user, package, &request)) == 0)
        r = engine_inquire_stages(engine, &request, inquiry);
    assignment_deinit(&assignment);
    request_deinit(&request);
    return r < 0 ? r : 0;
}

static int name_circle(char *const *principals, void *data)
{
    return add_names(data, principals);
}

static bool has_group(char *const *names)
{
    for (; names && *names; names++)
        if (**names == '%')
            return true;
    return false;
}

/* Whether reviewers may be judged by groups, also of emergencies of a package that no longer has any. */
static bool reviews_by_group(const struct package *package)
{
    for (size_t i = 0; i < package->n_stages; i++)
        if (has_group(package->stages[i].approvers) || has_group(package->stages[i].fallback_approvers))
            return true;
    return false;
}

int engine_inquire_lists(struct engine *engine, struct inquiry *inquiry)
{
    struct naming naming = naming_begin(engine, inquiry, true);
    int r = store_each_circle(engine->store, name_circle, &naming);
    for (size_t i = 0; r == 0 && i < engine->packages->count; i++) {
        const struct package *package = &engine->packages->items[i];
        inquiry->by_group |= reviews_by_group(package);
        if (strv_length(package->emergency) > 0)
            r = name_approvers(&naming, package);
    }
    return r;
}

int engine_inquire_all_requestors(struct engine *engine, struct inquiry *inquiry)
{
    struct naming naming = naming_begin(engine, inquiry, true);
    int r = 0;
    for (size_t i = 0; r == 0 && i < engine->packages->count; i++)
        r = name_requestors(&naming, &engine->packages->items[i]);
    return r;
}
