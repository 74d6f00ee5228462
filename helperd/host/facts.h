/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a look-up of users and groups found out just now (rule 9). Facts live as long as the call they were
 * asked for and are never kept: the engine decides from them, it does not look anything up itself.
 */
#pragma once

#include "common/remembered.h"
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
    strv groups;        /* names of the groups it is a member of, as far as they are known */
    bool all_groups;    /* every directory answered: it is in no others */
};

/* Somebody who exists and may log in, as far as that is all that counts of them. */
struct person {
    char *name;
    uid_t uid;
    char *gecos; /* NULL: not asked for, or none */
};

/* Those whom a policy's "alice" or "%dba-leads" stands for. A group's are its members as the directory lists them, and
 * who has it by a package: whom it is the primary group of is not among them (no directory tells that of a name). */
struct principal {
    char *name;
    bool exists;
    bool local;            /* stands in the files of this host */
    bool whole;            /* these are all; else what was found in time */
    struct person *people; /* of FACTS_PEOPLE_MAX at most */
    size_t n_people;
};

enum { FACTS_PEOPLE_MAX = 256 };

/* Whom or what it found, that there is none, or neither: three answers each, and zeroed memory is the third. */
struct facts {
    struct subject *caller; /* NULL: no such user, if it is known; else not asked, or not answered */
    bool caller_asked, caller_known;
    struct subject *user; /* likewise: the user that the call is about */
    bool user_asked, user_known;
    bool user_gone; /* no such user, and none in /etc/passwd, which could be read */
    struct fact_group {
        char *name;
        bool known;
        bool doubted; /* not known, for a directory denies it that had it before */
        gid_t gid;    /* GID_UNSET: no such group, if it is known */
        bool local;   /* stands in /etc/group */
        char *alias;  /* the gid answers with this other name, of another group then; NULL: it does not */
    } * groups;
    size_t n_groups;
    struct fact_gid {
        gid_t gid;
        bool known;
        char *name; /* NULL: no group has this number, if it is known */
    } * gids;
    size_t n_gids;
    struct fact_other {
        char *name; /* as it was asked for */
        bool known;
        struct subject *subject;
    } * others;
    size_t n_others;
    struct principal *principals; /* those of the question of which anything was found out */
    size_t n_principals;
    bool late;       /* what is not answered took too long; else it was refused */
    bool unanswered; /* of a principal or its people something was refused */
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
    gid_t *gids; /* whose names are wanted */
    size_t n_gids;
    bool names_only;  /* the groups of users are not */
    bool addresses;   /* of principals' people, those who may not log in among them, the GECOS field is */
    int64_t patience; /* milliseconds for the principals; 0: as long as somebody waits for it */
};

#define INQUIRY_NOBODY ((struct inquiry){.caller = (uid_t)-1})

/* Uid 0 as /etc/passwd calls it, without any group: for what is its own whatever a directory says. New; NULL: no memory. */
struct subject *subject_of_root(void);

void inquiry_deinit(struct inquiry *inquiry);
/* Whether it asks for nothing at all. */
bool inquiry_is_empty(const struct inquiry *inquiry);
/* The question to accesspkg-lookup; new, NULL when there is no memory. */
json_t *inquiry_to_json(const struct inquiry *inquiry);

/* Facts to a question of which nothing is answered yet; NULL when there is no memory. */
struct facts *facts_new(const json_t *question);
void facts_free(struct facts *facts);

/* More than 0: what a line of the answer says besides. */
enum { FACTS_E_PRINCIPALS = 1, FACTS_E_END };
/*
 * Adds a line of accesspkg-lookup's answer to `question`. 0; FACTS_E_PRINCIPALS: only principals come behind it;
 * FACTS_E_END: it was the last; -EBADMSG when it is malformed, -ENOMEM.
 */
int facts_add(struct facts *facts, const json_t *question, const json_t *line);
/*
 * Groups and principals that are denied `now`, though a directory knew them before: they count as not answered (see
 * common/remembered.h). The name of one, the facts'; NULL: there was none.
 */
const char *facts_doubt(struct facts *facts, struct remembered *known, double now);
/* Whether all that was asked for is answered, but for principals. */
bool facts_are_whole(const struct facts *facts);

/* NULL when it was not asked for, there is no such user, or it is not known. */
const struct subject *facts_other(const struct facts *facts, const char *name);
/* Whether it is known that there is none of this name, or who it is. */
bool facts_knows_other(const struct facts *facts, const char *name);
/* NULL when it was not asked for, or nothing could be found out. */
const struct principal *facts_principal(const struct facts *facts, const char *name);

/* GID_UNSET also when it was not asked for, or is not known. */
gid_t facts_gid(const struct facts *facts, const char *group);
/* NULL when it was not asked for. */
const struct fact_group *facts_group(const struct facts *facts, const char *group);
/*
 * Which other group has this number by now: of one that had it, and is denied. NULL: none, or it is
 * not known. The number has to be among the inquiry's gids.
 */
const char *facts_owner_of(const struct facts *facts, const struct fact_group *group, gid_t gid);
