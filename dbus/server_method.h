/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Interfaces as tables of methods: finds the method of a call, answers calls of no method, introspection and errors.
 * For accesspkgd and accesspkg-privileged.
 */
#pragma once

#include "dbus/server.h"

#include <stddef.h>

/* Names are separated by blanks, one for each complete type of the signature. */
struct bus_method {
    const char *name;
    const char *in;
    const char *in_names;
    const char *out;
    const char *out_names;
};

/* Its methods are `stride` bytes apart, so that each can be the first member of a larger row. */
struct bus_interface {
    const char *path;
    const char *name;
    const struct bus_method *methods;
    size_t stride;
    size_t count;
    const char *signals; /* as XML, or "" */
};

const struct bus_method *bus_interface_method(const struct bus_interface *interface, size_t index);

/*
 * The index of the called method, if the arguments have its signature. Otherwise, and for Introspect and the interface
 * Peer, answers the call itself and returns -1.
 */
int bus_method_find(struct bus *bus, const struct bus_interface *interface, DBusMessage *call);

/* Answers a call with an error, unless the caller wants no answer. `text` may be any bytes. */
void bus_method_refuse(struct bus *bus, DBusMessage *call, const char *error, const char *text);
