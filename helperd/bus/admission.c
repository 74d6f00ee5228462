/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helperd/bus/admission_internal.h"

#include "dbus/contract.h"
#include "dbus/server_method.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    /* Of a connection, until it is known whose it is. One may be of any size, several only small. */
    UNKNOWN_CALLS_MAX = 15,
    UNKNOWN_BYTES_MAX = 16 * 1024,
    UNKNOWN_SMALL = 2 * 1024,  /* a first call that has a place beside all others' large ones */
    ARGUMENTS_MAX = 64 * 1024, /* bytes of a call, roughly; the bus allows 32 MiB */
    VALUE_BYTES = 64,          /* what a value counts for at least: read into memory it takes about that */
    HEADER_MAX = 2048,
    FILES_MAX = 2, /* calls with descriptors, of which each has up to 16; root has as many */
};

#define CLOGGED_SECONDS 0.02
#define SLOW_SECONDS    0.005 /* between two calls of those who flood, whoever they are */

/* Uid 0: for every sshd and sudo on the host; at its own door as many as that has connections. */
static const struct turns_limits root_limits = {512 + 1024, 16 * 1024 * 1024, 512 + 1024};
static const struct turns_limits others_limits = {4096, 8 * 1024 * 1024, 0};
/* What the gate asks for one user: many logins at once, a few look-ups at a time. */
static const struct turns_limits gate_limits = {256, 1024 * 1024, 8};
enum {
    USER_BYTES_MAX = 256 * 1024,
    USER_BEGUN_MAX = 8, /* half of the look-up processes */
    CALLS_AT_ONCE = 4,
    FILES_BYTES = USER_BYTES_MAX / 2 + 1, /* what descriptors count for: one such call of a user at a time */
};

/* ---- refusals ---- */

/* To who waits for an answer, as long as the bus reads what is sent: a flood's answers take no memory. */
static void refuse_header(struct bus *bus, const struct bus_header *header, enum bus_error code,
                          const char *text)
{
    if (!header->no_reply && !bus_is_clogged(bus))
        bus_refuse(bus, header->sender, header->serial, bus_error_name(code), text);
}

static void refuse(struct bus *bus, DBusMessage *message, enum bus_error code, const char *text)
{
    refuse_header(bus,
                  &(struct bus_header){.no_reply = dbus_message_get_no_reply(message),
                                       .serial = dbus_message_get_serial(message),
                                       .sender = dbus_message_get_sender(message)},
                  code, text);
}

static void refuse_held(struct held *held, enum bus_error code, const char *text)
{
    refuse(held->call.bus, held->call.message, code, text);
}

const char admission_unknown_caller[] = "It could not be found out who you are, so nothing was changed. If "
                                        "this goes on, an administrator can see why: "
                                        "journalctl -u accesspkgd";
static const char too_many[] = "Too many calls of yours are under way. Please try again in a moment.";
static const char too_long[] =
    "The arguments are longer than 64 KiB together. Please shorten them; nothing was changed.";

/* ---- measuring ---- */

/* Whether the arguments fit into *room bytes, which it reduces. Stops where they do not. */
static bool fits_into(DBusMessageIter *iter, size_t *room)
{
    for (int type; (type = dbus_message_iter_get_arg_type(iter)) != DBUS_TYPE_INVALID;
         dbus_message_iter_next(iter)) {
        size_t size = VALUE_BYTES;
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
            if (!fits_into(&inner, room))
                return false;
        }
    }
    return true;
}

/* The bytes that a call takes, header and all; 0: more than a call may. It is the first that reads the arguments. */
static size_t measure(DBusMessage *message)
{
    DBusMessageIter iter;
    size_t room = ARGUMENTS_MAX;
    char *bytes = NULL;
    int size = 0;
    if (dbus_message_iter_init(message, &iter) && !fits_into(&iter, &room))
        return 0;
    if (!dbus_message_marshal(message, &bytes, &size))
        return 0;
    dbus_free(bytes);
    return size > 0 && size <= ARGUMENTS_MAX + HEADER_MAX ? (size_t)size : 0;
}

/* ---- held calls ---- */

/* Among which a call with descriptors counts. */
static size_t *count_of_files(const struct admission_connection *connection)
{
    return &connection->admission->files[connection->known && connection->caller.uid == 0];
}

