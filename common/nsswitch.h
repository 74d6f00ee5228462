/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * nsswitch.conf as glibc reads it, as far as it decides whom glibc asks for the groups of a login (initgroups). Held to
 * the real glibc, line by line, by tests/bus/test_nsswitch.c. What differs from what one expects:
 * - of several lines of a database the last counts; a last line without its line break is not read;
 * - blanks may stand before the colon, and the colon may be missing; names of databases and services are case-sensitive;
 * - one line that glibc cannot parse, of any database that it knows, and the whole file counts as absent;
 * - '#' begins a comment at the begin of a line alone; further on it is a service's name;
 * - behind a second pair of brackets in a row nothing is read.
 */
#pragma once

#include "common/findings.h"

#include <stdbool.h>
#include <stddef.h>

/* What a service answers, and what glibc does then. */
enum { NSSWITCH_SUCCESS, NSSWITCH_NOTFOUND, NSSWITCH_UNAVAIL, NSSWITCH_TRYAGAIN, NSSWITCH_ANSWERS };
enum { NSSWITCH_CONTINUE, NSSWITCH_RETURN, NSSWITCH_MERGE };

struct nsswitch_service {
    char *name;
    unsigned char actions[NSSWITCH_ANSWERS];
};

/* A line of a database. `number` 0: there is none, and glibc's default counts. */
struct nsswitch_line {
    unsigned number; /* from 1 */
    unsigned others; /* lines of this database above it, which do not count */
    bool unread;     /* something stands behind the services that glibc does not read */
    struct nsswitch_service *services;
    size_t n_services;
};

struct nsswitch {
    struct nsswitch_line group, initgroups;
    unsigned broken; /* the line that glibc cannot parse, and so reads no line at all; 0: none */
    unsigned cut;    /* the last line, where it lacks its line break and would have been one of these two */
};

/* 0 or -ENOMEM; any bytes are a nsswitch.conf. */
int nsswitch_parse(const char *text, size_t size, struct nsswitch *ret);
void nsswitch_deinit(struct nsswitch *nsswitch);

/* The line that decides: initgroups: where there is one, else group:. NULL: there is none that glibc reads. */
const struct nsswitch_line *nsswitch_deciding(const struct nsswitch *nsswitch);

/* For whom our module is not asked for groups, bits. 0: it is asked for everybody, always. */
enum {
    NSSWITCH_ALWAYS = 1,
    NSSWITCH_WITHOUT_GROUP = 2, /* for who has no group in a service before it */
    NSSWITCH_WITH_GROUP = 4,    /* for who has one (in a line initgroups: alone) */
    NSSWITCH_WHILE_DOWN =
        8, /* for everybody, while a service before it does not answer or is not installed */
};
unsigned nsswitch_hidden(const struct nsswitch *nsswitch);

/* For whom, the same bits, our module keeps glibc from asking the services behind it. */
unsigned nsswitch_hides(const struct nsswitch *nsswitch);

/* The deciding line as it has to be written for every service to be asked, ours among them. New; NULL: no memory. */
char *nsswitch_mended(const struct nsswitch *nsswitch);

/* Reads the file and says in which of these ways our module is hidden or hides others, and how to write the line. What
 * nsswitch_hidden says of it. */
unsigned nsswitch_check(const char *path, struct findings *findings);
