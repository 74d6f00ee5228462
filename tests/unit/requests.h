/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the suites of requests share: an engine with one package for each way to decide. */
#pragma once

#include "tests/support/acts.h"

#define DB_ADMINS                                                                                            \
    "[package]\ngroups = dbadmins backup\n[policy]\nrequestors = %staff\njustification = asked\n"            \
    "duration = 1h\nmax_duration = 2h\napprovers = %dba-leads\napproval_timeout = 1d\n"
#define SELF_SERVICE "[package]\ngroups = backup\n[policy]\napproval = none\nduration = 10m\n"
#define TWO_STAGES                                                                                           \
    "[package]\ngroups = dbadmins\n[stage 1]\napprovers = bob dave\nquorum = 2\ntimeout = 1h\n"              \
    "[stage 2]\napprovers = carol\ntimeout = 2h\n"

static struct fixture fixture;

static void setup(void)
{
    fixture_init(&fixture, "db-admins", DB_ADMINS, "self", SELF_SERVICE, "staged", TWO_STAGES, NULL);
}
