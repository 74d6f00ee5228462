/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the engine should do, said again in as few words as possible: users, packages and what stands between them, as
 * numbers and sets of bits. No store, no files, no facts: model_run.c asks it what to expect of each operation, tells
 * it what came of it, and compares. Where the engine chooses a moment (a retry, an answer of the root service) the
 * model is told that it came, and says what follows.
 *
 * A *person* is a user with one uid: when a user's uid changes there is another person of the same name.
 */
#pragma once

#include "dbus/contract.h"
#include "helperd/config/packages.h"

enum { MODEL_USERS = 4, MODEL_PERSONS = 8, MODEL_PACKAGES = 7, MODEL_GROUPS = 2, MODEL_STAGES = 2 };
enum { A = 1 << 0, B = 1 << 1, C = 1 << 2, D = 1 << 3, EVERYBODY = A | B | C | D }; /* sets of users */
enum { DBADMINS = 1 << 0, BACKUP = 1 << 1 };                                        /* sets of groups */

struct model_package {
    const char *name;
    bool present; /* in packages.d */
    unsigned requestors;
    int n_stages;
    struct {
        unsigned approvers, fallback;
        int quorum;
        int64_t timeout, escalate_after;
    } stages[MODEL_STAGES];
    int64_t duration, max_duration, max_total;
    enum package_extension extension;
    unsigned groups;
    unsigned incompatible; /* a set of packages */
    unsigned emergency;
    int64_t emergency_duration;
    int64_t cooldown, gate_cooldown;
    bool drift_repair, revoke_on_removed;
    enum package_at_end at_end;
};

/* What the root service says of an account (rule 9): it may decide; it has expired or is locked; it does not answer. */
enum model_account { MODEL_OPEN = 0, MODEL_BARRED, MODEL_UNANSWERED };

/* A group of what is held: nothing is known of it yet; known and not in place; in place; taken away by hand. */
enum model_grant { UNKNOWN = 0, LACKING, PLACED, DRIFTED };

/* One person and one package. */
struct model_cell {
    int64_t request; /* waits for a decision or, `later`, approved for its start; 0: none */
    bool later, extends, at_gate, assigned, overrides;
    unsigned requestor; /* a set of persons: by account and by login */
    unsigned took_part; /* in the decisions of this stage */
    unsigned earlier;   /* in those of the stages before */
    int stage;          /* from 0 */
    int approvals;
    bool escalated;
    int64_t entered, deadline, duration, start;

    bool held;
    int64_t begin, end, length;
    int64_t fixed_start; /* 0: its clock starts when its first group is in place */
    bool begun, of_emergency;
    bool adopted;   /* from a grant file: nobody knows what was asked for */
    bool held_back; /* the store was put back, and the file did not give it */
    enum model_grant grants[MODEL_GROUPS];
    int64_t tried; /* to put it in place, last */

    int64_t denied, expired; /* when the last one was, if it was; expired: filed at the gate */
    int64_t unreviewed;      /* the emergency that nobody has looked at */
};

/* A request that was filed, for those who come late. */
struct model_record {
    int person, package;
    unsigned requestor;
    bool routed; /* its stages are on record */
    bool lost;   /* the store that was put back does not know it */
};

struct model_delegation {
    int from, to; /* persons */
    unsigned identity;
    int64_t until;
};
enum { MODEL_DELEGATIONS = 64 };

struct model {
    int64_t now;
    bool files; /* membership = files */
    struct model_package packages[MODEL_PACKAGES];
    struct model_cell cells[MODEL_PERSONS][MODEL_PACKAGES];
    int person_of[MODEL_USERS];
    bool exists[MODEL_GROUPS], allowed[MODEL_GROUPS];
    bool there[MODEL_USERS][MODEL_GROUPS]; /* files: known to be in /etc/group, and wanted there */
    struct model_delegation delegations[MODEL_DELEGATIONS]; /* by their ends; the rest is zero */
    int endings;                                            /* of sessions, not done yet */
    int pending_per_user;
    enum model_account accounts[MODEL_USERS];
    bool unaccepted;              /* the store is not the one that was known */
    int64_t held_request;         /* then requests up to this one begin nothing */
    struct model_record *records; /* by id */
};

