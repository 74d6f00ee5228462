/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The course of a call that was let in: look up the facts, run the method (methods.c), send exactly one answer. */
#include "helperd/bus/call.h"

#include "common/cleanup.h"
#include "common/disk.h"
#include "common/log.h"
#include "common/names.h"
#include "dbus/variant.h"
#include "helperd/engine/locks.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    PARKED_MAX = 12, /* seconds that an answer waits for the root service; callers wait 25 */
};

static void call_free(struct bus_call *call)
{
    *call->place = call->next;
    if (call->next)
        call->next->place = call->place;
    admission_end(call->manager->admission, call->admitted);
    json_decref(call->arguments);
    if (call->file >= 0)
        close(call->file);
    bus_terms_deinit(&call->terms);
    free(call->user);
    inquiry_deinit(&call->inquiry);
    facts_free(call->facts);
    json_decref(call->reply.value);
    free(call->reply.long_message);
    free(call);
}

static void send_value(struct bus_call *call, json_t *value)
{
    const struct admitted *to = call->admitted;
    const char *signature = call->method->shape.out;
    const bool many = strchr(call->method->shape.out_names, ' ') != NULL;
    json_t *values = many ? json_incref(value) : json_pack("[O]", value);
    DBusMessage *answer =
        dbus_message_get_no_reply(to->message) ? NULL : dbus_message_new_method_return(to->message);
    if (answer && values && variant_append_message(answer, signature, values) == 0) {
        bus_send(to->bus, answer);
    } else if (answer) {
        dbus_message_unref(answer);
        bus_method_refuse(
            to->bus, to->message, bus_error_name(BUS_ERROR_UNAVAILABLE),
            "The answer could not be put together; what was asked for is done. Please look again.");
    }
    json_decref(values);
}

enum { DISK_TEXT_MAX = DISK_ADVICE_MAX + 64 };

static const char *say_disk(const struct engine *engine, int error, char ret[DISK_TEXT_MAX])
{
    char disk[DISK_ADVICE_MAX];
    snprintf(ret, DISK_TEXT_MAX, "This could not be recorded, so nothing was changed. %s",
             disk_advice(error, engine->state, disk));
    return ret;
}

/* Ends every call: sends its answer and frees it. */
static void call_finish(struct bus_call *call, int result)
{
    const struct admitted *to = call->admitted;
    struct reply *reply = &call->reply;
    char text[DISK_TEXT_MAX];
    bus_metrics_note(call->manager->metrics, (size_t)(call->method - bus_methods),
                     result == 0  ? BUS_OUTCOME_DONE
                     : result > 0 ? BUS_OUTCOME_REFUSED
                                  : BUS_OUTCOME_FAILED,
                     call->began);
    if (result == 0)
        send_value(call, reply->value);
    else if (result > BUS_ERROR_NONE && result < BUS_ERROR_COUNT)
        bus_method_refuse(to->bus, to->message, bus_error_name((enum bus_error)result),
                          reply->long_message ? reply->long_message : reply->message);
    else if (disk_is_shut(result))
        bus_method_refuse(to->bus, to->message, bus_error_name(BUS_ERROR_UNAVAILABLE),
                          say_disk(call->manager->engine, result, text));
    else
        bus_method_refuse(
            to->bus, to->message, bus_error_name(BUS_ERROR_UNAVAILABLE),
            "accesspkgd has a fault and could not do this. Please tell an administrator to look at its log: "
            "journalctl -u accesspkgd");
    call_free(call);
}

static void call_refuse(struct bus_call *call, enum bus_error code, const char *text)
{
    call_finish(call, engine_refuse(&call->reply, code, "%s", text));
}

static time_t monotonic(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec;
}

static void park_call(struct bus_call *call)
{
    struct bus_manager *manager = call->manager;
    call->parked = monotonic();
    manager->hooks.parked(PARKED_MAX, manager->hooks.data);
}

/* ---- looking up ------------------------------------------------------------------------------------------------- */

static bool has_enough_facts(const struct bus_call *call, const struct facts *facts)
{
    const unsigned flags = call->method->flags;
    bool known = (facts->caller_known || !facts->caller_asked || call->caller.identity.uid == 0) &&
                 (facts->user_known || !facts->user_asked || flags & BUS_CALL_LACKS_USER);
    for (size_t i = 0; i < facts->n_groups; i++)
        known &= facts->groups[i].known || flags & BUS_CALL_LACKS_GROUPS;
    for (size_t i = 0; i < facts->n_others; i++)
        known &= facts->others[i].known || flags & BUS_CALL_LACKS_OTHERS;
    return known;
}

/* Rule 3, with membership = files: an answer about a user's access waits until /etc/group gives it, or no longer
 * does. */
static void conclude_call(struct bus_call *call, int result)
{
    const struct call asked = bus_call_asked(call);
    if (result == 0 && call->method->flags & BUS_CALL_IN_STEPS) {
        call->steps = true;
        call->manager->hooks.steps(call->manager->hooks.data);
    } else if (result == 0 && asked.engine->chores_begun && engine_answer_waits(&asked)) {
        park_call(call);
    } else {
        call_finish(call, result);
    }
}

