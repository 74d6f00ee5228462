/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Looking back: figures of a period, the audit log. See store.h for results and ownership. */
#pragma once

#include "common/identity.h"
#include "helperd/store/request.h"

struct store;

/* The audit log (rule 12): in the transaction of what it tells of. request, assignment 0 and detail NULL:
 * none. */
struct audit {
    int64_t at;
    const char *actor; /* a user's name, or "accesspkgd" */
    struct identity identity;
    const char *event;
    int64_t request;
    int64_t assignment;
    const char *detail;
};
int store_add_audit(struct store *store, const struct audit *audit);

/*
 * Looking back (report.c). One line of the audit log, with whom it concerns: the user and package of its request,
 * else of its assignment; NULL where it tells of neither. Borrowed for the length of the call.
 */
struct audit_line {
    int64_t id;
    struct audit audit;
    const char *user;
    const char *package;
};
typedef int (*store_each_audit)(const struct audit_line *line, void *data);
struct store_audit_filter {
    int64_t request;   /* 0: any */
    int64_t since;     /* 0: from the first */
    const char *user;  /* who did it or whom it concerns; NULL: anybody */
    int64_t before_at; /* of the last line examined before; with `before` 0: from the newest */
    int64_t before;
    int64_t limit;   /* lines handed out */
    int64_t examine; /* lines read */
};
struct store_audit_cursor {
    int64_t at;
    int64_t id; /* 0: there is no more */
};
/* Newest first. *ret_next is where to go on, whether or not lines were handed out. */
int store_list_audit(struct store *store, const struct store_audit_filter *filter, store_each_audit each,
                     void *data, struct store_audit_cursor *ret_next);

/* The requests filed since then, newest first. */
struct store_period {
    int64_t since;
    const char *package; /* NULL: any */
    int64_t limit;
};
int store_each_filed(struct store *store, const struct store_period *period, store_each_request each,
                     void *data);
