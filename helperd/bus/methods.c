/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The methods of org.accesspkg1.Manager as one table: their arguments, what is looked up for them, the engine's
 * function. */
#include "helperd/bus/call.h"

#include "common/names.h"

#include <errno.h>
#include <string.h>

enum { LIST_DEFAULT = 100 };

/* ---- methods that take more than one line ---- */

/* A reason without a visible character counts as none. */
static const char *get_reason(const struct bus_terms *terms)
{
    return text_is_blank(terms->reason) ? "" : terms->reason;
}

/* NULL: none was given. */
static const char *get_justification(const struct bus_terms *terms)
{
    const char *text = terms->justification;
    return text && !text_is_blank(text) ? text : NULL;
}

static const char *null_if_empty(const char *claim)
{
    return *claim ? claim : NULL;
}

/* The name as the directory spells it, if that is known. */
static const char *canonical_name(const struct facts *facts, const char *typed)
{
    return typed && facts->user ? facts->user->name : typed;
}

static int submit_request(const struct call *asked, const struct bus_terms *terms)
{
    const struct submission submission = {
        .user = terms->user,
        .packages = terms->packages,
        .justification = get_justification(terms),
        .service = null_if_empty(terms->service),
        .host = null_if_empty(terms->host),
        .address = null_if_empty(terms->address),
        .tty = null_if_empty(terms->tty),
        .duration = terms->duration,
        .start = terms->start,
        .until = terms->until,
        .at_gate = terms->gate,
        .own_login_id = terms->login_id,
        .can_ask = terms->can_ask,
        .dry_run = terms->dry_run,
    };
    if (terms->emergency && (terms->dry_run || terms->duration || terms->start || terms->until))
        return engine_refuse(
            asked->reply, BUS_ERROR_INVALID_ARGUMENT,
            "An emergency begins at once, lasts as long as its package says, and has no dry run: "
            "please leave start, end and duration out. Nothing was changed.");
    return terms->emergency ? engine_emergency(asked, &submission) : engine_submit(asked, &submission);
}

static int take_emergency(const struct call *asked, const struct bus_terms *terms)
{
    char *packages[] = {(char *)terms->package, NULL};
    const struct submission submission = {.packages = packages, .justification = terms->justification};
    return engine_emergency(asked, &submission);
}

static int decide_request(const struct call *asked, const struct bus_terms *terms, bool approve)
{
    const struct decision_terms decision = {get_reason(terms), terms->digest, terms->duration, terms->start,
                                            terms->until};
    return engine_decide(asked, terms->id, approve, &decision);
}

static int assign_package(const struct call *asked, const struct bus_terms *terms)
{
    const struct assign_terms assignment = {
        .user = terms->user,
        .package = terms->package,
        .reason = get_reason(terms),
        .duration = terms->duration,
        .start = terms->start,
        .until = terms->until,
        .override_duties = terms->override,
        .advice = "--override -m 'REASON'",
    };
    return engine_assign(asked, &assignment);
}

static int import_members(const struct call *asked, const struct bus_terms *terms)
{
    const struct import_terms taken = {
        .group = terms->group,
        .package = terms->package,
        .users = terms->users,
        .reason = get_reason(terms),
        .duration = terms->duration,
        .dry_run = terms->dry_run,
    };
    return engine_import(asked, &taken);
}

static int delegate_decisions(const struct call *asked, const struct bus_terms *terms)
{
    const struct delegate_terms given_to = {terms->to, terms->until, get_reason(terms)};
    return engine_delegate(asked, &given_to);
}

static int get_status(const struct bus_call *call, const struct call *asked)
{
    const struct bus_manager_hooks *hooks = &call->manager->hooks;
    const bool asks = asked->engine->config->account_state != CONFIG_NO;
    const char *problem = asks ? bus_accounts_failure(call->manager->accounts) : NULL;
    const int r = engine_status(asked->engine, asked->caller, asked->reply);
    if (r != 0)
        return r;
    if (problem && json_object_set_new(asked->reply->value, "account_problem", json_string(problem)) < 0)
        return -ENOMEM;
    return hooks->add_status(asked->reply->value, hooks->data);
}

