/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How long history is kept: deletes what was over before a time, in bounded steps. What is live stays, and all that belongs to
 * it. Numbers are never given anew.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct store;

struct store_keep {
    int64_t before; /* what was over before, and of which nothing was recorded since */
    int64_t most;   /* requests and assignments in one step; of lines and delegations a few times as many */
    int64_t delegation_max; /* a delegation lasts no longer than that after its line in the audit log */
};
struct store_forgotten {
    int64_t assignments;
    int64_t requests;
    int64_t delegations;
    int64_t lines; /* of the audit log, those that say what was deleted not counted */
    bool more;     /* there may be more: another step follows */
};
/* In a transaction. 0 or -errno. */
int store_forget(struct store *store, const struct store_keep *keep, struct store_forgotten *ret);
/* The time of the oldest line of the audit log, and of the last one that was written at a time before this one;
 * STORE_E_NONE: there is none. */
int store_oldest_line(struct store *store, int64_t *ret);
int store_line_before(struct store *store, int64_t before, int64_t *ret);
