/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From the store to the grant files: derives what the PAM and NSS modules read. Never decides anything; doing it
 * again is harmless (rule 7). Called by the engine after its commit.
 */
#pragma once

#include "helperd/store.h"

/*
 * Makes grants/user/<user> say what the store says, or takes it away when the user holds nothing. `durable` (what
 * narrows access): on stable storage when this returns. 0 or -errno (logged).
 */
int grant_publish_user(struct store *store, const char *state, const char *user, int64_t now, bool durable);

/* Likewise grants/gid/<gid>. */
int grant_publish_gid(struct store *store, const char *state, gid_t gid, int64_t now);

/*
 * A newborn store takes over what the files say until their end, instead of ending access because a database was
 * lost. Inside a transaction. Files that the readers would refuse are left for the clean-up. 0 or -errno.
 */
int grant_adopt(struct store *store, const char *state, int64_t now);