static const char *method_name(size_t method)
{
    return bus_methods[method].shape.name;
}

static int get_metrics(const struct bus_call *call, const struct call *asked)
{
    const int r = engine_measure(asked->engine, &asked->reply->value);
    if (r != 0)
        return r;
    if (json_object_set_new(asked->reply->value, "version", json_string(ACCESSPKG_VERSION)) < 0)
        return -ENOMEM;
    return bus_metrics_add(call->manager->metrics, method_name, asked->reply->value);
}

/* ---- lists, page by page ---- */

static int64_t get_limit(const struct bus_terms *terms)
{
    return terms->limit ? terms->limit : LIST_DEFAULT;
}

static int refuse_long_page(const struct bus_terms *terms, const char *what, struct reply *reply)
{
    if (terms->limit <= BUS_PAGE_MAX)
        return 0;
    return engine_refuse(reply, BUS_ERROR_INVALID_ARGUMENT, "The limit is 1 to %d %s at a time.",
                         BUS_PAGE_MAX, what);
}

static int list_requests(const struct call *asked, const struct bus_terms *terms)
{
    static const char *const roles[] = {
        [ENGINE_ROLE_REQUESTOR] = "requestor",
        [ENGINE_ROLE_APPROVER] = "approver",
        [ENGINE_ROLE_DECIDED] = "decided",
        [ENGINE_ROLE_ALL] = "all",
    };
    const struct store_filter filter = {
        .before = terms->before,
        .limit = get_limit(terms),
        .state = terms->state ? state_from_identifier(terms->state) : STATE_NONE,
        .package = terms->package,
        .user = canonical_name(asked->facts, terms->user),
        .uid = UID_UNSET,
    };
    char visible[BUS_CLAIM_MAX + 1];
    const int r = refuse_long_page(terms, "requests", asked->reply);
    if (r != 0)
        return r;
    if (terms->state && filter.state == STATE_NONE)
        return engine_refuse(asked->reply, BUS_ERROR_INVALID_ARGUMENT,
                             "There is no state '%s'. Write its identifier, as pending-approval.",
                             text_visible(terms->state, visible, sizeof(visible)));
    for (size_t role = 0; role < sizeof(roles) / sizeof(roles[0]); role++)
        if (strcmp(terms->role ? terms->role : "requestor", roles[role]) == 0)
            return engine_list_requests(asked, (enum engine_role)role, &filter);
    return engine_refuse(asked->reply, BUS_ERROR_INVALID_ARGUMENT,
                         "The role is one of requestor, approver, decided and all.");
}

static int list_audit(const struct call *asked, const struct bus_terms *terms)
{
    const struct store_audit_filter filter = {
        .request = terms->request,
        .since = terms->since,
        .until = terms->until,
        .package = terms->package,
        .user = canonical_name(asked->facts, terms->user),
        .before_at = terms->before_at,
        .before = terms->before,
        .limit = get_limit(terms),
    };
    const int r = refuse_long_page(terms, "lines", asked->reply);
    return r != 0 ? r : engine_list_audit(asked->engine, &filter, asked->reply);
}

static int list_holders(const struct call *asked, const struct bus_terms *terms)
{
    const struct store_holders_filter filter = {
        .before = terms->before,
        .limit = get_limit(terms),
        .name = terms->name,
        .kinds = terms->kind ? engine_holder_kind(terms->kind) : ~0U,
    };
    const int r = refuse_long_page(terms, "rows", asked->reply);
    if (r != 0)
        return r;
    if (filter.kinds == 0)
        return engine_refuse(asked->reply, BUS_ERROR_INVALID_ARGUMENT,
                             "The kind of a name is package, group or user.");
    return engine_list_holders(asked->engine, &filter, asked->reply);
}

