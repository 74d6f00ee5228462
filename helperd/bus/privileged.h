/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * accesspkgd's side of org.accesspkg1.Privileged: calls that never wait. The methods and their errors are in
 * dbus/org.accesspkg1.Privileged.xml; the service is started by the bus. Calls about members are done in the order in
 * which they were made.
 *
 * Every function: 0, and `done` is called once, later, never from inside; -errno, and it is not: -ENOMEM, or -EINVAL for
 * a text that is not UTF-8.
 * result: 0; a positive enum bus_error, as the service refused it, or UNAVAILABLE where it is not installed, did not
 * answer in time or ended; -errno for an answer that makes no sense. message: for people; "" when result is 0.
 *
 * UNAVAILABLE leaves open whether a change was made: ask again. So that a member who was added by such a call is not
 * taken for one who was there before (rule 6), write down before the call that this member is about to be added.
 */
#pragma once

#include "dbus/server.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { BUS_PRIVILEGED_TIMEOUT_MS = 10000, BUS_PRIVILEGED_END_TIMEOUT_MS = 30000 };

struct bus_privileged;

struct bus_privileged *bus_privileged_new(struct bus *bus);
/* Before the bus is closed. Who waits for an answer is not called any more; what the service was asked for goes on. */
void bus_privileged_free(struct bus_privileged *privileged);

/* changed: whether the user was added, or removed, by this call; false for Warn. */
typedef void (*bus_privileged_done)(int result, bool changed, const char *message, void *data);
/* lines: members, or what remains; NULL unless result is 0. Both are the caller's of `done`. */
typedef void (*bus_privileged_listed)(int result, char *const *lines, const char *message, void *data);

int bus_privileged_add_member(struct bus_privileged *privileged, const char *group, const char *user,
                              bus_privileged_done done, void *data);
int bus_privileged_remove_member(struct bus_privileged *privileged, const char *group, const char *user,
                                 bus_privileged_done done, void *data);
int bus_privileged_get_members(struct bus_privileged *privileged, const char *group,
                               bus_privileged_listed done, void *data);
/* text: one line of visible text, at most BUS_WARNING_MAX bytes. */
int bus_privileged_warn(struct bus_privileged *privileged, uid_t uid, const char *text,
                        bus_privileged_done done, void *data);
/* Ends sessions of these services, and processes that carry one of these gids; either list may be empty. */
int bus_privileged_end_sessions(struct bus_privileged *privileged, uid_t uid, const char *user,
                                char *const *services, const gid_t *gids, size_t n_gids,
                                bus_privileged_listed done, void *data);
