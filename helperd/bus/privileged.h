/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The client of org.accesspkg1.Privileged: calls that never block. The methods and their errors are in
 * dbus/org.accesspkg1.Privileged.xml; the bus starts the service. It handles calls about members in order.
 *
 * Every function returns 0, and `done` is called once, later and never from inside; or -errno, and `done` is not
 * called: -ENOMEM, -EINVAL for text that is not UTF-8, or -ENOTCONN while the bus is away. result: 0; a positive enum bus_error from the service, or
 * UNAVAILABLE when it is not installed, did not answer in time or ended; -errno for a malformed answer. message: for
 * people; "" when result is 0.
 *
 * After UNAVAILABLE a change may have been made or not: call again. The service knows by its notes whether a member who
 * is there by then was added by such a call (rule 6).
 */
#pragma once

#include "dbus/contract.h"
#include "dbus/server.h"
#include "helperd/engine/engine.h"
#include "helperd/policy/membership.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { BUS_PRIVILEGED_TIMEOUT_MS = 10000, BUS_PRIVILEGED_END_TIMEOUT_MS = 30000 };

struct bus_privileged;

struct bus_privileged *bus_privileged_new(struct bus *bus);
/* Call it before the bus is closed. Calls no `done` any more; the service finishes what it was asked for. */
void bus_privileged_free(struct bus_privileged *privileged);

/* The bus is lost: the questions under way are answered UNAVAILABLE, from inside. */
void bus_privileged_fail(struct bus_privileged *privileged);

/* changed: whether the user was added, or removed, by this call; false for Warn. */
typedef void (*bus_privileged_done)(int result, bool changed, const char *message, void *data);
/* lines, more: members, and those of them who are noted; users and groups of notes; what remains, and NULL. NULL unless
 * result is 0. Borrowed for the call, as the message. */
typedef void (*bus_privileged_listed)(int result, char *const *lines, char *const *more, const char *message,
                                      void *data);

/* What the service says of an account (rule 9): the state of the strictest of the accounts asked about, which are
 * `names`; whose it is, "" for none; since when, in days since the epoch, or 0. */
struct account_verdict {
    enum account_state state;
    int64_t day;
    const char *account;
    char *const *names;
};
/* verdict: NULL unless result is 0; borrowed for the call. */
typedef void (*bus_privileged_judged)(int result, const struct account_verdict *verdict, const char *message,
                                      void *data);

/* Judges the accounts with this uid; with a name (else NULL) the account of that name, and those that share its uid. */
int bus_privileged_judge_account(struct bus_privileged *privileged, uid_t uid, const char *user,
                                 bus_privileged_judged done, void *data);

/* Add and note: the membership's user, group and until. */
int bus_privileged_add_member(struct bus_privileged *privileged, const struct membership *membership,
                              bus_privileged_done done, void *data);
int bus_privileged_note_member(struct bus_privileged *privileged, const struct membership *membership,
                               bus_privileged_done done, void *data);
int bus_privileged_remove_member(struct bus_privileged *privileged, const char *group, const char *user,
                                 bus_privileged_done done, void *data);
int bus_privileged_get_members(struct bus_privileged *privileged, const char *group,
                               bus_privileged_listed done, void *data);
int bus_privileged_get_notes(struct bus_privileged *privileged, bus_privileged_listed done, void *data);
/* text: one line of visible text, at most BUS_WARNING_MAX bytes. */
int bus_privileged_warn(struct bus_privileged *privileged, uid_t uid, const char *text,
                        bus_privileged_done done, void *data);
/* Ends the user's sessions of the services, and their processes that have one of the gids; either may be empty. */
int bus_privileged_end_sessions(struct bus_privileged *privileged, const struct engine_ending *ending,
                                bus_privileged_listed done, void *data);
