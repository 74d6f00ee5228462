/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The folders of the contract on disk, below PATH_STATE:
 *
 *   grants/user/<encoded user>   written by accesspkgd, owned by its user
 *   allow/gid-<gid>              holds "NAME\n" (encoded), written by root: the groups that packages.d names, and those
 *                                that it named before and that a user still holds
 *
 * Readers (PAM and NSS modules, inside any process: no library, no name look-up, no state between calls):
 * MUST 1  open the file with O_NOFOLLOW|O_NONBLOCK|O_CLOEXEC; then see that each folder is one, and no link;
 * MUST 2  then see that the folders are not writable by others, and below PATH_STATE not by their group; on the
 *         descriptor: a regular file, with its folder's owner, not writable by group and others; allow/ with the owner
 *         of PATH_STATE itself. Whoever could exchange a folder in between owns one of them, and need not;
 * MUST 3  bound the size before reading;
 * MUST 4  refuse a file whose `written` is more than GRANTFILE_SKEW seconds after `now`;
 * MUST 5  refuse a file for another user than the one asked for. The caller compares the uid, too, which it looks up
 *         after the file was read, so that an account created again under the same name inherits nothing.
 * Results: 0; -ENOENT when there is no such file (the common case: one open that fails);
 * -EPERM when MUST 2 failed, -EISDIR for a folder in the place of a file (common/locks.h: the user is locked), -EBADMSG
 * for MUST 3 and 5 and the format, -ETIME for MUST 4; other -errno.
 *
 * Every function takes the path of the state folder: programs pass PATH_STATE, tests a folder of their own.
 */
#pragma once

#include "common/grantfile.h"

/* *ret is to be released with grant_user_deinit. */
int grantdir_read_user(const char *state, const char *user, int64_t now, struct grant_user *ret);

/* Words for a negative result of grantdir_read_user, as part of a sentence; NULL for -ENOENT. */
const char *grantdir_fault(int result);

/* Says whether root's allow-list has this gid. Never gid 0. */
bool grantdir_allows(const char *state, gid_t gid);

/*
 * The same for a user's file and several gids, with each folder looked at once: reads the file, and the owner of the
 * state folder on success; then whether allow/ can be trusted there, 0 or -errno; then each gid.
 */
int grantdir_read_user_below(const char *state, const char *user, int64_t now, struct grant_user *ret,
                             uid_t *ret_state_owner);
int grantdir_check_allow(const char *state, uid_t state_owner);
bool grantdir_allows_by(const char *state, uid_t state_owner, gid_t gid);

/* Reads the group's name from the allow-list, decoded; at most NAME_ENCODED_MAX bytes. -ENOENT also for gid 0. */
int grantdir_allowed_name(const char *state, gid_t gid, char *ret_name, size_t size);

/*
 * Writers. They write a temporary file in the same folder, mode 0644, and rename it. With `durable` (for what narrows
 * access) file and folder are fsynced before 0 is returned; without (for what widens it) not. Removal is always durable
 * (-ENOENT when there is no such file); an unlink is not. Remove a file that would have no package and no group; do not write it. Missing
 * folders below PATH_STATE are created. -EFBIG for a file that readers would refuse.
 */
int grantdir_write_user(const char *state, const struct grant_user *file, bool durable);
int grantdir_remove_user(const char *state, const char *user);
int grantdir_unlink_user(const char *state, const char *user);
/* Put on stable storage what was written without `durable`, or unlinked: the files of these users, of all users. 0 or -errno. */
int grantdir_sync_users(const char *state, char *const *users);
int grantdir_sync_all(const char *state);

/*
 * Identifies the file that we wrote: removing, replacing or editing it, or changing its owner or mode, changes the
 * mark. Taken before the file is renamed into place, so that it is never that of another process's file.
 */
struct grantdir_mark {
    uint64_t inode; /* 0: none */
    int64_t seconds;
    int64_t nanoseconds;
    uint32_t mode;
    uint32_t owner;
};
int grantdir_write_user_marked(const char *state, const struct grant_user *file, bool durable,
                               struct grantdir_mark *ret_mark);
/* The mark of the file that is there now. 0; -ENOENT; other -errno. */
int grantdir_mark_user(const char *state, const char *user, struct grantdir_mark *ret);
bool grantdir_same_mark(const struct grantdir_mark *a, const struct grantdir_mark *b);
/* Says whether the file has the mode that we write, 0644: modules run as any user and must be able to read it. */
bool grantdir_has_our_mode(const struct grantdir_mark *mark);

/* Calls `each` with the decoded name of every file in grants/user (in no order), until it returns non-zero,
 * which is returned. Temporary files of a killed writer are removed on the way. */
int grantdir_each_user(const char *state, int (*each)(const char *user, void *data), void *data);

/*
 * The same one after the other, between which other things may be done: what was there from the first to the last comes once.
 * Opening: 0 or -errno. Next: 0; -ENOENT: there are no more; other -errno.
 */
struct grantdir_list;
int grantdir_list_users(const char *state, struct grantdir_list **ret);
int grantdir_list_next(struct grantdir_list *list, char *user, size_t size);
void grantdir_list_free(struct grantdir_list *list);

/* Removes grants/gid/, where versions before 0.2 listed the members of each group. 0, also if there is none; -errno. */
int grantdir_remove_member_lists(const char *state);

/* Calls `each` in the same way with every trusted entry of the allow-list: gid and decoded name. -ENOENT when there
 * is no list. */
int grantdir_each_allowed(const char *state, int (*each)(gid_t gid, const char *name, void *data),
                          void *data);

/*
 * Makes the allow-list exactly these groups (root only; creates allow/ 0755 if need be): first writes new entries, then
 * removes the others. Each entry is replaced by rename, an equal one left alone, the folder fsynced at the end. -EPERM
 * for gid 0, before anything is changed.
 */
struct allow_entry {
    gid_t gid;
    const char *name;
};
int grantdir_write_allow(const char *state, const struct allow_entry *entries, size_t count);
