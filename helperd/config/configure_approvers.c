/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helperd/config/configure_approvers.h"

#include "common/grantdir.h"
#include "common/names.h"
#include "common/strv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PEOPLE_MAX = 1024, NAMES_SHOWN = 6 };

struct approver {
    char *name;
    struct configure_user user;
    struct grant_user grants; /* what they hold; empty where the file cannot be used */
};

struct configure_approvers {
    const struct configure_place *place;
    const struct packages *packages;
    int64_t now;
    strv principals; /* that are in `people` already */
    struct approver *people;
    size_t count;
};

/* ---- who they are ----------------------------------------------------------------------------------------------- */

static int add_person(struct configure_approvers *all, const char *name)
{
    const struct configure_lookup *lookup = all->place->lookup;
    struct approver person = {0};
    if (lookup->user(name, lookup->data, &person.user) < 0 || !person.user.may_log_in)
        return 0;
    for (size_t i = 0; i < all->count; i++)
        if (all->people[i].user.uid == person.user.uid)
            return 0;
    struct approver *grown = reallocarray(all->people, all->count + 1, sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    all->people = grown;
    if (!(person.name = strdup(name)))
        return -ENOMEM;
    if (grantdir_read_user(all->place->state, name, all->now, &person.grants) < 0)
        person.grants = (struct grant_user){0};
    else if (person.grants.uid != person.user.uid)
        grant_user_deinit(&person.grants);
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
        free(approvers->people[i].name);
    }
    if (approvers) {
        strv_free(approvers->principals);
        free(approvers->people);
    }
    free(approvers);
}

/* ---- whether they get in ---------------------------------------------------------------------------------------- */

static bool holds_group(const struct configure_approvers *all, const struct approver *person, gid_t gid)
{
    for (size_t i = 0; i < person->grants.n_groups; i++)
        if (person->grants.groups[i].gid == gid && grant_span_holds(&person->grants.groups[i].span, all->now))
            return true;
    return false;
}

/* True when they are, and when that is not known. */
static bool may_be_member(const struct configure_approvers *all, const struct approver *person,
                          const char *group)
{
    const struct configure_lookup *lookup = all->place->lookup;
    strv members = NULL;
    gid_t gid = 0;
    const int r = lookup->group(group, lookup->data, &gid, &members);
    const bool is = r < 0 ? r != -ENOENT
                          : strv_contains(members, person->name) || gid == person->user.gid ||
                                holds_group(all, person, gid);
    strv_free(members);
    return is;
}

static bool may_name(const struct configure_approvers *all, const struct approver *person,
                     char *const *principals)
{
    const struct configure_lookup *lookup = all->place->lookup;
    for (; *principals; principals++) {
        struct configure_user user = {0};
        const int r = **principals == '%' || strcmp(*principals, person->name) == 0
                          ? 0
                          : lookup->user(*principals, lookup->data, &user);
        if (**principals == '%' ? may_be_member(all, person, *principals + 1)
                                : strcmp(*principals, person->name) == 0 ||
                                      (r == 0 ? user.uid == person->user.uid : r != -ENOENT))
            return true;
    }
    return false;
}

static bool holds_package(const struct configure_approvers *all, const struct approver *person,
                          const char *name)
{
    for (size_t i = 0; i < person->grants.n_packages; i++)
        if (strcmp(person->grants.packages[i].name, name) == 0 &&
            grant_span_holds(&person->grants.packages[i].span, all->now))
            return true;
    return false;
}

/* By a package of the line: held, given without approval, or taken in an emergency. A name that no file defines is pamcheck's. */
static bool may_have_one(const struct configure_approvers *all, const struct approver *person,
                         const struct gate_options *options)
{
    for (size_t i = 0; i < options->n_packages; i++) {
        const struct package *package = packages_find(all->packages, options->packages[i]);
        if (!package || holds_package(all, person, package->name) ||
            (!package->approval_required &&
             (!*package->requestors || may_name(all, person, package->requestors))) ||
            may_name(all, person, package->emergency))
            return true;
    }
    return false;
}

static bool may_pass(const struct configure_approvers *all, const struct approver *person,
                     const struct gate_line *line)
{
    const struct pamstack_entry *entry;
    if (person->user.uid == 0 && !line->options.enforce_for_root)
        return true;
    for (size_t at = 0; (entry = gates_next_past(line->stack, line->at, &at));) {
        const char *group = gates_group_of(entry->line);
        const bool of_root = strcmp(pamd_module(entry->line), "pam_rootok.so") == 0;
        if (group ? may_be_member(all, person, group) : !of_root || person->user.uid == 0)
            return true;
    }
    return may_have_one(all, person, &line->options);
}

bool configure_approvers_outside(const struct configure_approvers *approvers, const struct gate_line *line,
                                 char *ret, size_t size)
{
    const char *names[NAMES_SHOWN];
    char visible[NAME_ENCODED_MAX + 1];
    size_t count = 0, used = 0;
    *ret = '\0';
    for (size_t i = 0; i < approvers->count; i++) {
        if (may_pass(approvers, &approvers->people[i], line))
            continue;
        if (count < NAMES_SHOWN)
            names[count] = approvers->people[i].name;
        count++;
    }
    for (size_t i = 0; i < count && i < NAMES_SHOWN && used < size; i++)
        used += (size_t)snprintf(ret + used, size - used, "%s%.64s",
                                 i == 0           ? ""
                                 : i + 1 == count ? " and "
                                                  : ", ",
                                 text_visible(names[i], visible, sizeof(visible)));
    if (count > NAMES_SHOWN && used < size)
        snprintf(ret + used, size - used, " and %zu others", count - NAMES_SHOWN);
    return count > 0;
}
