/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the daemon says of itself to Introspect, from the table of methods. */
#pragma once

#include <stddef.h>

/* Names are separated by blanks, one per complete type of the signature. */
struct bus_method {
    const char *name;
    const char *in;
    const char *in_names;
    const char *out;
    const char *out_names;
};

/* New; NULL when there is no memory. */
char *bus_introspect(const struct bus_method *const *methods, size_t count);
