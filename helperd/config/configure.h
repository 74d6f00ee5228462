/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What `accesspkgd --check-config`, `--extend-allow-list` and `--write-allow-list` do, in a short-lived process of the
 * administrator or of the unit's start: the configuration is read as the daemon reads it, and the names in it are looked
 * up on this host. main.c calls these and exits with what they return: 0; 78 errors in the configuration; 77 not root,
 * for the allow-list; 1 anything else. Every problem is a line on `out`.
 */
#pragma once

#include "helperd/config/configure_names.h"

#include <stdio.h>

/* Its last line counts. */
int configure_check(FILE *out);

/* Puts the groups that packages.d names on the allow-list and takes none off. Looks up those alone that are not on it
 * yet. On an error in packages.d the list stays as it is. */
int configure_extend_allow_list(FILE *out);

/* Makes the allow-list the groups that packages.d names, and of those that were on it the `held` ones: what somebody
 * holds still of a package that is gone or names them no longer (docs/decisions/006-removed-packages.md). An entry that
 * root did not make before is never added for being held. */
int configure_write_allow_list(const gid_t *held, size_t n_held, FILE *out);

/* Where things are; tests have places of their own. */
struct configure_place {
    const char *config;
    const char *packages;
    const char *state;
    uid_t owner;
    const struct configure_lookup *lookup;
    const char *root; /* whose etc/nsswitch.conf and etc/pam.d are judged ("": this host's); NULL: none */
};

int configure_check_at(const struct configure_place *place, FILE *out);
int configure_extend_allow_list_at(const struct configure_place *place, FILE *out);
int configure_write_allow_list_at(const struct configure_place *place, const gid_t *held, size_t n_held,
                                  FILE *out);
