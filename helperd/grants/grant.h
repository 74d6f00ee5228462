/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From the store to the grant files: derives what the PAM and NSS modules read. Never decides anything; doing it
 * again is harmless (rule 7). Called by the engine after its commit.
 */
#pragma once

#include "common/grantdir.h"
#include "helperd/store/store.h"

/* What the files are derived from, where they are, and when. */
struct grant_source {
    struct store *store;
    const char *state; /* the folder */
    int64_t now;
};

/*
 * Makes grants/user/<user> say what the store says, or takes it away when the user holds nothing. `durable` (what
 * narrows access): on stable storage when this returns. The mark is of the file that was written, its inode 0 where
 * none was. 0 or -errno (logged).
 */
int grant_publish_user(const struct grant_source *source, const char *user, bool durable,
                       struct grantdir_mark *ret_mark);

/* How a file stands to the store, leaving aside when it was written. */
enum grant_likeness {
    GRANT_ALIKE = 0,
    GRANT_REMOVED, /* there is none, and there should be */
    GRANT_REFUSED, /* there, but readers refuse it, or it is another user's by its uid */
    GRANT_UNLIKE,
};

/* GRANT_UNLIKE alone sets *ret_file (owned by the caller, grant_user_deinit). 0; -errno: it could not be found out. */
int grant_compare_user(const struct grant_source *source, const char *user, struct grant_user *ret_file,
                       enum grant_likeness *ret);
bool grant_file_has_package(const struct grant_user *file, const struct assignment *assignment);
bool grant_file_has_group(const struct grant_user *file, const struct assignment *assignment,
                          const struct grant *grant);

/*
 * A newborn store takes over what the files say until their end, instead of ending access because a database was
 * lost. Inside a transaction. Files that the readers would refuse are left for the clean-up. 0 or -errno.
 */
int grant_adopt(const struct grant_source *source);