bool bus_manager_step(struct bus_manager *manager)
{
    bool more = false;
    for (struct bus_call *call = manager->calls, *next; call; call = next) {
        next = call->next;
        if (!call->steps)
            continue;
        const struct call asked = bus_call_asked(call);
        const int r = engine_step_backup(&asked);
        if (r == ENGINE_E_MORE)
            more = true;
        else
            call_finish(call, r);
    }
    return more;
}

/* True when the directory spells the user's name in another way than the call; takes that name over. */
static bool take_canonical_name(struct bus_call *call, const struct facts *facts)
{
    if (!(call->method->flags & BUS_CALL_BY_NAME) || !facts->user ||
        strcmp(facts->user->name, call->terms.user) == 0)
        return false;
    char *name = strdup(facts->user->name);
    if (!name)
        return false;
    free(call->user);
    call->terms.user = call->user = name;
    return true;
}

/* ---- the accounts of who decides -------------------------------------------------------------------------------- */

/* Rule 9: runs the call once the root service has said what there is to say. */
static void judge_accounts(struct bus_call *call)
{
    const int r = bus_call_fill_accounts(call);
    call->awaits_accounts = r == -EAGAIN;
    if (r == 0)
        bus_call_run_ready(call);
    else if (r != -EAGAIN)
        call_finish(call, r);
}

static void on_accounts(void *data)
{
    struct bus_manager *manager = data;
    for (struct bus_call *call = manager->calls, *next; call; call = next) {
        next = call->next;
        if (call->awaits_accounts)
            judge_accounts(call);
    }
}

static int ask_about_account(uid_t uid, const char *user, bus_privileged_judged done, void *done_data,
                             void *data)
{
    const struct bus_manager *manager = data;
    return bus_privileged_judge_account(manager->privileged, uid, user, done, done_data);
}

