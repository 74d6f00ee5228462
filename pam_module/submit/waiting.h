/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One line about the requests that wait for the user who logs in, asked as that user: what `pkg-approve` would show. */
#pragma once

#include "dbus/client.h"
#include "pam_module/protocol.h"

enum { WAITING_MAX = 50 }; /* beyond that the line says "more than" */

/* Calls ListRequests as an approver. 0 with *ret_answer, for waiting_answer and to be released; -1 with *ret_error. */
int waiting_ask(struct client *client, json_t **ret_answer, struct client_error *ret_error);

/* Makes the record `message`; "" when nothing waits. `host` is visible text. */
void waiting_answer(const json_t *answer, const char *host, struct protocol_message *ret);
