/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An engine to test: a store in memory, a state folder and packages of its own, a clock that the test holds in its
 * hand, and facts about people who need no /etc. One at a time; checks with Check's macros.
 */
#pragma once

#include "helperd/config/packages.h"
#include "helperd/engine/engine.h"
#include "helperd/engine/inquire.h"

struct fixture {
    char folder[64]; /* packages.d/ and the state folder live here */
    char state[128];
    struct engine engine;
    struct config config;
    struct packages *packages;
    int64_t now;
    int64_t deadline; /* what the engine asked to be woken at */
    int64_t changed;  /* the last request announced */
};

enum { FIXTURE_NOW = 1763935940 };

/* People of the fixture, by name: uid, groups. "alice" is staff, "bob" and "carol" are dba-leads. */
enum { ALICE = 1001, BOB = 1002, CAROL = 1003, DAVE = 1004, ERIN = 1005 };

/* `packages`: name, text, name, text, ..., NULL. The groups dbadmins (2001) and backup (34) are allowed. */
void fixture_init(struct fixture *fixture, const char *first_name, ...) __attribute__((sentinel));
void fixture_deinit(struct fixture *fixture);
/* Ends the fixture that was begun last: the teardown of most suites. */
void fixture_teardown(void);
/* Reads packages.d again after the test wrote a file into it. */
void fixture_write_package(struct fixture *fixture, const char *name, const char *text);
void fixture_reload(struct fixture *fixture);

/* Facts about a caller, a user (both may be NULL) and the groups dbadmins and backup. Release with facts_free. */
struct facts *fixture_facts(const char *caller, const char *user);
/* Whether these stand in /etc/group; they do not after fixture_init. */
void fixture_set_local_groups(bool local);
/* Adds these people to the facts' others. */
void fixture_add_others(struct facts *facts, char *const *names);
/* Another login shell, or none; another uid: of all facts from then on. */
void fixture_set_login(const char *name, bool may_log_in);
/* What the root service says of the account; UNKNOWN: that it does not answer, and why. */
void fixture_set_account(const char *name, enum account_state state, int64_t day, const char *why);
void fixture_set_uid(const char *name, uid_t uid);
struct caller fixture_caller(const char *name);

/* A call, for a function of the engine: of a person about a user (NULL: about none), or with a caller and facts of the
 * test's own, which it takes over. fixture_answer() ends it with what the engine returned, and returns that: the value
 * goes into *ret_value (NULL: dropped), a refusal's words into fixture_message. One at a time. */
const struct call *fixture_call(struct fixture *fixture, const char *caller, const char *user);
const struct call *fixture_call_with(struct fixture *fixture, struct caller caller, struct facts *facts);
int fixture_answer(int result, json_t **ret_value);
int fixture_again(int result, json_t **ret_value); /* the same, for a call with which more is asked */
void fixture_drop(void);                           /* ends it without an answer */
extern char fixture_message[1024];

/* Calls of these people, answered as above. */
int fixture_submit(struct fixture *fixture, const char *user, const char *package, const char *why,
                   json_t **ret_value);
int fixture_decide(struct fixture *fixture, const char *decider, int64_t id, bool approve, const char *reason,
                   json_t **ret_value);
/* The state a person sees, of a request: "fulfilled". Static. */
/* Of the request's text as it is now; "" when there is none. Static. */
const char *fixture_digest(struct engine *engine, int64_t id);
const char *fixture_state(struct fixture *fixture, int64_t id);
int64_t fixture_id(json_t *value); /* its id; lets the value go */

/* Whether the gate would open for this user and package now, read from the grant file. */
bool fixture_gate_opens(const struct fixture *fixture, const char *user, const char *package);
/* Whether a look-up would show the user in the group now. */
bool fixture_in_group(const struct fixture *fixture, const char *user, gid_t gid);
