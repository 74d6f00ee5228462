/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a checker finds in other programs' files (pam.d, nsswitch.conf), one line each: "FILE:7: what is wrong, what it
 * costs, how to write it". The text quotes these files, so make it visible before you show it (rule 10).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct findings {
    char **items;
    size_t count;
    bool lost; /* at least one is missing: no memory */
};

void findings_add(struct findings *findings, const char *format, ...) __attribute__((format(printf, 2, 3)));
void findings_deinit(struct findings *findings);
