/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What administrators read of all users. Results are those of calls.h. */
#pragma once

#include "helperd/engine/calls.h"

/* Who holds what now, newest first; the caller has checked for uid 0. The value is an array [rows, more, kinds],
 * where kinds are those that the name was taken for. engine_holder_kind: the kind (store.h) of a word ("package");
 * 0: none. */
int engine_list_holders(struct engine *engine, const struct store_holders_filter *filter,
                        struct reply *reply);
unsigned engine_holder_kind(const char *word);

/* Who held what in a period; the caller has checked for uid 0. The value is [rows, next_at, next]. filter->examine is set
 * here. */
int engine_list_history(struct engine *engine, const struct store_history_filter *filter,
                        struct reply *reply);

/* Reports; the caller has checked for uid 0. The value is [rows, the time from which it counts], and of the audit log
 * [lines, next_at, next]. filter->examine is set here. */
int engine_report(struct engine *engine, int64_t since, const char *package, struct reply *reply);
int engine_list_audit(struct engine *engine, const struct store_audit_filter *filter, struct reply *reply);

/*
 * Says what would change, and for whom, if these packages were put into force (engine_end_removed_packages and what
 * follows it), and changes nothing; the caller has checked for uid 0. The value is [packages, effects, more], as
 * org.accesspkg1.Manager.xml has it.
 */
int engine_diff(struct engine *engine, const struct packages *after, struct reply *reply);

/* The engine's part of GetStatus. The caller's login id shows whether login ids are known on this host. */
int engine_status(struct engine *engine, const struct caller *caller, struct reply *reply);

/* The engine's figures of GetMetrics, a new object; each is known without a look at all that there is. 0 or -errno. */
int engine_measure(struct engine *engine, json_t **ret);

/* How many emergencies wait longer for a review than their packages say (review_within). */
int engine_count_overdue_reviews(struct engine *engine, int64_t *ret);
