/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What we say of ourselves to Introspect, from the table of methods. */
#pragma once

#include "dbus/server_method.h"

/* New; NULL when there is no memory. */
char *bus_introspect(const struct bus_interface *interface);
