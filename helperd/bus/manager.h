/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * org.accesspkg1.Manager: one table of methods, and the way of a call: who calls, what has to be looked up, what the
 * engine says, the answer. Decides nothing itself.
 */
#pragma once

#include "dbus/server.h"
#include "helperd/engine/engine.h"
#include "helperd/host/lookup.h"

struct bus_manager;

/* What it needs of the rest of the daemon. */
struct bus_manager_hooks {
    /* 0 with a new JSON array of warnings as the reply's value, or the refusal. */
    int (*reload)(struct reply *reply, void *data);
    /* Adds to GetStatus what only the daemon knows. 0 or -errno. */
    int (*add_status)(json_t *status, void *data);
    /* An answer waits: call bus_manager_settled in so many seconds, if not before. */
    void (*parked)(int64_t seconds, void *data);
    void *data;
};

struct bus_manager *bus_manager_new(struct engine *engine, struct lookup *lookup,
                                    const struct bus_manager_hooks *hooks);
/* Calls under way are answered Unavailable. */
void bus_manager_free(struct bus_manager *manager);

/* The bus it answers on; set once it is open. */
void bus_manager_attach(struct bus_manager *manager, struct bus *bus);
/* The root service did something that an answer may have waited for; or the time that answers wait is over. */
void bus_manager_settled(struct bus_manager *manager);
/* A method call to BUS_PATH. */
void bus_manager_call(struct bus_manager *manager, DBusMessage *message);
