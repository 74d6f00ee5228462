/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Look-ups of users and groups as common/directory.h has them. Where nsswitch.conf has the files of this host asked first,
 * what they have is found there without glibc. Before all else what was found so far is written, for it may take long.
 */
#pragma once

#include "common/directory.h"

/* Looks at what the files have now, local_files_look(). At the beginning of each question. */
void find_begin(void);
/*
 * The same, for a process that must not wait: nothing but the files is asked, and they only where they and their groups
 * are small. What they do not have is unanswered, and find_lacked() true. Without `look`: as they were for the last
 * question, if there was one.
 */
void find_begin_in_files(bool look);
bool find_lacked(void);

/* What is found lives until the next look-up. */
enum directory_answer find_user(const char *name, const struct passwd **ret);
enum directory_answer find_user_by_uid(uid_t uid, const struct passwd **ret);
enum directory_answer find_group(const char *name, const struct group **ret);
enum directory_answer find_group_by_gid(gid_t gid, const struct group **ret);

/* directory_groups(); -EAGAIN: it may not be asked. */
int find_groups(const char *user, gid_t primary, struct directory_groups *ret);
