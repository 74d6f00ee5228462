/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helperd/privileged/service.h"

#include "common/child_loop.h"
#include "common/log.h"
#include "common/supervisor.h"
#include "dbus/contract.h"
#include "dbus/server_caller.h"
#include "dbus/server_method.h"
#include "dbus/variant.h"
#include "helperd/privileged/accounts.h"
#include "helperd/privileged/answer.h"
#include "helperd/privileged/keeper.h"
#include "helperd/privileged/members.h"
#include "helperd/privileged/sessions.h"
#include "helperd/privileged/warning.h"

#include <ev.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

enum {
    CALLS_MAX = 512,
    WORKERS_MAX = 8,
    DEADLINE = 8, /* seconds from a call's arrival; less than what the client waits */
    RESULT_MAX = 16 * 1024 * 1024,
    RESULT_FD = STDERR_FILENO + 1,
};

struct method {
    struct bus_method shape;
    int (*run)(const json_t *arguments, struct answer *answer);
    double deadline;
    bool in_turn; /* one at a time, in the order of arrival */
    /* What it says to who ends noted memberships: the argument that is a note's end (0: none); that it may have failed to
     * take a member out. */
    size_t until;
    bool ends;
};

struct service {
    struct ev_loop *loop;
    struct bus *bus;
    uid_t caller;
    double idle;
    struct call *calls; /* in the order of arrival */
    size_t count;
    ev_timer idle_timer;
    ev_signal stop[2];
    struct keeper keeper;
    bool leaving; /* the name is given up */
    bool lost;
};

struct call {
    struct call *next;
    struct service *service;
    const struct method *method;
    DBusMessage *message;
    json_t *arguments; /* NULL until the caller is known to be the right one */
    struct child *worker;
    ev_timer deadline;
};

static const struct method methods[] = {
    {{"AddMember", "ssx", "group user until", "b", "added"}, members_add, DEADLINE, true, 2, false},
    {{"NoteMember", "ssx", "group user until", "b", "member"}, members_note, DEADLINE, true, 2, false},
    {{"RemoveMember", "ss", "group user", "b", "removed"}, members_remove, DEADLINE, true, 0, true},
    {{"GetMembers", "s", "group", "asas", "members noted"}, members_list, DEADLINE, true, 0, false},
    {{"GetNotes", "", "", "asas", "users groups"}, members_list_notes, DEADLINE, true, 0, false},
    {{"JudgeAccount", "us", "uid user", "sxsas", "state day account names"},
     accounts_judge,
     DEADLINE,
     false,
     0,
     false},
    {{"Warn", "us", "uid text", "", ""}, warning_send, DEADLINE, false, 0, false},
    {{"EndSessions", "usasau", "uid user services gids", "as", "remaining"},
     sessions_end,
     SESSIONS_SECONDS,
     false,
     0,
     false},
};

static const struct bus_interface interface = {
    .path = BUS_PRIVILEGED_PATH,
    .name = BUS_PRIVILEGED_INTERFACE,
    .methods = &methods[0].shape,
    .stride = sizeof(methods[0]),
    .count = sizeof(methods) / sizeof(methods[0]),
    .signals = "",
};

static void run_in_turn(struct service *service);
static void leave_if_done(struct service *service);

/* ---- the end of a call ---- */

static void call_free(struct call *call)
{
    struct service *service = call->service;
    for (struct call **c = &service->calls; *c; c = &(*c)->next) {
        if (*c == call) {
            *c = call->next;
            service->count--;
            break;
        }
    }
    ev_timer_stop(service->loop, &call->deadline);
    dbus_message_unref(call->message);
    json_decref(call->arguments);
    free(call);
}

static void send_values(const struct call *call, const json_t *values)
{
    DBusMessage *answer =
        dbus_message_get_no_reply(call->message) ? NULL : dbus_message_new_method_return(call->message);
    if (!answer)
        return;
    if (variant_append_message(answer, call->method->shape.out, values) == 0) {
        bus_send(call->service->bus, answer);
        return;
    }
    dbus_message_unref(answer);
    bus_method_refuse(call->service->bus, call->message, bus_error_name(BUS_ERROR_UNAVAILABLE),
                      "the answer could not be put together; what was asked for is done");
}

/* Exactly one answer, then the call is gone and the next has its turn. */
static void call_finish(struct call *call, const struct answer *answer)
{
    struct service *service = call->service;
    if (call->arguments && call->method->until > 0)
        keeper_expect(&service->keeper,
                      json_integer_value(json_array_get(call->arguments, call->method->until)));
    if (call->method->ends && answer->error == BUS_ERROR_UNAVAILABLE)
        keeper_retry(&service->keeper);
    if (answer->error)
        bus_method_refuse(service->bus, call->message, bus_error_name(answer->error), answer->message);
    else
        send_values(call, answer->values);
    call_free(call);
    run_in_turn(service);
    leave_if_done(service);
}

