/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* /etc/group: memberships that we want there (membership = files), and memberships there by other means. */
#pragma once

#include "helperd/config/packages.h"
#include "helperd/lifecycle/txn.h"

struct groupfile;
struct grants;

/* With membership = files: wants the user in the group. *ret_problem (new): why they are not in it yet; NULL: they
 * are. */
void membership_want(struct txn *txn, const char *user, const char *group, gid_t gid, char **ret_problem);
/* The assignment gives this group, these groups, no longer: ends memberships that no other assignment wants (rule
 * 6). */
void membership_release(struct txn *txn, const struct assignment *assignment, const char *group);
void memberships_release(struct txn *txn, const struct assignment *assignment, const struct grants *grants);
/* The end of what the assignment gives may have moved: the root service is to be told of it. */
void membership_move_end(struct txn *txn, const char *user, const char *group);
void memberships_move_ends(struct txn *txn, const struct assignment *assignment, const struct grants *grants);
/* Saves it, and adds a line to the audit log unless `event` is AUDIT_NONE. */
void membership_save(struct txn *txn, const struct membership *membership, enum audit_event event);
/* Makes the next act of its state, if any, due now, and clears its failure. In place there is none. */
void membership_schedule(struct txn *txn, struct membership *membership);
/* *ret_problem (new): why it is not in place; left as it is when it is. 0 or -ENOMEM. */
int membership_describe(const struct membership *membership, char **ret_problem);

/* Reads /etc/group; empty when it cannot be read (logged). user: see groupfile_read. */
void standing_read_file(const struct engine *engine, const char *user, struct groupfile *ret);
/*
 * The groups among these grants in which /etc/group lists the user by other means than ours, and will after the end of
 * the assignment (rule 6): new, with the names that the file has; NULL: none. 0 or -errno, as the others below.
 */
int standing_find_groups(struct engine *engine, const struct groupfile *file, const char *user,
                         const struct grants *grants, strv *ret);
/* Sets these groups in a view, as "standing"; NULL: nothing. */
int standing_set(json_t *view, char *const *groups);
/* Warns of them in the journal and the audit log: the assignment ends. */
void standing_note(struct txn *txn, const struct assignment *assignment);
/* Sets the groups of this assignment in its view. */
int standing_show(struct engine *engine, const struct assignment *assignment, json_t *view);
/* Appends to a refusal in which groups of the package (NULL: none) the user is a member although they do not hold
 * it. */
int standing_append_refusal(struct engine *engine, const struct package *package, const char *user,
                            struct reply *reply);
/* Counts all such memberships; *ret_first: a line for each of the first `most`, new. */
int standing_count(struct engine *engine, size_t most, int64_t *ret, json_t **ret_first);