static int list_history(const struct call *asked, const struct bus_terms *terms)
{
    const struct store_history_filter filter = {
        .name = terms->name,
        .kinds = terms->kind ? engine_holder_kind(terms->kind) : ~0U,
        .since = terms->since,
        .until = terms->until,
        .before_at = terms->before_at,
        .before = terms->before,
        .limit = get_limit(terms),
    };
    const int r = refuse_long_page(terms, "rows", asked->reply);
    if (r != 0)
        return r;
    if (filter.kinds == 0)
        return engine_refuse(asked->reply, BUS_ERROR_INVALID_ARGUMENT,
                             "The kind of a name is package, group or user.");
    return engine_list_history(asked->engine, &filter, asked->reply);
}

/* ---- the table ---- */

enum {
    USER = BUS_CALL_LACKS_USER,
    GROUPS = BUS_CALL_LACKS_GROUPS,
    OTHERS = BUS_CALL_LACKS_OTHERS,
    OF_ROOT = BUS_CALL_FOR_ROOT,
    ROOT_ONLY = BUS_CALL_FOR_ROOT | BUS_CALL_ROOT_ONLY,
    NOTIFIER_ONLY = BUS_CALL_NOTIFIER_ONLY,
    BY_NAME = BUS_CALL_BY_NAME,
    DECIDES = BUS_CALL_DECIDES,
    NAMES_DECIDER = BUS_CALL_NAMES_DECIDER,
    TELLS_ACCOUNTS = BUS_CALL_TELLS_ACCOUNTS,
    IN_STEPS = BUS_CALL_IN_STEPS,
    SHARES = BUS_CALL_SHARES,
};

#define PLANS(...)                                                                                           \
    {                                                                                                        \
        __VA_ARGS__                                                                                          \
    }

#define SUBMIT_OPTIONS                                                                                       \
    "justification duration forever start until gate login_id can_ask dry_run emergency service host "       \
    "address tty"

/*
 * Columns: name; arguments: signature, names (terms.h), keys of an a{sv}; answer: signature, names; what to look up
 * besides the caller; flags; the expression that calls the engine, with `asked` and `terms`.
 */
