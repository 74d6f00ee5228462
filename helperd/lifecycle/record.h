/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A request with all that belongs to it, and the text that stands for it. */
#pragma once

#include "common/canonical.h"
#include "helperd/config/packages.h"
#include "helperd/lifecycle/txn.h"
#include "helperd/policy/policy.h"

/* Everything about one request, loaded together. Owned. */
struct record {
    struct request request;
    struct stage stage; /* the current or last one; zero without approval */
    struct decision *decisions;
    size_t n_decisions;
    struct assignment assignment; /* id 0: none */
    struct grant *grants;
    size_t n_grants;
    char *remaining; /* lines: sessions and processes that the end did not end, or why; NULL: none */
};

/* 0, STORE_E_NONE, -errno. */
int record_load(struct store *store, int64_t id, struct record *ret);
void record_deinit(struct record *record);
/* Its current stage, for policy_decide_as; points into the record. */
struct policy_pending record_pending(const struct packages *packages, const struct record *record);
/* Whether somebody has approved it, so that it can give only what they saw (rule 14). */
bool record_is_bound(const struct record *record);
/* The groups of the package that the request gives, or would give if it were approved now: those that it may, where it
 * is bound. A new array of borrowed strings, for free(); NULL: no memory. */
char **request_groups(const struct request *request, const struct package *package, bool bound);

/*
 * What an approver sees of a request that waits, as one canonical text (common/canonical.h): the host, the store's
 * epoch, number and nonce; who gets which groups of which package by which policy, for how long, from when, why, asked
 * from where; the stage and its principals. Its digest names it: a decision counts for this text alone (rule 14).
 */
char *record_text(const struct engine *engine,
                  const struct record *record); /* new; NULL: no memory, a fault */
/* 0 or -errno. */
int record_digest(const struct engine *engine, const struct record *record, char ret[CANONICAL_DIGEST_MAX]);
