/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Root's note of the store (common/storenote.h): a copy of what accesspkgd says of it in grants/mark. */
#pragma once

#include <stdio.h>
#include <sys/types.h>

struct notestore_place {
    const char *state;
    const char *note;
};

/*
 * Brings the note up to the mark, as root. It never goes back: not to a store that root has to accept first, nor to
 * fewer entries. Without a mark it stays. An exit code, with a line on `out` when it could not be written.
 */
int notestore_keep_at(const struct notestore_place *place, FILE *out);
int notestore_keep(FILE *out); /* on this host */
