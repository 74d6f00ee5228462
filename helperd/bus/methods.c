/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The methods of org.accesspkg1.Manager as one table: what each takes, has looked up, and asks of the engine. */
#include "helperd/bus/call.h"

#include "common/cleanup.h"
#include "common/names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { LIST_DEFAULT = 100 };

static const char *text_argument(const struct bus_call *call, size_t index)
{
    return json_string_value(json_array_get(call->arguments, index));
}

static int64_t number_argument(const struct bus_call *call, size_t index)
{
    return json_integer_value(json_array_get(call->arguments, index));
}

/* Nothing but spaces gives no reason, where the policy wants one. */
static const char *reason_in(const char *text)
{
    return text && text[strspn(text, " ")] ? text : "";
}

/* NULL where none was given. */
static const char *justification_in(const struct bus_options *options)
{
    const char *text = reason_in(options->justification);
    return *text ? text : NULL;
}

static int plan_submit(struct bus_call *call, struct reply *reply)
{
    const json_t *names = json_array_get(call->arguments, 1);
    const char *user = text_argument(call, 0);
    int r = bus_options_read(json_array_get(call->arguments, 2), BUS_OPTIONS_SUBMIT, &call->options, reply);
    if (r == 0 && json_array_size(names) > BUS_PACKAGES_MAX)
        r = engine_refuse(reply, BUS_ERROR_INVALID_ARGUMENT, "Please name 1 to %d packages.",
                          BUS_PACKAGES_MAX);
    if (r != 0)
        return r;
    call->packages = calloc(json_array_size(names) + 1, sizeof(*call->packages));
    for (size_t i = 0; call->packages && i < json_array_size(names); i++) {
        call->packages[i] = strdup(json_string_value(json_array_get(names, i)));
        if (!call->packages[i])
            return -ENOMEM;
    }
    if (!call->packages)
        return -ENOMEM;
    /* Only uid 0 names another user; for nobody else is a name looked up that they could make up. */
    call->for_root = *user;
    if (*user && call->caller.identity.uid == 0 && !(call->inquiry.user = strdup(user)))
        return -ENOMEM;
    r = engine_inquire_approvers(call->manager->engine, call->packages, false, &call->inquiry);
    return r != 0 ? r : engine_inquire_packages(call->manager->engine, call->packages, &call->inquiry);
}

static const char *given(const char *claim)
{
    return *claim ? claim : NULL;
}

static int run_submit(struct bus_call *call, const struct call *asked)
{
    const struct bus_options *options = &call->options;
    const struct submission submission = {
        .user = text_argument(call, 0),
        .packages = call->packages,
        .justification = justification_in(options),
        .service = given(options->service),
        .host = given(options->host),
        .address = given(options->address),
        .tty = given(options->tty),
        .duration = options->duration,
        .start = options->start,
        .at_gate = options->gate,
        .own_login_id = options->login_id,
        .can_ask = options->can_ask,
    };
    return options->emergency ? engine_emergency(asked, &submission) : engine_submit(asked, &submission);
}

static int run_cancel(struct bus_call *call, const struct call *asked)
{
    return engine_cancel(asked, number_argument(call, 0), text_argument(call, 1));
}

/* For what asks nobody's groups. */
static int plan_names(struct bus_call *call, struct reply *reply)
{
    (void)reply;
    call->inquiry.names_only = true;
    return 0;
}

/* In whose name the caller may decide: those are looked up with them. */
static int plan_delegators(struct bus_call *call, struct reply *reply)
{
    (void)reply;
    return engine_inquire_delegators(call->manager->engine, call->caller.identity.uid, &call->inquiry);
}

/* A request that is not there is the engine's to refuse, once it is known who asks. */
static int plan_decide(struct bus_call *call, struct reply *reply)
{
    const int r = engine_inquire_request(call->manager->engine, number_argument(call, 0), &call->inquiry);
    return r == 0 || r == STORE_E_NONE ? plan_delegators(call, reply) : r;
}

static int plan_approve(struct bus_call *call, struct reply *reply)
{
    const int r =
        bus_options_read(json_array_get(call->arguments, 1), BUS_OPTIONS_DECIDE, &call->options, reply);
    return r != 0 ? r : plan_decide(call, reply);
}

