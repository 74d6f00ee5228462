/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Names that a directory knew. One that answers from a cache while its server is away (SSSD) denies what is not in the
 * cache, in the same words as what never was: so a name that was there, and is not in the files of this host, counts as
 * not answered for a day before it counts as absent. In memory alone.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct remembered {
    void *root;
    size_t count;
};

/* It is there, in a directory. Without memory or room it is not remembered. */
void remembered_note(struct remembered *names, const char *name);
/* It is known otherwise: deleted for sure, or of this host. */
void remembered_forget(struct remembered *names, const char *name);
/* It is denied now (in seconds, by any clock that goes on): whether that is in doubt. */
bool remembered_doubts(struct remembered *names, const char *name, double now);
void remembered_deinit(struct remembered *names);
