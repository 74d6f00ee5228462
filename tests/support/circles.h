/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A directory of a test's own in front of an engine, for who can decide: every look-up goes the way of a real one, from
 * the inquiry to facts. Groups have the members that a test gives them. For fixtures with the packages of
 * circles_setup().
 */
#pragma once

#include "tests/support/acts.h"

#define CIRCLES_POLICY "[package]\ngroups = dbadmins\n[stage 1]\ntimeout = 1d\n"

void circles_setup(struct fixture *fixture);
void circles_teardown(void);

/* Members separated by blanks; NULL: there is no such group. Three groups: leads, managers, staff. */
void circles_set_group(size_t index, const char *name, const char *members);
/* What a look-up finds out. */
struct facts *circles_look_up(const char *caller, const struct inquiry *inquiry);

/* What it says of one person: null of nobody. */
json_t *circles_subject(const char *name);

/* The value of the last call. */
extern json_t *circles_value;
/* As fixture_answer(), with the value there. */
int circles_answer(int result);
/* As the bus does it; `known`: with the principals of the first stage. */
int64_t circles_submit(struct fixture *fixture, const char *user, const char *package, bool known);
int circles_decide(struct fixture *fixture, const char *decider, uid_t loginuid, int64_t id, bool approve);
/* Looks at all that is due, or at all, as the daemon does. How many. */
int circles_survey_due(struct fixture *fixture);
void circles_survey_all(struct fixture *fixture);
json_t *circles_show(struct fixture *fixture, int64_t id);
bool circles_is_undecidable(struct fixture *fixture, int64_t id);
int64_t circles_count_undecidable(struct fixture *fixture);
