/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * /etc/group: who is to be in it (membership = files), and who stands there by other means. Inside the caller's transaction
 * where it writes: 0 or -errno.
 */
#pragma once

#include "helperd/config/packages.h"
#include "helperd/lifecycle/txn.h"

struct groupfile;

/* Where membership = files: wants the user in the group. *ret_problem (new): why they are not in it yet; NULL: they are. */
int engine_want_membership(struct engine *engine, const char *user, const char *group, gid_t gid,
                           char **ret_problem);
/* What the assignment gave is not wanted on its account any more (rule 6). */
int engine_release_memberships(struct engine *engine, const struct assignment *assignment,
                               const struct grant *grants, size_t count);
/* Writes it, with a line of the audit log unless `event` is NULL. */
int engine_put_membership(struct engine *engine, const struct membership *membership, const char *event);
/* What its state asks for is to be done at once. */
void engine_schedule_membership(struct engine *engine, struct membership *membership);
/* Why it is not in place, new; NULL: it is. 0 or -ENOMEM. */
int engine_describe_membership(const struct membership *membership, char **ret_problem);

/*
 * Who holds a group by a package and stands in /etc/group as well, by other means, where the end of ours leaves them
 * (rule 6). The names of these groups, as the file writes them; new.
 */
void engine_read_group_file(
    const struct engine *engine, const char *user,
    struct groupfile *ret); /* user: see groupfile_read; empty where it cannot be read */
int engine_find_standing(struct engine *engine, const struct groupfile *file, const char *user,
                         const struct grant *grants, size_t count, json_t **ret);
/* Says so of an assignment that ends, in the journal and the audit log. */
int engine_note_standing(struct engine *engine, const struct assignment *assignment);
/* Adds them to what is answered about it, as "standing", if there are any. */
int engine_show_standing(struct engine *engine, const struct assignment *assignment, json_t *view);
/* Says of somebody who does not hold the package (NULL: none) where they stand in its groups, behind the refusal. */
int engine_append_standing(struct engine *engine, const struct package *package, const char *user,
                           struct reply *reply);
bool engine_has_text(const json_t *texts, const char *wanted);
/* How many there are now, and a line for each of the first `most`; new. */
int engine_count_standing(struct engine *engine, size_t most, int64_t *ret, json_t **ret_first);
