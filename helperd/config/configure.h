/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Implements `accesspkgd --check-config`, `--extend-allow-list` and `--write-allow-list`: short-lived processes of the
 * administrator or of the unit's start, which read the configuration as the daemon does and look up its names on this
 * host. Return exit codes: 0; 78 errors in the configuration; 77 not root, for the allow-list; 1 any other failure.
 * Each problem is a line on `out`: "error: a.conf:2: ...".
 */
#pragma once

#include "helperd/config/configure_names.h"

#include <stdio.h>

/* Checks everything. The last line of the output sums up. */
int configure_check(FILE *out);

/*
 * Checks the package files of a folder that are to become packages.d, whoever owns them: for a hook of a repository.
 * look_up: whether this host knows the names. Returns 0, or 1 after errors. Each problem is a line as compilers write
 * it: "FOLDER/a.conf:2: error: ...".
 */
int configure_check_folder(const char *folder, bool look_up, FILE *out);

/* The same, as it will be once the draft of this package is its file (packages_load_draft). */
int configure_check_draft(const char *package, FILE *out);

/* Adds the groups that packages.d names to the allow-list, and removes none. Looks up only those without an entry.
 * After an error in the configuration the list stays as it is. */
int configure_extend_allow_list(FILE *out);

/* Makes the allow-list the groups that packages.d names, and those of its present entries that are `held`: a user
 * still has the group by a package that was removed or no longer names it (docs/decisions/006-removed-packages.md).
 * Never adds a held group that has no entry yet. */
int configure_write_allow_list(const gid_t *held, size_t n_held, FILE *out);

/* The paths and look-ups to use; tests have their own. */
struct configure_place {
    const char *config; /* NULL: the settings are as they are by default */
    const char *packages;
    const char *state;
    uid_t owner;
    const struct configure_lookup *lookup; /* NULL: look up no name (configure_check_at) */
    bool apart;        /* `packages` is a folder that is to become packages.d: see configure_check_folder */
    const char *draft; /* see configure_check_draft; NULL: none */
    const char *root;  /* where to check etc/nsswitch.conf and etc/pam.d ("": this host); NULL: do not */
    const char *sshd;  /* what `sshd -T` prints there; NULL: it is run */
};

int configure_check_at(const struct configure_place *place, FILE *out);
int configure_extend_allow_list_at(const struct configure_place *place, FILE *out);
int configure_write_allow_list_at(const struct configure_place *place, const gid_t *held, size_t n_held,
                                  FILE *out);
