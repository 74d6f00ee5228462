/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helperd/bus_manager.h"

#include "common/cleanup.h"
#include "common/log.h"
#include "common/names.h"
#include "dbus/variant.h"
#include "helperd/bus_caller.h"
#include "helperd/bus_method.h"
#include "helperd/bus_options.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    CALLS_MAX = 4096,          /* under way, of all callers: bounds memory */
    CALLS_OF_ROOT_MAX = 512,   /* every sshd and sudo on the host is uid 0 */
    CALLS_OF_SENDER_MAX = 15,  /* of one connection; the bus gives a user 256 of these */
    ARGUMENTS_MAX = 64 * 1024, /* bytes, about; the bus itself lets 32 MiB through */
    LIST_DEFAULT = 100,
};

/*
 * A call under way. Of the message its sender and serial are kept, the arguments as JSON: a message that is held
 * counts against what libdbus reads on, and keeps the descriptors that came with it.
 */
struct call {
    struct call *next;
    struct bus_manager *manager;
    const struct method *method;
    DBusMessage *message;
    json_t *arguments;
    struct caller caller;
    bool identified;
    struct bus_options options;
    strv packages; /* Submit */
    struct inquiry inquiry;
    /* It is done, and its answer waits for what the root service does about it. */
    struct reply answer;
    struct facts *facts;
};

struct bus_manager {
    struct engine *engine;
    struct lookup *lookup;
    struct bus_manager_hooks hooks;
    struct bus *bus;
    struct call *calls;
    size_t count;
};

/*
 * plan: checks the arguments and names what to look up besides the caller. run: asks the engine.
 * Both: 0, a positive enum bus_error with the reply's message, or -errno.
 */
struct method {
    struct bus_method shape;
    int (*plan)(struct call *call, struct reply *reply);
    int (*run)(struct call *call, const struct facts *facts, struct reply *reply);
};

static const char *text_argument(const struct call *call, size_t index)
{
    return json_string_value(json_array_get(call->arguments, index));
}

static int64_t number_argument(const struct call *call, size_t index)
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

/* ---- the methods ---- */

static int plan_submit(struct call *call, struct reply *reply)
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
    if (*user && call->caller.identity.uid == 0 && !(call->inquiry.user = strdup(user)))
        return -ENOMEM;
    r = engine_inquire_approvers(call->manager->engine, call->packages, false, &call->inquiry);
    return r != 0 ? r : engine_inquire_packages(call->manager->engine, call->packages, &call->inquiry);
}

static const char *given(const char *claim)
{
    return *claim ? claim : NULL;
}

static int run_submit(struct call *call, const struct facts *facts, struct reply *reply)
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
    };
    return engine_submit(call->manager->engine, &call->caller, facts, &submission, reply);
}

static int run_cancel(struct call *call, const struct facts *facts, struct reply *reply)
{
    return engine_cancel(call->manager->engine, &call->caller, facts, number_argument(call, 0),
                         text_argument(call, 1), reply);
}

/* In whose name the caller may decide: those are looked up with them. */
static int plan_delegators(struct call *call, struct reply *reply)
{
    (void)reply;
    return engine_inquire_delegators(call->manager->engine, call->caller.identity.uid, &call->inquiry);
}

/* A request that is not there is the engine's to refuse, once it is known who asks. */
static int plan_decide(struct call *call, struct reply *reply)
{
    const int r = engine_inquire_request(call->manager->engine, number_argument(call, 0), &call->inquiry);
    return r == 0 || r == STORE_E_NONE ? plan_delegators(call, reply) : r;
}

static int plan_approve(struct call *call, struct reply *reply)
{
    const int r =
        bus_options_read(json_array_get(call->arguments, 1), BUS_OPTIONS_DECIDE, &call->options, reply);
    return r != 0 ? r : plan_decide(call, reply);
}

static int run_approve(struct call *call, const struct facts *facts, struct reply *reply)
{
    const struct decision_terms terms = {
        .reason = reason_in(call->options.reason),
        .duration = call->options.duration,
        .start = call->options.start,
    };
    return engine_decide(call->manager->engine, &call->caller, facts, number_argument(call, 0), true, &terms,
                         reply);
}

static int run_deny(struct call *call, const struct facts *facts, struct reply *reply)
{
    const struct decision_terms terms = {.reason = reason_in(text_argument(call, 1))};
    return engine_decide(call->manager->engine, &call->caller, facts, number_argument(call, 0), false, &terms,
                         reply);
}

