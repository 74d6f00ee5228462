/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What waits for somebody who logs in, in one line, asked as that user: what `pkg-approve` would show them. */
#pragma once

#include "dbus/client.h"
#include "pam_module/protocol.h"

#include <stdint.h>

enum { WAITING_MAX = 50 }; /* of more it is said that there are more */

/* ListRequests for an approver. 0 with *ret_answer, to be given to waiting_answer and released; -1 with *ret_error. */
int waiting_ask(struct client *client, json_t **ret_answer, struct client_error *ret_error);

/* The record message; empty where nothing waits. `host` is visible text; `now` in seconds since the epoch. */
void waiting_answer(const json_t *answer, const char *host, int64_t now, struct protocol_message *ret);