#define METHODS(X)                                                                                           \
    X(Submit, "sasa{sv}", "user packages options", SUBMIT_OPTIONS, "a{sv}", "request",                       \
      PLANS(bus_plan_packages, bus_plan_own_user, bus_plan_requestors, bus_plan_by_names,                    \
            bus_plan_approvers),                                                                             \
      GROUPS | SHARES, submit_request(asked, terms))                                                         \
    X(Cancel, "xs", "id reason", "", "a{sv}", "request", PLANS(bus_plan_names), SHARES,                      \
      engine_cancel(asked, terms->id, get_reason(terms)))                                                    \
    X(Approve, "xa{sv}", "id options", "digest duration start until reason", "a{sv}", "request",             \
      PLANS(bus_plan_request, bus_plan_delegators, bus_plan_by_names), GROUPS | OTHERS | DECIDES | SHARES,   \
      decide_request(asked, terms, true))                                                                    \
    X(Deny, "xa{sv}", "id options", "digest reason", "a{sv}", "request",                                     \
      PLANS(bus_plan_request, bus_plan_delegators, bus_plan_by_names),                                       \
      USER | GROUPS | OTHERS | DECIDES | SHARES, decide_request(asked, terms, false))                        \
    X(Extend, "sa{sv}", "package options", "justification duration forever until", "a{sv}", "request",       \
      PLANS(bus_plan_packages, bus_plan_requestors, bus_plan_by_names, bus_plan_approvers), GROUPS | SHARES, \
      engine_extend(asked, terms->package, get_justification(terms),                                         \
                    (struct wish){terms->duration, 0, terms->until}))                                        \
    X(Return, "ss", "package reason", "", "a{sv}", "request", PLANS(bus_plan_names), 0,                      \
      engine_return(asked, terms->package, get_reason(terms)))                                               \
    X(Assign, "ssa{sv}", "user package options", "duration start until override reason", "a{sv}", "request", \
      PLANS(bus_plan_user, bus_plan_packages), GROUPS | ROOT_ONLY, assign_package(asked, terms))             \
    X(Import, "ssasa{sv}", "group package users options", "duration dry_run reason", "aa{sv}", "outcomes",   \
      PLANS(bus_plan_users, bus_plan_packages), OTHERS | ROOT_ONLY, import_members(asked, terms))            \
    X(Revoke, "sss", "user package reason", "", "a{sv}", "request",                                          \
      PLANS(bus_plan_holder, bus_plan_revoker, bus_plan_delegators, bus_plan_by_names),                      \
      USER | OTHERS | OF_ROOT | DECIDES,                                                                     \
      engine_revoke(asked, terms->user, terms->package, get_reason(terms)))                                  \
    X(Retry, "ss", "user package", "", "a{sv}", "request", PLANS(bus_plan_user, bus_plan_holding),           \
      GROUPS | ROOT_ONLY | BY_NAME, engine_retry_now(asked, terms->user, terms->package))                    \
    X(GetRequest, "x", "id", "", "a{sv}", "request",                                                         \
      PLANS(bus_plan_sight, bus_plan_delegators, bus_plan_by_names), OTHERS,                                 \
      engine_get_request(asked, terms->id))                                                                  \
    X(ListRequests, "a{sv}", "filter", "role state package user before limit", "aa{sv}b", "requests more",   \
      PLANS(bus_plan_list, bus_plan_by_names), USER | OTHERS, list_requests(asked, terms))                   \
    X(Emergency, "ss", "package justification", "", "a{sv}", "request",                                      \
      PLANS(bus_plan_packages, bus_plan_requestors, bus_plan_by_names), GROUPS,                              \
      take_emergency(asked, terms))                                                                          \
    X(Review, "xs", "id reason", "", "a{sv}", "request",                                                     \
      PLANS(bus_plan_sight, bus_plan_delegators, bus_plan_by_names), OTHERS | DECIDES | SHARES,              \
      engine_review(asked, terms->id, get_reason(terms)))                                                    \
    X(Delegate, "sa{sv}", "to options", "reason until", "a{sv}", "delegation", PLANS(bus_plan_delegate),     \
      DECIDES | NAMES_DECIDER, delegate_decisions(asked, terms))                                             \
    X(Undelegate, "s", "user", "", "a{sv}", "delegation", PLANS(bus_plan_names, bus_plan_any_user), USER,    \
      engine_undelegate(asked, terms->user))                                                                 \
    X(ListDelegations, "", "", "", "aa{sv}", "delegations", PLANS(bus_plan_names), OF_ROOT,                  \
      engine_list_delegations(asked))                                                                        \
    X(ListPackages, "", "", "", "aa{sv}", "packages", PLANS(bus_plan_all_requestors, bus_plan_by_names), 0,  \
      engine_list_packages(asked))                                                                           \
    X(Explain, "ss", "package user", "", "a{sv}", "explanation",                                             \
      PLANS(bus_plan_own_user, bus_plan_all_approvers, bus_plan_packages, bus_plan_requestors),              \
      GROUPS | TELLS_ACCOUNTS, engine_explain(asked, terms->package, terms->user))                           \
    X(TakeNotices, "xx", "after limit", "", "aa{sv}", "notices", PLANS(bus_plan_names), NOTIFIER_ONLY,       \
      engine_take_notices(asked->engine, terms->after, terms->limit, asked->reply))                          \
    X(NoticeDone, "xsbs", "id hook ok message", "", "b", "known", PLANS(bus_plan_names),                     \
      NOTIFIER_ONLY | SHARES,                                                                                \
      engine_notice_done(asked->engine, terms->id, terms->hook, terms->ok, terms->message, asked->reply))    \
    X(GetStatus, "", "", "", "a{sv}", "status", PLANS(bus_plan_names), ROOT_ONLY, get_status(call, asked))   \
    X(GetMetrics, "", "", "", "a{sv}", "figures", PLANS(bus_plan_names), ROOT_ONLY,                          \
      get_metrics(call, asked))                                                                              \
    X(Report, "a{sv}", "options", "since package", "aa{sv}x", "rows since", PLANS(NULL), ROOT_ONLY,          \
      engine_report(asked->engine, terms->since, terms->package, asked->reply))                              \
    X(Audit, "a{sv}", "filter", "request since until user package before before_at limit", "aa{sv}xx",       \
      "lines next_at next", PLANS(bus_plan_names, bus_plan_any_user), USER | ROOT_ONLY,                      \
      list_audit(asked, terms))                                                                              \
    X(ListHolders, "a{sv}", "filter", "name kind before limit", "aa{sv}bas", "holders more kinds",           \
      PLANS(NULL), ROOT_ONLY, list_holders(asked, terms))                                                    \
    X(ListHistory, "a{sv}", "filter", "name kind since until before before_at limit", "aa{sv}xx",            \
      "rows next_at next", PLANS(NULL), ROOT_ONLY, list_history(asked, terms))                               \
    X(Lock, "s", "user", "", "a{sv}", "lock", PLANS(NULL), ROOT_ONLY,                                        \
      engine_heed_lock(asked, terms->user, true))                                                            \
    X(Unlock, "s", "user", "", "a{sv}", "lock", PLANS(NULL), ROOT_ONLY,                                      \
      engine_heed_lock(asked, terms->user, false))                                                           \
    X(Backup, "h", "file", "", "a{sv}", "backup", PLANS(bus_plan_names), ROOT_ONLY | IN_STEPS,               \
      engine_begin_backup(asked, call->file))                                                                \
    X(AcceptStore, "", "", "", "a{sv}", "outcome", PLANS(bus_plan_names), ROOT_ONLY,                         \
      engine_accept_store(asked))                                                                            \
    X(Reload, "", "", "", "asaa{sv}", "warnings held", PLANS(bus_plan_names), ROOT_ONLY,                     \
      call->manager->hooks.reload(asked, call->manager->hooks.data))                                         \
    X(Diff, "h", "folder", "", "aa{sv}aa{sv}b", "packages effects more", PLANS(bus_plan_names), ROOT_ONLY,   \
      call->manager->hooks.diff(call->file, asked->reply, call->manager->hooks.data))

