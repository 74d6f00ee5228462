/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Remembers names that a directory had. SSSD, when its server is down, denies a name that is not in its cache just like
 * one that never existed. So when a name that was there is denied, and is not in the files of this host, it counts as
 * unanswered for a day before it counts as absent. In memory only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct remembered {
    void *root;
    size_t count;
};

/* The directory has the name. Not remembered when memory or room is short. */
void remembered_note(struct remembered *names, const char *name);
/* The name is certainly deleted, or is one of this host. */
void remembered_forget(struct remembered *names, const char *name);
/* The directory denies the name now: true when that is in doubt. `now` in seconds of a monotonic clock. */
bool remembered_doubts(struct remembered *names, const char *name, double now);
void remembered_deinit(struct remembered *names);
