/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Composes a mail from a notice, for sendmail's stdin (RFC 5322, 2045, 2047). The mails of one request form a thread.
 * Text that a user typed is encoded in headers, and no line is longer than 998 bytes (rule 10). Pure.
 */
#pragma once

#include <jansson.h>
#include <time.h>

struct message_party {
    const char *name;    /* for people; NULL or "": none */
    const char *address; /* from address.h: printable ASCII without blanks */
};

struct message_terms {
    struct message_party from;
    const struct message_party *to;
    size_t n_to;
    const char *domain; /* of message ids, after the '@' */
    time_t date;        /* shown in the time zone of the process */
};

/* New, zero-terminated; NULL: the notice lacks its summary, text, id or host, or there is no memory. */
char *message_compose(const json_t *notice, const struct message_terms *terms);
