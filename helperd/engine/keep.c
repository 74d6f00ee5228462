/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How long history is kept ([store] keep): what was over before is deleted in small steps, each with a line in the audit log
 * that says so. What the rules still ask about stays: a denial for as long as its cool-down.
 */
#include "helperd/engine/internal.h"

#include "common/cleanup.h"
#include "common/duration.h"
#include "common/log.h"
#include "common/timetext.h"
#include "helperd/lifecycle/narrow.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

enum { CASES_A_STEP = 20, A_DAY = 24 * 3600, LEAP = 30 * A_DAY };

static int64_t longest_cooldown(const struct packages *packages)
{
    int64_t longest = 0;
    for (size_t i = 0; packages && i < packages->count; i++) {
        const struct package *package = &packages->items[i];
        longest = package->cooldown > longest ? package->cooldown : longest;
        longest = package->gate_cooldown > longest ? package->gate_cooldown : longest;
    }
    return longest;
}

static int64_t kept_time(const struct engine *engine)
{
    const int64_t cooldown = longest_cooldown(engine->packages);
    return engine->config->keep > cooldown ? engine->config->keep : cooldown;
}

static void audit_forgotten(struct txn *txn, int64_t before, const struct store_forgotten *forgotten)
{
    char when[TIME_TEXT_MAX], keep[DURATION_TEXT_MAX];
    _cleanup_free_ char *detail = NULL;
    if (forgotten->assignments + forgotten->requests + forgotten->delegations + forgotten->lines == 0)
        return;
    if (asprintf(&detail,
                 "history of before %s is not kept any longer ([store] keep = %s): requests %" PRId64
                 ", assignments %" PRId64 ", delegations %" PRId64 ", lines of the audit log %" PRId64,
                 time_programs(before, when), duration_write(txn->engine->config->keep, keep),
                 forgotten->requests, forgotten->assignments, forgotten->delegations, forgotten->lines) < 0)
        detail = NULL;
    if (txn_ok(txn, detail ? 0 : -ENOMEM))
        txn_audit(txn, own_act(detail), AUDIT_FORGET, 0, 0);
}

/*
 * A clock that is far ahead by mistake would make all history old: one that has leapt has to stand for a day first. After a
 * start the log tells: not its lines of the last day, for by such a clock there are some at once; and of the others the last
 * one written, for a clock that is wrong at each boot left lines of its own time before.
 */
static int check_clock(struct engine *engine)
{
    int64_t seen = engine->history_seen;
    const int64_t now = clock_now(&engine->clock);
    if (seen == 0) {
        const int r = store_line_before(engine->store, now - A_DAY, &seen);
        if (r != 0)
            return r < 0 ? r : 0;
    }
    engine->history_seen = now;
    if (now - seen <= LEAP)
        return 0;
    log_warning("The clock is %" PRId64
                " days ahead of what was recorded or looked at last. Where it is right, history that "
                "is too old by it is deleted in a day; where it is not, set it.",
                (now - seen) / A_DAY);
    return ENGINE_E_UNKNOWN;
}

int engine_forget_old(struct engine *engine)
{
    struct store_forgotten forgotten = {0};
    struct txn txn;
    if (engine->config->keep == DURATION_FOREVER || engine->unaccepted || narrow_any(engine) ||
        engine->joined.engine)
        return 0;
    const int trust = check_clock(engine);
    if (trust != 0)
        return trust;
    const struct store_keep keep = {.before = clock_now(&engine->clock) - kept_time(engine),
                                    .most = CASES_A_STEP,
                                    .delegation_max = DELEGATION_AHEAD_MAX};
    txn_begin(&txn, engine);
    if (txn_ok(&txn, store_forget(txn.store, &keep, &forgotten)))
        audit_forgotten(&txn, keep.before, &forgotten);
    const int r = txn_commit(&txn);
    return r < 0 ? r : forgotten.more;
}
