/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Serves org.accesspkg1.Manager by a table of methods: lets calls in (admission.h), looks up facts, calls the engine,
 * answers. Decides nothing itself.
 */
#pragma once

#include "dbus/server.h"
#include "helperd/engine/engine.h"
#include "helperd/host/lookup.h"

struct bus_manager;

struct bus_manager_hooks {
    /* 0 with the value of Reload as the call's reply, or the refusal. */
    int (*reload)(const struct call *asked, void *data);
    /* 0 with the value of Diff for the package files of this folder, or the refusal. */
    int (*diff)(int folder, struct reply *reply, void *data);
    /* Adds the daemon's part of GetStatus. 0 or -errno. */
    int (*add_status)(json_t *status, void *data);
    /* An answer waits: call bus_manager_resume_answers in this many seconds or before. */
    void (*parked)(int64_t seconds, void *data);
    /* Calls are ready: call bus_manager_share in a moment. */
    void (*ready)(void *data);
    /* A call is done in steps: call bus_manager_step at the loop's next turns, until it returns false. */
    void (*steps)(void *data);
    void *data;
};

struct bus_manager *bus_manager_new(struct engine *engine, struct lookup *lookup,
                                    const struct bus_manager_hooks *hooks);
/* Before the bus is closed. Calls under way are answered Unavailable. */
void bus_manager_free(struct bus_manager *manager);

/* Sets the bus that users call on, and the root service is asked on. 0 or -ENOMEM. */
int bus_manager_attach(struct bus_manager *manager, struct bus *bus);
/* passwd or shadow changed: what is known of accounts counts no longer. */
void bus_manager_forget_accounts(struct bus_manager *manager);
/* Sends the answers that need not wait any longer: the root service has done something, or their time is over. */
void bus_manager_resume_answers(struct bus_manager *manager);
bool bus_manager_step(struct bus_manager *manager);
/* Runs calls that are ready, which share a commit. Asks again by its hook when more are. */
void bus_manager_share(struct bus_manager *manager);
bool bus_manager_expects_calls(const struct bus_manager *manager); /* others are on their way to be ready */
/* Whether a message from the bus is to be read at all; if not, it was answered. */
bool bus_manager_wants(struct bus_manager *manager, const struct bus_header *header);
/* Handles any method call that came on this bus, and answers there. */
void bus_manager_call(struct bus_manager *manager, struct bus *bus, DBusMessage *message);
/* The callers of this bus have gone: drops their calls that are under way. What is recorded stays. */
void bus_manager_drop_calls(struct bus_manager *manager, const struct bus *bus);
/* The same for the bus that the root service is asked on, and its questions fail. */
void bus_manager_lose_bus(struct bus_manager *manager, const struct bus *bus);
