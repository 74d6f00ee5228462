/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/support/etcgroup.h"

#include "common/grantdir.h"
#include "tests/support/unmarked.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t find(const struct etcgroup *etcgroup, const char *user, const char *group)
{
    size_t i = 0;
    while (i < etcgroup->count &&
           (strcmp(etcgroup->members[i].user, user) != 0 || strcmp(etcgroup->members[i].group, group) != 0))
        i++;
    return i;
}

bool etcgroup_has(const struct etcgroup *etcgroup, const char *user, const char *group)
{
    return find(etcgroup, user, group) < etcgroup->count;
}

int64_t etcgroup_until(const struct etcgroup *etcgroup, const char *user, const char *group)
{
    const size_t i = find(etcgroup, user, group);
    return i < etcgroup->count ? etcgroup->members[i].until : 0;
}

void etcgroup_add(struct etcgroup *etcgroup, const char *user, const char *group)
{
    if (etcgroup_has(etcgroup, user, group))
        return;
    ck_assert_uint_lt(etcgroup->count, ETCGROUP_MAX);
    etcgroup->members[etcgroup->count].until = 0;
    snprintf(etcgroup->members[etcgroup->count].user, sizeof(etcgroup->members[0].user), "%s", user);
    snprintf(etcgroup->members[etcgroup->count++].group, sizeof(etcgroup->members[0].group), "%s", group);
}

void etcgroup_remove(struct etcgroup *etcgroup, const char *user, const char *group)
{
    const size_t i = find(etcgroup, user, group);
    if (i < etcgroup->count)
        etcgroup->members[i] = etcgroup->members[--etcgroup->count];
}

/* As the root service does it: what it adds it notes, and it takes out what it noted alone. */
static void act(struct etcgroup *etcgroup, const struct membership *asked)
{
    const char *user = asked->user, *group = asked->group;
    switch (membership_act(asked->state)) {
    case MEMBERSHIP_ACT_ADD:
        if (etcgroup->member)
            return;
        etcgroup_add(etcgroup, user, group);
        etcgroup->members[find(etcgroup, user, group)].until = asked->until;
        break;
    case MEMBERSHIP_ACT_NOTE:
        if (etcgroup_has(etcgroup, user, group))
            etcgroup->members[find(etcgroup, user, group)].until = asked->until;
        break;
    case MEMBERSHIP_ACT_REMOVE:
        if (!etcgroup->member)
            etcgroup_remove(etcgroup, user, group);
        break;
    case MEMBERSHIP_ACT_ASK:
    case MEMBERSHIP_ACT_NONE:
        break;
    }
}

bool etcgroup_act(struct etcgroup *etcgroup, struct engine *engine)
{
    struct membership *asked = &etcgroup->asked;
    if (engine_take_due_membership(engine, asked) != 0)
        return false;
    etcgroup->tries++;
    etcgroup->member = etcgroup_has(etcgroup, asked->user, asked->group) &&
                       etcgroup_until(etcgroup, asked->user, asked->group) == 0;
    etcgroup->answer = etcgroup->failure;
    if (!etcgroup->answer && !grantdir_allows(engine->state, asked->gid))
        etcgroup->answer = "it is not on the allow-list";
    if (!etcgroup->answer)
        act(etcgroup, asked);
    return true;
}

void etcgroup_answer(struct etcgroup *etcgroup, struct engine *engine, bool lost)
{
    const enum membership_act asked = membership_act(etcgroup->asked.state);
    const bool looks = asked == MEMBERSHIP_ACT_ASK || asked == MEMBERSHIP_ACT_ADD;
    if (!lost)
        ck_assert_int_eq(engine_membership_done(engine, &etcgroup->asked,
                                                looks && !etcgroup->answer && etcgroup->member,
                                                etcgroup->answer),
                         0);
    membership_deinit(&etcgroup->asked);
}

bool etcgroup_serve_one(struct etcgroup *etcgroup, struct engine *engine)
{
    if (!etcgroup_act(etcgroup, engine))
        return false;
    etcgroup_answer(etcgroup, engine, false);
    return true;
}

void etcgroup_serve(struct etcgroup *etcgroup, struct engine *engine)
{
    while (etcgroup_serve_one(etcgroup, engine))
        ;
}

void etcgroup_compare(struct etcgroup *etcgroup, struct engine *engine, const char *group)
{
    strv members = calloc(etcgroup->count + 1, sizeof(*members));
    size_t count = 0;
    ck_assert_ptr_nonnull(members);
    for (size_t i = 0; i < etcgroup->count; i++)
        if (strcmp(etcgroup->members[i].group, group) == 0)
            members[count++] = strdup(etcgroup->members[i].user);
    ck_assert_int_eq(engine_compare_members(engine, group, members), 0);
    strv_free(members);
}
