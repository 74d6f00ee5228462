/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Requests as pkg-approve and pkg-request both show them: lists, one in full, and one call per request number. */
#pragma once

#include "cli/runner.h"

/* Lists what the role sees (ListRequests in the interface XML), page by page up to --limit. */
int requests_list(struct invocation *invocation, const char *role, const char *when_empty);

/* The same as a new array, newest first, without showing it. 0, or -1 with *ret_error filled. */
int requests_fetch(struct invocation *invocation, const char *role, json_t **ret,
                   struct client_error *ret_error);

/* Everything about the request that the first operand names. */
int requests_show(struct invocation *invocation);

/* The same, and then a remark about what was shown, to people alone (not with --json). */
typedef void requests_remark(struct invocation *invocation, const json_t *shown);
int requests_list_then(struct invocation *invocation, const char *role, const char *when_empty,
                       requests_remark *remark);
int requests_show_then(struct invocation *invocation, requests_remark *remark);

/* Everything about this request, which the bus has sent. */
void requests_print(struct invocation *invocation, const json_t *request);

/* How a method that takes one number is called, and what is said when it worked. */
struct requests_action {
    const char *method;
    const char *in;
    json_t *(*arguments)(const struct invocation *invocation, int64_t id);
    void (*say)(struct invocation *invocation, const json_t *request);
    bool review; /* USER/PACKAGE names what is to be reviewed */
};

/* Calls it for each number and says per number what happened. The highest exit code counts; a bus that does not
 * answer ends it, for it would not answer for the rest either. */
int requests_each(struct invocation *invocation, const struct requests_action *action);
