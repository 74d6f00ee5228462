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
    bool local;         /* stands in /etc/passwd: gone from there is gone, which an outage cannot look like */
    strv groups;        /* names of all groups it is a member of */
};

/* Somebody who exists and may log in, as far as that is all that counts of them. */
struct person {
    char *name;
    uid_t uid;
};

/* Those whom a policy's "alice" or "%dba-leads" stands for. A group's are its members as the directory lists them, and
 * who has it by a package: whom it is the primary group of is not among them (no directory tells that of a name). */
struct principal {
    char *name;
    bool exists;
    struct person *people; /* of FACTS_PEOPLE_MAX at most */
    size_t n_people;
};

enum { FACTS_PEOPLE_MAX = 256 };

struct facts {
    struct subject *caller; /* NULL: not asked, or no such user */
    struct subject *user;   /* likewise: the user that the call is about */
    bool user_gone;         /* no such user, and none in /etc/passwd, which could be read */
    struct {
        char *name;
        gid_t gid; /* GID_UNSET: no such group. Our own NSS module is not asked: it knows only what we gave */
        bool local; /* stands in /etc/group */
    } * groups;
    size_t n_groups;
    struct subject **others; /* those of the question that exist */
    size_t n_others;
    struct principal *principals; /* those of the question that could be found out */
    size_t n_principals;
};

/* Somebody who has the group of a principal by a package, as the store says: counted by the look-up where the account
 * and the group are still those. No directory lists them. */
struct holder {
    char *principal;
    char *name;
    uid_t uid;
    gid_t gid;
};

/* What has to be looked up. The members are owned. */
struct inquiry {
    uid_t caller; /* (uid_t)-1: nobody */
    char *user;   /* the user that the call is about; NULL: nobody */
    strv groups;  /* whose gids are wanted. These three: NULL is none */
    strv others;  /* further users */
    strv principals;
    struct holder *holders; /* of these, each principal's together */
    size_t n_holders;
};

#define INQUIRY_NOBODY ((struct inquiry){.caller = (uid_t)-1})

void inquiry_deinit(struct inquiry *inquiry);
/* The question to accesspkg-lookup; new, NULL when there is no memory. */
json_t *inquiry_to_json(const struct inquiry *inquiry);

void facts_free(struct facts *facts);

/* NULL when it was not asked for, or there is no such user. */
const struct subject *facts_other(const struct facts *facts, const char *name);
/* NULL when it was not asked for, or could not be found out. */
const struct principal *facts_principal(const struct facts *facts, const char *name);

/* GID_UNSET also when the group was not asked for. */
gid_t facts_gid(const struct facts *facts, const char *group);

bool facts_group_is_local(const struct facts *facts, const char *group);

/* From the answer of accesspkg-lookup to `question`. NULL when it is malformed or there is no memory. */
struct facts *facts_from_json(const json_t *question, const json_t *answer);