static int run_approve(struct bus_call *call, const struct call *asked)
{
    const struct decision_terms terms = {
        .reason = reason_in(call->options.reason),
        .duration = call->options.duration,
        .start = call->options.start,
    };
    return engine_decide(asked, number_argument(call, 0), true, &terms);
}

static int run_deny(struct bus_call *call, const struct call *asked)
{
    const struct decision_terms terms = {.reason = reason_in(text_argument(call, 1))};
    return engine_decide(asked, number_argument(call, 0), false, &terms);
}

static int refuse_unless_root(const struct bus_call *call, struct reply *reply)
{
    if (call->caller.identity.uid == 0)
        return 0;
    return engine_refuse(reply, BUS_ERROR_NOT_AUTHORIZED,
                         "Only root may do this. Run the same command with sudo, or as root.");
}

/* Extend, Assign: the package that an argument names. */
static int plan_package(struct bus_call *call, size_t index)
{
    char *const packages[] = {(char *)text_argument(call, index), NULL};
    return engine_inquire_packages(call->manager->engine, packages, &call->inquiry);
}

static int plan_extend(struct bus_call *call, struct reply *reply)
{
    char *const packages[] = {(char *)text_argument(call, 0), NULL};
    int r = bus_options_read(json_array_get(call->arguments, 1), BUS_OPTIONS_EXTEND, &call->options, reply);
    if (r == 0)
        r = engine_inquire_approvers(call->manager->engine, packages, false, &call->inquiry);
    return r != 0 ? r : plan_package(call, 0);
}

static int run_extend(struct bus_call *call, const struct call *asked)
{
    return engine_extend(asked, text_argument(call, 0), justification_in(&call->options),
                         call->options.duration);
}

static int run_return(struct bus_call *call, const struct call *asked)
{
    return engine_return(asked, text_argument(call, 0), text_argument(call, 1));
}

/* Checked before anything is looked up: nobody but uid 0 has names looked up that they could make up. */
static int plan_for_user(struct bus_call *call, struct reply *reply)
{
    const int r = refuse_unless_root(call, reply);
    if (r != 0)
        return r;
    call->inquiry.user = strdup(text_argument(call, 0));
    return call->inquiry.user ? 0 : -ENOMEM;
}

static int plan_assign(struct bus_call *call, struct reply *reply)
{
    int r = plan_for_user(call, reply);
    if (r == 0)
        r = bus_options_read(json_array_get(call->arguments, 2), BUS_OPTIONS_ASSIGN, &call->options, reply);
    return r != 0 ? r : plan_package(call, 1);
}

/* By the name that the directory writes, once that is known: what is held stands under it. */
static int plan_retry(struct bus_call *call, struct reply *reply)
{
    const int r = refuse_unless_root(call, reply);
    if (r != 0)
        return r;
    if (!call->user && !(call->user = strdup(text_argument(call, 0))))
        return -ENOMEM;
    call->inquiry.user = strdup(call->user);
    return call->inquiry.user ? engine_inquire_holding(call->manager->engine, call->user,
                                                       text_argument(call, 1), &call->inquiry)
                              : -ENOMEM;
}

/* A name that the store knows as it was typed needs no directory: nothing is in the way of ending what is held. */
static int plan_revoke(struct bus_call *call, struct reply *reply)
{
    const int r = refuse_unless_root(call, reply);
    if (r != 0 || engine_has(call->manager->engine, text_argument(call, 0), text_argument(call, 1)))
        return r;
    call->inquiry.names_only = true;
    call->inquiry.user = strdup(text_argument(call, 0));
    return call->inquiry.user ? 0 : -ENOMEM;
}

/* A name that anybody may have looked up, one at a time, as `id` would. What cannot be one is not. */
static int plan_name(struct bus_call *call, const char *name)
{
    char encoded[NAME_ENCODED_MAX + 1];
    if (!name || name_encode(name, encoded, sizeof(encoded)) < 0)
        return 0;
    call->inquiry.user = strdup(name);
    return call->inquiry.user ? 0 : -ENOMEM;
}

