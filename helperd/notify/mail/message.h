/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A notice as a mail (RFC 5322, 2045, 2047): the lines that sendmail reads. One request is one thread. Nothing that a user
 * typed reaches a header but encoded, and no line is longer than 998 bytes (rule 10). Pure.
 */
#pragma once

#include <jansson.h>
#include <time.h>

struct message_party {
    const char *name;    /* for people; NULL or "": none */
    const char *address; /* what address.h makes: printable ASCII without blanks */
};

struct message_terms {
    struct message_party from;
    const struct message_party *to;
    size_t n_to;
    const char *domain; /* behind the '@' of message ids: a host's name */
    time_t date;        /* in the zone of the process */
};

/* New, ended by a zero; NULL: the notice lacks its summary, text, id or host, or there is no memory. */
char *message_compose(const json_t *notice, const struct message_terms *terms);
