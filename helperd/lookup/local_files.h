/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The users and groups of /etc/passwd and /etc/group, read once and kept while the files are the same: a question asks for
 * several, and each look-up in a file reads it from its beginning. What is returned lives until the next
 * local_files_look().
 */
#pragma once

#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define LOCAL_FILES_ANY_SIZE ((off_t)INT64_MAX)

/* Reads what has changed. At the beginning of each question; what follows answers as of then. A file of more than `most`
 * bytes, and one that there is no memory for, counts as missing. */
void local_files_look(off_t most);

/* False for a file that is missing or empty: it is broken or being replaced, which proves no absence (common/local.h). */
bool local_files_have_users(void);
bool local_files_have_groups(void);

/* NULL: no line has it. Of several lines with it the first. Users have a name, uid, primary group, shell and GECOS field. */
const struct passwd *local_files_user(const char *name);
const struct passwd *local_files_user_by_uid(uid_t uid);
const struct group *local_files_group(const char *name);
const struct group *local_files_group_by_gid(gid_t gid);

/* All groups, in their order, with their members. */
const struct group *local_files_groups(size_t *ret_count);

/* True when the user's processes run as another user of this host, who has the same uid: they cannot decide. */
bool local_files_run_as_another(const char *user);
/* For a principal, "alice" or "%dba-leads". */
bool local_files_have(const char *principal);