/* As the directory writes it, where that is known. */
static const char *canonical(const struct facts *facts, const char *typed)
{
    return typed && facts->user ? facts->user->name : typed;
}

static int run_assign(struct bus_call *call, const struct call *asked)
{
    const struct assign_terms terms = {
        .user = text_argument(call, 0),
        .package = text_argument(call, 1),
        .reason = reason_in(call->options.reason),
        .duration = call->options.duration,
        .start = call->options.start,
        .override_duties = call->options.override,
        .advice = "--override -m 'REASON'",
    };
    return engine_assign(asked, &terms);
}

static strv copy_texts(const json_t *array)
{
    strv list = calloc(json_array_size(array) + 1, sizeof(*list));
    for (size_t i = 0; list && i < json_array_size(array); i++) {
        list[i] = strdup(json_string_value(json_array_get(array, i)));
        if (!list[i]) {
            strv_free(list);
            return NULL;
        }
    }
    return list;
}

static int plan_import(struct bus_call *call, struct reply *reply)
{
    const json_t *users = json_array_get(call->arguments, 2);
    int r = refuse_unless_root(call, reply);
    if (r == 0)
        r = bus_options_read(json_array_get(call->arguments, 3), BUS_OPTIONS_IMPORT, &call->options, reply);
    if (r == 0 && (json_array_size(users) == 0 || json_array_size(users) > BUS_IMPORT_MAX))
        r = engine_refuse(reply, BUS_ERROR_INVALID_ARGUMENT, "Please name 1 to %d users.", BUS_IMPORT_MAX);
    if (r != 0)
        return r;
    call->inquiry.others = copy_texts(users);
    return call->inquiry.others ? plan_package(call, 1) : -ENOMEM;
}

static int run_import(struct bus_call *call, const struct call *asked)
{
    const struct import_terms terms = {
        .group = text_argument(call, 0),
        .package = text_argument(call, 1),
        .users = call->inquiry.others,
        .reason = call->options.reason ? call->options.reason : "",
        .duration = call->options.duration,
        .dry_run = call->options.dry_run,
    };
    return engine_import(asked, &terms);
}

static int run_revoke(struct bus_call *call, const struct call *asked)
{
    return engine_revoke(asked, text_argument(call, 0), text_argument(call, 1),
                         reason_in(text_argument(call, 2)));
}

static int run_retry(struct bus_call *call, const struct call *asked)
{
    return engine_retry_now(asked, call->user, text_argument(call, 1));
}

static int run_get_request(struct bus_call *call, const struct call *asked)
{
    return engine_get_request(asked, number_argument(call, 0));
}

static const char *const roles[] = {
    [ENGINE_ROLE_REQUESTOR] = "requestor",
    [ENGINE_ROLE_APPROVER] = "approver",
    [ENGINE_ROLE_DECIDED] = "decided",
    [ENGINE_ROLE_ALL] = "all",
};

/* Nobody decides on requests of their own. */
static int plan_list_requests(struct bus_call *call, struct reply *reply)
{
    const int r =
        bus_options_read(json_array_get(call->arguments, 0), BUS_OPTIONS_FILTER, &call->options, reply);
    const char *role = call->options.role;
    if (r != 0 || !role || strcmp(role, roles[ENGINE_ROLE_REQUESTOR]) == 0)
        return r;
    call->for_root = strcmp(role, roles[ENGINE_ROLE_ALL]) == 0;
    const int planned = plan_name(call, call->options.user);
    return planned != 0 || call->for_root ? planned : plan_delegators(call, reply);
}

static int run_list_requests(struct bus_call *call, const struct call *asked)
{
    const struct bus_options *options = &call->options;
    const struct store_filter filter = {
        .before = options->before,
        .limit = options->limit ? options->limit : LIST_DEFAULT,
        .state = options->state ? state_from_identifier(options->state) : STATE_NONE,
        .package = options->package,
        .user = canonical(asked->facts, options->user),
        .uid = UID_UNSET,
    };
    char visible[BUS_CLAIM_MAX + 1];
    if (filter.limit > BUS_PAGE_MAX)
        return engine_refuse(asked->reply, BUS_ERROR_INVALID_ARGUMENT,
                             "The limit is 1 to %d requests at a time.", BUS_PAGE_MAX);
    if (options->state && filter.state == STATE_NONE)
        return engine_refuse(asked->reply, BUS_ERROR_INVALID_ARGUMENT,
                             "There is no state '%s'. Write its identifier, as pending-approval.",
                             text_visible(options->state, visible, sizeof(visible)));
    for (size_t role = 0; role < sizeof(roles) / sizeof(roles[0]); role++)
        if (strcmp(options->role ? options->role : "requestor", roles[role]) == 0)
            return engine_list_requests(asked, (enum engine_role)role, &filter);
    return engine_refuse(asked->reply, BUS_ERROR_INVALID_ARGUMENT,
                         "The role is one of requestor, approver, decided and all.");
}

