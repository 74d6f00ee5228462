/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helperd/bus/accounts.h"

#include "common/cleanup.h"
#include "common/strv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A question, and its answer. */
struct entry {
    struct entry *next;
    struct bus_accounts *accounts;
    uid_t uid;
    char *user;     /* NULL: by uid */
    bool pending;   /* not answered yet */
    bool forgotten; /* to be freed with its answer */
    double asked;
    double answered;
    struct account_facts account; /* UNKNOWN: the question failed */
    strv names;
};

struct bus_accounts {
    struct bus_accounts_hooks hooks;
    struct entry *entries;
    char *failure; /* of the last question */
};

struct bus_accounts *bus_accounts_new(const struct bus_accounts_hooks *hooks)
{
    struct bus_accounts *accounts = calloc(1, sizeof(*accounts));
    if (accounts)
        accounts->hooks = *hooks;
    return accounts;
}

static void entry_free(struct entry *entry)
{
    for (struct entry **e = &entry->accounts->entries; *e; e = &(*e)->next) {
        if (*e == entry) {
            *e = entry->next;
            break;
        }
    }
    account_deinit(&entry->account);
    strv_free(entry->names);
    free(entry->user);
    free(entry);
}

void bus_accounts_free(struct bus_accounts *accounts)
{
    while (accounts && accounts->entries)
        entry_free(accounts->entries);
    if (accounts)
        free(accounts->failure);
    free(accounts);
}

const char *bus_accounts_failure(const struct bus_accounts *accounts)
{
    return accounts->failure;
}

void bus_accounts_forget(struct bus_accounts *accounts)
{
    for (struct entry *entry = accounts->entries, *next; entry; entry = next) {
        next = entry->next;
        entry->forgotten = true;
        if (!entry->pending)
            entry_free(entry);
    }
}

double bus_accounts_now(const struct bus_accounts *accounts)
{
    return accounts->hooks.now(accounts->hooks.data);
}

/* ---- asking ---- */

static void note_failure(struct entry *entry, const char *why)
{
    free(entry->accounts->failure);
    entry->accounts->failure = strdup(why);
    account_deinit(&entry->account);
    entry->account.why = strdup(why); /* NULL: it is unknown all the same */
}

static void note_verdict(struct entry *entry, const struct account_verdict *verdict)
{
    free(entry->accounts->failure);
    entry->accounts->failure = NULL;
    entry->names = strv_copy(verdict->names);
    entry->account = (struct account_facts){verdict->state, verdict->day, strdup(verdict->account), NULL};
    if (!entry->names || !entry->account.name)
        note_failure(entry, "accesspkgd is short of memory");
}

static void on_judged(int result, const struct account_verdict *verdict, const char *message, void *data)
{
    struct entry *entry = data;
    const struct bus_accounts_hooks hooks = entry->accounts->hooks;
    entry->pending = false;
    entry->answered = bus_accounts_now(entry->accounts);
    if (entry->forgotten)
        entry_free(entry);
    else if (result == 0)
        note_verdict(entry, verdict);
    else
        note_failure(entry, *message ? message : "the root service gave an answer that cannot be read");
    hooks.answered(hooks.data);
}

static void ask(struct entry *entry)
{
    const struct bus_accounts_hooks *hooks = &entry->accounts->hooks;
    strv_free(entry->names);
    entry->names = NULL;
    account_deinit(&entry->account);
    entry->asked = entry->answered = bus_accounts_now(entry->accounts);
    entry->pending = hooks->ask(entry->uid, entry->user, on_judged, entry, hooks->data) == 0;
    if (!entry->pending)
        note_failure(entry, "the root service could not be asked");
}

static bool is_stale(const struct entry *entry)
{
    return !entry->pending && bus_accounts_now(entry->accounts) - entry->asked >= ACCOUNTS_SECONDS;
}

static void drop_stale(struct bus_accounts *accounts)
{
    for (struct entry *entry = accounts->entries, *next; entry; entry = next) {
        next = entry->next;
        if (is_stale(entry))
            entry_free(entry);
    }
}

static struct entry *find_entry(const struct bus_accounts *accounts, uid_t uid, const char *user)
{
    for (struct entry *entry = accounts->entries; entry; entry = entry->next)
        if (!entry->forgotten &&
            (user ? entry->user && strcmp(entry->user, user) == 0 : !entry->user && entry->uid == uid))
            return entry;
    return NULL;
}

static struct entry *add_entry(struct bus_accounts *accounts, uid_t uid, const char *user)
{
    struct entry *entry = calloc(1, sizeof(*entry));
    char *copy = user ? strdup(user) : NULL;
    if (!entry || (user && !copy)) {
        free(entry);
        free(copy);
        return NULL;
    }
    *entry = (struct entry){
        .next = accounts->entries, .accounts = accounts, .uid = uid, .user = copy, .asked = -1};
    accounts->entries = entry;
    return entry;
}

/* An answer that counts for a call that began at this time. 0; -EAGAIN; -ENOMEM. */
static int get_answer(struct bus_accounts *accounts, uid_t uid, const char *user, double since,
                      const struct entry **ret)
{
    drop_stale(accounts);
    struct entry *entry = find_entry(accounts, uid, user);
    const bool failed = entry && !entry->pending && entry->account.state == ACCOUNT_UNKNOWN;
    if (!entry && !(entry = add_entry(accounts, uid, user)))
        return -ENOMEM;
    if (entry->asked < 0 || (failed && entry->answered < since))
        ask(entry);
    if (entry->pending)
        return -EAGAIN;
    *ret = entry;
    return 0;
}

/* ---- answering ---- */

/* A refusal goes before what is not known, and that before what is allowed. */
static int rank(const struct account_facts *account)
{
    return account_may_decide(account) ? 0 : account->state == ACCOUNT_UNKNOWN ? 1 : 1 + (int)account->state;
}

static int copy_account(const struct account_facts *account, struct account_facts *ret)
{
    struct account_facts copy = {.state = account->state, .day = account->day};
    if ((account->name && !(copy.name = strdup(account->name))) ||
        (account->why && !(copy.why = strdup(account->why)))) {
        account_deinit(&copy);
        return -ENOMEM;
    }
    *ret = copy;
    return 0;
}

int bus_accounts_get(struct bus_accounts *accounts, const struct bus_accounts_query *query,
                     struct account_facts *ret)
{
    const struct entry *entry = NULL;
    const struct entry *other = NULL;
    int r = get_answer(accounts, query->uid, query->user, query->since, &entry);
    if (r < 0)
        return r;
    /* Without an answer, the next one would be none either. */
    if (query->as && entry->account.state && !strv_contains(entry->names, query->as)) {
        r = get_answer(accounts, (uid_t)-1, query->as, query->since, &other);
        if (r < 0)
            return r;
    }
    return copy_account(
        other && rank(&other->account) > rank(&entry->account) ? &other->account : &entry->account, ret);
}
