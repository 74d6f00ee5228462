/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finds the name that somebody probably meant by one that does not exist. Pure. Offer only names that they may see. */
#pragma once

#include <stddef.h>

/* {.typed = TEXT}, then similar_try with each name. `best` is NULL while no name is near; ties: the first. Borrowed. */
struct similar {
    const char *typed;
    const char *best;
    size_t distance;
};

void similar_try(struct similar *similar, const char *name);
