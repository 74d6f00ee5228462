/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* /etc/group: who is to be in it (membership = files), and who stands there by other means. */
#pragma once

#include "helperd/config/packages.h"
#include "helperd/lifecycle/txn.h"

struct groupfile;
struct grants;

/* Where membership = files: wants the user in the group. *ret_problem (new): why they are not in it yet; NULL: they are. */
void membership_want(struct txn *txn, const char *user, const char *group, gid_t gid, char **ret_problem);
/* What the assignment gave is not wanted on its account any more (rule 6): one group, all of these. */
void membership_release(struct txn *txn, const struct assignment *assignment, const char *group);
void memberships_release(struct txn *txn, const struct assignment *assignment, const struct grants *grants);
/* Saves it, with a line of the audit log unless `event` is NULL. */
void membership_save(struct txn *txn, const struct membership *membership, const char *event);
/* What its state asks for is to be done at once. */
void membership_schedule(struct txn *txn, struct membership *membership);
/* Why it is not in place, new; NULL: it is. 0 or -ENOMEM. */
int membership_describe(const struct membership *membership, char **ret_problem);

/* The file as it is now, empty where it cannot be read (logged). user: see groupfile_read. */
void standing_read_file(const struct engine *engine, const char *user, struct groupfile *ret);
/*
 * Who holds a group by a package and stands in /etc/group as well, by other means, where the end of ours leaves them
 * (rule 6). The names of these groups, as the file writes them; new. 0 or -errno, as the others below.
 */
int standing_find(struct engine *engine, const struct groupfile *file, const char *user,
                  const struct grants *grants, json_t **ret);
/* Says so of an assignment that ends, in the journal and the audit log. */
void standing_note(struct txn *txn, const struct assignment *assignment);
/* Adds them to what is answered about it, as "standing", if there are any. */
int standing_show(struct engine *engine, const struct assignment *assignment, json_t *view);
/* Says of a user who does not hold the package (NULL: none) where they stand in its groups, behind the refusal. */
int standing_append(struct engine *engine, const struct package *package, const char *user,
                    struct reply *reply);
bool json_has_text(const json_t *texts, const char *wanted);
/* How many there are now, and a line for each of the first `most`; new. */
int standing_count(struct engine *engine, size_t most, int64_t *ret, json_t **ret_first);