static int run_list_packages(struct bus_call *call, const struct call *asked)
{
    (void)call;
    return engine_list_packages(asked);
}

/* For nobody but uid 0 is a name looked up that they could make up. */
static int plan_explain(struct bus_call *call, struct reply *reply)
{
    (void)reply;
    char *const packages[] = {(char *)text_argument(call, 0), NULL};
    const char *user = text_argument(call, 1);
    call->for_root = *user;
    if (*user && call->caller.identity.uid == 0 && !(call->inquiry.user = strdup(user)))
        return -ENOMEM;
    const int r = engine_inquire_approvers(call->manager->engine, packages, true, &call->inquiry);
    return r != 0 ? r : plan_package(call, 0);
}

static int run_explain(struct bus_call *call, const struct call *asked)
{
    return engine_explain(asked, text_argument(call, 0), text_argument(call, 1));
}

static int run_get_status(struct bus_call *call, const struct call *asked)
{
    struct bus_manager *manager = call->manager;
    int r = refuse_unless_root(call, asked->reply);
    if (r == 0)
        r = engine_status(manager->engine, &call->caller, asked->reply);
    if (r == 0)
        r = manager->hooks.add_status(asked->reply->value, manager->hooks.data);
    return r;
}

static int run_reload(struct bus_call *call, const struct call *asked)
{
    const int r = refuse_unless_root(call, asked->reply);
    return r != 0 ? r : call->manager->hooks.reload(asked->reply, call->manager->hooks.data);
}

static int plan_emergency(struct bus_call *call, struct reply *reply)
{
    (void)reply;
    return plan_package(call, 0);
}

static int run_emergency(struct bus_call *call, const struct call *asked)
{
    char *packages[] = {(char *)text_argument(call, 0), NULL};
    const struct submission submission = {.packages = packages, .justification = text_argument(call, 1)};
    return engine_emergency(asked, &submission);
}

static int run_review(struct bus_call *call, const struct call *asked)
{
    return engine_review(asked, number_argument(call, 0), text_argument(call, 1));
}

static int plan_delegate(struct bus_call *call, struct reply *reply)
{
    const int r =
        bus_options_read(json_array_get(call->arguments, 1), BUS_OPTIONS_DELEGATE, &call->options, reply);
    char encoded[NAME_ENCODED_MAX + 1];
    if (r == 0 && name_encode(text_argument(call, 0), encoded, sizeof(encoded)) < 0)
        return engine_refuse(reply, BUS_ERROR_INVALID_ARGUMENT,
                             "'%s' cannot be the name of a user, so nothing was changed. Please name one: "
                             "pkg-approve delegate --to USER --until WHEN",
                             text_visible(text_argument(call, 0), encoded, sizeof(encoded)));
    if (r == 0)
        call->inquiry.user = strdup(text_argument(call, 0));
    return r != 0 ? r : call->inquiry.user ? 0 : -ENOMEM;
}

static int run_delegate(struct bus_call *call, const struct call *asked)
{
    const struct delegate_terms terms = {
        .to = text_argument(call, 0),
        .until = call->options.until,
        .reason = call->options.reason ? call->options.reason : "",
    };
    return engine_delegate(asked, &terms);
}

static int plan_undelegate(struct bus_call *call, struct reply *reply)
{
    const int r = plan_names(call, reply);
    return r != 0 ? r : plan_name(call, text_argument(call, 0));
}

static int run_undelegate(struct bus_call *call, const struct call *asked)
{
    return engine_undelegate(asked, text_argument(call, 0));
}