static void call_refuse(struct call *call, enum bus_error error, const char *text)
{
    struct answer answer = {0};
    answer_refuse(&answer, error, "%s", text);
    call_finish(call, &answer);
}

static void on_deadline(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop, (void)events;
    struct call *call = timer->data;
    const bool began = call->worker != NULL;
    log_error("%s took longer than %.0f s%s.", call->method->shape.name, call->method->deadline,
              began ? " and was ended" : " to come to its turn");
    if (began)
        child_kill(call->worker);
    call->worker = NULL;
    call_refuse(call, BUS_ERROR_UNAVAILABLE,
                began ? "it took too long and was ended; it may be done or not"
                      : "other calls took too long; nothing was changed");
}

/* ---- the work ---- */

/* In a process of its own, which must touch none of the service's connection and loop. */
static int work(void *data)
{
    const struct call *call = data;
    struct answer answer = {0};
    fcntl(RESULT_FD, F_SETFD, FD_CLOEXEC);
    call->method->run(call->arguments, &answer);
    json_t *result = answer_write(&answer);
    return result && json_dumpfd(result, RESULT_FD, JSON_COMPACT) == 0 ? 0 : 1;
}

static void on_worked(const struct child_end *end, void *data)
{
    struct call *call = data;
    struct answer answer;
    call->worker = NULL;
    answer_read(json_loadb(end->output, end->size, 0, NULL), &answer);
    call_finish(call, &answer);
    answer_deinit(&answer);
}

static int start_work(struct call *call)
{
    const struct child_plan plan = {.run = work,
                                    .data = call,
                                    .fds = {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO, CHILD_OUTPUT},
                                    .n_fds = RESULT_FD + 1};
    const struct child_terms terms = {.done = on_worked, .data = call, .output_max = RESULT_MAX};
    const int r = child_run(call->service->loop, &plan, &terms, &call->worker);
    if (r < 0)
        log_error("Cannot start a process: %s", strerror(-r));
    return r;
}

static bool keeper_wants(const struct service *service)
{
    return service->keeper.wanted && !service->leaving;
}

/* The first call that may begin now. */
static struct call *next_call(const struct service *service)
{
    size_t workers = 0;
    bool turn_taken = service->keeper.worker || (keeper_wants(service) && !service->keeper.yields);
    for (const struct call *call = service->calls; call; call = call->next) {
        if (call->worker) {
            workers++;
            turn_taken |= call->method->in_turn;
        }
    }
    for (struct call *call = service->calls; call && workers < WORKERS_MAX; call = call->next) {
        if (call->arguments && !call->worker && !(call->method->in_turn && turn_taken))
            return call;
        turn_taken |= call->method->in_turn; /* nobody overtakes, not even who is asked for still */
    }
    return NULL;
}

static bool is_turn_taken(const struct service *service)
{
    for (const struct call *call = service->calls; call; call = call->next)
        if (call->worker && call->method->in_turn)
            return true;
    return service->keeper.worker != NULL;
}

/* Ends that are due go before the calls; while there are many, they take turns. */
static void run_in_turn(struct service *service)
{
    struct call *call;
    if (keeper_wants(service) && !service->keeper.yields && !is_turn_taken(service))
        keeper_begin(&service->keeper);
    while ((call = next_call(service))) {
        if (call->method->in_turn)
            service->keeper.yields = false;
        if (start_work(call) == 0)
            continue;
        call_refuse(call, BUS_ERROR_UNAVAILABLE, "no process could be started; nothing was changed");
        return; /* the refusal came here again */
    }
    if (keeper_wants(service) && !is_turn_taken(service))
        keeper_begin(&service->keeper);
}

/* ---- the beginning of a call ---- */

static void on_caller(const struct bus_caller *caller, void *data)
{
    struct call *call = data;
    struct service *service = call->service;
    if (!caller) {
        call_refuse(call, BUS_ERROR_UNAVAILABLE, "it could not be found out who calls; nothing was changed");
        return;
    }
    if (caller->uid != service->caller) {
        log_warning("Refused a call of %s by uid %u.", call->method->shape.name, caller->uid);
        call_refuse(call, BUS_ERROR_NOT_AUTHORIZED, "this is accesspkgd's alone to call");
        return;
    }
    call->arguments = variant_read_message(call->message);
    if (!call->arguments) {
        call_refuse(call, BUS_ERROR_INVALID_ARGUMENT, "the arguments could not be read; nothing was changed");
        return;
    }
    ev_timer_start(service->loop, &call->deadline);
    run_in_turn(service);
}

