/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The terms of a call: what its arguments and its a{sv} options say, each in the member of its name. Which of them a method
 * takes stands in its row (methods.c).
 */
#pragma once

#include "helperd/engine/engine.h"

#include <jansson.h>

/*
 * TEXT: NULL where it was not given, borrowed from the JSON. CLAIM: made visible and cut, never refused: the gate passes on
 * what a network peer calls itself. TEXTS: the array is owned, its texts are borrowed.
 */
#define BUS_TERMS(X)                                                                                         \
    X(TEXT, user)                                                                                            \
    X(TEXT, to)                                                                                              \
    X(TEXT, package)                                                                                         \
    X(TEXT, group)                                                                                           \
    X(TEXT, name)                                                                                            \
    X(TEXT, kind)                                                                                            \
    X(TEXT, role)                                                                                            \
    X(TEXT, state)                                                                                           \
    X(TEXT, reason)                                                                                          \
    X(TEXT, justification)                                                                                   \
    X(TEXT, hook)                                                                                            \
    X(TEXT, message)                                                                                         \
    X(TEXTS, packages)                                                                                       \
    X(TEXTS, users)                                                                                          \
    X(NUMBER, id)                                                                                            \
    X(NUMBER, after)                                                                                         \
    X(NUMBER, limit)                                                                                         \
    X(NUMBER, duration)                                                                                      \
    X(NUMBER, start)                                                                                         \
    X(NUMBER, until)                                                                                         \
    X(NUMBER, before)                                                                                        \
    X(NUMBER, before_at)                                                                                     \
    X(NUMBER, since)                                                                                         \
    X(NUMBER, request)                                                                                       \
    X(BOOLEAN, gate)                                                                                         \
    X(BOOLEAN, login_id)                                                                                     \
    X(BOOLEAN, can_ask)                                                                                      \
    X(BOOLEAN, emergency)                                                                                    \
    X(BOOLEAN, override)                                                                                     \
    X(BOOLEAN, dry_run)                                                                                      \
    X(BOOLEAN, ok)                                                                                           \
    X(CLAIM, service)                                                                                        \
    X(CLAIM, host)                                                                                           \
    X(CLAIM, address)                                                                                        \
    X(CLAIM, tty)

#define BUS_TERM_TEXT(name)    const char *name;
#define BUS_TERM_TEXTS(name)   strv name;
#define BUS_TERM_NUMBER(name)  int64_t name;
#define BUS_TERM_BOOLEAN(name) bool name;
#define BUS_TERM_CLAIM(name)   char name[BUS_CLAIM_MAX + 1];

struct bus_terms {
#define X(kind, name) BUS_TERM_##kind(name)
    BUS_TERMS(X)
#undef X
};

/*
 * `names` and `options` are separated by blanks: of the arguments, whose types the caller has checked, and of what an argument
 * that is a{sv} may carry. 0; BUS_ERROR_INVALID_ARGUMENT with the reply's message: an unknown option is refused, not
 * ignored; -ENOMEM.
 */
int bus_terms_read(const json_t *arguments, const char *names, const char *options, struct bus_terms *ret,
                   struct reply *reply);
void bus_terms_deinit(struct bus_terms *terms);

/* The texts of an array, borrowed from it; freed with free(). NULL without memory. */
strv bus_texts(const json_t *array);
