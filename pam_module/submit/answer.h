/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Turns what accesspkgd said into the answer for the module: a verdict, and one or two lines for the person. The first
 * line must be enough by itself (sudo shows no other) and names the package, the host, the request, its state, its
 * approvers and its end; the second says what to do next.
 */
#pragma once

#include "dbus/client.h"
#include "pam_module/protocol.h"
#include "pam_module/submit/question.h"
#include "pam_module/verdict.h"

#include <stdint.h>

/* `request` is the answer of Submit or GetRequest. `now` in seconds since the epoch; times are shown in the host's
 * zone. */
void answer_request(const json_t *request, const char *host, int64_t now, struct protocol_message *ret);

/* For a call that failed. */
void answer_error(const struct client_error *error, const struct question *question, const char *host,
                  struct protocol_message *ret);

/* The verdict alone: the module has the words. */
void answer_verdict(enum verdict verdict, struct protocol_message *ret);

/* No verdict, only words for the journal, made one visible line. */
void answer_why(const char *message, struct protocol_message *ret);

/* No verdict, because this call failed with this errno. */
void answer_failed(const char *call, int error, struct protocol_message *ret);