#define X(name, in, in_names, options, out, out_names, plans, flags, asks)                                   \
    static int run_##name(const struct bus_call *call, const struct call *asked)                             \
    {                                                                                                        \
        const struct bus_terms *terms = &call->terms;                                                        \
        (void)terms;                                                                                         \
        return asks;                                                                                         \
    }
METHODS(X)
#undef X

const struct bus_call_method bus_methods[] = {
#define X(name, in, in_names, options, out, out_names, plans, flags, asks)                                   \
    {{#name, in, in_names, out, out_names}, options, plans, flags, run_##name},
    METHODS(X)
#undef X
};

/* Notices are for no other user than that of accesspkg-notify: they have the requests of all users. */
static bool is_notifier_user(const struct subject *caller)
{
    return caller && caller->local && caller->uid != 0 && strcmp(caller->name, BUS_NOTIFIER) == 0;
}

int bus_call_run(const struct bus_call *call, const struct call *asked)
{
    if (call->method->flags & BUS_CALL_NOTIFIER_ONLY && !is_notifier_user(asked->facts->caller))
        return engine_refuse(asked->reply, BUS_ERROR_NOT_AUTHORIZED,
                             "Notices are for the system user %s alone.", BUS_NOTIFIER);
    return call->method->run(call, asked);
}

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
