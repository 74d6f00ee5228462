/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a person sees of a request, as org.accesspkg1.Manager.xml describes it. Reads the store, changes nothing. */
#pragma once

#include "helperd/engine/engine.h"
#include "helperd/policy/policy.h"

/* Everything about one request, loaded together; the stage is zero before and without approval. */
struct record {
    struct request request;
    struct stage stage;
    struct decision *decisions;
    size_t n_decisions;
    struct assignment assignment; /* id 0: none */
    struct grant *grants;
    size_t n_grants;
    char *remaining; /* lines: what the end of live sessions left; NULL: nothing is known */
};

/* 0, STORE_E_NONE, -errno. */
int record_load(struct store *store, int64_t id, struct record *ret);
void record_deinit(struct record *record);

/* A new object; NULL when there is no memory. The decider is the caller, for may_decide and may_cancel. */
json_t *view_assignment(const struct assignment *assignment); /* one that no request stands behind */
json_t *view_request(const struct record *record, const struct packages *packages,
                     const struct policy_decider *caller, int64_t now);
