/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a look-up of users and groups found out just now (rule 9). Facts live as long as the call they were
 * asked for and are never kept: the engine decides from them, it does not look anything up itself.
 */
#pragma once

#include "common/strv.h"

#include <jansson.h>
#include <stdbool.h>
#include <sys/types.h>

#define GID_UNSET ((gid_t)-1)

struct subject {
    char *name; /* canonical, as the directory writes it */
    uid_t uid;
    char *full_name;    /* NULL: not given */
    char *organisation; /* NULL: not given */
    bool may_log_in;    /* has a shell that is neither nologin nor false */
    strv groups;        /* names of all groups it is a member of */
};

struct facts {
    struct subject *caller; /* NULL: not asked, or no such user */
    struct subject *user;   /* likewise: the user that the call is about */
    struct {
        char *name;
        gid_t gid; /* GID_UNSET: no such group */
    } * groups;
    size_t n_groups;
};

void facts_free(struct facts *facts);

/* GID_UNSET also when the group was not asked for. */
gid_t facts_gid(const struct facts *facts, const char *group);

/* From the answer of accesspkg-lookup to `question`. NULL when it is malformed or there is no memory. */
struct facts *facts_from_json(const json_t *question, const json_t *answer);
