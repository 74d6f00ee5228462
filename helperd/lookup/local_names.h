/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The names in /etc/passwd and /etc/group, as they are now: what they have is looked up first. */
#pragma once

#include <stdbool.h>

struct local_names {
    void *users, *groups; /* trees */
    void *uids;           /* those of the users */
    void *seconds;        /* the users whose uid an earlier line has */
};

/* Until the next call. What cannot be read counts as empty. */
const struct local_names *local_names_now(void);
bool local_names_have_user(const struct local_names *names, const char *user);
/* True when the user's processes run as another user of this host, who has the same uid: they cannot decide. */
bool local_names_run_as_another(const struct local_names *names, const char *user);
/* For a principal, "alice" or "%dba-leads". */
bool local_names_have(const struct local_names *names, const char *principal);
