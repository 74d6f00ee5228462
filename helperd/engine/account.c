/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rule 9: whose account has expired or is locked decides nothing, whatever login of theirs is still open. */
#include "helperd/engine/internal.h"

#include "common/names.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { DAY = 24 * 3600, DATE_MAX = 32 };

/* In UTC, as chage shows it. */
static const char *write_date(int64_t day, char ret[DATE_MAX])
{
    struct tm parts;
    const time_t seconds = day * DAY;
    if (!gmtime_r(&seconds, &parts) || strftime(ret, DATE_MAX, "%Y-%m-%d", &parts) == 0)
        snprintf(ret, DATE_MAX, "day %lld", (long long)day);
    return ret;
}

static int refuse_unknown_account(const struct account_facts *account, const char *who, struct reply *reply)
{
    return engine_refuse(
        reply, BUS_ERROR_UNAVAILABLE,
        "%s may not decide while it is not known whether the account has expired or is locked (%s). "
        "Nothing was changed. Please try again in a moment; an administrator can see more: "
        "journalctl -u accesspkg-privileged",
        who, account->why ? account->why : "it was not asked for");
}

void engine_describe_account(const struct account_facts *account, char *ret, size_t size)
{
    char date[DATE_MAX];
    switch (account->state) {
    case ACCOUNT_EXPIRED:
        snprintf(ret, size, "expired on %s", write_date(account->day, date));
        break;
    case ACCOUNT_INACTIVE:
        snprintf(ret, size, "is inactive since %s, for its password expired", write_date(account->day, date));
        break;
    case ACCOUNT_LOCKED:
        snprintf(ret, size, "is locked");
        break;
    case ACCOUNT_UNKNOWN:
    case ACCOUNT_STATE_COUNT:
        snprintf(ret, size, "not known (%s)", account->why ? account->why : "it was not asked for");
        break;
    case ACCOUNT_ABSENT:
    case ACCOUNT_OPEN:
        snprintf(ret, size, "is open");
        break;
    }
}

/* What lifts it. */
static const char *advise(enum account_state state)
{
    return state == ACCOUNT_LOCKED     ? "unlock it: usermod -U"
           : state == ACCOUNT_INACTIVE ? "set another one: passwd"
                                       : "give it a later end: chage -E DATE";
}

int engine_refuse_account(const struct account_facts *account, const char *who, struct reply *reply)
{
    char name[NAME_ENCODED_MAX + 1], word[TEXT_WORD_MAX], what[ENGINE_ACCOUNT_MAX];
    if (account_may_decide(account))
        return 0;
    if (account->state == ACCOUNT_UNKNOWN)
        return refuse_unknown_account(account, who, reply);
    text_visible(account->name ? account->name : "", name, sizeof(name));
    engine_describe_account(account, what, sizeof(what));
    return engine_refuse(
        reply, BUS_ERROR_NOT_AUTHORIZED,
        "%s may not decide: the account %s %s. Nothing was changed. An administrator can %s %s", who, name,
        what, advise(account->state), text_word(name, word));
}

int engine_check_account(const struct call *call)
{
    const struct identity *identity = &call->caller->identity;
    const struct subject *caller = call->facts->caller;
    char who[NAME_ENCODED_MAX + 64] = "You", other[NAME_ENCODED_MAX + 1];
    if (call->engine->config->account_state == CONFIG_NO)
        return 0;
    if (!caller)
        return engine_check_caller(call);
    if (caller->account.name && strcmp(caller->account.name, caller->name) != 0)
        snprintf(who, sizeof(who), "You, whose uid %s has too,",
                 text_visible(caller->account.name, other, sizeof(other)));
    const int r = identity->uid == 0 ? 0 : engine_refuse_account(&caller->account, who, call->reply);
    if (r != 0 || identity->loginuid == UID_UNSET || identity->loginuid == 0 ||
        identity->loginuid == identity->uid)
        return r;
    return engine_refuse_account(&call->facts->login, "The login that you came from", call->reply);
}
