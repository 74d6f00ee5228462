/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An /etc/group of a test's own with the root service in front of it, for an engine with membership = files: does
 * what the engine wants done when the test says so, fails when the test wants that, and for groups off the
 * allow-list as the root service does. Users and groups by name.
 */
#pragma once

#include "tests/support/fixture.h"

enum { ETCGROUP_MAX = 64 };

struct etcgroup {
    struct {
        char user[32];
        char group[32];
        int64_t until; /* of a note: it was added by the root service; 0: by others */
    } members[ETCGROUP_MAX];
    size_t count;
    const char *failure; /* what every try says meanwhile; NULL: it works */
    size_t tries;
    struct membership asked; /* what it is at; no user: nothing */
    bool member;             /* whether it was one before, by others' doing */
    const char *answer;      /* why it could not be done; NULL: it was */
};

bool etcgroup_has(const struct etcgroup *etcgroup, const char *user, const char *group);
/* The end that the root service was told; 0: the user is no member, or one by others' doing. */
int64_t etcgroup_until(const struct etcgroup *etcgroup, const char *user, const char *group);
void etcgroup_add(struct etcgroup *etcgroup, const char *user, const char *group);
void etcgroup_remove(struct etcgroup *etcgroup, const char *user, const char *group);

/* One thing that the engine wants done, if any is due, is done: false when none is. Then the engine hears of it, or
 * (`lost`) never does, as when it ends in between. */
bool etcgroup_act(struct etcgroup *etcgroup, struct engine *engine);
void etcgroup_answer(struct etcgroup *etcgroup, struct engine *engine, bool lost);
/* Both. */
bool etcgroup_serve_one(struct etcgroup *etcgroup, struct engine *engine);
/* All that is due now. */
void etcgroup_serve(struct etcgroup *etcgroup, struct engine *engine);
/* Tells the engine what a group's line says. */
void etcgroup_compare(struct etcgroup *etcgroup, struct engine *engine, const char *group);
