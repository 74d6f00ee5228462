/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Has the root service do what the engine has due: memberships in /etc/group, warnings before an end, ends of live
 * sessions, one of each at a time. Calls org.accesspkg1.Privileged and reports the result to the engine. Decides
 * nothing; the engine plans the retries.
 */
#pragma once

#include "helperd/bus/privileged.h"
#include "helperd/engine/engine.h"

struct bus_chores;

/* Calls `settled` after each membership that was done or failed. NULL: no memory. */
struct bus_chores *bus_chores_new(struct engine *engine, struct bus *bus, void (*settled)(void *data),
                                  void *data);
/* Before the bus is closed. */
void bus_chores_free(struct bus_chores *chores);

/* Starts the chores that are due. */
void bus_chores_drive(struct bus_chores *chores);
/* /etc/group may have changed: reads it for each group with members of ours, and has the engine compare. */
void bus_chores_compare(struct bus_chores *chores);
/* The bus is lost: what is under way has failed, and is tried again as any failure is. */
void bus_chores_lose_bus(struct bus_chores *chores);
