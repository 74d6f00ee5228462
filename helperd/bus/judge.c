/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which accounts a call depends on that decides (rule 9), and what the root service says of them. */
#include "helperd/bus/call.h"

#include <errno.h>

enum { PEOPLE_TOLD_MAX = 64 }; /* whose accounts an explanation tells */

static bool needs_accounts(const struct bus_call *call)
{
    const bool by_right = call->for_root && call->caller.identity.uid == 0;
    return call->method->flags & BUS_CALL_DECIDES && !by_right &&
           call->manager->engine->config->account_state != CONFIG_NO;
}

static bool tells_accounts(const struct bus_call *call)
{
    return call->method->flags & BUS_CALL_TELLS_ACCOUNTS && call->caller.identity.uid == 0 &&
           call->manager->engine->config->account_state != CONFIG_NO;
}

/* Uid 0 is not asked about (engine_check_account). */
static int ask_by_uid(const struct bus_call *call, uid_t uid, const char *as, struct account_facts *ret)
{
    if (uid == 0 || uid == UID_UNSET)
        return 0;
    return bus_accounts_get(call->manager->accounts, &(struct bus_accounts_query){uid, NULL, as, call->since},
                            ret);
}

static int ask_by_name(const struct bus_call *call, const char *user, struct account_facts *ret)
{
    return bus_accounts_get(call->manager->accounts,
                            &(struct bus_accounts_query){UID_UNSET, user, NULL, call->since}, ret);
}

static int fill_by_name(const struct bus_call *call, struct subject *subject)
{
    if (!subject)
        return 0;
    account_deinit(&subject->account);
    if (subject->uid != 0)
        return ask_by_name(call, subject->name, &subject->account);
    subject->account.state = ACCOUNT_OPEN;
    return 0;
}

/* The first fault, but -EAGAIN only where there is no other: all are to be asked for at once. */
static int worse(int a, int b)
{
    return a == 0 || (a == -EAGAIN && b < 0) ? b : a;
}

void bus_call_begin_accounts(struct bus_call *call)
{
    const struct identity *identity = &call->caller.identity;
    struct account_facts account = {0};
    call->since = bus_accounts_now(call->manager->accounts);
    if (!needs_accounts(call))
        return;
    if (ask_by_uid(call, identity->uid, NULL, &account) == 0)
        account_deinit(&account);
    if (identity->loginuid != identity->uid && ask_by_uid(call, identity->loginuid, NULL, &account) == 0)
        account_deinit(&account);
    for (char **name = call->inquiry.others; name && *name; name++)
        if (ask_by_name(call, *name, &account) == 0)
            account_deinit(&account);
    if (call->method->flags & BUS_CALL_NAMES_DECIDER && ask_by_name(call, call->inquiry.user, &account) == 0)
        account_deinit(&account);
}

/* What shadow says is root's to know. */
static int fill_people(const struct bus_call *call)
{
    struct facts *facts = call->facts;
    int left = PEOPLE_TOLD_MAX;
    int r = 0;
    for (size_t i = 0; i < facts->n_principals; i++)
        for (size_t k = 0; k < facts->principals[i].n_people && left > 0; k++, left--) {
            struct person *person = &facts->principals[i].people[k];
            account_deinit(&person->account);
            if (person->uid != 0)
                r = worse(r, ask_by_name(call, person->name, &person->account));
        }
    return r;
}

int bus_call_fill_accounts(struct bus_call *call)
{
    const struct identity *identity = &call->caller.identity;
    struct facts *facts = call->facts;
    int r = 0;
    if (tells_accounts(call))
        return fill_people(call);
    if (!needs_accounts(call))
        return 0;
    if (facts->caller) {
        account_deinit(&facts->caller->account);
        r = worse(r, ask_by_uid(call, identity->uid, facts->caller->name, &facts->caller->account));
    }
    account_deinit(&facts->login);
    if (identity->loginuid != identity->uid)
        r = worse(r, ask_by_uid(call, identity->loginuid, NULL, &facts->login));
    for (size_t i = 0; i < facts->n_others; i++)
        r = worse(r, fill_by_name(call, facts->others[i].subject));
    if (call->method->flags & BUS_CALL_NAMES_DECIDER)
        r = worse(r, fill_by_name(call, facts->user));
    return r;
}
