/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the suites of a login in front of a service of the test's own share. */
#pragma once

#include "tests/support/gate_bus.h"
#include "tests/support/pam_host.h"

#include <check.h>
#include <security/pam_appl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOT_FOUND_OUT                                                                                        \
    "db-admins on demohost: whether you may enter could not be found out. Please try again in a minute, or " \
    "tell an "                                                                                               \
    "administrator.\n"

#define WAITS                                                                                                \
    "db-admins on demohost: request 17 waits for approval by bob or a member of dba-leads (until Sun "       \
    "2025-11-23 22:12 UTC).\n"
#define THEN "You will get in once it is approved: just try again. To follow it: pkg-request status 17\n"

static void setup(void)
{
    pam_host_setup();
    pam_host_journal_open();
    pam_host_line("package=db-admins");
}

static void teardown(void)
{
    gate_bus_stop();
    pam_host_grant_text("alice", NULL);
}

static void check_refused(const struct pam_host_outcome *outcome, int code, const char *logged,
                          const char *said)
{
    int lines;
    const char *journal = pam_host_journal(&lines);
    ck_assert_msg(outcome->code == code, "code %d: %s", outcome->code, journal);
    ck_assert_msg(lines == 1, "%d lines: %s", lines, journal);
    ck_assert_msg(strstr(journal, logged) != NULL, "no '%s' in: %s", logged, journal);
    ck_assert_ptr_nonnull(strstr(journal, "refused: user=\"alice\""));
    ck_assert_str_eq(outcome->said, said);
}

static struct gate_bus_reply reply_with(json_t *request)
{
    return (struct gate_bus_reply){.signature = "a{sv}", .value = request};
}

static json_t *pending(bool existing)
{
    return json_pack("{s:i, s:s, s:s, s:s, s:[s,s], s:i, s:I, s:b, s:b}", "id", 17, "package", "db-admins",
                     "state", "pending-approval", "user", "alice", "approvers", "bob", "%dba-leads", "quorum",
                     1, "expires", (json_int_t)1763935940, "existing", existing, "held", 0);
}

__attribute__((unused)) static struct gate_bus_reply answer_filed(const json_t *arguments, uid_t uid)
{
    (void)arguments, (void)uid;
    return reply_with(pending(false));
}
