/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the root service says of the accounts of who decides (rule 9): asked beside the look-up, once for all calls that
 * wait for it, and kept for ACCOUNTS_SECONDS from the question on; a failure is not kept. Knows no call: a call that has
 * to wait asks again when `answered` was called.
 */
#pragma once

#include "helperd/bus/privileged.h"
#include "helperd/host/facts.h"

enum { ACCOUNTS_SECONDS = 30 };

struct bus_accounts;

struct bus_accounts_hooks {
    /* bus_privileged_judge_account(). 0 or -errno. */
    int (*ask)(uid_t uid, const char *user, bus_privileged_judged done, void *done_data, void *data);
    double (*now)(void *data); /* seconds; never set back, goes on while the host sleeps */
    void (*answered)(void *data);
    void *data;
};

/* NULL: no memory. */
struct bus_accounts *bus_accounts_new(const struct bus_accounts_hooks *hooks);
/* Only when no question can be answered any more. */
void bus_accounts_free(struct bus_accounts *accounts);

/* By the hook's clock. */
double bus_accounts_now(const struct bus_accounts *accounts);
/* Why the last question was not answered; NULL: it was. */
const char *bus_accounts_failure(const struct bus_accounts *accounts);
/* passwd or shadow changed: what is known, or was asked before, counts no longer. */
void bus_accounts_forget(struct bus_accounts *accounts);

/* Whose account: that of the user with this name or, without one, with this uid. as: the name that a look-up gave the
 * uid, if it is known: the account of that name counts, too, where it is another one. since: when the call began
 * (bus_accounts_now): a question that failed before is asked once more. */
struct bus_accounts_query {
    uid_t uid;
    const char *user;
    const char *as;
    double since;
};

/* 0 with *ret, for account_deinit(): also where it could not be found out, which it says. -EAGAIN: it is asked for, and
 * `answered` follows. -ENOMEM. */
int bus_accounts_get(struct bus_accounts *accounts, const struct bus_accounts_query *query,
                     struct account_facts *ret);
