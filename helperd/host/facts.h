/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Facts: what a look-up of users and groups has found just now (rule 9). The engine decides by them and looks up
 * nothing itself. They live as long as the call that asked for them, and are never kept.
 */
#pragma once

#include "common/identity.h"
#include "common/remembered.h"
#include "common/strv.h"
#include "dbus/contract.h"
#include "helperd/host/namebook.h"

#include <jansson.h>
#include <stdbool.h>
#include <sys/types.h>

/* What the root service says of an account, where it was asked: it is for who decides (rule 9). Zeroed memory says
 * that nothing is known. */
struct account_facts {
    enum account_state state;
    int64_t day; /* since when it is expired or inactive, in days since the epoch; else 0 */
    char
        *name; /* whose state it is: another account may have the same uid; NULL: none has it, or not known */
    char *why; /* it is UNKNOWN though it was asked for; for people; NULL: it was not */
};

/* True when the account may decide: neither expired nor locked, for certain. */
bool account_may_decide(const struct account_facts *account);
void account_deinit(struct account_facts *account);

struct subject {
    char *name; /* canonical, as the directory writes it */
    uid_t uid;
    char *full_name;    /* NULL: not given */
    char *organisation; /* NULL: not given */
    char *runs_as;      /* the other account that its uid answers by; NULL: none, or not asked for */
    bool may_log_in;    /* has a shell that is neither nologin nor false */
    bool local;         /* is in /etc/passwd: a later absence there cannot be an outage */
    strv groups;        /* names of the groups it is a member of, as far as known */
    gid_t *gids;        /* their gids, and those of groups without a name */
    size_t n_gids;
    bool all_groups;             /* every directory answered: there are no others */
    const struct namebook *book; /* by which policies name it; NULL: by spelling (policy/principal.c) */
    struct account_facts account;
};

/* A user who exists and may log in. */
struct person {
    char *name;
    uid_t uid;
    char *gecos; /* NULL: not asked for, or none */
    struct account_facts account;
};

/* The people for whom a policy's "alice" or "%dba-leads" stands. For a group: the members that the directory lists, and
 * users who have it by a package; not the users whose primary group it is, which no directory lists by group. */
struct principal {
    char *name;
    bool exists;
    bool local;            /* is in the files of this host */
    bool whole;            /* `people` is complete; else it has those found in time */
    struct person *people; /* at most FACTS_PEOPLE_MAX */
    size_t n_people;
};

enum { FACTS_PEOPLE_MAX = 256 };

/* Each answer is "found", "absent" or "unknown"; zeroed memory is the last. With `known`, NULL or GID_UNSET means
 * absent; without, it means not asked or not answered. */
struct facts {
    struct subject *caller;
    bool caller_asked, caller_known;
    struct account_facts login; /* that the caller logged in with, by login id, if it has another uid */
    struct subject *user;       /* that the call is about */
    bool user_asked, user_known;
    bool user_gone; /* absent, and certainly not in /etc/passwd */
    struct fact_group {
        char *name;
        bool known;
        bool doubted; /* unknown, because a directory that had it now denies it */
        gid_t gid;
        bool local;  /* is in /etc/group */
        char *alias; /* the other name by which its gid is found, so another group's gid; NULL: none */
    } * groups;
    size_t n_groups;
    struct fact_gid {
        gid_t gid;
        bool known;
        char *name;
    } * gids;
    size_t n_gids;
    struct fact_other {
        char *name; /* as in the inquiry */
        bool known;
        struct subject *subject;
    } * others;
    size_t n_others;
    struct fact_name { /* a principal of a policy, and what the directory finds by it */
        char *principal;
        bool known;
        char *name; /* as the directory writes it */
        id_t id;
        bool local; /* the principal is in the files of this host */
    } * names;
    size_t n_names;
    struct principal *principals; /* those for which anything was found */
    size_t n_principals;
    bool late;       /* unknown because of the time-out; else a directory refused */
    bool unanswered; /* a directory refused something about a principal or its people */
};

/* A user who has the group of a principal by a package, according to the store. No directory lists them, so the look-up
 * counts them if account and group still are the same. */
struct holder {
    char *principal;
    char *name;
    uid_t uid;
    gid_t gid;
};

/* What to look up. The members are owned; a NULL list is empty. */
struct inquiry {
    uid_t caller; /* (uid_t)-1: none */
    char *user;   /* that the call is about; NULL: none */
    strv groups;  /* to find their gids */
    strv others;  /* further users */
    strv names;   /* principals, to find which user or group each is */
    strv principals;
    struct holder *holders; /* of the principals, grouped by principal */
    size_t n_holders;
    gid_t *gids; /* to find their names */
    size_t n_gids;
    bool by_group;   /* policies name groups by which users are judged, not all of which need be in `names` */
    bool names_only; /* without the groups of users */
    bool addresses;  /* also the GECOS field of principals' people, and people who may not log in */
    int64_t patience; /* milliseconds for the principals; 0: see lookup_ask() */
};

#define INQUIRY_EMPTY ((struct inquiry){.caller = (uid_t)-1})

/* Uid 0 with its name in /etc/passwd and without groups: for acts of root, whatever a directory says. New memory;
 * NULL: no memory. */
struct subject *subject_of_root(void);

void inquiry_deinit(struct inquiry *inquiry);
/* True when it asks for nothing. */
bool inquiry_is_empty(const struct inquiry *inquiry);
/* The question to accesspkg-lookup. New; NULL: no memory. */
json_t *inquiry_to_json(const struct inquiry *inquiry);

/* Facts for a question, with nothing answered yet. NULL: no memory. */
struct facts *facts_new(const json_t *question);
void facts_free(struct facts *facts);

enum { FACTS_E_PRINCIPALS = 1, FACTS_E_END };
/*
 * Adds a line of accesspkg-lookup's answer to `question`. 0; FACTS_E_PRINCIPALS when only principals follow;
 * FACTS_E_END when it was the last; -EBADMSG when it is malformed; -ENOMEM.
 */
int facts_add(struct facts *facts, const json_t *question, const json_t *line);
/*
 * Makes groups and principals unknown that are denied `now` though a directory had them before (common/remembered.h).
 * Returns the name of one of them, which belongs to the facts; NULL when there is none.
 */
const char *facts_doubt(struct facts *facts, struct remembered *known, double now);
/* True when all but principals is known. */
bool facts_are_whole(const struct facts *facts);
/* Notes the answers about names in the book, by which the subjects are named from then on. */
void facts_learn(struct facts *facts, struct namebook *book);
/* Whether the subject is in the group of this gid, as far as known. */
bool subject_is_in(const struct subject *subject, gid_t gid);

/* NULL when it is absent or unknown. */
const struct subject *facts_other(const struct facts *facts, const char *name);
/* True when it is found or certainly absent. */
bool facts_knows_other(const struct facts *facts, const char *name);
/* The same facts, with one of the others as the user that the call is about. Borrowed: they are not freed. */
struct facts facts_about_other(const struct facts *facts, size_t index);
/* NULL when nothing is known of it. */
const struct principal *facts_principal(const struct facts *facts, const char *name);

/* GID_UNSET when it is absent or unknown. */
gid_t facts_gid(const struct facts *facts, const char *group);
/* NULL when the inquiry did not ask for it. */
const struct fact_group *facts_group(const struct facts *facts, const char *group);
/*
 * The name of the group that now has the gid of `group`, which had it and is denied. NULL: none, or unknown. The gid
 * must be among the inquiry's.
 */
const char *facts_owner_of(const struct facts *facts, const struct fact_group *group, gid_t gid);
