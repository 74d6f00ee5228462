/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A package's settings as its file would say them, for people who compare two. */
#pragma once

#include "helperd/config/packages.h"

#include <jansson.h>

/*
 * A new object of texts by key: "duration": "4h", "[stage 1] approvers": "alice %dba-leads". In the order of packages.h,
 * with the defaults written out, and without lists that are empty and times that are not set. NULL: no memory.
 */
json_t *package_settings(const struct package *package);
