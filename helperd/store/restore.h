/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Puts a backup in the store's place, while no accesspkgd runs. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct restoring {
    const char *folder;   /* the state folder, in which the caller may write */
    int file;             /* the backup */
    const char *host_key; /* of this host; NULL: not known */
    bool any_host;        /* also a backup that is another host's */
    int64_t now;
};

/*
 * Checks the backup on a copy beside the store, brings it to the present format, begins an epoch in it, and exchanges it
 * for state.db, which is kept under another name. The caller holds the lock (store_lock). An exit code, with lines on
 * `out`: what was done, or why nothing was changed.
 */
int store_restore(const struct restoring *restoring, FILE *out);
