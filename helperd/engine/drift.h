/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the files of the engine's drift share: what is left to look at, and what becomes of an assignment of which
 * others took something away. Included by drift*.c only.
 */
#pragma once

#include "helperd/engine/internal.h"

#include "common/grantdir.h"
#include "helperd/grants/grant.h"

struct drift_item {
    struct drift_item *next;
    enum { DRIFT_USER_FILE, DRIFT_GROUP } kind;
    char *user;               /* DRIFT_USER_FILE */
    struct store_group group; /* DRIFT_GROUP, with why and from which assignment on */
    char *why;
    strv packages; /* whose assignments alone are concerned; NULL: all */
    int64_t after;
};

struct drift {
    struct drift_item *first;
    struct drift_item **last;
};

/* Takes over all that the item has. 0 or -ENOMEM. */
int drift_add_item(struct engine *engine, const struct drift_item *item);
void drift_remove_first(struct drift *drift);
/* Logs a failure. r. */
int drift_log_failure(int r, const char *name);

/* Works on an item: 1: it is not done yet; 0; -errno. */
int drift_compare_user_file(struct engine *engine, const char *user, bool settled);
int drift_remove_group(struct engine *engine, struct drift_item *item);

/* Why a grant that is in place is not as it should be; NULL when it is. */
typedef const char *(*drift_judge_fn)(const struct assignment *assignment, const struct grant *grant,
                                      const void *data);
/* Lets the assignment fall short by what the judge finds. Whether it did. `whole_too`: what the judge does not say of
 * any grant is said of the assignment, so that all of them go. */
bool drift_judge_assignment(struct txn *txn, struct assignment *assignment, drift_judge_fn judge,
                            const void *data, const char *whole_too);
/* Calls `each` with every live assignment of the user, which it may change. How many it found fault with. */
typedef bool (*drift_each_fn)(struct txn *txn, struct assignment *assignment, const void *data);
size_t drift_each_assignment(struct txn *txn, const char *user, drift_each_fn each, const void *data);