/* What answers the call, with its arguments or without. NULL: no memory. */
static DBusMessage *copy_call(DBusMessage *message, bool is_stub)
{
    DBusMessage *copy =
        is_stub ? dbus_message_new_method_call(NULL, BUS_PATH, NULL, dbus_message_get_member(message))
                : dbus_message_copy(message);
    if (copy && !dbus_message_set_sender(copy, dbus_message_get_sender(message))) {
        dbus_message_unref(copy);
        return NULL;
    }
    if (copy) {
        dbus_message_set_no_reply(copy, dbus_message_get_no_reply(message));
        dbus_message_set_serial(copy, dbus_message_get_serial(message));
    }
    return copy;
}

/* bytes 0: its arguments are too long. */
static struct held *hold(struct admission_connection *connection, struct bus *bus, DBusMessage *message,
                         size_t bytes)
{
    struct held *held = calloc(1, sizeof(*held));
    DBusMessage *copy = held ? copy_call(message, bytes == 0) : NULL;
    if (!copy) {
        free(held);
        return NULL;
    }
    *held = (struct held){.turn = {.bytes = bytes ? bytes : HEADER_MAX},
                          .call = {bus, copy, &connection->caller},
                          .connection = connection,
                          .files = dbus_message_contains_unix_fds(copy) ? count_of_files(connection) : NULL,
                          .is_stub = bytes == 0};
    struct admission *admission = connection->admission;
    if (held->files)
        ++*held->files;
    held->all_next = admission->all;
    held->all_place = &admission->all;
    if (held->all_next)
        held->all_next->all_place = &held->all_next;
    admission->all = held;
    admission_use_more(connection);
    return held;
}

static void release(struct held *held)
{
    *held->all_place = held->all_next;
    if (held->all_next)
        held->all_next->all_place = held->all_place;
    if (held->files)
        --*held->files;
    admission_use_less(held->connection);
    dbus_message_unref(held->call.message);
    free(held);
}

static struct turns_limits limits_of(const struct admission *admission, turns_who account)
{
    if (account >= TURNS_AT_GATE)
        return gate_limits;
    return (struct turns_limits){(size_t)*admission->calls_per_user, USER_BYTES_MAX, USER_BEGUN_MAX};
}

static void serve_soon(struct admission *admission)
{
    ev_idle_start(bus_loop(admission->bus), &admission->serve);
}

/* Takes a held call over, or refuses it. */
static void queue(struct held *held)
{
    struct admission *admission = held->connection->admission;
    const struct turns_limits limits = limits_of(admission, held->account);
    if (turns_have_room(admission->turns, held->account, &limits, held->turn.bytes) &&
        turns_join(admission->turns, held->account, &limits, &held->turn) == 0) {
        serve_soon(admission);
        return;
    }
    turns_slow_down(admission->turns, held->account);
    refuse_held(held, BUS_ERROR_LIMIT_EXCEEDED, too_many);
    release(held);
}

/* ---- until it is known whose a connection is ---- */

static struct held *take_waiting(struct admission_connection *connection)
{
    struct held *held = connection->first;
    if (held) {
        connection->first = held->next;
        connection->count--;
        connection->bytes -= held->turn.bytes;
        connection->admission->unknown_bytes -= held->turn.bytes;
    }
    return held;
}

static void wait_here(struct held *held)
{
    struct held **last = &held->connection->first;
    while (*last)
        last = &(*last)->next;
    *last = held;
    held->connection->count++;
    held->connection->bytes += held->turn.bytes;
    held->connection->admission->unknown_bytes += held->turn.bytes;
}

static void on_caller(const struct bus_caller *caller, void *data)
{
    struct admission_connection *connection = data;
    struct held *held;
    connection->known = caller != NULL;
    if (caller)
        connection->caller = *caller;
    while ((held = take_waiting(connection))) {
        if (caller) {
            held->account = caller->uid;
            queue(held);
            continue;
        }
        refuse_held(held, BUS_ERROR_UNAVAILABLE, admission_unknown_caller);
        release(held);
    }
    admission_use_less(connection);
    if (!caller)
        admission_forget(connection);
}

/* ---- coming ---- */

