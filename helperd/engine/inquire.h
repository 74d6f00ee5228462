/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What to look up for a call before it is made. Each adds to the inquiry. Results: 0; -errno. */
#pragma once

#include "helperd/lifecycle/txn.h"

/* The users in whose name the caller may decide, for calls whose facts have delegators. */
int engine_inquire_delegators(struct engine *engine, uid_t caller, struct inquiry *inquiry);
/* The groups of these packages. */
int engine_inquire_packages(struct engine *engine, char *const *packages, struct inquiry *inquiry);
/* The groups of the user's live assignment of this package and of the package; nothing without an assignment. */
int engine_inquire_held_groups(struct engine *engine, const char *user, const char *package,
                               struct inquiry *inquiry);
/* The requestor, the groups of the requested package and the names in its policy and stages. STORE_E_NONE: no such
 * request. */
int engine_inquire_request(struct engine *engine, int64_t id, struct inquiry *inquiry);

/*
 * The names by which policies mean the subjects (inquire_names.c): requestors and emergency users of these packages;
 * reviewers of a package; those who may see a request; those who may end a user's access; of all lists of approvers, and
 * of all requestors, those that no answer is known of.
 */
int engine_inquire_requestors(struct engine *engine, char *const *packages, struct inquiry *inquiry);
int engine_inquire_reviewers(struct engine *engine, const char *package, struct inquiry *inquiry);
int engine_inquire_sight(struct engine *engine, int64_t id, struct inquiry *inquiry);
int engine_inquire_revoker(struct engine *engine, const char *user, const char *package,
                           struct inquiry *inquiry);
int engine_inquire_lists(struct engine *engine, struct inquiry *inquiry);
int engine_inquire_all_requestors(struct engine *engine, struct inquiry *inquiry);

/* The principals of the first stage, or of all stages, of these packages, up to a limit. */
int engine_inquire_approvers(struct engine *engine, char *const *packages, bool all_stages,
                             struct inquiry *inquiry);
