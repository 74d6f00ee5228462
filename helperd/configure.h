/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What `accesspkgd --check-config` and `accesspkgd --write-allow-list` do, in a short-lived process of the
 * administrator: the configuration is read as the daemon reads it, and the names in it are looked up on this host.
 * main.c calls these and exits with what they return: 0; 78 errors in the configuration; 77 not root, for the
 * allow-list; 1 anything else. Every problem is a line on `out`, then one that counts.
 */
#pragma once

#include "helperd/configure_names.h"

#include <stdio.h>

int configure_check(FILE *out);

/* The same check, then the groups that exist become the allow-list; on any error the list stays as it is. An entry
 * whose group no package gives any more stays while somebody holds it (packages_kept.h): a line tells of each. */
int configure_write_allow_list(FILE *out);

/* Where things are; tests have places of their own. */
struct configure_place {
    const char *config;
    const char *packages;
    const char *state;
    uid_t owner;
    const struct configure_lookup *lookup;
};

int configure_check_at(const struct configure_place *place, FILE *out);
int configure_write_allow_list_at(const struct configure_place *place, FILE *out);
