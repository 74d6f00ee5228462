/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The steps of assignments and their grants, as lifecycle.h has those of requests. */
#pragma once

#include "helperd/config/packages.h"
#include "helperd/lifecycle/txn.h"
#include "helperd/policy/policy.h"

struct grants {
    struct grant *items;
    size_t count;
};
void grants_load(struct txn *txn, const struct assignment *assignment, struct grants *ret);
void grants_deinit(struct grants *grants);

/* Adds the assignment of an approved request, fulfilled as far as its groups can be put in place now. facts NULL: not
 * looked up yet. */
void assignment_fulfil(struct txn *txn, const struct request *request, const struct package *package,
                       const struct facts *facts);
/* Its first and last use, as far as is known. 0; -errno: nothing is, for there are no notes of uses. */
int assignment_read_use(const struct engine *engine, const struct assignment *assignment, struct usage *ret);
/* Saves its grants, each with its problem or none, and the state that follows. `start`: see assignment_start_asked. */
void assignment_regrant(struct txn *txn, struct assignment *assignment, const struct grants *grants,
                        int64_t start);
/* Resolves all its groups again. `asked`: puts back grants that were removed manually. */
void assignment_resolve(struct txn *txn, struct assignment *assignment, const struct facts *facts,
                        bool asked);
/* Makes it partially fulfilled: its grant file could not be written (`error`, -errno). */
void assignment_fall_short(struct txn *txn, struct assignment *assignment, int error);
/* The start that was requested; 0: none, or it was approved later than that, so that the span begins later (rule 8). */
int64_t assignment_start_asked(struct txn *txn, const struct assignment *assignment);
/* Moves the end of the assignment that the request extends. */
void assignment_extend(struct txn *txn, const struct request *request);
/* Ends an assignment and its grants, by the clock (END) or early (REVOKE). */
void assignment_finish(struct txn *txn, struct assignment *assignment, enum assignment_event event,
                       struct act act);
/* Why a group cannot be put in place, new; NULL: it can. facts NULL: not looked up yet. 0 or -ENOMEM. */
int group_problem(const struct engine *engine, const struct facts *facts, const char *name,
                  char **ret_problem);
/* Whether a grant goes because it is missing, and the package (NULL: unknown) no longer gives its group. */
bool grant_is_dropped(const struct grant *grant, const struct package *package);
/* Drops missing grants whose group the package no longer gives; keeps those in place, and adds none (rule 14). */
void grants_drop_unnamed(struct txn *txn, const struct assignment *assignment, struct grants *grants);
/* Calls `each`, which may change them, with every live assignment of the user. Returns how many times it returned
 * true. */
typedef bool (*assignment_each_fn)(struct txn *txn, struct assignment *assignment, const void *data);
size_t assignment_each_live(struct txn *txn, const char *user, assignment_each_fn each, const void *data);
/* Adds its groups to the inquiry, and the gids of those in place; none for the id 0. */
int assignment_inquire_groups(struct engine *engine, const struct assignment *assignment,
                              struct inquiry *inquiry);
