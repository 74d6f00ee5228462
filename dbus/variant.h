/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Converts values on the bus to JSON values in memory, and back. One mapping for the daemon, the commands and --json:
 *
 *   string s · integer x, u · boolean b · array of strings as · of integers ax, au · of objects aa{sv} · object a{sv}
 *
 * A descriptor (h) is an integer when it is written, and null when it is read: take it from the message.
 *
 * Reading accepts every integer type (y n q i u x t; not a t above INT64_MAX); writing follows the given signature.
 * Writing leaves out members of an object that are null, and writes an array of integers inside a{sv} as `ax`, an
 * empty one as `as`.
 */
#pragma once

#include <dbus/dbus.h>
#include <jansson.h>

/* Appends `value` as the one complete type in `signature`. 0; -EINVAL when it does not fit; -ENOMEM. */
int variant_append(DBusMessageIter *iter, const char *signature, const json_t *value);

/* Reads the argument at the iterator. Returns a new reference; NULL for a type outside the mapping, a repeated key,
 * more than 8 levels of nesting, or no memory. */
json_t *variant_read(DBusMessageIter *iter);

/* Reads all arguments as a new array; NULL as above. */
json_t *variant_read_message(DBusMessage *message);
/* Appends an array with one member for each complete type in `signature`. Results as of variant_append. */
int variant_append_message(DBusMessage *message, const char *signature, const json_t *values);
