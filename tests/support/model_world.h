/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An engine on a host of its own beside the model of both: who is who, what a look-up finds, the root service, and the
 * comparison of everything that shows. Operations are model_run.c's.
 */
#pragma once

#include "tests/support/etcgroup.h"
#include "tests/support/model.h"

struct world {
    struct fixture fixture;
    struct etcgroup etc;
    struct model model;
    bool ours[MODEL_USERS][MODEL_GROUPS]; /* lines of /etc/group that the root service wrote */
    bool adopted;   /* what a grant file gave counts as added by us; the root service knows */
    int64_t failed; /* when the root service last failed */
    unsigned (*chance)(unsigned bound);
};

extern const char *const world_users[MODEL_USERS];
extern const char *const world_groups[MODEL_GROUPS];
extern const gid_t world_gids[MODEL_GROUPS];

uid_t world_uid(int person);
int world_person_of_uid(uid_t uid);
int world_find_package(const struct world *world, const char *name);
/* As the engine is told by the bus. */
struct caller world_caller(const struct model_caller *caller);
/* What a look-up finds now: of the caller, the user (both may be NULL), the groups, and all who may approve. */
struct facts *world_facts(struct world *world, const char *caller, const char *user);
/* As an administrator writes it. */
void world_write_package(struct world *world, const struct model_package *package);

/* The root service and the directory answer what the engine asks: all of it, or some. */
void world_serve(struct world *world, bool all);
/* The answer of the root service that is under way comes. */
void world_settle(struct world *world);
/* Rules 1, 2, 3, 6, 8: the store, every grant file and every line of /etc/group say what the model says. */
void world_compare(struct world *world);
/* What holds only when all was served: nothing is forgotten. */
void world_compare_served(struct world *world);
