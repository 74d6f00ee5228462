/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The folders of the contract on disk, below PATH_STATE:
 *
 *   grants/user/<encoded user>   written by accesspkgd, owned by its user
 *   allow/gid-<gid>              holds "NAME\n" (encoded), written by root: the groups that packages.d names, and those
 *                                it named before that somebody still holds
 *
 * Readers (PAM, NSS: inside other people's processes, so no library, no name look-up, no state between calls):
 * MUST 1  open each folder and then the file with O_NOFOLLOW|O_NONBLOCK|O_CLOEXEC, relative to the one before;
 * MUST 2  check on the descriptors: a folder that others cannot write, nor, below PATH_STATE, its group; a regular
 *         file with its folder's owner that neither group nor others can write; allow/ must have the owner of
 *         PATH_STATE itself;
 * MUST 3  bound the size before reading;
 * MUST 4  refuse what was written more than GRANTFILE_SKEW seconds after `now`;
 * MUST 5  refuse a file whose own user is not the one asked for; whoever uses it compares its uid as well, looked up
 *         after the file was read, so that a user who was made anew inherits nothing.
 * Results: 0; -ENOENT when there is no such file (the common case, one failed open behind the folder's);
 * -EPERM when MUST 2 failed, -EBADMSG for MUST 3 and 5 and the format, -ETIME for MUST 4; other -errno.
 *
 * Every function takes the state folder as a path so that tests can use one of their own; programs pass PATH_STATE.
 */
#pragma once

#include "common/grantfile.h"

int grantdir_read_user(const char *state, const char *user, int64_t now, struct grant_user *ret);

/* What a negative result of that says to a person, as part of a sentence; NULL: there is no such file. */
const char *grantdir_fault(int result);

/* Whether root allowed this gid: one fstatat behind the folder's checks. gid 0 is never allowed. */
bool grantdir_allows(const char *state, gid_t gid);

/* What root called the group. ret_name holds NAME_ENCODED_MAX + 1 bytes (decoded name). -ENOENT for gid 0, too. */
int grantdir_allowed_name(const char *state, gid_t gid, char *ret_name, size_t size);

/*
 * Writers. Replace by write to a temporary name in the same folder and rename, mode 0644; with `durable` the
 * file and then its folder are fsynced before 0 is returned (what narrows access), without it not (what widens
 * it). Removing is durable always (-ENOENT when there is no such file). A file with no package and no group is to
 * be removed, not written empty. Missing folders below PATH_STATE are made. -EFBIG for what readers would refuse.
 */
int grantdir_write_user(const char *state, const struct grant_user *file, bool durable);
int grantdir_remove_user(const char *state, const char *user);

/*
 * Which file it is that we wrote: whoever removes, replaces or edits it, or gives it another owner or mode, leaves one
 * with another mark, or none. Taken before the file has its name, so that nobody else's is taken for ours.
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
/* Of the file as it is now, whoever wrote it. 0; -ENOENT; other -errno. */
int grantdir_mark_user(const char *state, const char *user, struct grantdir_mark *ret);
bool grantdir_same_mark(const struct grantdir_mark *a, const struct grantdir_mark *b);
/* Whether a file of this mark has the mode with which we write: readable by the modules of everybody. */
bool grantdir_has_our_mode(const struct grantdir_mark *mark);

/* Calls `each` with the decoded name of every file in grants/user (in no order), until it returns non-zero,
 * which is returned. Temporary files of a killed writer are removed on the way. */
int grantdir_each_user(const char *state, int (*each)(const char *user, void *data), void *data);

/* Removes grants/gid/, where versions before 0.2 listed the members of each group. Nothing there: 0. -errno. */
int grantdir_remove_member_lists(const char *state);

/* Likewise calls `each` with every entry of the allow-list that can be trusted: the group's gid, and its decoded name as
 * root wrote it. -ENOENT when there is no list. */
int grantdir_each_allowed(const char *state, int (*each)(gid_t gid, const char *name, void *data),
                          void *data);

/*
 * Makes the allow-list exactly these groups (root only; creates allow/ 0755 if need be): new entries first, then
 * entries that are no longer named are removed; each entry replaced by rename, folder fsynced at the end. An entry that
 * says the same already is left alone. gid 0 is refused with -EPERM before anything is changed.
 */
struct allow_entry {
    gid_t gid;
    const char *name;
};
int grantdir_write_allow(const char *state, const struct allow_entry *entries, size_t count);
