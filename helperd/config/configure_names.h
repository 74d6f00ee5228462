/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Checks what the names in packages mean on this host. Asks the host's directories and may wait for them, so it is only
 * for the administrator's short-lived process: the daemon must never call it.
 */
#pragma once

#include "helperd/config/packages.h"
#include "helperd/config/packages_allow.h"

/* Each returns 0; -ENOENT when the name certainly does not exist; other -errno when that is unknown. */
struct configure_user {
    uid_t uid;
    gid_t gid;
    bool may_log_in;
};

struct configure_lookup {
    int (*group)(const char *name, void *data, gid_t *ret_gid, strv *ret_members); /* new list, owned */
    int (*user)(const char *name, void *data, struct configure_user *ret);
    int (*name_of)(gid_t gid, void *data, char **ret); /* the group's name; new memory */
    int (*local)(const char *group, void *data);       /* 0 when the group is in /etc/group */
    void *data;
};

/* Uses common/directory.h and common/local.h. */
extern const struct configure_lookup configure_lookup_host;

/*
 * Checks chains (configure_chain.h), by what the names are to the directory. Warns of unknown names, approvers who cannot log in, quorums that today's members cannot reach, and groups whose
 * members can become root. Errors: gid 0, two groups with one gid, and with `files` (membership = files) a group that
 * is not in /etc/group. A group on the allow-list (NULL: unknown) existed before, which changes the warning. 0 or
 * -ENOMEM.
 */
int configure_names_check(const struct packages *packages, bool files, const struct packages_allowed *allowed,
                          const struct configure_lookup *lookup, struct problems *problems);
