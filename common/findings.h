/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a checker found in files of the host that are not ours, in the order of finding: "FILE:7: what is wrong, what it
 * costs, how to write it". The text quotes these files: whoever shows it makes it visible first (rule 10).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct findings {
    char **items;
    size_t count;
    bool lost; /* there was no memory for one of them */
};

void findings_add(struct findings *findings, const char *format, ...) __attribute__((format(printf, 2, 3)));
void findings_deinit(struct findings *findings);
