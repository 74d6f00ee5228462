/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Our interfaces as tables of methods, and what is the same for each of them: which method a call means, the answer to
 * what means none, errors. Shared by accesspkgd and accesspkg-privileged.
 */
#pragma once

#include "dbus/server.h"

#include <stddef.h>

/* Names are separated by blanks, one per complete type of the signature. */
struct bus_method {
    const char *name;
    const char *in;
    const char *in_names;
    const char *out;
    const char *out_names;
};

/* Its methods stand `stride` bytes apart, so that each can be the first member of a row that says more. */
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
 * The index of the method that the call names and has the arguments of. Any other call, and Introspect, is answered
 * here: -1.
 */
int bus_method_find(struct bus *bus, const struct bus_interface *interface, DBusMessage *call);

/* Answers a call with an error; any text will do. Nothing is sent to who wants no answer. */
void bus_method_refuse(struct bus *bus, DBusMessage *call, const char *error, const char *text);