static double read_boot_time(void *data)
{
    struct timespec now;
    (void)data;
    clock_gettime(CLOCK_BOOTTIME, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* ---- the course of a call --------------------------------------------------------------------------------------- */

static void look_up_facts(struct bus_call *call);

static void on_facts(struct facts *facts, void *data)
{
    struct bus_call *call = data;
    /* A failed look-up does not stop root. Without its groups it can do everything but decide. */
    if (facts && !facts->caller && call->caller.identity.uid == 0)
        facts->caller = subject_of_root();
    if (!facts || !has_enough_facts(call, facts)) {
        const bool late = !facts || facts->late;
        facts_free(facts);
        call_refuse(
            call, BUS_ERROR_UNAVAILABLE,
            late ? "The users and groups of this host could not be looked up in time, so nothing was "
                   "changed. Please try again in a moment."
                 : "The users and groups of this host could not all be looked up, for a directory "
                   "says that it is not available. Nothing was changed. Please try again in a moment.");
        return;
    }
    if (take_canonical_name(call, facts)) {
        facts_free(facts);
        look_up_facts(call);
        return;
    }
    engine_bar_locked(call->manager->engine, facts);
    call->facts = facts;
    judge_accounts(call);
}

/* Goes on at once when there is nothing to look up, or it is all here. */
static int ask_lookup(struct bus_call *call)
{
    struct lookup *lookup = call->manager->lookup;
    const bool nothing = inquiry_is_empty(&call->inquiry);
    struct facts *facts = nothing ? facts_new(NULL) : lookup_here(lookup, &call->inquiry);
    if (!facts)
        return nothing ? -ENOMEM : lookup_ask(lookup, &call->inquiry, on_facts, call);
    on_facts(facts, call);
    return 0;
}

static void look_up_facts(struct bus_call *call)
{
    struct store *store = call->manager->engine->store;
    store_begin_reading(store);
    int r = bus_call_plan(call);
    store_end_reading(store);
    if (r == 0) {
        bus_call_begin_accounts(call);
        r = ask_lookup(call);
    }
    if (r != 0)
        call_finish(call, r);
}

void bus_manager_resume_answers(struct bus_manager *manager)
{
    const time_t now = monotonic();
    time_t next_at = 0;
    for (struct bus_call *call = manager->calls, *next; call; call = next) {
        next = call->next;
        if (!call->parked)
            continue;
        const struct call asked = bus_call_asked(call);
        const time_t until = call->parked + PARKED_MAX;
        if (now >= until || !engine_answer_waits(&asked))
            call_finish(call, engine_answer_again(&asked));
        else if (next_at == 0 || until < next_at)
            next_at = until;
    }
    if (next_at)
        manager->hooks.parked(next_at - now, manager->hooks.data);
}

/* The descriptor that the method takes, as our own; -1: it takes none, or there is no room for it. */
static int take_file(const struct bus_call_method *method, DBusMessage *message)
{
    int file = -1;
    if (strcmp(method->shape.in, "h") != 0 ||
        !dbus_message_get_args(message, NULL, DBUS_TYPE_UNIX_FD, &file, DBUS_TYPE_INVALID))
        return -1;
    return file;
}

static struct bus_call *call_new(struct bus_manager *manager, const struct bus_call_method *method,
                                 struct admitted *admitted)
{
    struct bus_call *call = calloc(1, sizeof(*call));
    json_t *arguments = variant_read_message(admitted->message);
    if (!call || !arguments) {
        json_decref(arguments);
        free(call);
        return NULL;
    }
    *call = (struct bus_call){.next = manager->calls,
                              .place = &manager->calls,
                              .manager = manager,
                              .method = method,
                              .admitted = admitted,
                              .began = bus_metrics_now(),
                              .arguments = arguments,
                              .file = take_file(method, admitted->message),
                              .inquiry = INQUIRY_EMPTY};
    if (call->next)
        call->next->place = &call->next;
    manager->calls = call;
    return call;
}

static void call_start(struct bus_call *call)
{
    if (bus_caller_read_identity(call->admitted->caller, &call->caller.identity) < 0) {
        call_refuse(call, BUS_ERROR_UNAVAILABLE, admission_unknown_caller);
        return;
    }
    const int r = bus_call_read(call);
    if (r != 0)
        call_finish(call, r);
    else
        look_up_facts(call);
}

static void on_admitted(struct admitted *admitted, void *data)
{
    struct bus_manager *manager = data;
    const int index = bus_method_find(admitted->bus, &bus_methods_interface, admitted->message);
    struct bus_call *call = index < 0 ? NULL : call_new(manager, &bus_methods[index], admitted);
    if (call) {
        call_start(call);
        return;
    }
    if (index >= 0)
        bus_method_refuse(admitted->bus, admitted->message, bus_error_name(BUS_ERROR_INVALID_ARGUMENT),
                          "The arguments could not be read, so nothing was changed. See org.accesspkg1(5).");
    admission_end(manager->admission, admitted);
}

bool bus_manager_wants(struct bus_manager *manager, const struct bus_header *header)
{
    return admission_wants(manager->admission, header);
}

void bus_manager_call(struct bus_manager *manager, struct bus *bus, DBusMessage *message)
{
    admission_take(manager->admission, bus, message);
}

void bus_manager_drop_calls(struct bus_manager *manager, const struct bus *bus)
{
    for (struct bus_call *call = manager->calls, *next; call; call = next) {
        next = call->next;
        if (call->admitted->bus != bus)
            continue;
        lookup_cancel(manager->lookup, call);
        if (call->steps)
            engine_end_backup(manager->engine); /* before its file is closed */
        bus_call_drop_ready(call);
        call_free(call);
    }
    admission_drop(manager->admission, bus);
}

void bus_manager_lose_bus(struct bus_manager *manager, const struct bus *bus)
{
    bus_manager_drop_calls(manager, bus);
    bus_privileged_fail(manager->privileged);
}

struct bus_manager *bus_manager_new(struct engine *engine, struct lookup *lookup,
                                    const struct bus_manager_hooks *hooks)
{
    struct bus_manager *manager = calloc(1, sizeof(*manager));
    struct bus_metrics *metrics = bus_metrics_new(bus_methods_interface.count);
    if (!manager || !metrics) {
        free(manager);
        bus_metrics_free(metrics);
        return NULL;
    }
    *manager = (struct bus_manager){
        .engine = engine, .lookup = lookup, .hooks = *hooks, .conclude = conclude_call, .metrics = metrics};
    return manager;
}

int bus_manager_attach(struct bus_manager *manager, struct bus *bus)
{
    const struct bus_accounts_hooks hooks = {ask_about_account, read_boot_time, on_accounts, manager};
    const struct admission_hooks admitted = {on_admitted, manager};
    manager->admission = admission_new(bus, &manager->engine->config->calls_per_user, &admitted);
    manager->privileged = bus_privileged_new(bus);
    manager->accounts = bus_accounts_new(&hooks);
    return manager->admission && manager->privileged && manager->accounts ? 0 : -ENOMEM;
}

void bus_manager_forget_accounts(struct bus_manager *manager)
{
    bus_accounts_forget(manager->accounts);
}

void bus_manager_free(struct bus_manager *manager)
{
    if (!manager)
        return;
    engine_end_backup(manager->engine); /* before the file of its call is closed */
    while (manager->calls) {
        struct bus_call *call = manager->calls;
        lookup_cancel(manager->lookup, call);
        if (call->parked)
            call_finish(call, 0); /* it is recorded; the next start goes on with it */
        else
            call_refuse(call, BUS_ERROR_UNAVAILABLE,
                        "accesspkgd is stopping; nothing was changed. Please try again in a moment.");
    }
    admission_free(manager->admission);
    bus_privileged_free(manager->privileged);
    bus_accounts_free(manager->accounts);
    bus_metrics_free(manager->metrics);
    free(manager);
}
