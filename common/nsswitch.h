/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Parses nsswitch.conf as glibc does, as far as it decides which services glibc asks for the groups of a login
 * (initgroups). tests/bus/test_nsswitch.c compares it with the real glibc, line by line. Surprises:
 * - the last line of a database counts; a last line of the file without its line break is not read;
 * - blanks may stand before the colon, and the colon may be missing;
 * - names of databases and services are case-sensitive;
 * - one line that glibc cannot parse, of any database that it knows, makes it ignore the whole file;
 * - '#' starts a comment only at the start of a line; elsewhere it starts a service's name;
 * - after a second pair of brackets in a row nothing is read.
 */
#pragma once

#include "common/findings.h"

#include <stdbool.h>
#include <stddef.h>

/* What a service can answer, and what glibc does then. */
enum { NSSWITCH_SUCCESS, NSSWITCH_NOTFOUND, NSSWITCH_UNAVAIL, NSSWITCH_TRYAGAIN, NSSWITCH_ANSWERS };
enum { NSSWITCH_CONTINUE, NSSWITCH_RETURN, NSSWITCH_MERGE };

struct nsswitch_service {
    char *name;
    unsigned char actions[NSSWITCH_ANSWERS];
};

/* A line of a database. */
struct nsswitch_line {
    unsigned number; /* from 1; 0: the file has none, glibc uses its default */
    unsigned others; /* lines of this database above it, which do not count */
    bool unread;     /* glibc does not read the end of the line */
    struct nsswitch_service *services;
    size_t n_services;
};

struct nsswitch {
    struct nsswitch_line group, initgroups;
    unsigned broken; /* the line that glibc cannot parse, so that it ignores the file; 0: none */
    unsigned cut;    /* the last line, if it lacks its line break and is one of these two; 0: none */
};

/* Accepts any bytes. 0 or -ENOMEM. */
int nsswitch_parse(const char *text, size_t size, struct nsswitch *ret);
void nsswitch_deinit(struct nsswitch *nsswitch);

/* The line that decides: initgroups: if there is one, else group:. NULL when glibc reads neither. */
const struct nsswitch_line *nsswitch_deciding(const struct nsswitch *nsswitch);

/* When glibc does not ask our module for a user's groups, as bits. 0: it always asks. */
enum {
    NSSWITCH_ALWAYS = 1,
    NSSWITCH_WITHOUT_GROUP = 2, /* when the user has no group in a service before ours */
    NSSWITCH_WITH_GROUP = 4,    /* when the user has one there (only with a line initgroups:) */
    NSSWITCH_WHILE_DOWN = 8,    /* while a service before ours does not answer or is not installed */
};
unsigned nsswitch_hidden(const struct nsswitch *nsswitch);

/* When our module keeps glibc from asking the services after it; the same bits. */
unsigned nsswitch_hides(const struct nsswitch *nsswitch);

/* The deciding line, corrected so that every service is asked, ours included. New memory; NULL: no memory. */
char *nsswitch_mended(const struct nsswitch *nsswitch);

/* Reads the file; adds a finding, with the corrected line, if our module is hidden or hides others. Returns
 * nsswitch_hidden of the file; 0 when it cannot be read. */
unsigned nsswitch_check(const char *path, struct findings *findings);
