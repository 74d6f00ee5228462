/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The same for the suites. */
#include "packaging/headers.h"
#include <check.h>
#include <dbus/dbus.h>
#include <sqlite3.h>
