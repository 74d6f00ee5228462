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
    const char *list;   /* a question that anybody may ask, without arguments */
    const char *submit; /* what a call with many strings is addressed to */
};

static const struct target targets[] = {
    {"accesspkgd", BUS_NAME, BUS_PATH, BUS_INTERFACE_MANAGER, "ListPackages", "Submit"},
    {"introspection", BUS_NAME, BUS_PATH, "org.freedesktop.DBus.Introspectable", "Introspect", "Introspect"},
    {"logind", "org.freedesktop.login1", "/org/freedesktop/login1", "org.freedesktop.login1.Manager",
     "ListSessions", "ListUsers"},
    {"hostnamed", "org.freedesktop.hostname1", "/org/freedesktop/hostname1", "org.freedesktop.DBus.Peer",
     "Ping", "Ping"},
};

static inline const struct target *target_find(const char *word)
{
    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++)
        if (strcmp(targets[i].word, word) == 0)
            return &targets[i];
    bench_fail("there is no target %s", word);
}