/* Who calls: the account, and the set of persons that it is with its login (rule 5). */
struct model_caller {
    int person;
    unsigned identity;
};

static inline int model_user(int person)
{
    return person % MODEL_USERS;
}

static inline bool model_is_current(const struct model *model, int person)
{
    return model->person_of[model_user(person)] == person;
}

/* What the engine does by itself: time passed; nobody is left among the approvers of what waits. */
void model_pass(struct model *model);
void model_survey(struct model *model);
bool model_is_undecidable(const struct model *model, const struct model_cell *cell);

/*
 * What an operation is expected to answer: 0, or the bus error. The operation itself follows, when that was 0.
 */
int model_expect_submit(const struct model *model, int person, int package, bool at_gate, int64_t duration);
int model_expect_extend(const struct model *model, int person, int package, int64_t duration);
int model_expect_decide(const struct model *model, const struct model_caller *caller, int64_t id,
                        bool approve, int64_t duration, int64_t start);
int model_expect_delegate(const struct model *model, const struct model_caller *caller, int to);
int model_expect_retry(const struct model *model, int person, int package);
int model_expect_cancel(const struct model *model, int person, int64_t id);
int model_expect_assign(const struct model *model, int person, int package, bool override);
int model_expect_emergency(const struct model *model, int person, int package);
bool model_may_review(const struct model *model, const struct model_caller *caller, int64_t id);
/* Whether it is incompatible with what the person holds or will; or waits for. */
bool model_conflicts(const struct model *model, int person, int package, bool pending_too);

struct model_filing {
    int64_t id;
    unsigned requestor;
    int64_t duration, start; /* 0: the package's; at once */
    bool at_gate, extends, overrides;
};
void model_submit(struct model *model, int person, int package, const struct model_filing *filing);
void model_extend(struct model *model, int person, int package, const struct model_filing *filing);
void model_assign(struct model *model, int person, int package, const struct model_filing *filing);
void model_emergency(struct model *model, int person, int package, const struct model_filing *filing);
void model_decide(struct model *model, const struct model_caller *caller, int64_t id, bool approve,
                  int64_t duration, int64_t start);
void model_end(struct model *model, int person, int package);
void model_withdraw(struct model_cell *cell);

/* Delegations. A user who is named: whoever has the name. */
void model_delegate(struct model *model, const struct model_caller *caller, int to, int64_t until);
bool model_undelegate(struct model *model, int person, int user);

/* What is held is tried again; `asked`: by an administrator. */
void model_try(struct model *model, int person, int package, bool asked);
/* Taken away by hand: a set of groups of a user. `present_only`: of packages that are in packages.d alone. */
void model_drift(struct model *model, int user, unsigned groups, bool present_only);
/* The root service: it is in the group of /etc/group now. */
void model_placed(struct model *model, int user, int group);
bool model_wants(const struct model *model, int user, int group);
/* A policy comes into force. */
void model_reload(struct model *model, const struct model_package *packages);
/* Another store is in its place; NULL: a new one. What is held the grant files say, so others tell it (model_world.h). */
void model_put_back(struct model *model, const struct model *saved);
/* Root locks the user, and unlocks them: rule 14, what lies ahead goes, too. */
void model_lock(struct model *model, int user);
/* The user has another uid: another person. */
void model_change_uid(struct model *model, int user);

bool model_is_whole(const struct model *model, int person, int package);
/* Whether the gate opens, and a look-up shows the group. */
bool model_opens(const struct model *model, int user, int package);
bool model_in_group(const struct model *model, int user, int group);
