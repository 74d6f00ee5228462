/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Loads everything about one request. */
#include "helperd/lifecycle/lifecycle.h"

#include "common/cleanup.h"

#include <errno.h>
#include <stdlib.h>

static int load_assignment(struct store *store, struct record *record)
{
    struct ending ending = {0};
    int r = store_get_grants(store, record->assignment.id, &record->grants, &record->n_grants);
    if (r < 0 || assignment_is_live(record->assignment.state))
        return r;
    r = store_get_ending(store, record->assignment.id, &ending);
    if (r == 0)
        record->remaining = ending.problem ? steal_ptr(ending.problem) : steal_ptr(ending.remaining);
    ending_deinit(&ending);
    return r < 0 ? r : 0;
}

int record_load(struct store *store, int64_t id, struct record *ret)
{
    struct record record = {0};
    int r = store_get_request(store, id, &record.request);
    if (r != 0)
        return r;
    if (record.request.stage > 0)
        r = store_get_stage(store, id, record.request.stage, &record.stage);
    if (r == 0)
        r = store_get_decisions(store, id, &record.decisions, &record.n_decisions);
    if (r == 0 && record.request.state == STATE_APPROVED) {
        r = record.request.extends ? store_get_assignment(store, record.request.extends, &record.assignment)
                                   : store_find_assignment_of_request(store, id, &record.assignment);
        if (r == 0)
            r = load_assignment(store, &record);
        else if (r == STORE_E_NONE)
            r = 0;
    }
    if (r != 0) {
        record_deinit(&record);
        return r < 0 ? r : -EIO; /* its stage is missing */
    }
    *ret = record;
    return 0;
}

struct policy_pending record_pending(const struct packages *packages, const struct record *record)
{
    const struct package *package = packages_find(packages, record->request.package);
    return (struct policy_pending){.stage = &record->stage,
                                   .requestor = &record->request.requestor,
                                   .decisions = record->decisions,
                                   .n_decisions = record->n_decisions,
                                   .same_approver = package && package->same_approver};
}

bool record_is_bound(const struct record *record)
{
    if (record->request.state == STATE_APPROVED)
        return record->request.groups != NULL;
    for (size_t i = 0; i < record->n_decisions; i++)
        if (record->decisions[i].approved)
            return record->request.groups != NULL;
    return false;
}

char **request_groups(const struct request *request, const struct package *package, bool bound)
{
    char **groups = calloc(strv_length(package->groups) + 1, sizeof(*groups));
    size_t count = 0;
    for (char *const *group = package->groups; groups && *group; group++)
        if (!bound || request_may_give(request, *group))
            groups[count++] = *group;
    return groups;
}

void record_deinit(struct record *record)
{
    free(record->remaining);
    request_deinit(&record->request);
    stage_deinit(&record->stage);
    store_free_decisions(record->decisions, record->n_decisions);
    assignment_deinit(&record->assignment);
    store_free_grants(record->grants, record->n_grants);
    *record = (struct record){0};
}