/* Whom a call of a known connection counts against. At the door all are uid 0; what the gate asks is for its user. */
static turns_who find_account(const struct admission_connection *connection, const struct bus *bus,
                              DBusMessage *message)
{
    const char *user = "";
    if (bus_is_door(bus) && dbus_message_is_method_call(message, BUS_INTERFACE_MANAGER, "Submit") &&
        dbus_message_get_args(message, NULL, DBUS_TYPE_STRING, &user, DBUS_TYPE_INVALID) && *user)
        return turns_at_gate(user);
    return connection->caller.uid;
}

/* Half of what there is for all is for first calls that are small: as many as the bus has connections. */
static bool has_room_unknown(const struct admission_connection *connection, size_t bytes)
{
    const bool is_first = connection->count == 0;
    const size_t most = is_first && bytes <= UNKNOWN_SMALL ? others_limits.bytes : others_limits.bytes / 2;
    return connection->count < UNKNOWN_CALLS_MAX &&
           (is_first || connection->bytes + bytes <= UNKNOWN_BYTES_MAX) &&
           connection->admission->unknown_bytes + bytes <= most;
}

static bool has_room(const struct admission_connection *connection, turns_who account, size_t bytes)
{
    const struct admission *admission = connection->admission;
    if (!connection->known)
        return has_room_unknown(connection, bytes);
    const struct turns_limits limits = limits_of(admission, account);
    const bool room = turns_have_room(admission->turns, account, &limits, bytes);
    if (!room)
        turns_slow_down(admission->turns, account);
    return room;
}

static void take(struct admission_connection *connection, struct bus *bus, DBusMessage *message)
{
    const bool has_files = dbus_message_contains_unix_fds(message);
    const turns_who account = find_account(connection, bus, message);
    const bool has_place =
        has_room(connection, account, 0) && !(has_files && *count_of_files(connection) >= FILES_MAX);
    size_t bytes = has_place ? measure(message) : 0;
    if (bytes > 0 && has_files && bytes < FILES_BYTES)
        bytes = FILES_BYTES;
    if (!has_place || !has_room(connection, account, bytes)) {
        refuse(bus, message, BUS_ERROR_LIMIT_EXCEEDED, too_many);
        return;
    }
    struct held *held = hold(connection, bus, message, bytes);
    if (held)
        held->account = account;
    if (!held)
        refuse(bus, message, BUS_ERROR_UNAVAILABLE,
               "accesspkgd is short of memory. Please try again in a moment.");
    else if (connection->known)
        queue(held);
    else
        wait_here(held);
}

/* By its header, what take() would say of it. */
bool admission_wants(struct admission *admission, const struct bus_header *header)
{
    if (header->type == DBUS_MESSAGE_TYPE_SIGNAL)
        return strcmp(header->sender, DBUS_SERVICE_DBUS) == 0;
    if (header->type != DBUS_MESSAGE_TYPE_METHOD_CALL)
        return true;
    const struct admission_connection *connection = admission_find(admission, header->sender);
    if (connection && ((header->has_files && *count_of_files(connection) >= FILES_MAX) ||
                       !has_room(connection, connection->caller.uid, header->has_files ? FILES_BYTES : 0))) {
        refuse_header(admission->bus, header, BUS_ERROR_LIMIT_EXCEEDED, too_many);
        return false;
    }
    if (header->size > ARGUMENTS_MAX + HEADER_MAX) {
        refuse_header(admission->bus, header, BUS_ERROR_INVALID_ARGUMENT, too_long);
        return false;
    }
    return true;
}

void admission_take(struct admission *admission, struct bus *bus, DBusMessage *message)
{
    char door[32];
    snprintf(door, sizeof(door), "%p", (void *)bus);
    const char *name = bus_is_door(bus) ? door : dbus_message_get_sender(message);
    struct admission_connection *connection = name ? admission_find(admission, name) : NULL;
    if (!connection && name) {
        connection = admission_remember(admission, bus, name);
        if (connection && bus_caller_identify(bus, name, on_caller, connection) < 0) {
            admission_use_less(connection);
            admission_forget(connection);
            connection = NULL;
        }
    }
    if (connection)
        take(connection, bus, message);
    else
        refuse(bus, message, BUS_ERROR_LIMIT_EXCEEDED,
               "Too many calls are under way. Please try again in a moment.");
}

/* ---- turns ---- */

