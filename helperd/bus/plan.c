/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plans what to look up for a call, and refuses callers that its method does not allow. */
#include "helperd/bus/call.h"
#include "helperd/engine/inquire.h"

#include "common/names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int bus_call_read(struct bus_call *call)
{
    const struct bus_call_method *method = call->method;
    if (method->flags & BUS_CALL_ROOT_ONLY && call->caller.identity.uid != 0)
        return engine_refuse(&call->reply, BUS_ERROR_NOT_AUTHORIZED,
                             "Only root may do this. Run the same command with sudo, or as root.");
    return bus_terms_read(call->arguments, method->shape.in_names, method->options, &call->terms,
                          &call->reply);
}

int bus_call_plan(struct bus_call *call)
{
    inquiry_deinit(&call->inquiry);
    call->for_root = call->method->flags & BUS_CALL_FOR_ROOT;
    for (bus_plan *const *plan = call->method->plans; *plan; plan++) {
        const int r = (*plan)(call);
        if (r != 0)
            return r;
    }
    if (!call->for_root || call->caller.identity.uid != 0)
        call->inquiry.caller = call->caller.identity.uid;
    return 0;
}

int bus_plan_names(struct bus_call *call)
{
    call->inquiry.names_only = true;
    return 0;
}

int bus_plan_by_names(struct bus_call *call)
{
    call->inquiry.names_only = !call->inquiry.by_group;
    return 0;
}

/* ---- packages and who approves them ---- */

int bus_plan_packages(struct bus_call *call)
{
    char *const one[] = {(char *)call->terms.package, NULL};
    char *const *packages = call->terms.packages ? call->terms.packages : one;
    if (strv_length(packages) > BUS_PACKAGES_MAX)
        return engine_refuse(&call->reply, BUS_ERROR_INVALID_ARGUMENT, "Please name 1 to %d packages.",
                             BUS_PACKAGES_MAX);
    return engine_inquire_packages(call->manager->engine, packages, &call->inquiry);
}

static int inquire_approvers(struct bus_call *call, bool all_stages)
{
    char *const one[] = {(char *)call->terms.package, NULL};
    return engine_inquire_approvers(call->manager->engine, call->terms.packages ? call->terms.packages : one,
                                    all_stages, &call->inquiry);
}

int bus_plan_approvers(struct bus_call *call)
{
    return inquire_approvers(call, false);
}

int bus_plan_all_approvers(struct bus_call *call)
{
    return inquire_approvers(call, true);
}

int bus_plan_requestors(struct bus_call *call)
{
    char *const one[] = {(char *)call->terms.package, NULL};
    return engine_inquire_requestors(call->manager->engine, call->terms.packages ? call->terms.packages : one,
                                     &call->inquiry);
}

int bus_plan_all_requestors(struct bus_call *call)
{
    return engine_inquire_all_requestors(call->manager->engine, &call->inquiry);
}

int bus_plan_sight(struct bus_call *call)
{
    return engine_inquire_sight(call->manager->engine, call->terms.id, &call->inquiry);
}

/* Root needs no right of an approver, so that no directory can block it. */
int bus_plan_revoker(struct bus_call *call)
{
    if (call->caller.identity.uid == 0)
        return 0;
    return engine_inquire_revoker(call->manager->engine, call->terms.user, call->terms.package,
                                  &call->inquiry);
}

int bus_plan_delegators(struct bus_call *call)
{
    return engine_inquire_delegators(call->manager->engine, call->caller.identity.uid, &call->inquiry);
}

/* Ignores a request that does not exist: the engine refuses it once the caller is known. */
int bus_plan_request(struct bus_call *call)
{
    const int r = engine_inquire_request(call->manager->engine, call->terms.id, &call->inquiry);
    return r == STORE_E_NONE ? 0 : r;
}

/* ---- users ---- */

static int inquire_user(struct bus_call *call, const char *name)
{
    call->inquiry.user = strdup(name);
    return call->inquiry.user ? 0 : -ENOMEM;
}

int bus_plan_user(struct bus_call *call)
{
    return inquire_user(call, call->terms.user);
}

/* Looks up one name for any caller, as id(1) could. Leaves out what cannot be a name. */
int bus_plan_any_user(struct bus_call *call)
{
    const char *name = call->terms.user;
    char encoded[NAME_ENCODED_MAX + 1];
    return name && name_encode(name, encoded, sizeof(encoded)) >= 0 ? inquire_user(call, name) : 0;
}

/* Other callers than uid 0 act for themselves, by whatever spelling of their name. */
int bus_plan_own_user(struct bus_call *call)
{
    const bool is_root = call->caller.identity.uid == 0;
    call->for_root = *call->terms.user;
    if (!*call->terms.user)
        return 0;
    return is_root ? inquire_user(call, call->terms.user) : bus_plan_any_user(call);
}

int bus_plan_users(struct bus_call *call)
{
    const size_t count = strv_length(call->terms.users);
    if (count == 0 || count > BUS_IMPORT_MAX)
        return engine_refuse(&call->reply, BUS_ERROR_INVALID_ARGUMENT, "Please name 1 to %d users.",
                             BUS_IMPORT_MAX);
    call->inquiry.others = strv_copy(call->terms.users);
    return call->inquiry.others ? 0 : -ENOMEM;
}

int bus_plan_delegate(struct bus_call *call)
{
    const char *name = call->terms.to;
    char encoded[NAME_ENCODED_MAX + 1];
    if (name_encode(name, encoded, sizeof(encoded)) < 0)
        return engine_refuse(&call->reply, BUS_ERROR_INVALID_ARGUMENT,
                             "'%s' cannot be the name of a user, so nothing was changed. Please name one: "
                             "pkg-approve delegate --to USER --until WHEN",
                             text_visible(name, encoded, sizeof(encoded)));
    return inquire_user(call, name);
}

/* Looks up nothing for a name that the store has, so that no directory can block a revocation. */
int bus_plan_holder(struct bus_call *call)
{
    if (engine_has_package(call->manager->engine, call->terms.user, call->terms.package))
        return 0;
    if (call->caller.identity.uid != 0)
        return bus_plan_any_user(call);
    bus_plan_names(call);
    return inquire_user(call, call->terms.user);
}

int bus_plan_holding(struct bus_call *call)
{
    return engine_inquire_held_groups(call->manager->engine, call->terms.user, call->terms.package,
                                      &call->inquiry);
}

/* A list of one's own requests needs no delegators. */
int bus_plan_list(struct bus_call *call)
{
    const char *role = call->terms.role;
    const bool own = !role || strcmp(role, "requestor") == 0;
    call->for_root = !own && strcmp(role, "all") == 0;
    int r = bus_plan_any_user(call);
    if (r == 0 && !own && !call->for_root)
        r = engine_inquire_lists(call->manager->engine, &call->inquiry);
    return r != 0 || own || call->for_root ? r : bus_plan_delegators(call);
}
