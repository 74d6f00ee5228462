/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The terms of a call: its arguments and the options in its a{sv}, each in the member of its name. The row of a method
 * (methods.c) names those that it takes.
 */
#pragma once

#include "helperd/engine/engine.h"

#include <jansson.h>

/*
 * TEXT: borrowed from the JSON; NULL: not given. TEXTS: the array is owned, its strings are borrowed. CLAIM: made
 * visible and cut, never refused, for the gate passes on what a network peer calls itself.
 * FILE: a descriptor, which the call owns; -1: none.
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
    X(TEXT, digest)                                                                                          \
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
    X(FILE, file)                                                                                            \
    X(FILE, folder)                                                                                          \
    X(BOOLEAN, gate)                                                                                         \
    X(BOOLEAN, login_id)                                                                                     \
    X(BOOLEAN, can_ask)                                                                                      \
    X(BOOLEAN, emergency)                                                                                    \
    X(BOOLEAN, override)                                                                                     \
    X(BOOLEAN, forever)                                                                                      \
    X(BOOLEAN, dry_run)                                                                                      \
    X(BOOLEAN, ok)                                                                                           \
    X(CLAIM, service)                                                                                        \
    X(CLAIM, host)                                                                                           \
    X(CLAIM, address)                                                                                        \
    X(CLAIM, tty)

#define BUS_TERM_TEXT(name)    const char *name;
#define BUS_TERM_TEXTS(name)   strv name;
#define BUS_TERM_NUMBER(name)  int64_t name;
#define BUS_TERM_FILE(name)    int name;
#define BUS_TERM_BOOLEAN(name) bool name;
#define BUS_TERM_CLAIM(name)   char name[BUS_CLAIM_MAX + 1];

struct bus_terms {
#define X(kind, name) BUS_TERM_##kind(name)
    BUS_TERMS(X)
#undef X
};

/*
 * Reads the arguments, whose types were checked, into the terms that `names` has in their order, and the keys of an
 * a{sv} into those that `options` has; both are separated by blanks. 0; BUS_ERROR_INVALID_ARGUMENT with the reply's
 * message, as for an unknown option; -ENOMEM.
 */
int bus_terms_read(const json_t *arguments, const char *names, const char *options, struct bus_terms *ret,
                   struct reply *reply);
void bus_terms_deinit(struct bus_terms *terms);

/* The strings of an array, borrowed from it; free the result with free(). NULL: no memory. */
strv bus_list_texts(const json_t *array);
