/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The services that are flooded and asked beside each other: ours, and one that every host has. */
#pragma once

#include "tests/bench/bench.h"

#include <string.h>

struct target {
    const char *word;
    const char *name;
    const char *path;
    const char *interface;
    const char *list;   /* a question that anybody may ask: what there is, or what there is of theirs */
    bool filters;       /* it takes an a{sv}, which may be empty */
    const char *submit; /* what a call with many strings is addressed to */
};

static const struct target targets[] = {
    {"accesspkgd", BUS_NAME, BUS_PATH, BUS_INTERFACE_MANAGER, "ListRequests", true, "Submit"},
    {"introspection", BUS_NAME, BUS_PATH, "org.freedesktop.DBus.Introspectable", "Introspect", false,
     "Introspect"},
    {"logind", "org.freedesktop.login1", "/org/freedesktop/login1", "org.freedesktop.login1.Manager",
     "ListSessions", false, "ListUsers"},
    {"hostnamed", "org.freedesktop.hostname1", "/org/freedesktop/hostname1", "org.freedesktop.DBus.Peer",
     "Ping", false, "Ping"},
};

static inline const struct target *target_find(const char *word)
{
    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++)
        if (strcmp(targets[i].word, word) == 0)
            return &targets[i];
    bench_fail("there is no target %s", word);
}

/* The question, as a call. */
static inline DBusMessage *target_list(const struct target *target)
{
    DBusMessageIter arguments, filter;
    DBusMessage *call =
        dbus_message_new_method_call(target->name, target->path, target->interface, target->list);
    dbus_message_iter_init_append(call, &arguments);
    if (target->filters && (!dbus_message_iter_open_container(&arguments, DBUS_TYPE_ARRAY, "{sv}", &filter) ||
                            !dbus_message_iter_close_container(&arguments, &filter)))
        bench_fail("there is not enough memory");
    return call;
}