static int run_list_delegations(struct bus_call *call, const struct call *asked)
{
    (void)call;
    return engine_list_delegations(asked);
}

static int plan_report(struct bus_call *call, struct reply *reply)
{
    const int r = refuse_unless_root(call, reply);
    return r != 0 ? r
                  : bus_options_read(json_array_get(call->arguments, 0), BUS_OPTIONS_REPORT, &call->options,
                                     reply);
}

static int run_report(struct bus_call *call, const struct call *asked)
{
    return engine_report(asked->engine, call->options.since, call->options.package, asked->reply);
}

static int plan_audit(struct bus_call *call, struct reply *reply)
{
    int r = refuse_unless_root(call, reply);
    if (r == 0)
        r = bus_options_read(json_array_get(call->arguments, 0), BUS_OPTIONS_AUDIT, &call->options, reply);
    call->inquiry.names_only = true;
    return r != 0 ? r : plan_name(call, call->options.user);
}

static int run_audit(struct bus_call *call, const struct call *asked)
{
    const struct bus_options *options = &call->options;
    const struct store_audit_filter filter = {
        .request = options->request,
        .since = options->since,
        .user = canonical(asked->facts, options->user),
        .before_at = options->before_at,
        .before = options->before,
        .limit = options->limit ? options->limit : LIST_DEFAULT,
    };
    if (filter.limit > BUS_PAGE_MAX)
        return engine_refuse(asked->reply, BUS_ERROR_INVALID_ARGUMENT,
                             "The limit is 1 to %d lines at a time.", BUS_PAGE_MAX);
    return engine_list_audit(asked->engine, &filter, asked->reply);
}

static int plan_holders(struct bus_call *call, struct reply *reply)
{
    const int r = refuse_unless_root(call, reply);
    return r != 0 ? r
                  : bus_options_read(json_array_get(call->arguments, 0), BUS_OPTIONS_HOLDERS, &call->options,
                                     reply);
}

static int run_holders(struct bus_call *call, const struct call *asked)
{
    const struct bus_options *options = &call->options;
    const struct store_holders_filter filter = {
        .before = options->before,
        .limit = options->limit ? options->limit : LIST_DEFAULT,
        .name = options->name,
        .kinds = options->kind ? engine_holder_kind(options->kind) : ~0U,
    };
    if (filter.limit > BUS_PAGE_MAX)
        return engine_refuse(asked->reply, BUS_ERROR_INVALID_ARGUMENT, "The limit is 1 to %d rows at a time.",
                             BUS_PAGE_MAX);
    if (filter.kinds == 0)
        return engine_refuse(asked->reply, BUS_ERROR_INVALID_ARGUMENT,
                             "The kind of a name is package, group or user.");
    return engine_list_holders(asked->engine, &filter, asked->reply);
}

/* The user that accesspkg-notify runs as, and no other: what everybody asks for stands in these. */
static int refuse_unless_notifier(const struct facts *facts, struct reply *reply)
{
    if (facts->caller && facts->caller->local && facts->caller->uid != 0 &&
        strcmp(facts->caller->name, BUS_NOTIFIER) == 0)
        return 0;
    return engine_refuse(reply, BUS_ERROR_NOT_AUTHORIZED, "Notices are for the system user %s alone.",
                         BUS_NOTIFIER);
}

static int run_take_notices(struct bus_call *call, const struct call *asked)
{
    const int r = refuse_unless_notifier(asked->facts, asked->reply);
    return r != 0 ? r
                  : engine_take_notices(asked->engine, number_argument(call, 0), number_argument(call, 1),
                                        asked->reply);
}

static int run_notice_done(struct bus_call *call, const struct call *asked)
{
    const int r = refuse_unless_notifier(asked->facts, asked->reply);
    return r != 0 ? r
                  : engine_notice_done(asked->engine, number_argument(call, 0), text_argument(call, 1),
                                       json_is_true(json_array_get(call->arguments, 2)),
                                       text_argument(call, 3), asked->reply);
}

/* What each may lack, see call.h. */
enum {
    USER = BUS_CALL_LACKS_USER,
    GROUPS = BUS_CALL_LACKS_GROUPS,
    OTHERS = BUS_CALL_LACKS_OTHERS,
    ROOT = BUS_CALL_FOR_ROOT,
};

