/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A user in an answer of accesspkg-lookup. */
#pragma once

#include <jansson.h>
#include <pwd.h>
#include <stdbool.h>

/*
 * `who` is a name or a uid. New: an object (see accesspkg-lookup.c); null: no such user; false: the look-up failed. Its
 * groups are those of /etc/group only. *ret_primary is set with an object.
 */
json_t *subject_find(const json_t *who, gid_t *ret_primary);

/* The names of all known groups of the user, new; their gids are added to `all_gids`, also of those without a
 * name. *ret_all: every directory answered. */
json_t *subject_find_groups(const char *user, gid_t primary, json_t *all_gids, bool *ret_all);

/* True when the shell is neither nologin nor false. */
bool subject_may_log_in(const struct passwd *entry);
