/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the names in packages mean on this host now. It asks the host's directories and may wait for them, so it is
 * for the administrator's own short-lived process: the daemon must never call it.
 */
#pragma once

#include "helperd/config/packages.h"
#include "helperd/config/packages_allow.h"

/* Each returns 0, -ENOENT when there is surely no such name, another -errno when it could not find out. */
struct configure_lookup {
    int (*group)(const char *name, void *data, gid_t *ret_gid, strv *ret_members); /* new list, owned */
    int (*user)(const char *name, void *data, bool *ret_may_log_in);
    int (*name_of)(gid_t gid, void *data, char **ret); /* of the group; new, owned */
    int (*local)(const char *group, void *data);       /* in /etc/group */
    void *data;
};

/* common/directory.h, common/local.h. */
extern const struct configure_lookup configure_lookup_host;

/*
 * Warns of names that do not resolve, approvers who cannot log in, quorums that today's members cannot reach and
 * groups whose members can become root. Errors: gid 0, two groups with one gid, and with `files` (membership = files) a
 * group that a directory has and /etc/group has not. What is on the allow-list (NULL: not known) was there once. 0 or
 * -ENOMEM.
 */
int configure_names_check(const struct packages *packages, bool files, const struct packages_allowed *allowed,
                          const struct configure_lookup *lookup, struct problems *problems);