static void on_call(DBusMessage *message, void *data)
{
    struct service *service = data;
    const int index = bus_method_find(service->bus, &interface, message);
    ev_timer_again(service->loop, &service->idle_timer);
    if (index < 0)
        return;
    struct call *call = service->count < CALLS_MAX ? calloc(1, sizeof(*call)) : NULL;
    if (!call) {
        bus_method_refuse(service->bus, message, bus_error_name(BUS_ERROR_LIMIT_EXCEEDED),
                          "too many calls are under way; nothing was changed");
        return;
    }
    *call =
        (struct call){.service = service, .method = &methods[index], .message = dbus_message_ref(message)};
    ev_timer_init(&call->deadline, on_deadline, call->method->deadline, 0.);
    call->deadline.data = call;
    struct call **last = &service->calls;
    while (*last)
        last = &(*last)->next;
    *last = call;
    service->count++;
    if (bus_caller_identify(service->bus, dbus_message_get_sender(message), on_caller, call) < 0)
        call_refuse(call, BUS_ERROR_UNAVAILABLE, "accesspkg-privileged is short of memory");
}

/* ---- the end ---- */

/*
 * Whoever calls from now on starts another process of ours; gpasswd's locks keep the two apart. The manager hears it before
 * the bus does: else it may take a start that the bus asks for in this moment for one of what runs already, and drop it.
 */
static void leave(struct service *service)
{
    if (service->leaving)
        return;
    service->leaving = true;
    ev_timer_stop(service->loop, &service->idle_timer);
    supervisor_notify("STOPPING=1");
    bus_release(service->bus);
    ev_timer_stop(service->loop, &service->idle_timer);
    leave_if_done(service);
}

static void leave_if_done(struct service *service)
{
    if (service->leaving && !service->calls && !service->keeper.worker)
        ev_break(service->loop, EVBREAK_ALL);
}

static void on_idle(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop, (void)events;
    struct service *service = timer->data;
    if (!service->calls && !keeper_stays(&service->keeper))
        leave(service);
}

static void on_keeper(void *data)
{
    run_in_turn(data);
    leave_if_done(data);
}

static void on_stop(struct ev_loop *loop, ev_signal *signal, int events)
{
    (void)loop, (void)events;
    leave(signal->data);
}

static void on_lost(void *data)
{
    struct service *service = data;
    log_error("The system bus went away. accesspkg-privileged ends and is started again when it is needed.");
    service->lost = true;
    ev_break(service->loop, EVBREAK_ALL);
}

static void init_events(struct service *service)
{
    static const int signals[] = {SIGTERM, SIGINT};
    for (size_t i = 0; i < 2; i++) {
        ev_signal_init(&service->stop[i], on_stop, signals[i]);
        service->stop[i].data = service;
        ev_signal_start(service->loop, &service->stop[i]);
    }
    signal(SIGPIPE, SIG_IGN);
    ev_init(&service->idle_timer, on_idle);
    service->idle_timer.repeat = service->idle;
    service->idle_timer.data = service;
    ev_timer_again(service->loop, &service->idle_timer);
}

int service_run(uid_t caller, double idle)
{
    static const struct bus_self self = {"accesspkg-privileged", BUS_PRIVILEGED_NAME, BUS_PRIVILEGED_PATH};
    struct service service = {.loop = ev_default_loop(EVFLAG_AUTO), .caller = caller, .idle = idle};
    if (!service.loop)
        return EX_OSERR;
    init_events(&service);
    const struct bus_hooks hooks = {on_call, on_lost, &service};
    if (bus_open(service.loop, &self, &hooks, &service.bus) < 0) {
        keeper_run_once(); /* what is due does not wait for a bus; the unit starts us again (rule 13) */
        return EX_UNAVAILABLE;
    }
    keeper_init(&service.keeper, service.loop, on_keeper, &service);
    run_in_turn(&service);
    ev_run(service.loop, 0);
    keeper_deinit(&service.keeper);
    while (service.calls) { /* of a bus that went away */
        if (service.calls->worker)
            child_kill(service.calls->worker);
        call_free(service.calls);
    }
    if (!service.lost)
        bus_flush(service.bus);
    bus_close(service.bus);
    return service.lost ? EX_UNAVAILABLE : 0;
}
