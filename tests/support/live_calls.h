/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Requests by raw calls on the bus (live.h), as no command would make them: the error, with its words in live_message. */
#pragma once

#include "tests/support/live.h"

#include <jansson.h>

#define LIVE_DB_ADMINS                                                                                       \
    "[package]\ndescription = Production databases\ngroups = dbadmins backup\n[policy]\n"                    \
    "requestors = %staff\njustification = required\nduration = 1h\nmax_duration = 2h\n"                      \
    "approvers = %dba-leads\n"

/* live_start() with this package, and with "open", which bob approves, and "short", which nobody has to. */
void live_calls_setup(void);

/* Arguments that could be packed. */
json_t *live_packed(json_t *value);
json_t *live_submit_arguments(const char *user, const char *package, const char *why);

enum bus_error live_submit(const char *user, const char *package, const char *why, json_t **ret);
/* Files a request that must be taken. Its id. */
int64_t live_file(const char *user, const char *package);
/* The arguments of a decision on what this user is shown of the request now. */
json_t *live_decision(const char *user, int64_t id, const char *reason);
enum bus_error live_approve(const char *user, int64_t id);
enum bus_error live_deny(const char *user, int64_t id, const char *reason);
/* The state that root is shown. */
void live_check_state(int64_t id, const char *expected);