static struct held *held_of_turn(struct turn *turn)
{
    return (void *)((char *)turn - offsetof(struct held, turn));
}

static void start_timer(struct admission *admission, ev_timer *timer, double seconds)
{
    if (ev_is_active(timer))
        return;
    ev_timer_set(timer, seconds, 0.);
    ev_timer_start(bus_loop(admission->bus), timer);
}

static void begin(struct admission *admission, struct held *held)
{
    if (held->is_stub) {
        refuse_held(held, BUS_ERROR_INVALID_ARGUMENT, too_long);
        admission_end(admission, &held->call);
    } else {
        admission->hooks.begin(&held->call, admission->hooks.data);
    }
}

/* Begins the next call. While the bus does not read answers, only root's. False: there is none. */
static bool serve_one(struct admission *admission, bool clogged)
{
    struct turn *turn = turns_begin_next(admission->turns, clogged                          ? TURNS_ROOT
                                                           : ev_is_active(&admission->pace) ? TURNS_OTHERS
                                                                                            : TURNS_SLOW);
    if (!turn)
        return false;
    if (turns_is_slow(turn))
        start_timer(admission, &admission->pace, SLOW_SECONDS);
    begin(admission, held_of_turn(turn));
    return true;
}

/* A few calls in a turn of the loop, so that what comes is read in between. */
static void on_serve(struct ev_loop *loop, ev_idle *idle, int events)
{
    (void)events;
    struct admission *admission = idle->data;
    const bool clogged = bus_is_clogged(admission->bus);
    int left = CALLS_AT_ONCE;
    while (left > 0 && serve_one(admission, clogged))
        left--;
    if (left == 0)
        return;
    ev_idle_stop(loop, idle);
    if (clogged)
        start_timer(admission, &admission->later, CLOGGED_SECONDS);
}

static void on_time(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop, (void)events;
    serve_soon(timer->data);
}

void admission_end(struct admission *admission, struct admitted *admitted)
{
    struct held *held = (void *)((char *)admitted - offsetof(struct held, call));
    turns_leave(admission->turns, &held->turn);
    release(held);
    serve_soon(admission);
}

bool admission_expects_calls(const struct admission *admission)
{
    return turns_wait(admission->turns);
}

/* ---- the whole ---- */

struct admission *admission_new(struct bus *bus, const int64_t *calls_per_user,
                                const struct admission_hooks *hooks)
{
    struct admission *admission = calloc(1, sizeof(*admission));
    if (!admission)
        return NULL;
    *admission = (struct admission){.bus = bus, .calls_per_user = calls_per_user, .hooks = *hooks};
    admission->turns = turns_new(&root_limits, &others_limits);
    if (!admission->turns) {
        free(admission);
        return NULL;
    }
    ev_idle_init(&admission->serve, on_serve);
    ev_set_priority(&admission->serve, EV_MAXPRI);
    admission->serve.data = admission;
    ev_init(&admission->later, on_time);
    ev_init(&admission->pace, on_time);
    admission->later.data = admission->pace.data = admission;
    return admission;
}

static void refuse_at_the_end(struct held *held)
{
    refuse_held(held, BUS_ERROR_UNAVAILABLE,
                "accesspkgd is stopping; nothing was changed. Please try again in a moment.");
    release(held);
}

/* One that has not begun. */
static void take_back(struct held *held)
{
    if (held->turn.account)
        turns_leave(held->connection->admission->turns, &held->turn);
    else
        while (take_waiting(held->connection))
            continue;
}

void admission_drop(struct admission *admission, const struct bus *bus)
{
    for (struct held *held = admission->all, *next; held; held = next) {
        next = held->all_next;
        if (held->connection->bus != bus || held->turn.begun)
            continue;
        take_back(held);
        release(held);
    }
    admission_lose_connections(admission, bus);
}

void admission_free(struct admission *admission)
{
    if (!admission)
        return;
    while (admission->all) {
        struct held *held = admission->all;
        take_back(held);
        refuse_at_the_end(held);
    }
    admission_lose_connections(admission, NULL);
    turns_free(admission->turns);
    ev_idle_stop(bus_loop(admission->bus), &admission->serve);
    ev_timer_stop(bus_loop(admission->bus), &admission->later);
    ev_timer_stop(bus_loop(admission->bus), &admission->pace);
    free(admission);
}
