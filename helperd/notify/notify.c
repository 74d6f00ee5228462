/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helperd/notify/notify.h"

#include "common/log.h"
#include "common/supervisor.h"
#include "dbus/contract.h"
#include "dbus/server.h"
#include "dbus/variant.h"

#include <dbus/dbus.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

enum {
    PAGE = 64,
    CALL_TIMEOUT_MS = 20000,
    LOOK_SECONDS = 60, /* between looks for lost signals and reports without an answer */
    SOON_SECONDS = 5,  /* after a call that failed */
};

struct notify {
    struct ev_loop *loop;
    struct bus *bus;
    struct queue *queue;
    DBusPendingCall *taking; /* TakeNotices under way; NULL: none */
    bool again;              /* take once more after it */
    int64_t after;           /* the id of the last notice taken */
    ev_timer look;
    ev_signal stop[2];
    bool stopping;
    bool lost;
};

/* ---- calls ---- */

static DBusPendingCall *call_manager(struct notify *notify, const char *method, const char *signature,
                                     json_t *arguments)
{
    DBusPendingCall *pending = NULL;
    DBusMessage *message = dbus_message_new_method_call(BUS_NAME, BUS_PATH, BUS_INTERFACE_MANAGER, method);
    if (message)
        dbus_message_set_auto_start(message, FALSE);
    if (!message || !arguments || variant_append_message(message, signature, arguments) < 0 ||
        !dbus_connection_send_with_reply(bus_connection(notify->bus), message, &pending, CALL_TIMEOUT_MS))
        pending = NULL;
    if (message)
        dbus_message_unref(message);
    json_decref(arguments);
    return pending;
}

/* The first value of an answer with this signature, new; NULL for any other. *ret_refused: we are not authorised. */
static json_t *read_answer(DBusPendingCall *pending, const char *signature, bool *ret_refused)
{
    DBusMessage *answer = dbus_pending_call_steal_reply(pending);
    json_t *value = NULL;
    *ret_refused = answer && dbus_message_is_error(answer, BUS_ERROR_PREFIX "NotAuthorized");
    if (answer && dbus_message_get_type(answer) == DBUS_MESSAGE_TYPE_METHOD_RETURN &&
        dbus_message_has_signature(answer, signature)) {
        json_t *values = variant_read_message(answer);
        value = json_incref(json_array_get(values, 0));
        json_decref(values);
    }
    if (answer)
        dbus_message_unref(answer);
    return value;
}

static void look_after(struct notify *notify, double seconds)
{
    ev_timer_stop(notify->loop, &notify->look);
    ev_timer_set(&notify->look, seconds, 0.);
    ev_timer_start(notify->loop, &notify->look);
}

/* ---- taking ---- */

static void take_notices(struct notify *notify);

static void on_taken(DBusPendingCall *pending, void *data)
{
    struct notify *notify = data;
    bool refused = false;
    json_t *notices = read_answer(pending, "aa{sv}", &refused);
    const size_t count = json_array_size(notices);
    dbus_pending_call_unref(notify->taking);
    notify->taking = NULL;
    if (refused)
        log_error("accesspkgd gives notices to the system user " BUS_NOTIFIER
                  " alone, and this is another. See: systemctl cat accesspkg-notify");
    for (size_t i = 0; i < count; i++) {
        json_t *notice = json_array_get(notices, i);
        notify->after = json_integer_value(json_object_get(notice, "id"));
        queue_add(notify->queue, json_incref(notice));
    }
    json_decref(notices);
    if (!notices)
        look_after(notify, refused ? LOOK_SECONDS : SOON_SECONDS);
    else if (count > 0 || notify->again)
        take_notices(notify);
}

static void take_notices(struct notify *notify)
{
    notify->again = notify->taking != NULL;
    if (notify->taking || notify->stopping || !queue_has_room(notify->queue))
        return;
    notify->taking =
        call_manager(notify, "TakeNotices", "xx", json_pack("[I, i]", (json_int_t)notify->after, PAGE));
    if (!notify->taking || !dbus_pending_call_set_notify(notify->taking, on_taken, notify, NULL))
        look_after(notify, SOON_SECONDS);
}

static void on_look(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop, (void)events;
    struct notify *notify = timer->data;
    look_after(notify, LOOK_SECONDS);
    queue_repeat_reports(notify->queue);
    take_notices(notify);
}

/* ---- reporting ---- */

struct told {
    struct notify *notify;
    int64_t id;
    bool ok;
    char hook[];
};

static void stop_when_idle(struct notify *notify)
{
    if (notify->stopping && queue_is_idle(notify->queue))
        ev_break(notify->loop, EVBREAK_ALL);
}

static void on_told(DBusPendingCall *pending, void *data)
{
    struct told *told = data;
    bool refused = false;
    json_t *known = read_answer(pending, "b", &refused);
    if (known && told->ok)
        queue_confirm(told->notify->queue, told->id, told->hook);
    else if (!known && told->ok)
        look_after(told->notify, SOON_SECONDS); /* which repeats the report */
    json_decref(known);
    /* There may be room again. */
    if (known && !told->notify->taking)
        take_notices(told->notify);
    stop_when_idle(told->notify);
}

