/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Calls accesspkgd for a command: connects at the first call, gives each call a deadline, reports failures. */
#pragma once

#include "cli/runner.h"

/* As client_call (dbus/client.h), but fails for an answer of another JSON type. 0, or -1 with *ret_error filled. */
int calls_call(struct invocation *invocation, struct client_message message, json_type wanted,
               json_t **ret_value, struct client_error *ret_error);

/* As client_call_all: the caller checks the types. */
int calls_call_all(struct invocation *invocation, struct client_message message, json_t **ret_values,
                   struct client_error *ret_error);

/* A list that comes in pages, newest first: the method, its rows so far, and where the next page begins; id 0: there is none,
 * or none was asked for yet. */
struct calls_list {
    const char *method;
    json_t *rows;
    int64_t at, id;
};
/* Adds the next page. The filter, which is taken over, says what else than the invocation's time is asked for. 0, or -1 with
 * *ret_error filled. */
int calls_add_page(struct invocation *invocation, struct calls_list *list, json_t *filter,
                   struct client_error *ret_error);

/* Fills the error for an answer that breaks the interface. Returns -1. */
int calls_wrong_shape(struct client_error *ret_error);

/* Finds out if accesspkgd runs, without starting it. 0, or -1 with *ret_error filled. */
int calls_daemon_runs(struct invocation *invocation, bool *ret_runs, struct client_error *ret_error);

/* Prints the error; returns the exit code. */
int calls_report(const struct invocation *invocation, const struct client_error *error);
