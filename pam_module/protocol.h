/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The messages between the module and accesspkg-submit: one each way, made of records "key=value", each ended by a zero
 * byte. Neither side trusts the other: sizes are bounded, and a message that breaks the rules is dropped whole.
 *
 * Question, to file a request:
 *   user package (up to BUS_PACKAGES_MAX times) service host tty timeout (seconds)
 *   login_id ("1": the process is the user's own, and so is its login id), optional
 *   report ("1": file nothing, say what would become of it), optional, with can_ask or alone
 *   at most one of
 *     can_ask ("1": the person can be asked for a reason)
 *     justification (the person's reason), perhaps with emergency ("1": take the one package at once)
 *     request (a number: report its state, file nothing), perhaps with outside, as it was answered before
 * Question, to list what waits: user timeout waiting ("1": requests that wait for a decision of this user)
 *
 * Answer to the first: verdict (a word of verdict.h), then where known
 *   request (its number), package, state (an identifier of dbus/contract.h), message (one or two lines for the person),
 *   why (words for the journal), denial (a sentence about the request before, for a prompt), waits (what the request
 *   waits for, if it makes sense to wait), may_emergency (up to BUS_PACKAGES_MAX times: a package that the person may
 *   take at once), outside (approvers who cannot get in by the service, a blank between them)
 * Answer to the second: message ("": nothing waits), or why
 * Instead of an answer: failed (a call) and errno; or ended (an exit status); or killed (a signal)
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

enum {
    PROTOCOL_SIZE_MAX = 8192,    /* bytes of a question, and of an answer */
    PROTOCOL_MESSAGE_MAX = 2048, /* bytes of the text for a person */
    PROTOCOL_WHY_MAX = 511,
    PROTOCOL_WAITS_MAX = 255,
    PROTOCOL_DENIAL_MAX = 255,
    PROTOCOL_OUTSIDE_MAX = 511,
    PROTOCOL_REQUEST_MAX = 19, /* digits of a request's number */
};

struct protocol_message {
    char text[PROTOCOL_SIZE_MAX];
    size_t size;
    bool overflowed; /* a record did not fit: do not send it */
};

static inline void protocol_add(struct protocol_message *message, const char *key, const char *value)
{
    const size_t key_length = strlen(key), length = key_length + 1 + strlen(value) + 1;
    if (message->overflowed || length > sizeof(message->text) - message->size) {
        message->overflowed = true;
        return;
    }
    char *at = message->text + message->size;
    memcpy(at, key, key_length);
    at[key_length] = '=';
    strcpy(at + key_length + 1, value);
    message->size += length;
}

static inline bool protocol_is_whole(const struct protocol_message *message)
{
    return message->size > 0 && message->text[message->size - 1] == '\0';
}

/* Reads the record at *at of a whole message, splitting it in place, and moves *at behind it. False at the end; false
 * with *at short of the end when the next bytes are no record. */
static inline bool protocol_next(struct protocol_message *message, size_t *at, const char **ret_key,
                                 const char **ret_value)
{
    if (*at >= message->size)
        return false;
    char *record = message->text + *at;
    char *separator = strchr(record, '=');
    if (!separator)
        return false;
    *at += strlen(record) + 1;
    *separator = '\0';
    *ret_key = record;
    *ret_value = separator + 1;
    return true;
}
