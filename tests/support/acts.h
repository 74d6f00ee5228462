/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * More of what people do to the engine of a fixture, in one line each; as fixture_submit and fixture_decide, which are
 * in fixture.h: the engine's result, the value in *ret_value (NULL: dropped), a refusal's words in fixture_message.
 */
#pragma once

#include "tests/support/fixture.h"

int acts_submit(struct fixture *fixture, const char *user, const struct submission *submission,
                json_t **ret_value); /* at_gate: by root for this user */
/* Of what is there now, unless the terms have a digest. */
int acts_approve(struct fixture *fixture, const char *decider, int64_t id, const struct decision_terms *terms,
                 json_t **ret_value);
int acts_approve_knowing(struct fixture *fixture, const char *decider, struct facts *facts, int64_t id,
                         json_t **ret_value); /* with these facts, which are released */
/* bob approves a request of alice's while there is no group backup: the assignment, which lacks that. */
int64_t acts_approve_in_part(struct fixture *fixture, int64_t id);
int acts_cancel(struct fixture *fixture, const char *user, int64_t id, const char *reason,
                json_t **ret_value);
int acts_extend(struct fixture *fixture, const char *user, const char *package, int64_t seconds,
                json_t **ret_value);
int acts_return(struct fixture *fixture, const char *user, const char *package);
int acts_revoke(struct fixture *fixture, const char *user, const char *package, const char *reason);
int acts_assign(struct fixture *fixture, const char *user, const struct assign_terms *terms,
                json_t **ret_value);

int acts_delegate(struct fixture *fixture, const char *from, const char *to, int64_t until);
int acts_emergency(struct fixture *fixture, const char *user, const char *package, const char *why,
                   json_t **ret_value);
/* What a delegate sees: facts of those whom they decide for as well, and a call with them. */
struct facts *acts_facts_of_delegate(struct fixture *fixture, const char *who);
const struct call *acts_call_of_delegate(struct fixture *fixture, const char *who);
/* Files a request that must be taken. Its id. */
int64_t acts_file(struct fixture *fixture, const char *user, const char *package);
/* The request as root sees it. */
json_t *acts_look(struct fixture *fixture, int64_t id);

/* Time passes, and the engine sees to what is due. */
void acts_pass(struct fixture *fixture, int64_t seconds);
/* The daemon's look-up for the next retry that is due, answered: with these facts (released here), or, NULL, with those
 * that the fixture has of the user. */
void acts_retry_due(struct fixture *fixture, struct facts *facts);
/* The same if one is due, which is this user's. Whether it was. */
bool acts_retry_if_due(struct fixture *fixture, const char *user);
/* `pkg-admin retry`. */
void acts_retry_now(struct fixture *fixture, const char *user, const char *package);
/* Files a request that is approved at once or by bob, and is held then. Its id. */
int64_t acts_hold(struct fixture *fixture, const char *user, const char *package);
/* Takes its file out of packages.d; fixture_reload follows. */
void acts_remove_package(struct fixture *fixture, const char *name);
/* What a query of the store gives, until the next call; a number that one gives. */
const char *acts_query(struct fixture *fixture, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
int64_t acts_count(struct fixture *fixture, const char *sql);
int64_t acts_number(const json_t *value, const char *key);
const char *acts_text(const json_t *value, const char *key);
