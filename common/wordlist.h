/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Lists of names as files of ours hold them: words separated by blanks. A word in double quotes may hold blanks; in it \"
 * stands for a quote and \\ for a backslash ("%domain admins@corp.example.com"). Without quotes a backslash is a character
 * like others (CORP\bob). A quoted word ends on the line on which it began.
 */
#pragma once

#include "common/strv.h"

struct word {
    char *text;        /* new; with a fault: as far as it could be read */
    const char *fault; /* why this is no word; NULL when it is one */
    const char *begin; /* where it was written, and so many bytes */
    size_t length;
    bool quoted;
};

/* Reads the word at *at and moves behind it. 1; 0 at the end of the list; -ENOMEM. */
int wordlist_next(const char **at, struct word *ret);

/* The end of the quoted word that begins here, behind its quote; NULL when none begins, or its line does not end it. */
const char *wordlist_skip_quoted(const char *text);

/* For text of our own: the words, with quotes where they need some, and back. New memory; NULL: no memory. */
char *wordlist_write(char *const *list);
strv wordlist_read(const char *text);
