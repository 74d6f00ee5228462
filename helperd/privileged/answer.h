/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a call came to, on its way from the process that did it to the one that answers. */
#pragma once

#include "dbus/contract.h"

#include <jansson.h>

enum { ANSWER_MESSAGE_MAX = 1024 };

struct answer {
    enum bus_error error; /* NONE: values holds the method's results, in order */
    char message[ANSWER_MESSAGE_MAX];
    json_t *values;
};

/* Returns the error, so that it can be returned. The message is what the caller reads; any text will do. */
int answer_refuse(struct answer *answer, enum bus_error error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Takes the result; NULL is taken for no memory. Returns 0. */
int answer_give(struct answer *answer, json_t *value);

/* As one JSON value and back. NULL, or an answer of UNAVAILABLE, where that cannot be. `json` is the callee's. */
json_t *answer_write(const struct answer *answer);
void answer_read(json_t *json, struct answer *ret);
void answer_deinit(struct answer *answer);
