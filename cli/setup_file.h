/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A package file as setup writes it: composed from what was asked, written beside its place as a draft, checked there by
 * accesspkgd, and renamed. Killed at any moment it leaves the file that was, or the new one whole; a draft that is left
 * counts for nothing, and the next setup replaces it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Lists are as they were typed: names parted by blanks or commas. NULL, 0: not given. */
struct setup_terms {
    const char *name;
    const char *description;
    const char *groups;
    const char *requestors;
    const char *approvers;
    int64_t duration; /* seconds, or DURATION_FOREVER */
    int64_t max_duration;
};

/* Names as they were typed, as a file has them: commas part them, too, but where names are quoted. New. */
char *setup_list(const char *typed);

/* The file's text, new. NULL, with *ret_fault for people (new): a term cannot stand in a file. */
char *setup_compose(const struct setup_terms *terms, char **ret_fault);

/* The package's file, new; NULL when there is none (*ret_error 0), or with -errno: ELOOP or EINVAL is no regular file. */
char *setup_read(int folder, const char *name, int *ret_error);

/* 0 or -errno. The draft is durable when it returns. */
int setup_write_draft(int folder, const char *name, const char *text);
void setup_remove_draft(int folder, const char *name);
/* -EEXIST: there is a file by now, and it is not to be replaced. Durable when it returns 0. */
int setup_rename_draft(int folder, const char *name, bool replace);
