/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Assigns a package to members of a Unix group. The administrator names the users; the facts say whether each is a
 * member (rule 9). A look-up also shows groups that we give, so the store is asked who has the group by a package. No
 * user is removed from the group: what was there before stays (rule 6).
 */
#include "helperd/engine/internal.h"

#include "common/names.h"

#include <errno.h>
#include <string.h>

/* An import under way. */
struct import {
    struct engine *engine;
    const struct caller *caller;
    const struct package *package;
    const char *group;
    struct assign_terms terms;
    bool dry_run;
};

static json_t *new_outcome(const char *user, const char *word, const char *why)
{
    return json_pack("{s:s, s:s, s:s*}", "user", user, "outcome", word, "why", why);
}

/* Adds the user's assignment of the package to the outcome. 0 or -errno. */
static int add_access(struct engine *engine, const struct subject *user, const char *package, json_t *value)
{
    struct assignment assignment = {0};
    int failed = 0;
    int r = store_find_live_assignment(engine->store, user->uid, user->name, package, &assignment);
    if (r == 0) {
        failed = json_object_set_new(value, "state",
                                     json_string(state_identifier(assignment_shown_state(&assignment))));
        if (assignment.request)
            failed |= json_object_set_new(value, "request", json_integer(assignment.request));
        if (assignment.span.end != GRANT_FOREVER)
            failed |= json_object_set_new(value, "assignment_end", json_integer(assignment.span.end));
    }
    assignment_deinit(&assignment);
    return r < 0 ? r : failed ? -ENOMEM : 0;
}

/* As set_outcome, with the user's assignment, if any. Takes over `value`; NULL: no memory. */
static int set_outcome_with_access(const struct import *import, const struct subject *user, json_t *value,
                                   json_t **ret)
{
    const int r = value ? add_access(import->engine, user, import->package->name, value) : -ENOMEM;
    if (r < 0)
        json_decref(value);
    else
        *ret = value;
    return r;
}

static int set_outcome(json_t *value, json_t **ret)
{
    *ret = value;
    return value ? 0 : -ENOMEM;
}

/* The package by which a user has the group until its end. The import is not meant for them. */
struct lender {
    struct engine *engine;
    const char *group;
    char package[NAME_PACKAGE_MAX + 1];
};

static int find_lender(const struct assignment *assignment, void *data)
{
    struct lender *lender = data;
    struct grant *grants = NULL;
    size_t count = 0;
    const int r = store_get_grants(lender->engine->store, assignment->id, &grants, &count);
    for (size_t i = 0; r == 0 && i < count; i++)
        if (!grants[i].problem && strcmp(grants[i].group, lender->group) == 0)
            snprintf(lender->package, sizeof(lender->package), "%s", assignment->package);
    store_free_grants(grants, count);
    return r < 0 ? r : lender->package[0] != '\0';
}

/* With membership = files: refuses a user whose membership in /etc/group is ours, or will be, or is still to be
 * removed. */
static int check_not_ours(const struct import *import, const struct subject *user, struct reply *reply)
{
    struct membership membership = {0};
    const int r = store_get_membership(import->engine->store, user->name, import->group, &membership);
    const bool ours = r == 0 && membership.ours;
    membership_deinit(&membership);
    if (!ours)
        return r < 0 ? r : 0;
    return engine_refuse(
        reply, BUS_ERROR_POLICY_REFUSED,
        "stands in /etc/group by accesspkg's doing alone, which takes them out in the end; see: "
        "pkg-admin status");
}

/* Refuses a user who has the group by a package: an import would remove the end of that access. */
static int check_lender(const struct import *import, const struct subject *user, struct reply *reply)
{
    struct lender lender = {.engine = import->engine, .group = import->group};
    const int r = store_each_live_of_user(import->engine->store, user->name, find_lender, &lender);
    if (r <= 0)
        return r < 0 ? r : check_not_ours(import, user, reply);
    char word[TEXT_WORD_MAX];
    return engine_refuse(
        reply, BUS_ERROR_POLICY_REFUSED,
        "has the group by the package %s, until that ends; if it is meant all the same: pkg-admin "
        "assign %s %s",
        lender.package, import->package->name, text_word(user->name, word));
}

/* In a transaction of its own, so that a fault does not undo the users before. */
static int assign_member(const struct call *about, const struct import *import)
{
    engine_assign_checked(about, import->package, &import->terms, "");
    const int r = engine_end(about->engine, 0);
    return r < 0 ? r : engine_check_fulfilment(about->engine, about->reply->answer.request);
}

