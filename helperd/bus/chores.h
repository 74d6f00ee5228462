/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the engine has the root service do: memberships in /etc/group one at a time, warnings before an end, ends of
 * live sessions. Takes from the engine what is due, asks org.accesspkg1.Privileged, and tells the engine what became of
 * it. Decides nothing; what fails is due again later, by the engine's clock.
 */
#pragma once

#include "helperd/bus/privileged.h"
#include "helperd/engine/engine.h"

struct bus_chores;

/* `settled` is called after each membership that was dealt with. NULL when there is no memory. */
struct bus_chores *bus_chores_new(struct engine *engine, struct bus *bus, void (*settled)(void *data),
                                  void *data);
/* Before the bus is closed. */
void bus_chores_free(struct bus_chores *chores);

/* Starts what is due and not under way. */
void bus_chores_drive(struct bus_chores *chores);
/* /etc/group may have changed: asks what it says of each group that has members of ours. */
void bus_chores_compare(struct bus_chores *chores);
