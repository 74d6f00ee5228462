/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Values on the bus as JSON values in memory, both ways. One mapping serves the daemon, the commands and --json:
 *
 *   string s · integer x, u · boolean b · array of strings as · of integers au · of objects aa{sv} · object a{sv}
 *
 * Reading takes every integer type (y n q i u x t; a t above INT64_MAX is refused), writing follows the wanted
 * signature. JSON null members of an object are left out when writing. An empty array inside a{sv} is `as`.
 */
#pragma once

#include <dbus/dbus.h>
#include <jansson.h>

/* Appends `value` as the one complete type `signature` says. 0; -EINVAL when it does not fit; -ENOMEM. */
int variant_append(DBusMessageIter *iter, const char *signature, const json_t *value);

/* Reads the argument under the iterator. Returns a new reference; NULL for a type outside the mapping, more than
 * 8 levels of nesting, or no memory. */
json_t *variant_read(DBusMessageIter *iter);

/* All arguments as a new JSON array, and back: `values` must have one member per complete type in `signature`. */
json_t *variant_read_message(DBusMessage *message);
int variant_append_message(DBusMessage *message, const char *signature, const json_t *values);
