/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plans look-ups: adds to an inquiry what a call needs. */
#include "helperd/engine/internal.h"

#include "common/cleanup.h"
#include "common/names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    INQUIRY_PRINCIPALS_MAX = 128,    /* two full lists of one stage; a question must fit into a socket */
    INQUIRY_HOLDERS_MAX = 64 * 1024, /* bytes of a question, roughly, for the same reason */
    INQUIRY_HOLDER = 64,             /* bytes of one holder, without the name */
};

int engine_inquire_packages(struct engine *engine, char *const *packages, struct inquiry *inquiry)
{
    size_t count = 0;
    for (char *const *name = packages; *name; name++) {
        const struct package *package = packages_find(engine->packages, *name);
        count += package ? strv_length(package->groups) : 0;
    }
    strv groups = calloc(count + 1, sizeof(*groups));
    if (!groups)
        return -ENOMEM;
    count = 0;
    for (char *const *name = packages; *name; name++) {
        const struct package *package = packages_find(engine->packages, *name);
        for (char **group = package ? package->groups : NULL; group && *group; group++) {
            groups[count] = strdup(*group);
            if (!groups[count++]) {
                strv_free(groups);
                return -ENOMEM;
            }
        }
    }
    strv_free(inquiry->groups);
    inquiry->groups = groups;
    return 0;
}

/* Adds each name once. Names beyond the limit are left out, and so unknown. */
static int add_principals(struct inquiry *inquiry, char *const *names)
{
    for (; names && *names; names++) {
        if (strv_contains(inquiry->principals, *names))
            continue;
        if (strv_length(inquiry->principals) >= INQUIRY_PRINCIPALS_MAX)
            return 0;
        const int r = strv_add(&inquiry->principals, *names);
        if (r < 0)
            return r;
    }
    return 0;
}

struct gathering {
    struct inquiry *inquiry;
    const char *principal;
    size_t before; /* holders of other principals */
    size_t *room;
    bool any; /* of any group: the look-up leaves out those of others */
    bool full;
};

/* Stops (1) at FACTS_PEOPLE_MAX of a group, which is more than any quorum needs, and when there is no room. */
static int gather_one(const struct store_holder *found, void *data)
{
    struct gathering *gathering = data;
    struct inquiry *inquiry = gathering->inquiry;
    const size_t size = strlen(found->user) + INQUIRY_HOLDER;
    if (!text_is_utf8(found->user))
        return 0;
    if (!gathering->any && inquiry->n_holders - gathering->before >= FACTS_PEOPLE_MAX)
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

int engine_each_holder(struct engine *engine, const char *principal, store_each_holder_fn each, void *data)
{
    const gid_t gid = namebook_gid(engine->names, principal);
    const int64_t now = clock_now(&engine->clock);
    return gid == GID_UNSET ? store_each_holder_of_group(engine->store, principal + 1, now, each, data)
                            : store_each_holder_of_gid(engine->store, gid, now, each, data);
}

int engine_inquire_holders(struct engine *engine, struct inquiry *inquiry)
{
    size_t room = INQUIRY_HOLDERS_MAX;
    size_t kept = 0;
    int r = 0;
    for (char **principal = inquiry->principals; principal && *principal; principal++) {
        const bool known = !engine->names || namebook_gid(engine->names, *principal) != GID_UNSET;
        struct gathering gathering = {inquiry, *principal, inquiry->n_holders, &room, !known, false};
        if (r >= 0 && **principal == '%')
            r = known ? engine_each_holder(engine, *principal, gather_one, &gathering)
                      : store_each_holder(engine->store, clock_now(&engine->clock), gather_one, &gathering);
        /* A group whose holders do not fit is left out, and so unknown. */
        if (gathering.full)
            free(*principal);
        else
            inquiry->principals[kept++] = *principal;
    }
    if (inquiry->principals)
        inquiry->principals[kept] = NULL;
    return r < 0 ? r : 0;
}

int engine_inquire_stage(struct engine *engine, const struct request *request, bool if_needed,
                         struct inquiry *inquiry)
{
    struct stage stage = {0};
    int r = store_get_stage(engine->store, request->id, request->stage, &stage);
    if (r != 0)
        return r;
    if (!if_needed || (stage.fallback_approvers[0] && !policy_escalated(&stage, clock_now(&engine->clock)))) {
        r = add_principals(inquiry, stage.approvers);
        if (r == 0)
            r = add_principals(inquiry, stage.fallback_approvers);
        if (r == 0)
            r = engine_inquire_lacking(engine, inquiry->principals, inquiry);
    }
    stage_deinit(&stage);
    return r < 0 ? r : engine_inquire_holders(engine, inquiry);
}

int engine_inquire_approvers(struct engine *engine, char *const *packages, bool all_stages,
                             struct inquiry *inquiry)
{
    int r = 0;
    for (char *const *name = packages; *name; name++) {
        const struct package *package = packages_find(engine->packages, *name);
        const size_t count = !package ? 0 : all_stages ? package->n_stages : package->n_stages > 0;
        for (size_t i = 0; r == 0 && i < count; i++) {
            r = add_principals(inquiry, package->stages[i].approvers);
            if (r == 0)
                r = add_principals(inquiry, package->stages[i].fallback_approvers);
        }
    }
    if (r == 0)
        r = engine_inquire_lacking(engine, inquiry->principals, inquiry);
    return r < 0 ? r : engine_inquire_holders(engine, inquiry);
}

int engine_inquire_request(struct engine *engine, int64_t id, struct inquiry *inquiry)
{
    struct request request = {0};
    int r = store_get_request(engine->store, id, &request);
    if (r != 0)
        return r;
    char *const packages[] = {request.package, NULL};
    r = engine_inquire_packages(engine, packages, inquiry);
    if (r == 0)
        r = engine_inquire_stages(engine, &request, inquiry);
    if (r == 0)
        r = engine_inquire_requestors(engine, packages, inquiry);
    if (r == 0 && request.state == STATE_PENDING_APPROVAL)
        r = engine_inquire_stage(engine, &request, true, inquiry);
    if (r == 0)
        inquiry->user = steal_ptr(request.user);
    request_deinit(&request);
    return r;
}

int engine_inquire_held_groups(struct engine *engine, const char *user, const char *package,
                               struct inquiry *inquiry)
{
    struct assignment assignment = {0};
    const int r = store_find_live_assignment_by_name(engine->store, user, package, &assignment);
    char *const packages[] = {(char *)package, NULL};
    int tried = r < 0 ? r : assignment_inquire_groups(engine, &assignment, inquiry);
    if (tried == 0)
        tried = engine_inquire_requestors(engine, packages, inquiry);
    assignment_deinit(&assignment);
    return tried;
}
