/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lists requests, shows one in full, and calls a method for each of several. For pkg-approve and pkg-request. */
#pragma once

#include "cli/runner.h"

/* Prints the requests of the role (see ListRequests in the interface XML), up to --limit. Returns the exit code. */
int requests_list(struct invocation *invocation, const char *role, const char *when_empty);

/* Prints the request of the first operand in full. Returns the exit code. */
int requests_show(struct invocation *invocation);

/* The same two, which then call `remark`, except with --json. */
typedef void requests_remark(struct invocation *invocation, const json_t *shown);
int requests_list_then(struct invocation *invocation, const char *role, const char *when_empty,
                       requests_remark *remark);
int requests_show_then(struct invocation *invocation, requests_remark *remark);

/* Prints this request in full. */
void requests_print(struct invocation *invocation, const json_t *request);

enum requests_by {
    REQUESTS_BY_NUMBER = 0, /* the arguments need the number alone */
    REQUESTS_BY_VIEW,       /* they need the request as accesspkgd shows it */
    REQUESTS_BY_DIGEST,     /* the digest of the request as it was shown to the caller, or else is now */
};

/* A method that is called for one request. */
struct requests_action {
    const char *method;
    const char *in;
    enum requests_by by;
    /* `request` is NULL by number, and by digest where the caller may not see it: accesspkgd says why. */
    json_t *(*arguments)(const struct invocation *invocation, int64_t id, const json_t *request);
    void (*say)(struct invocation *invocation, const json_t *request); /* prints the success */
    bool review; /* USER/PACKAGE is the request to be reviewed */
};

/* What an end of access says of others: requests that were cancelled with it, and /etc/group, where no one is removed whom
 * others put there. */
void requests_say_end(struct invocation *invocation, const json_t *request);

/* Calls it for each operand and prints the results (each.c). Returns the highest exit code. Stops when the bus is
 * silent. */
int requests_each(struct invocation *invocation, const struct requests_action *action);