static int refuse_unless_root(const struct call *call, struct reply *reply)
{
    if (call->caller.identity.uid == 0)
        return 0;
    return engine_refuse(reply, BUS_ERROR_NOT_AUTHORIZED, "Only root may do this. Try: sudo pkg-admin ...");
}

/* Extend, Assign: the package that an argument names. */
static int plan_package(struct call *call, size_t index)
{
    char *const packages[] = {(char *)text_argument(call, index), NULL};
    return engine_inquire_packages(call->manager->engine, packages, &call->inquiry);
}

static int plan_extend(struct call *call, struct reply *reply)
{
    char *const packages[] = {(char *)text_argument(call, 0), NULL};
    int r = bus_options_read(json_array_get(call->arguments, 1), BUS_OPTIONS_EXTEND, &call->options, reply);
    if (r == 0)
        r = engine_inquire_approvers(call->manager->engine, packages, false, &call->inquiry);
    return r != 0 ? r : plan_package(call, 0);
}

static int run_extend(struct call *call, const struct facts *facts, struct reply *reply)
{
    return engine_extend(call->manager->engine, &call->caller, facts, text_argument(call, 0),
                         justification_in(&call->options), call->options.duration, reply);
}

static int run_return(struct call *call, const struct facts *facts, struct reply *reply)
{
    return engine_return(call->manager->engine, &call->caller, facts, text_argument(call, 0),
                         text_argument(call, 1), reply);
}

/* Checked before anything is looked up: nobody but uid 0 has names looked up that they could make up. */
static int plan_for_user(struct call *call, struct reply *reply)
{
    const int r = refuse_unless_root(call, reply);
    if (r != 0)
        return r;
    call->inquiry.user = strdup(text_argument(call, 0));
    return call->inquiry.user ? 0 : -ENOMEM;
}

static int plan_assign(struct call *call, struct reply *reply)
{
    int r = plan_for_user(call, reply);
    if (r == 0)
        r = bus_options_read(json_array_get(call->arguments, 2), BUS_OPTIONS_ASSIGN, &call->options, reply);
    return r != 0 ? r : plan_package(call, 1);
}

static int plan_retry(struct call *call, struct reply *reply)
{
    const int r = plan_for_user(call, reply);
    return r != 0 ? r
                  : engine_inquire_holding(call->manager->engine, call->inquiry.user, text_argument(call, 1),
                                           &call->inquiry);
}

