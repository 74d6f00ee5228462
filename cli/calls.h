/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Calling accesspkgd from a command: connect at the first call, a deadline per call, one way to report failures. */
#pragma once

#include "cli/runner.h"

/* As client_call (dbus/client.h), for an answer of this JSON type. 0, or -1 with *ret_error filled. */
int calls_call(struct invocation *invocation, const char *method, const char *in, json_t *arguments,
               json_type wanted, json_t **ret_value, struct client_error *ret_error);

/* As client_call_all: whoever calls it looks at the types. */
int calls_call_all(struct invocation *invocation, const char *method, const char *in, json_t *arguments,
                   json_t **ret_values, struct client_error *ret_error);

/* Fills the error for an answer of another shape than the interface says. Returns -1. */
int calls_wrong_shape(struct client_error *ret_error);

/* Whether accesspkgd is on the bus; does not start it. */
int calls_daemon_runs(struct invocation *invocation, bool *ret_runs, struct client_error *ret_error);

/* Says what failed; returns the exit code. */
int calls_report(const struct invocation *invocation, const struct client_error *error);
