/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helperd/config/configure_approvers.h"

#include "common/passage.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PEOPLE_MAX = 1024 };

struct configure_approvers {
    const struct configure_place *place;
    const struct packages *packages;
    int64_t now;
    strv principals;               /* that are in `people` already */
    struct passage_person *people; /* own their names */
    size_t count;
};

/* ---- who they are ----------------------------------------------------------------------------------------------- */

static int add_person(struct configure_approvers *all, const char *name)
{
    const struct configure_lookup *lookup = all->place->lookup;
    struct configure_user user;
    if (lookup->user(name, lookup->data, &user) < 0 || !user.may_log_in)
        return 0;
    for (size_t i = 0; i < all->count; i++)
        if (all->people[i].uid == user.uid)
            return 0;
    struct passage_person *grown = reallocarray(all->people, all->count + 1, sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    all->people = grown;
    struct passage_person person = {.name = strdup(name), .uid = user.uid, .gid = user.gid};
    if (!person.name)
        return -ENOMEM;
    passage_read_grants(all->place->state, all->now, &person);
    all->people[all->count++] = person;
    return 0;
}

static int add_members(struct configure_approvers *all, const char *group)
{
    const struct configure_lookup *lookup = all->place->lookup;
    strv members = NULL;
    gid_t gid;
    int r = 0;
    if (lookup->group(group, lookup->data, &gid, &members) < 0)
        return 0;
    for (size_t i = 0; r == 0 && members && members[i] && all->count < PEOPLE_MAX; i++)
        r = add_person(all, members[i]);
    strv_free(members);
    return r;
}

static int add_principals(struct configure_approvers *all, char *const *principals)
{
    int r = 0;
    for (; r == 0 && *principals && all->count < PEOPLE_MAX; principals++) {
        if (strv_contains(all->principals, *principals))
            continue;
        r = strv_add(&all->principals, *principals);
        if (r == 0)
            r = **principals == '%' ? add_members(all, *principals + 1) : add_person(all, *principals);
    }
    return r;
}

int configure_approvers_find(const struct configure_place *place, const struct packages *packages,
                             struct configure_approvers **ret)
{
    struct configure_approvers *all = calloc(1, sizeof(*all));
    int r = all ? 0 : -ENOMEM;
    if (all)
        *all = (struct configure_approvers){.place = place, .packages = packages, .now = time(NULL)};
    for (size_t i = 0; r == 0 && i < packages->count; i++)
        for (size_t k = 0; r == 0 && k < packages->items[i].n_stages; k++) {
            r = add_principals(all, packages->items[i].stages[k].approvers);
            if (r == 0)
                r = add_principals(all, packages->items[i].stages[k].fallback_approvers);
        }
    if (r < 0)
        configure_approvers_free(all);
    else
        *ret = all;
    return r;
}

void configure_approvers_free(struct configure_approvers *approvers)
{
    for (size_t i = 0; approvers && i < approvers->count; i++) {
        grant_user_deinit(&approvers->people[i].grants);
        free((char *)approvers->people[i].name);
    }
    if (approvers) {
        strv_free(approvers->principals);
        free(approvers->people);
    }
    free(approvers);
}

/* ---- whether they get in ---------------------------------------------------------------------------------------- */

static bool holds_group(const struct configure_approvers *all, const struct passage_person *person, gid_t gid)
{
    for (size_t i = 0; i < person->grants.n_groups; i++)
        if (person->grants.groups[i].gid == gid && grant_span_holds(&person->grants.groups[i].span, all->now))
            return true;
    return false;
}

static int in_group(const struct passage_person *person, const char *group, void *data)
{
    const struct configure_approvers *all = data;
    const struct configure_lookup *lookup = all->place->lookup;
    strv members = NULL;
    gid_t gid = 0;
    const int r = lookup->group(group, lookup->data, &gid, &members);
    const bool is =
        strv_contains(members, person->name) || gid == person->gid || holds_group(all, person, gid);
    strv_free(members);
    return r == 0 ? is : r == -ENOENT ? 0 : r;
}

static int uid_of(const char *name, void *data, uid_t *ret)
{
    const struct configure_approvers *all = data;
    struct configure_user user;
    const int r = all->place->lookup->user(name, all->place->lookup->data, &user);
    if (r == 0)
        *ret = user.uid;
    return r;
}

/* By a package of the line: held, given without approval, or taken in an emergency. A name that no file defines is pamcheck's. */
static bool may_have_one(const struct configure_approvers *all, const struct passage_lookup *lookup,
                         const struct passage_person *person, const struct gate_options *options)
{
    for (size_t i = 0; i < options->n_packages; i++) {
        const struct package *package = packages_find(all->packages, options->packages[i]);
        if (!package || passage_holds(person, package->name, all->now) ||
            (!package->approval_required &&
             (!*package->requestors || passage_is_named(lookup, person, package->requestors))) ||
            passage_is_named(lookup, person, package->emergency))
            return true;
    }
    return false;
}

static bool may_pass(const struct configure_approvers *all, const struct passage_person *person,
                     const struct gate_line *line)
{
    const struct passage_lookup lookup = {in_group, uid_of, (void *)all};
    return passage_is_exempt(&lookup, person, line) || may_have_one(all, &lookup, person, &line->options);
}

int configure_approvers_outside(const struct configure_approvers *approvers, const struct gate_line *line,
                                strv *ret)
{
    int r = 0;
    for (size_t i = 0; r == 0 && i < approvers->count; i++)
        if (!may_pass(approvers, &approvers->people[i], line))
            r = strv_add(ret, approvers->people[i].name);
    return r;
}
