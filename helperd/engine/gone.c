/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The engine's users who are others now, or are gone: what they held ends, what waits of theirs is withdrawn. Decides
 * from the facts of one look-up about one user; only an account that stood in /etc/passwd can be gone for good.
 */
#include "helperd/engine/internal.h"

#include "common/log.h"
#include "common/names.h"

static const char gone[] = "the user is no longer on this host";
static const char other_uid[] = "the user of this name has another uid now";

static int revoke_gone(struct engine *engine, const char *name)
{
    struct assignment assignment = {0};
    char visible[NAME_ENCODED_MAX + 1];
    int r;
    while ((r = store_find_local_assignment(engine->store, name, &assignment)) == 0) {
        log_notice("%s of %s ends: %s.", assignment.package, text_visible(name, visible, sizeof(visible)),
                   gone);
        r = engine_finish_assignment(engine, &assignment, ASSIGNMENT_REVOKE, own_act(gone));
        assignment_deinit(&assignment);
        if (r < 0)
            return r;
    }
    return r < 0 ? r : 0;
}

static int withdraw(struct engine *engine, struct request *request, const char *why)
{
    const int r = engine_withdraw(engine, request, own_act(why));
    request_deinit(request);
    return r;
}

static int withdraw_gone(struct engine *engine, const char *name)
{
    struct request request = {0};
    int r;
    while ((r = store_find_local_request(engine->store, name, &request)) == 0)
        if ((r = withdraw(engine, &request, gone)) < 0)
            return r;
    return r < 0 ? r : 0;
}

static int withdraw_stale(struct engine *engine, const struct subject *subject)
{
    struct request request = {0};
    int r;
    while ((r = store_find_stale_request(engine->store, subject->name, subject->uid, &request)) == 0)
        if ((r = withdraw(engine, &request, other_uid)) < 0)
            return r;
    return r < 0 ? r : 0;
}

/* The next one, 1 when there was one, 0 when there is none, -errno. */
static int drop_one(struct engine *engine, const char *name, const struct subject *now)
{
    struct delegation delegation = {0};
    const int64_t at = clock_now(&engine->clock);
    int r = now ? store_find_stale_delegation(engine->store, name, now->uid, at, &delegation)
                : store_find_delegation_of_gone(engine->store, name, at, &delegation);
    if (r == 0 && (r = engine_begin(engine)) == 0)
        r = engine_end(engine, engine_drop_delegation(engine, &delegation, now ? other_uid : gone));
    delegation_deinit(&delegation);
    return r < 0 ? r : r == 0;
}

/* What somebody delegated, or was delegated, is not their namesake's. `now`: who has the name; NULL: nobody. */
static int drop_delegations(struct engine *engine, const char *name, const struct subject *now)
{
    int r;
    while ((r = drop_one(engine, name, now)) > 0)
        ;
    return r;
}

static int mark_missing(struct engine *engine, const struct assignment *assignment)
{
    char visible[NAME_ENCODED_MAX + 1], word[TEXT_WORD_MAX];
    log_warning(
        "%s, who holds %s, is not known just now. The directory may be away: what was given stays. If "
        "the user is gone, revoke it: pkg-admin revoke %s %s -m 'REASON'",
        text_visible(assignment->user, visible, sizeof(visible)), assignment->package, assignment->package,
        text_word(assignment->user, word));
    const int r = engine_audit(engine, own_act("no directory knew the user"), "missing", assignment->request,
                               assignment->id);
    return r < 0 ? r : store_note_missing(engine->store, assignment->user);
}

/* Each looks first: without a difference nothing is written. */
static int heed_gone(struct engine *engine, const char *name)
{
    struct assignment assignment = {0};
    struct request request = {0};
    const int held = store_find_local_assignment(engine->store, name, &assignment);
    const int waits = store_find_local_request(engine->store, name, &request);
    assignment_deinit(&assignment);
    request_deinit(&request);
    int r = held < 0 ? held : waits < 0 ? waits : 0;
    if (r == 0 && (held == 0 || waits == 0) && (r = engine_begin(engine)) == 0) {
        r = revoke_gone(engine, name);
        r = engine_end(engine, r < 0 ? r : withdraw_gone(engine, name));
    }
    if (r == 0)
        r = drop_delegations(engine, name, NULL);
    if (r == 0)
        r = store_find_missing(engine->store, name, &assignment);
    if (r == 0 && (r = engine_begin(engine)) == 0)
        r = engine_end(engine, mark_missing(engine, &assignment));
    assignment_deinit(&assignment);
    return r < 0 ? r : 0;
}

static int heed_there(struct engine *engine, const struct subject *subject)
{
    struct request request = {0};
    int r = store_find_unlike(engine->store, subject->name, subject->uid, subject->local);
    if (r == 0 && (r = engine_begin(engine)) == 0)
        r = engine_end(engine, store_note_seen(engine->store, subject->name, subject->uid, subject->local));
    if (r >= 0)
        r = store_find_stale_request(engine->store, subject->name, subject->uid, &request);
    if (r == 0 && (r = engine_begin(engine)) == 0)
        r = engine_end(engine, withdraw_stale(engine, subject));
    request_deinit(&request);
    return r < 0 ? r : drop_delegations(engine, subject->name, subject);
}

int engine_heed_holder(struct engine *engine, const char *name, const struct facts *facts)
{
    int r = engine_heed(engine, facts);
    if (r < 0)
        return r;
    if (facts->user) {
        engine_note_known(engine, ENGINE_UNKNOWN_USER, name);
        return heed_there(engine, facts->user);
    }
    r = engine_note_unknown(engine, ENGINE_UNKNOWN_USER, name);
    return r >= 0 && facts->user_gone ? heed_gone(engine, name) : r < 0 ? r : 0;
}
