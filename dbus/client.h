/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Calls accesspkgd from the commands and from accesspkg-submit. Never from a module, where libdbus would hang its host
 * or leak memory. Uid 0 takes root's own door, and the system bus only where no connection to the door can be made;
 * other users take the bus. One deadline covers connecting, handshake and call, by either way: it is a timer of the
 * process, because libdbus's own time-outs do not cover a peer that accepts the connection and never answers.
 */
#pragma once

#include "dbus/contract.h"

#include <dbus/dbus.h>
#include <jansson.h>
#include <stdbool.h>

struct client {
    DBusConnection *connection; /* NULL: not open */
    bool door;                  /* it leads to accesspkgd itself, not to a bus */
};

struct client_error {
    enum bus_error code; /* BUS_ERROR_UNAVAILABLE for every failure of the bus itself */
    char message[2048];  /* one or more visible lines */
};

/* Sets the deadline: when it passes, the process prints a message and exits with 69. 0 clears it. */
void client_deadline(unsigned seconds);
/* Also printed then; it stays the caller's. "": nothing. */
void client_deadline_note(const char *text);

/* Connects, and may start the daemon by that. 0, or -1 with *ret_error filled. */
int client_open(struct client *ret, struct client_error *ret_error);
/* Has the client, which may be open, on the system bus, also for uid 0: the door has no signals. 0 or -1 as above. */
int client_use_bus(struct client *client, struct client_error *ret_error);
void client_close(struct client *client);

/* A call of org.accesspkg1.Manager. */
struct client_message {
    const char *method;
    const char *in;    /* the method's input signature */
    json_t *arguments; /* an array with a member for each complete type; the call releases it. NULL: none */
};

static inline struct client_message client_message(const char *method, const char *in, json_t *arguments)
{
    return (struct client_message){method, in, arguments};
}

/*
 * Calls the method, and starts the daemon if need be. 0, and *ret_value is a new reference to the first value of the
 * answer (JSON null if it has none); or -1 with *ret_error filled.
 */
int client_call(struct client *client, struct client_message message, json_t **ret_value,
                struct client_error *ret_error);

/* The same for a method with several results: *ret_values is a new array of them. */
int client_call_all(struct client *client, struct client_message message, json_t **ret_values,
                    struct client_error *ret_error);

/* Finds out if accesspkgd runs, without starting it; uses the bus where nothing else says it. The client may be
 * one that is not open (zeroed). 0, or -1 with *ret_error filled. */
int client_daemon_runs(struct client *client, bool *ret_runs, struct client_error *ret_error);
