/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A user as accesspkg-lookup tells of one. */
#pragma once

#include <jansson.h>
#include <pwd.h>
#include <stdbool.h>

/*
 * New: an object (see accesspkg-lookup.c), null where there is no such user, false where that was not answered. `who` is
 * a name or a uid. Its groups are those of /etc/group: nothing further is asked yet. *ret_primary goes with an object.
 */
json_t *subject_find(const json_t *who, gid_t *ret_primary);

/* The names of all groups of the user that are known, new; *ret_all: every directory answered. */
json_t *subject_find_groups(const char *user, gid_t primary, bool *ret_all);

/* Has a shell that is neither nologin nor false. */
bool subject_may_log_in(const struct passwd *entry);
