/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Everything that is wrong or doubtful in what an administrator wrote, in reading order, so that one run tells
 * all of it. An error makes the whole set unusable, a warning does not. */
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
    size_t errors; /* counted even where no memory was left for the text: an error is never lost (rule 1) */
};

void problems_add(struct problems *problems, bool error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Puts those from `first` on, all of one file, into the order of their lines: "FILE:7: ..." Without a line: first. */
void problems_order(struct problems *problems, size_t first, const char *file);
void problems_deinit(struct problems *problems);
