/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A fake accesspkgd that plays a list of calls and answers, and the words for tests of the commands against it. One
 * bus per test: script_setup or script_setup_empty (nobody on the bus), then script_teardown.
 */
#pragma once

#include "cli/field.h"
#include "dbus/contract.h"
#include "tests/support/fake_manager.h"

#include <check.h>
#include <string.h>

/* One call that is expected, and its answer: values, an error, or silence. `wants` is what its arguments must be, as
 * JSON; NULL: anything. */
struct script {
    const char *method;
    const char *wants;
    const char *signature;
    const char *values;
    enum bus_error error;
    const char *message;
    int64_t signals; /* a RequestChanged that is there before the answer; 0: none */
};

#define ANSWERS(method_, wants_, signature_, values_)                                                        \
    {                                                                                                        \
        .method = (method_), .wants = (wants_), .signature = (signature_), .values = (values_)               \
    }
#define REFUSED(method_, wants_, error_, message_)                                                           \
    {                                                                                                        \
        .method = (method_), .wants = (wants_), .error = (error_), .message = (message_)                     \
    }

/* What is shown of a request before it is decided on, and what of that the decision has. */
#define SHOWN(id)                                                                                            \
    {                                                                                                        \
        .method = "GetRequest", .wants = "[" id "]", .signature = "a{sv}",                                   \
        .values = "[{\"id\": " id ", \"digest\": \"d" id "\", \"may_decide\": true}]"                        \
    }
#define A_DIGEST                                                                                             \
    "b5bb9d8014a0f9b1d61e21e796d78dccdf1352f23cd32812f4850b878ae4944c" /* of "foo", sha256sum(1) */
#define DECIDES(id, more) "[" id ", {\"digest\": \"d" id "\"" more "}]"

#define LENGTH(array)     (sizeof(array) / sizeof(*(array)))
#define WORDS(...)        ((const char *const[]){__VA_ARGS__, NULL})
/* Runs the command; exactly these calls are made, in this order. */
#define RUN(lines, ...)  run_somewhere(FAKE_PIPES, NULL, lines, LENGTH(lines), WORDS(__VA_ARGS__))
#define RUN_UNASKED(...) run_somewhere(FAKE_PIPES, NULL, NULL, 0, WORDS(__VA_ARGS__))
/* The same on a terminal; `typed` as fake_manager_run takes it. */
#define AT_TERMINAL(typed, lines, ...)                                                                       \
    run_somewhere(FAKE_TERMINAL, typed, lines, LENGTH(lines), WORDS(__VA_ARGS__))
#define SHOWS(text, what) ck_assert_msg(strstr(text, what) != NULL, "no '%s' in:\n%s", what, text)
#define HIDES(text, what) ck_assert_msg(strstr(text, what) == NULL, "'%s' in:\n%s", what, text)

#define SAMPLE_HELD(id, user)                                                                                \
    "[{\"id\": " id ", \"state\": \"fulfilled\", \"user\": \"" user "\", \"package\": \"db-admins\", "       \
    "\"groups\": [\"dbadmins\"], \"assignment_end\": 1763950340}]"
#define SAMPLE_PENDING                                                                                       \
    "{\"id\": 12, \"user\": \"alice\", \"uid\": 1001, \"package\": \"db-admins\", \"state\": "               \
    "\"pending-approval\", \"request_state\": \"pending-approval\", \"justification\": \"INC-4711, disk "    \
    "full\", \"submitted\": 1763935940, \"expires\": 1764022340, \"groups\": [\"dbadmins\", \"backup\"], "   \
    "\"approvers\": [\"bob\", \"%dba-leads\"]}"

/* A request with every member of the interface, as the arguments of a reply. */
#define SAMPLE_WHOLE                                                                                         \
    "[{\"id\": 12, \"state\": \"fulfilled\", \"request_state\": \"approved\", \"user\": \"alice\", "         \
    "\"uid\": 1001,"                                                                                         \
    " \"full_name\": \"Alice Adams\", \"organisation\": \"Payments\", \"package\": \"db-admins\","           \
    " \"description\": \"Production databases\", \"groups\": [\"dbadmins\", \"backup\"],"                    \
    " \"justification\": \"disk full\\nState: Denied\", \"service\": \"sshd\", \"host\": \"desk7\","         \
    " \"address\": \"10.0.0.7\", \"tty\": \"ssh\", \"origin\": \"verified\", \"submitted\": 1763935940,"     \
    " \"duration\": 14400, \"start\": 1763936000, \"expires\": 1764022340, \"stage\": 1, \"stages\": 2,"     \
    " \"quorum\": 2, \"approvers\": [\"bob\", \"%dba-leads\"], \"decisions\": [{\"stage\": 1, \"decider\": " \
    "\"bob\","                                                                                               \
    " \"verdict\": \"approved\", \"reason\": \"go\\nahead\", \"at\": 1763936100}], \"ended\": 1763936100,"   \
    " \"cancel_reason\": \"never mind\", \"assignment\": 3, \"assignment_start\": 1763936100,"               \
    " \"assignment_end\": 1763950500, \"problems\": [\"backup: no such group\"]}]"

/* Text with what terminals obey, as it stands in JSON. */
#define HOSTILE                                                                                              \
    "\\u001b[2J\\u001b]0;x\\u0007\\r\\n\\u007f\\u009b2J\\u2028\\u202e\\u200b\\u200f\\u061c\\udb40\\udc41"

extern struct fake_manager fake;
extern struct fake_run result; /* of the last run */
extern size_t calls;           /* made in it */

json_t *script_parse(const char *json);
void run_somewhere(enum fake_where where, const char *typed, const struct script *lines, size_t n_lines,
                   const char *const words[]);

void script_setup(void);
void script_setup_empty(void);
void script_teardown(void);
void script_case(const char *name, SFun setup);
