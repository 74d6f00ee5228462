/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A system bus at its real address for a private root, and on it, in a process of its own, an org.accesspkg1 that
 * answers Submit, GetRequest and ListRequests as the test says: for what the real accesspkgd never does (late, malformed, huge answers), and for
 * every answer that it can give. Checks with Check's macros.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <sys/types.h>

/* What to answer a call with. Zero: nothing at all. */
struct gate_bus_reply {
    const char *signature; /* of `value`, one complete type */
    json_t *value;         /* taken over */
    bool several;          /* `value` is an array of values, and the signature that of all */
    const char *error;     /* a full error name, with its message */
    const char *message;
};

/* In the service's process; `arguments` are those of Submit (three), or of GetRequest or ListRequests (one), `uid` the caller's as the bus knows it. */
typedef struct gate_bus_reply gate_bus_answer(const json_t *arguments, uid_t uid);

/* The bus, with the service if `answer` is one. */
void gate_bus_start(gate_bus_answer *answer);
void gate_bus_stop(void);

/* How often either was called, and the last call: its arguments with the caller's uid behind them, as JSON. Static. */
int gate_bus_calls(void);
const char *gate_bus_last_call(void);
/* What the kernel said of the last caller while it waited: "Uid: 0 0 0 0;Gid: ...;Groups: ...;Umask: ...;", each line
 * of its status as it is there. Static. */
const char *gate_bus_last_caller(void);
