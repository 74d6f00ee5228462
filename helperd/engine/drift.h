/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Shared by drift*.c only: the queue of what to compare, and the judgement of an assignment that lost grants manually.
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
    strv packages; /* only assignments of these; NULL: of all */
    int64_t after;
};

struct drift {
    struct drift_item *first;
    struct drift_item **last;
};

/* Takes over what the item owns. 0 or -ENOMEM. */
int drift_add_item(struct engine *engine, const struct drift_item *item);
void drift_remove_first(struct drift *drift);
/* Logs r if it is an error; returns r. */
int drift_log_failure(int r, const char *name);

/* Work on an item. 1: not done yet; 0; -errno. */
int drift_compare_user_file(struct engine *engine, const char *user, bool settled);
/* Whether the user has no live assignment. */
bool drift_holds_nothing(struct engine *engine, const char *user);
int drift_remove_group(struct engine *engine, struct drift_item *item);

/* Why a grant in place is lost; NULL: it is not. */
typedef const char *(*drift_judge_fn)(const struct assignment *assignment, const struct grant *grant,
                                      const void *data);
/* Makes the assignment partially fulfilled by the losses that the judge finds. whole_too: if it finds none, all grants
 * are lost for this reason; NULL: none is. Returns whether any was lost. */
bool drift_judge_assignment(struct txn *txn, struct assignment *assignment, drift_judge_fn judge,
                            const void *data, const char *whole_too);
