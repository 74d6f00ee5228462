/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the suites of a login that waits for its approval share. */
#pragma once

#include "common/paths.h"
#include "tests/pam/submission.h"

#include <sys/stat.h>
#include <time.h>

#define ASKED                                                                                                \
    "db-admins, request 17: waiting for approval by bob or a member of dba-leads. Enter looks again, q "     \
    "leaves it filed, ? explains: \n"
#define PACKAGE_ON_HOST "db-admins on demohost: "

static inline void setup_wait(void)
{
    setup();
    mkdir(PATH_RUN, 0755);
    pam_host_line("package=db-admins wait=30");
}

static inline void give(void)
{
    pam_host_grant("alice", PAM_HOST_ALICE, "db-admins", 100, time(NULL) + 3600);
}

static inline bool is_submit(const json_t *arguments)
{
    return json_array_size(arguments) == 3;
}

/* How a request stands, as GetRequest has it. */
static inline struct gate_bus_reply stands(const char *state)
{
    json_t *request = pending(false);
    json_object_del(request, "existing");
    json_object_del(request, "held");
    json_object_set_new(request, "state", json_string(state));
    json_object_set_new(
        request, "decisions",
        json_pack("[{s:s, s:s, s:s}]", "decider", "bob", "verdict", state, "reason", "no way"));
    return reply_with(request);
}

static inline const char *press_enter(const char *prompt, void *data)
{
    (void)prompt, (void)data;
    return "";
}

static inline struct pam_host_outcome log_in(const char *(*answer)(const char *prompt, void *data),
                                             void *data)
{
    return pam_host_try(
        &(struct pam_host_login){.user = "alice", .tty = "ssh", .answer = answer, .data = data});
}

static inline void check_let_in(const struct pam_host_outcome *outcome)
{
    int lines;
    const char *journal = pam_host_journal(&lines);
    ck_assert_msg(outcome->code == PAM_SUCCESS, "code %d: %s", outcome->code, journal);
    ck_assert_msg(lines == 1 && strstr(journal, "let in after waiting: user=\"alice\""), "%s", journal);
    ck_assert_ptr_nonnull(strstr(journal, "request=17 why=\"a valid grant\""));
    ck_assert_str_eq(outcome->said, "");
}

static inline struct gate_bus_reply answer_slowly(const json_t *arguments, uid_t uid)
{
    return is_submit(arguments) ? answer_filed(arguments, uid) : stands("pending-approval");
}

static inline const char *approve_meanwhile(const char *prompt, void *data)
{
    (void)prompt, (void)data;
    give();
    return "";
}
