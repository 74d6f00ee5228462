/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the suites of assignments share: an engine with packages that may and may not be extended, and kept apart. */
#pragma once

#include "tests/support/acts.h"

#define ASKED                                                                                                \
    "[package]\ngroups = dbadmins\n[policy]\nrequestors = %staff\nduration = 1h\nmax_duration = 2h\n"        \
    "extension = approval\nmax_total = 4h\napprovers = %dba-leads\ncooldown = 10m\n"
#define FREE                                                                                                 \
    "[package]\ngroups = backup\n[policy]\napproval = none\nduration = 1h\nextension = allowed\nmax_total "  \
    "= 1d\n"                                                                                                 \
    "incompatible = audit\n"
#define FIXED "[package]\ngroups = dbadmins\n[policy]\napproval = none\nduration = 1h\n"
#define AUDIT                                                                                                \
    "[package]\ngroups = dbadmins\n[policy]\napprovers = bob\ngate_cooldown = 1d\napproval_timeout = 1h\n"

static struct fixture fixture;

static void setup(void)
{
    fixture_init(&fixture, "asked", ASKED, "free", FREE, "fixed", FIXED, "audit", AUDIT, NULL);
}
