/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Lets calls in (rule 15). Asks the bus once who a connection is, counts each of its calls against that user before
 * anything of it is read, and has one after the other begin as it is their user's turn (turns.h). What is over a limit is
 * refused, or dropped where nobody waits for an answer. Reads from the bus as fast as it can, whatever calls are under
 * way: the bus's own answers are behind the flood.
 */
#pragma once

#include "dbus/server_caller.h"

struct admission;
struct admission_connection;

/* A call that was let in. Who began it answers it, and ends it then. */
struct admitted {
    struct bus *bus;
    DBusMessage *message;      /* a copy: libdbus would stop reading when many of its own are held */
    struct bus_caller *caller; /* of the connection, which stays known as long as the call */
};

struct admission_hooks {
    void (*begin)(struct admitted *admitted, void *data);
    void *data;
};

/* bus: what users call on; root has others (server_door.h). calls_per_user: read whenever a call comes. NULL: no memory. */
struct admission *admission_new(struct bus *bus, const int64_t *calls_per_user,
                                const struct admission_hooks *hooks);
/* After all that began have ended, before the bus is closed. Calls that wait are answered Unavailable. */
void admission_free(struct admission *admission);

/* The answer to who it could not be found out. */
extern const char admission_unknown_caller[];

/* Whether a message is to be read; if not, it is refused by this. */
bool admission_wants(struct admission *admission, const struct bus_header *header);
/* A method call, from the connection that it names as its sender; at the door the connection is the caller. */
void admission_take(struct admission *admission, struct bus *bus, DBusMessage *message);
/* Whether a call is about to begin. */
bool admission_expects_calls(const struct admission *admission);
/* The callers of this bus have gone, or all names on it: drops their calls that have not begun, and forgets who they are.
 * Those that began have ended. */
void admission_drop(struct admission *admission, const struct bus *bus);
/* Frees it. */
void admission_end(struct admission *admission, struct admitted *admitted);
