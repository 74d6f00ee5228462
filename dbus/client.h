/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Calling accesspkgd from a program of its own (the commands and accesspkg-submit; never from a module inside
 * somebody else's process: libdbus hangs and leaves memory there). One deadline covers connect, handshake and
 * call, whatever the bus does: it is a timer of the process, because libdbus's own time-outs do not cover a bus
 * that accepts and never answers.
 */
#pragma once

#include "dbus/contract.h"

#include <dbus/dbus.h>
#include <jansson.h>
#include <stdbool.h>

struct client {
    DBusConnection *connection;
};

struct client_error {
    enum bus_error code; /* BUS_ERROR_UNAVAILABLE for every failure of the bus itself */
    char message[2048];  /* one or more lines, ready to be shown (control characters encoded) */
};

/* Arms the deadline: when it passes, the process says so on stderr and ends with 69 at once. 0 disarms. */
void client_deadline(unsigned seconds);

/* Connects to the system bus. 0, or -1 with *ret_error filled. */
int client_open(struct client *ret, struct client_error *ret_error);
void client_close(struct client *client);

/*
 * Calls org.accesspkg1.Manager.METHOD. `in` is the method's input signature, `arguments` a JSON array with a
 * member per complete type (stolen; NULL for none). 0 with *ret_value a new reference to the first value of the
 * reply (json null for an empty reply), or -1 with *ret_error filled. Activation of the daemon is allowed.
 */
int client_call(struct client *client, const char *method, const char *in, json_t *arguments,
                json_t **ret_value, struct client_error *ret_error);

/* The same for a method with several results: *ret_values is a JSON array of all of them. */
int client_call_all(struct client *client, const char *method, const char *in, json_t *arguments,
                    json_t **ret_values, struct client_error *ret_error);

/* Whether accesspkgd is on the bus now; asking does not start it. 0, or -1 with *ret_error filled. */
int client_daemon_runs(struct client *client, bool *ret_runs, struct client_error *ret_error);