static int import_member(const struct import *import, const struct facts *facts, json_t **ret)
{
    struct engine *engine = import->engine;
    struct assignment held = {0};
    struct reply reply = {0};
    const struct call about = {engine, import->caller, facts, &reply};
    const struct subject *user = facts->user;
    int r = store_find_live_assignment(engine->store, user->uid, user->name, import->package->name, &held);
    assignment_deinit(&held);
    if (r == 0)
        return set_outcome_with_access(import, user,
                                       new_outcome(user->name, "holds", "holds the package already"), ret);
    if (r > 0)
        r = check_lender(import, user, &reply);
    if (r == 0)
        r = engine_check_assign(&about, &import->terms, import->package);
    if (r > 0)
        return set_outcome(new_outcome(user->name, "refused", reply.message), ret);
    if (r == 0 && import->dry_run)
        return set_outcome(new_outcome(user->name, "would-assign", NULL), ret);
    if (r == 0)
        r = assign_member(&about, import);
    return r < 0 ? r : set_outcome_with_access(import, user, new_outcome(user->name, "assigned", NULL), ret);
}

static int import_user(const struct import *import, const struct facts *facts, const char *name, json_t **ret)
{
    struct facts about = *facts; /* borrowed; with this user as facts.user */
    char visible[NAME_ENCODED_MAX + 1];
    about.user = (struct subject *)facts_other(facts, name);
    about.user_known = facts_knows_other(facts, name);
    if (!about.user && about.user_known)
        return set_outcome(new_outcome(text_visible(name, visible, sizeof(visible)), "unknown",
                                       "there is no user of this name on this host"),
                           ret);
    const gid_t gid = facts_gid(facts, import->group);
    const bool member = about.user && (strv_contains(about.user->groups, import->group) ||
                                       (gid != GID_UNSET && subject_is_in(about.user, gid)));
    if (!about.user || (!member && !about.user->all_groups))
        return set_outcome(
            new_outcome(text_visible(name, visible, sizeof(visible)), "unanswered",
                        "a directory does not answer, so it is not known; import again when it does"),
            ret);
    if (!member)
        return set_outcome(new_outcome(about.user->name, "no-member", "is not a member of the group"), ret);
    const int r = engine_revoke_stale(import->engine, &about);
    return r < 0 ? r : import_member(import, &about, ret);
}

static int import_each(const struct import *import, const struct facts *facts, strv users,
                       struct reply *reply)
{
    json_t *outcomes = json_array();
    int r = outcomes ? 0 : -ENOMEM;
    for (char *const *name = users; r == 0 && *name; name++) {
        json_t *value = NULL;
        r = import_user(import, facts, *name, &value);
        if (r == 0 && json_array_append_new(outcomes, value) < 0)
            r = -ENOMEM;
    }
    if (r == 0)
        reply->value = outcomes;
    else
        json_decref(outcomes);
    return r;
}

static int check_import(const struct engine *engine, const struct package *package,
                        const struct import_terms *terms, struct reply *reply)
{
    char visible[NAME_ENCODED_MAX + 1];
    if (!package)
        return engine_refuse_unknown_package(engine, terms->package, reply);
    if (!strv_contains(package->groups, terms->group))
        return engine_refuse(
            reply, BUS_ERROR_POLICY_REFUSED,
            "%s does not give the group %s, so nobody was taken over. See: pkg-request packages",
            package->name, text_visible(terms->group, visible, sizeof(visible)));
    return 0;
}

int engine_import(const struct call *call, const struct import_terms *terms)
{
    const struct package *package = packages_find(call->engine->packages, terms->package);
    char reason[NAME_ENCODED_MAX + 32];
    int r;
    if ((r = engine_check_text("reason", terms->reason, call->reply)) != 0 ||
        (r = engine_check_times(call->engine, (struct wish){.duration = terms->duration}, call->reply)) !=
            0 ||
        (r = engine_check_caller(call)) != 0 ||
        (r = check_import(call->engine, package, terms, call->reply)) != 0 ||
        (r = engine_begin_call(call->engine, call->facts)) != 0)
        return r;
    snprintf(reason, sizeof(reason), "imported from the group %s", terms->group);
    const struct import import = {
        .engine = call->engine,
        .caller = call->caller,
        .package = package,
        .group = terms->group,
        .terms = {.package = package->name,
                  .reason = *terms->reason ? terms->reason : reason,
                  .duration = terms->duration},
        .dry_run = terms->dry_run,
    };
    return import_each(&import, call->facts, terms->users, call->reply);
}