static int run_assign(struct call *call, const struct facts *facts, struct reply *reply)
{
    const struct assign_terms terms = {
        .package = text_argument(call, 1),
        .reason = reason_in(call->options.reason),
        .duration = call->options.duration,
        .start = call->options.start,
        .override_duties = call->options.override,
    };
    return engine_assign(call->manager->engine, &call->caller, facts, &terms, reply);
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

static int plan_import(struct call *call, struct reply *reply)
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

static int run_import(struct call *call, const struct facts *facts, struct reply *reply)
{
    const struct import_terms terms = {
        .group = text_argument(call, 0),
        .package = text_argument(call, 1),
        .users = call->inquiry.others,
        .reason = call->options.reason ? call->options.reason : "",
        .duration = call->options.duration,
        .dry_run = call->options.dry_run,
    };
    return engine_import(call->manager->engine, &call->caller, facts, &terms, reply);
}

static int run_revoke(struct call *call, const struct facts *facts, struct reply *reply)
{
    const int r = refuse_unless_root(call, reply);
    return r != 0 ? r
                  : engine_revoke(call->manager->engine, &call->caller, facts, text_argument(call, 0),
                                  text_argument(call, 1), reason_in(text_argument(call, 2)), reply);
}

static int run_retry(struct call *call, const struct facts *facts, struct reply *reply)
{
    return engine_retry_now(call->manager->engine, &call->caller, facts, text_argument(call, 0),
                            text_argument(call, 1), reply);
}

static int run_get_request(struct call *call, const struct facts *facts, struct reply *reply)
{
    return engine_get_request(call->manager->engine, &call->caller, facts, number_argument(call, 0), reply);
}

static const char *const roles[] = {
    [ENGINE_ROLE_REQUESTOR] = "requestor",
    [ENGINE_ROLE_APPROVER] = "approver",
    [ENGINE_ROLE_DECIDED] = "decided",
    [ENGINE_ROLE_ALL] = "all",
};

/* Nobody decides on requests of their own. */
static int plan_list_requests(struct call *call, struct reply *reply)
{
    const int r =
        bus_options_read(json_array_get(call->arguments, 0), BUS_OPTIONS_FILTER, &call->options, reply);
    const char *role = call->options.role;
    return r != 0 || !role || strcmp(role, roles[ENGINE_ROLE_REQUESTOR]) == 0 ? r
                                                                              : plan_delegators(call, reply);
}

static int run_list_requests(struct call *call, const struct facts *facts, struct reply *reply)
{
    const struct bus_options *options = &call->options;
    const struct store_filter filter = {
        .before = options->before,
        .limit = options->limit ? options->limit : LIST_DEFAULT,
        .state = options->state ? state_from_identifier(options->state) : STATE_NONE,
        .package = options->package,
        .user = options->user,
        .uid = UID_UNSET,
    };
    if (filter.limit > BUS_PAGE_MAX || (options->state && filter.state == STATE_NONE))
        return engine_refuse(reply, BUS_ERROR_INVALID_ARGUMENT, "%s",
                             filter.limit > BUS_PAGE_MAX ? "The limit is 1 to 500 requests at a time."
                                                         : "There is no such state.");
    for (size_t role = 0; role < sizeof(roles) / sizeof(roles[0]); role++)
        if (strcmp(options->role ? options->role : "requestor", roles[role]) == 0)
            return engine_list_requests(call->manager->engine, &call->caller, facts, (enum engine_role)role,
                                        &filter, reply);
    return engine_refuse(reply, BUS_ERROR_INVALID_ARGUMENT,
                         "The role is one of requestor, approver, decided and all.");
}

static int run_list_packages(struct call *call, const struct facts *facts, struct reply *reply)
{
    return engine_list_packages(call->manager->engine, &call->caller, facts, reply);
}

/* For nobody but uid 0 is a name looked up that they could make up. */
static int plan_explain(struct call *call, struct reply *reply)
{
    (void)reply;
    char *const packages[] = {(char *)text_argument(call, 0), NULL};
    const char *user = text_argument(call, 1);
    if (*user && call->caller.identity.uid == 0 && !(call->inquiry.user = strdup(user)))
        return -ENOMEM;
    const int r = engine_inquire_approvers(call->manager->engine, packages, true, &call->inquiry);
    return r != 0 ? r : plan_package(call, 0);
}

static int run_explain(struct call *call, const struct facts *facts, struct reply *reply)
{
    return engine_explain(call->manager->engine, &call->caller, facts, text_argument(call, 0),
                          text_argument(call, 1), reply);
}

static int run_get_status(struct call *call, const struct facts *facts, struct reply *reply)
{
    (void)facts;
    struct bus_manager *manager = call->manager;
    int r = refuse_unless_root(call, reply);
    if (r == 0)
        r = engine_status(manager->engine, reply);
    if (r == 0)
        r = manager->hooks.add_status(reply->value, manager->hooks.data);
    return r;
}

static int run_reload(struct call *call, const struct facts *facts, struct reply *reply)
{
    (void)facts;
    const int r = refuse_unless_root(call, reply);
    return r != 0 ? r : call->manager->hooks.reload(reply, call->manager->hooks.data);
}

static int plan_emergency(struct call *call, struct reply *reply)
{
    (void)reply;
    return plan_package(call, 0);
}

static int run_emergency(struct call *call, const struct facts *facts, struct reply *reply)
{
    return engine_emergency(call->manager->engine, &call->caller, facts, text_argument(call, 0),
                            text_argument(call, 1), reply);
}

static int run_review(struct call *call, const struct facts *facts, struct reply *reply)
{
    return engine_review(call->manager->engine, &call->caller, facts, number_argument(call, 0),
                         text_argument(call, 1), reply);
}

/* The delegate: the one name that anybody may have looked up, one at a time, as `id` would. */
static int plan_delegate(struct call *call, struct reply *reply)
{
    const int r =
        bus_options_read(json_array_get(call->arguments, 1), BUS_OPTIONS_DELEGATE, &call->options, reply);
    char encoded[NAME_ENCODED_MAX + 1];
    if (r == 0 && name_encode(text_argument(call, 0), encoded, sizeof(encoded)) < 0)
        return engine_refuse(reply, BUS_ERROR_INVALID_ARGUMENT, "That cannot be the name of a user.");
    if (r == 0)
        call->inquiry.user = strdup(text_argument(call, 0));
    return r != 0 ? r : call->inquiry.user ? 0 : -ENOMEM;
}

static int run_delegate(struct call *call, const struct facts *facts, struct reply *reply)
{
    const struct delegate_terms terms = {
        .to = text_argument(call, 0),
        .until = call->options.until,
        .reason = call->options.reason ? call->options.reason : "",
    };
    return engine_delegate(call->manager->engine, &call->caller, facts, &terms, reply);
}

static int run_undelegate(struct call *call, const struct facts *facts, struct reply *reply)
{
    return engine_undelegate(call->manager->engine, &call->caller, facts, text_argument(call, 0), reply);
}

static int run_list_delegations(struct call *call, const struct facts *facts, struct reply *reply)
{
    return engine_list_delegations(call->manager->engine, &call->caller, facts, reply);
}

static const struct method methods[] = {
    {{"Submit", "sasa{sv}", "user packages options", "a{sv}", "request"}, plan_submit, run_submit},
    {{"Cancel", "xs", "id reason", "a{sv}", "request"}, NULL, run_cancel},
    {{"Approve", "xa{sv}", "id options", "a{sv}", "request"}, plan_approve, run_approve},
    {{"Deny", "xs", "id reason", "a{sv}", "request"}, plan_decide, run_deny},
    {{"Extend", "sa{sv}", "package options", "a{sv}", "request"}, plan_extend, run_extend},
    {{"Return", "ss", "package reason", "a{sv}", "request"}, NULL, run_return},
    {{"Assign", "ssa{sv}", "user package options", "a{sv}", "request"}, plan_assign, run_assign},
    {{"Import", "ssasa{sv}", "group package users options", "aa{sv}", "outcomes"}, plan_import, run_import},
    {{"Revoke", "sss", "user package reason", "a{sv}", "request"}, NULL, run_revoke},
    {{"Retry", "ss", "user package", "a{sv}", "request"}, plan_retry, run_retry},
    {{"GetRequest", "x", "id", "a{sv}", "request"}, plan_delegators, run_get_request},
    {{"ListRequests", "a{sv}", "filter", "aa{sv}b", "requests more"}, plan_list_requests, run_list_requests},
    {{"Emergency", "ss", "package justification", "a{sv}", "request"}, plan_emergency, run_emergency},
    {{"Review", "xs", "id reason", "a{sv}", "request"}, plan_delegators, run_review},
    {{"Delegate", "sa{sv}", "to options", "a{sv}", "delegation"}, plan_delegate, run_delegate},
    {{"Undelegate", "s", "user", "a{sv}", "delegation"}, NULL, run_undelegate},
    {{"ListDelegations", "", "", "aa{sv}", "delegations"}, NULL, run_list_delegations},
    {{"ListPackages", "", "", "aa{sv}", "packages"}, NULL, run_list_packages},
    {{"Explain", "ss", "package user", "a{sv}", "explanation"}, plan_explain, run_explain},
    {{"GetStatus", "", "", "a{sv}", "status"}, NULL, run_get_status},
    {{"Reload", "", "", "as", "warnings"}, NULL, run_reload},
};

static const struct bus_interface interface = {
    .path = BUS_PATH,
    .name = BUS_INTERFACE_MANAGER,
    .methods = &methods[0].shape,
    .stride = sizeof(methods[0]),
    .count = sizeof(methods) / sizeof(methods[0]),
    .signals = "    <signal name=\"RequestChanged\">\n"
               "      <arg name=\"id\" type=\"x\"/>\n"
               "    </signal>\n",
};

/* ---- the way of a call ---- */

static void call_free(struct call *call)
{
    struct bus_manager *manager = call->manager;
    for (struct call **c = &manager->calls; *c; c = &(*c)->next) {
        if (*c == call) {
            *c = call->next;
            manager->count--;
            break;
        }
    }
    dbus_message_unref(call->message);
    json_decref(call->arguments);
    strv_free(call->packages);
    inquiry_deinit(&call->inquiry);
    facts_free(call->facts);
    free(call);
}

static void send_value(struct call *call, json_t *value)
{
    const char *signature = call->method->shape.out;
    const bool many = strchr(call->method->shape.out_names, ' ') != NULL;
    json_t *values = many ? json_incref(value) : json_pack("[O]", value);
    DBusMessage *answer =
        dbus_message_get_no_reply(call->message) ? NULL : dbus_message_new_method_return(call->message);
    if (answer && values && variant_append_message(answer, signature, values) == 0) {
        bus_send(call->manager->bus, answer);
    } else if (answer) {
        dbus_message_unref(answer);
        bus_method_refuse(
            call->manager->bus, call->message, bus_error_name(BUS_ERROR_UNAVAILABLE),
            "The answer could not be put together; what was asked for is done. Please look again.");
    }
    json_decref(values);
}

/* The end of every call: exactly one answer, then it is gone. */
static void call_finish(struct call *call, int result, struct reply *reply)
{
    if (result == 0)
        send_value(call, reply->value);
    else if (result > 0)
        bus_method_refuse(call->manager->bus, call->message, bus_error_name((enum bus_error)result),
                          reply->long_message ? reply->long_message : reply->message);
    else
        bus_method_refuse(
            call->manager->bus, call->message, bus_error_name(BUS_ERROR_UNAVAILABLE),
            "accesspkgd has a fault and could not do this. Please tell an administrator to look at its log: "
            "journalctl -u accesspkgd");
    json_decref(reply->value);
    free(reply->long_message);
    call_free(call);
}

static void call_refuse(struct call *call, enum bus_error code, const char *text)
{
    struct reply reply = {0};
    call_finish(call, engine_refuse(&reply, code, "%s", text), &reply);
}

/* Rule 3, where membership = files: an answer that tells of somebody's access waits until it is there, or gone. */
static bool is_settling(const struct call *call, const struct reply *reply)
{
    const char *user = json_string_value(json_object_get(reply->value, "user"));
    return user && engine_is_settling(call->manager->engine, user);
}

static void on_facts(struct facts *facts, void *data)
{
    struct call *call = data;
    struct reply reply = {0};
    if (!facts) {
        call_refuse(
            call, BUS_ERROR_UNAVAILABLE,
            "The users and groups of this host could not be looked up in time, so nothing was changed. "
            "Please try again in a moment.");
        return;
    }
    call->facts = facts;
    call->manager->engine->chores_begun = false;
    const int r = call->method->run(call, facts, &reply);
    if (r == 0 && call->manager->engine->chores_begun && is_settling(call, &reply))
        call->answer = reply;
    else
        call_finish(call, r, &reply);
}

void bus_manager_settled(struct bus_manager *manager)
{
    for (struct call *call = manager->calls, *next; call; call = next) {
        next = call->next;
        if (!call->answer.value || is_settling(call, &call->answer))
            continue;
        struct reply reply = call->answer;
        call_finish(call, engine_settled(manager->engine, &call->caller, call->facts, &reply), &reply);
    }
}

/* Calls of one user that are under way: whoever floods the bus waits for themselves only. */
static bool too_many(const struct bus_manager *manager, uid_t uid)
{
    const int64_t limit = uid == 0 ? CALLS_OF_ROOT_MAX : manager->engine->config->calls_per_user;
    int64_t count = 0;
    for (const struct call *call = manager->calls; call; call = call->next)
        if (call->identified && call->caller.identity.uid == uid)
            count++;
    return count > limit;
}

static void on_identity(const struct identity *identity, void *data)
{
    struct call *call = data;
    struct reply reply = {0};
    if (!identity) {
        call_refuse(call, BUS_ERROR_UNAVAILABLE,
                    "It could not be found out who you are, so nothing was changed. If this goes on, an "
                    "administrator can see why: journalctl -u accesspkgd");
        return;
    }
    call->caller.identity = *identity;
    call->inquiry.caller = identity->uid;
    call->identified = true;
    if (too_many(call->manager, identity->uid)) {
        call_refuse(call, BUS_ERROR_LIMIT_EXCEEDED,
                    "Too many calls of yours are under way. Please try again in a moment.");
        return;
    }
    int r = call->method->plan ? call->method->plan(call, &reply) : 0;
    if (r == 0)
        r = lookup_ask(call->manager->lookup, &call->inquiry, on_facts, call);
    if (r != 0)
        call_finish(call, r, &reply);
}

/* Whether the arguments still fit into *room; takes them off it. */
static bool fits(DBusMessageIter *iter, size_t *room)
{
    for (int type; (type = dbus_message_iter_get_arg_type(iter)) != DBUS_TYPE_INVALID;
         dbus_message_iter_next(iter)) {
        size_t size = 8;
        if (type == DBUS_TYPE_STRING) {
            const char *text = NULL;
            dbus_message_iter_get_basic(iter, &text);
            size += strlen(text);
        }
        if (size > *room)
            return false;
        *room -= size;
        DBusMessageIter inner;
        if (dbus_type_is_container(type)) {
            dbus_message_iter_recurse(iter, &inner);
            if (!fits(&inner, room))
                return false;
        }
    }
    return true;
}

static const char *find_obstacle(const struct bus_manager *manager, DBusMessage *message,
                                 enum bus_error *ret_code)
{
    DBusMessageIter iter;
    size_t room = ARGUMENTS_MAX;
    size_t count = 0;
    for (const struct call *call = manager->calls; call; call = call->next)
        if (dbus_message_has_sender(call->message, dbus_message_get_sender(message)))
            count++;
    *ret_code = BUS_ERROR_LIMIT_EXCEEDED;
    if (count >= CALLS_OF_SENDER_MAX)
        return "Too many calls of yours are under way. Please try again in a moment.";
    if (manager->count >= CALLS_MAX)
        return "Too many calls are under way. Please try again in a moment.";
    *ret_code = BUS_ERROR_INVALID_ARGUMENT;
    return !dbus_message_iter_init(message, &iter) || fits(&iter, &room)
               ? NULL
               : "The arguments are longer than 64 KiB together. Nothing was changed.";
}

/* What an answer to this call needs of it. NULL when there is no memory. */
static DBusMessage *stub_of(DBusMessage *message)
{
    DBusMessage *stub =
        dbus_message_new_method_call(NULL, BUS_PATH, BUS_INTERFACE_MANAGER, dbus_message_get_member(message));
    if (stub && !dbus_message_set_sender(stub, dbus_message_get_sender(message))) {
        dbus_message_unref(stub);
        return NULL;
    }
    if (stub) {
        dbus_message_set_serial(stub, dbus_message_get_serial(message));
        dbus_message_set_no_reply(stub, dbus_message_get_no_reply(message));
    }
    return stub;
}

static struct call *call_new(struct bus_manager *manager, const struct method *method, DBusMessage *message)
{
    struct call *call = calloc(1, sizeof(*call));
    json_t *arguments = variant_read_message(message);
    DBusMessage *stub = stub_of(message);
    if (!call || !arguments || !stub) {
        if (stub)
            dbus_message_unref(stub);
        json_decref(arguments);
        free(call);
        return NULL;
    }
    *call = (struct call){.next = manager->calls,
                          .manager = manager,
                          .method = method,
                          .message = stub,
                          .arguments = arguments,
                          .inquiry = INQUIRY_NOBODY};
    manager->calls = call;
    manager->count++;
    return call;
}

static void call_start(struct bus_manager *manager, const struct method *method, DBusMessage *message)
{
    enum bus_error code;
    const char *obstacle = find_obstacle(manager, message, &code);
    struct call *call = obstacle ? NULL : call_new(manager, method, message);
    if (!call) {
        bus_method_refuse(manager->bus, message, bus_error_name(code),
                          obstacle ? obstacle : "The arguments could not be read.");
        return;
    }
    if (bus_caller_identify(manager->bus, dbus_message_get_sender(message), on_identity, call) < 0)
        call_refuse(call, BUS_ERROR_UNAVAILABLE,
                    "accesspkgd is short of memory. Please try again in a moment.");
}

void bus_manager_call(struct bus_manager *manager, DBusMessage *message)
{
    const int index = bus_method_find(manager->bus, &interface, message);
    if (index >= 0)
        call_start(manager, &methods[index], message);
}

struct bus_manager *bus_manager_new(struct engine *engine, struct lookup *lookup,
                                    const struct bus_manager_hooks *hooks)
{
    struct bus_manager *manager = calloc(1, sizeof(*manager));
    if (manager)
        *manager = (struct bus_manager){.engine = engine, .lookup = lookup, .hooks = *hooks};
    return manager;
}

void bus_manager_attach(struct bus_manager *manager, struct bus *bus)
{
    manager->bus = bus;
}

void bus_manager_free(struct bus_manager *manager)
{
    if (!manager)
        return;
    while (manager->calls) {
        struct reply done = manager->calls->answer;
        lookup_cancel(manager->lookup, manager->calls);
        if (done.value)
            call_finish(manager->calls, 0, &done); /* it is recorded, and goes on at the next start */
        else
            call_refuse(manager->calls, BUS_ERROR_UNAVAILABLE,
                        "accesspkgd is stopping; nothing was changed. Please try again in a moment.");
    }
    free(manager);
}