static void on_report(int64_t id, const char *hook, bool ok, const char *message, void *data)
{
    struct notify *notify = data;
    struct told *told = calloc(1, sizeof(*told) + strlen(hook) + 1);
    DBusPendingCall *pending =
        told ? call_manager(notify, "NoticeDone", "xsbs",
                            json_pack("[I, s, b, s]", (json_int_t)id, hook, ok, message))
             : NULL;
    if (!pending) {
        free(told);
        look_after(notify, SOON_SECONDS);
        return;
    }
    told->notify = notify;
    told->id = id;
    told->ok = ok;
    strcpy(told->hook, hook);
    if (!dbus_pending_call_set_notify(pending, on_told, told, free))
        free(told);
    dbus_pending_call_unref(pending);
}

/* ---- events ---- */

static DBusHandlerResult on_signal(DBusConnection *connection, DBusMessage *message, void *data)
{
    (void)connection;
    struct notify *notify = data;
    const char *name = NULL;
    const char *before = NULL;
    const char *after = NULL;
    if (dbus_message_is_signal(message, BUS_INTERFACE_MANAGER, BUS_SIGNAL_NOTICES)) {
        take_notices(notify);
    } else if (dbus_message_is_signal(message, DBUS_INTERFACE_DBUS, "NameOwnerChanged") &&
               dbus_message_get_args(message, NULL, DBUS_TYPE_STRING, &name, DBUS_TYPE_STRING, &before,
                                     DBUS_TYPE_STRING, &after, DBUS_TYPE_INVALID) &&
               strcmp(name, BUS_NAME) == 0 && *after) {
        notify->after = 0; /* it may have another store; the queue drops notices that it has */
        queue_repeat_reports(notify->queue);
        take_notices(notify);
    }
    return DBUS_HANDLER_RESULT_NOT_YET_HANDLED;
}

static void on_call(DBusMessage *message, void *data)
{
    struct notify *notify = data;
    DBusMessage *answer =
        dbus_message_new_error(message, DBUS_ERROR_UNKNOWN_METHOD, "accesspkg-notify has no methods.");
    if (answer)
        bus_send(notify->bus, answer);
}

static void on_lost(void *data)
{
    struct notify *notify = data;
    log_error("The system bus went away. accesspkg-notify ends and is started again with it.");
    notify->lost = true;
    ev_break(notify->loop, EVBREAK_ALL);
}

/* Lets running programs end: a mail that is half handed over would be sent twice. */
static void on_stop(struct ev_loop *loop, ev_signal *signal, int events)
{
    (void)loop, (void)events;
    struct notify *notify = signal->data;
    notify->stopping = true;
    queue_stop(notify->queue);
    stop_when_idle(notify);
}

static int watch_bus(struct notify *notify)
{
    DBusConnection *connection = bus_connection(notify->bus);
    if (!dbus_connection_add_filter(connection, on_signal, notify, NULL))
        return -ENOMEM;
    dbus_bus_add_match(connection,
                       "type='signal',sender='" BUS_NAME "',interface='" BUS_INTERFACE_MANAGER
                       "',member='" BUS_SIGNAL_NOTICES "'",
                       NULL);
    dbus_bus_add_match(connection,
                       "type='signal',sender='" DBUS_SERVICE_DBUS "',interface='" DBUS_INTERFACE_DBUS
                       "',member='NameOwnerChanged',arg0='" BUS_NAME "'",
                       NULL);
    return 0;
}

int notify_run(const struct queue_settings *settings)
{
    static const struct bus_self self = {"accesspkg-notify", BUS_NOTIFIER_NAME, BUS_NOTIFIER_PATH};
    static const int signals[] = {SIGTERM, SIGINT};
    struct notify notify = {.loop = ev_default_loop(0)};
    const struct queue_hooks hooks = {on_report, &notify};
    if (!notify.loop)
        return EX_OSERR;
    signal(SIGPIPE, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    notify.queue = queue_new(notify.loop, settings, &hooks);
    if (!notify.queue)
        return EX_OSERR;
    const struct bus_hooks bus_hooks = {on_call, on_lost, &notify};
    if (bus_open(notify.loop, &self, &bus_hooks, &notify.bus) < 0)
        return EX_UNAVAILABLE;
    for (size_t i = 0; i < 2; i++) {
        ev_signal_init(&notify.stop[i], on_stop, signals[i]);
        notify.stop[i].data = &notify;
        ev_signal_start(notify.loop, &notify.stop[i]);
    }
    ev_timer_init(&notify.look, on_look, 0., 0.);
    notify.look.data = &notify;
    int code = watch_bus(&notify) < 0 ? EX_OSERR : 0;
    if (code == 0) {
        look_after(&notify, 0.);
        supervisor_notify("READY=1");
        ev_run(notify.loop, 0);
        code = notify.lost ? EX_UNAVAILABLE : 0;
    }
    if (notify.taking) {
        dbus_pending_call_cancel(notify.taking);
        dbus_pending_call_unref(notify.taking);
    }
    if (!notify.lost)
        bus_flush(notify.bus);
    bus_close(notify.bus);
    queue_free(notify.queue);
    return code;
}
