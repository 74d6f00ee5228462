/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Looking back: figures of a period, the audit log. See store.h for results and ownership. */
#pragma once

#include "common/identity.h"
#include "helperd/store/request.h"

struct store;

/* A line of the audit log (rule 12), added in the transaction of the change. request, assignment 0 and detail NULL:
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

/* Whose and which package's a request is, or else an assignment; both NULL where there is neither. */
struct store_named {
    char *user;
    char *package;
};
void store_named_deinit(struct store_named *named);
int store_find_named(struct store *store, int64_t request, int64_t assignment, struct store_named *ret);

/* A line as it is listed, borrowed for the length of the call. */
struct audit_line {
    int64_t id;
    struct audit audit;
    const char *user;    /* of its request, else of its assignment; NULL: it has neither */
    const char *package; /* the same */
};
typedef int (*store_each_audit_fn)(const struct audit_line *line, void *data);
struct store_audit_filter {
    int64_t request;     /* 0: any */
    int64_t since;       /* 0: from the first */
    int64_t until;       /* lines before; 0: to the last */
    const char *package; /* of its request or assignment, or a reload that changed it; NULL: any */
    const char *user;    /* its actor, or the user it concerns; NULL: any */
    int64_t before_at;   /* time and id of the last line examined before; */
    int64_t before;      /* 0: from the newest */
    int64_t limit;       /* lines to hand out */
    int64_t examine;     /* lines to read */
};
struct store_audit_cursor {
    int64_t at;
    int64_t id; /* 0: no more lines */
};
/* Newest first. *ret_next: where to go on, even if no line was handed out. */
int store_list_audit(struct store *store, const struct store_audit_filter *filter, store_each_audit_fn each,
                     void *data, struct store_audit_cursor *ret_next);

struct store_period {
    int64_t since;
    const char *package; /* NULL: any */
    int64_t limit;
};
/* Calls `each` with the requests filed in the period, newest first. */
int store_each_filed(struct store *store, const struct store_period *period, store_each_request_fn each,
                     void *data);
