/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From what accesspkgd said to the answer for the module: the verdict, and the one or two lines that the refused
 * person reads. The first line stands by itself (under sudo it is the only one shown) and names the package, the
 * host, the request, its state, its approvers and its end; the second says how to get on.
 */
#pragma once

#include "dbus/client.h"
#include "pam_module/protocol.h"
#include "pam_module/submit/question.h"
#include "pam_module/verdict.h"

#include <stdint.h>

/* `request` is what Submit answered. `now` in seconds since the epoch; times are shown in the host's zone. */
void answer_request(const json_t *request, const char *host, int64_t now, struct protocol_message *ret);

/* Submit failed so. */
void answer_error(const struct client_error *error, const struct question *question, const char *host,
                  struct protocol_message *ret);

/* A verdict for which the module has the words. */
void answer_verdict(enum verdict verdict, struct protocol_message *ret);

/* No answer but words for the journal, made one visible line. */
void answer_why(const char *message, struct protocol_message *ret);

/* No answer, because this call failed with this errno. */
void answer_failed(const char *call, int error, struct protocol_message *ret);