const struct bus_call_method bus_methods[] = {
    {{"Submit", "sasa{sv}", "user packages options", "a{sv}", "request"}, plan_submit, run_submit, GROUPS},
    {{"Cancel", "xs", "id reason", "a{sv}", "request"}, plan_names, run_cancel, 0},
    {{"Approve", "xa{sv}", "id options", "a{sv}", "request"}, plan_approve, run_approve, GROUPS | OTHERS},
    {{"Deny", "xs", "id reason", "a{sv}", "request"}, plan_decide, run_deny, USER | GROUPS | OTHERS},
    {{"Extend", "sa{sv}", "package options", "a{sv}", "request"}, plan_extend, run_extend, GROUPS},
    {{"Return", "ss", "package reason", "a{sv}", "request"}, plan_names, run_return, 0},
    {{"Assign", "ssa{sv}", "user package options", "a{sv}", "request"},
     plan_assign,
     run_assign,
     GROUPS | ROOT},
    {{"Import", "ssasa{sv}", "group package users options", "aa{sv}", "outcomes"},
     plan_import,
     run_import,
     OTHERS | ROOT},
    {{"Revoke", "sss", "user package reason", "a{sv}", "request"}, plan_revoke, run_revoke, USER | ROOT},
    {{"Retry", "ss", "user package", "a{sv}", "request"}, plan_retry, run_retry, GROUPS | ROOT},
    {{"GetRequest", "x", "id", "a{sv}", "request"}, plan_delegators, run_get_request, OTHERS},
    {{"ListRequests", "a{sv}", "filter", "aa{sv}b", "requests more"},
     plan_list_requests,
     run_list_requests,
     USER | OTHERS},
    {{"Emergency", "ss", "package justification", "a{sv}", "request"}, plan_emergency, run_emergency, GROUPS},
    {{"Review", "xs", "id reason", "a{sv}", "request"}, plan_delegators, run_review, OTHERS},
    {{"Delegate", "sa{sv}", "to options", "a{sv}", "delegation"}, plan_delegate, run_delegate, 0},
    {{"Undelegate", "s", "user", "a{sv}", "delegation"}, plan_undelegate, run_undelegate, USER},
    {{"ListDelegations", "", "", "aa{sv}", "delegations"}, plan_names, run_list_delegations, ROOT},
    {{"ListPackages", "", "", "aa{sv}", "packages"}, NULL, run_list_packages, 0},
    {{"Explain", "ss", "package user", "a{sv}", "explanation"}, plan_explain, run_explain, GROUPS},
    {{"TakeNotices", "xx", "after limit", "aa{sv}", "notices"}, plan_names, run_take_notices, 0},
    {{"NoticeDone", "xsbs", "id hook ok message", "b", "known"}, plan_names, run_notice_done, 0},
    {{"GetStatus", "", "", "a{sv}", "status"}, plan_names, run_get_status, ROOT},
    {{"Report", "a{sv}", "options", "aa{sv}x", "rows since"}, plan_report, run_report, ROOT},
    {{"Audit", "a{sv}", "filter", "aa{sv}xx", "lines next_at next"}, plan_audit, run_audit, USER | ROOT},
    {{"ListHolders", "a{sv}", "filter", "aa{sv}bas", "holders more kinds"}, plan_holders, run_holders, ROOT},
    {{"Reload", "", "", "asaa{sv}", "warnings held"}, plan_names, run_reload, ROOT},
};

const struct bus_interface bus_methods_interface = {
    .path = BUS_PATH,
    .name = BUS_INTERFACE_MANAGER,
    .methods = &bus_methods[0].shape,
    .stride = sizeof(bus_methods[0]),
    .count = sizeof(bus_methods) / sizeof(bus_methods[0]),
    .signals = "    <signal name=\"RequestChanged\">\n"
               "      <arg name=\"id\" type=\"x\"/>\n"
               "    </signal>\n"
               "    <signal name=\"NoticesWait\">\n"
               "      <arg name=\"id\" type=\"x\"/>\n"
               "    </signal>\n",
};
