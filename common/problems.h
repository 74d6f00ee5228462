/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Errors and warnings in our configuration files, in reading order, so that one run reports them all. An error makes
 * the whole set unusable, a warning does not. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct problem {
    bool error;
    char *text; /* "db-admins.conf:7: ..." with user text made visible */
};

struct problems {
    struct problem *items;
    size_t count;
    size_t errors; /* counted even when there was no memory for the text: an error is never lost (rule 1) */
};

void problems_add(struct problems *problems, bool error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Sorts those from `first` on, which all begin "FILE:", by line number; those without one come first. */
void problems_order(struct problems *problems, size_t first, const char *file);
void problems_deinit(struct problems *problems);
