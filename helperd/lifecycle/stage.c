/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A stage of a request: judges from the facts whether its approvers can complete it, and records a change. A failed
 * look-up changes nothing: an outage of a directory must not involve further approvers or raise an alarm.
 */
#include "helperd/lifecycle/lifecycle.h"

#include "common/duration.h"
#include "common/log.h"
#include "common/names.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum {
    PROBLEMS_SHOWN_MAX = 4,
    NAME_SHOWN_MAX = 64, /* bytes; a longer name is cut where a character ends */
};

struct decidability {
    bool known;
    bool escalate;           /* ask the fallback approvers, who are not asked yet */
    char why[STAGE_WHY_MAX]; /* why no approver can decide; "": one can */
};

__attribute__((format(printf, 2, 3))) static void append_text(char *text, const char *format, ...)
{
    const size_t used = strlen(text);
    va_list values;
    va_start(values, format);
    vsnprintf(text + used, STAGE_WHY_MAX - used, format, values);
    va_end(values);
}

/* Why this principal has no approver; NULL: it has one, or is not known. */
static const char *find_principal_problem(const char *name, const struct facts *facts)
{
    const struct principal *principal = facts_principal(facts, name);
    if (!principal || principal->n_people > 0)
        return NULL;
    if (!principal->exists)
        return "does not exist";
    return name[0] == '%' ? "has no member who may log in" : "may not log in";
}

char *stage_describe_reach(const struct stage *stage, const struct policy_reach *reach,
                           const struct facts *facts, char ret[STAGE_WHY_MAX])
{
    char *const *const lists[] = {stage->approvers, stage->fallback_approvers};
    int shown = 0;
    ret[0] = '\0';
    if (reach->everybody == 0)
        append_text(ret, "nobody is left who may approve it");
    else
        append_text(ret, "it needs %" PRId64 " more approvals, and only %" PRId64 " more can be given",
                    reach->lacking, reach->everybody);
    for (size_t list = 0; list < 2; list++)
        for (char *const *name = lists[list]; name && *name && shown < PROBLEMS_SHOWN_MAX; name++) {
            const char *problem = find_principal_problem(*name, facts);
            char visible[NAME_SHOWN_MAX];
            if (problem)
                append_text(ret, "%s%s %s", shown++ ? ", " : " (",
                            text_visible(*name, visible, sizeof(visible)), problem);
        }
    append_text(ret, "%s", shown ? ")" : "");
    return ret;
}

const char *stage_find_host_obstacle(const struct engine *engine)
{
    return engine->config->require_login_id == CONFIG_YES && !engine->login_ids_count
               ? "require_login_id = yes in accesspkg.conf, and login ids say nothing in this container"
               : NULL;
}

static struct decidability find_decidability(const struct engine *engine,
                                             const struct policy_pending *pending, const struct facts *facts)
{
    const struct stage *stage = pending->stage;
    const char *why = stage_find_host_obstacle(engine);
    if (why) {
        struct decidability none = {.known = true};
        append_text(none.why, "%s", why);
        return none;
    }
    const struct policy_reach reach = policy_reach(pending, facts);
    struct decidability found = {.known = reach.verdict != POLICY_REACH_UNKNOWN};
    found.escalate = (reach.verdict == POLICY_REACH_FALLBACK || reach.verdict == POLICY_REACH_NONE) &&
                     strv_length(stage->fallback_approvers) > 0 && stage->escalated == 0;
    if (reach.verdict == POLICY_REACH_NONE)
        stage_describe_reach(stage, &reach, facts, found.why);
    return found;
}

static bool is_news(const struct decidability *found, const char *undecidable)
{
    return found->known && (found->escalate || strcmp(found->why, undecidable ? undecidable : "") != 0);
}

/* Suggests to assign the package, but not for an extension: the user holds it already. */
static void warn_undecidable(const struct request *request, const char *why)
{
    char user[NAME_ENCODED_MAX + 1], word[TEXT_WORD_MAX];
    text_visible(request->user, user, sizeof(user));
    if (request->extends)
        log_warning("Request %" PRId64 " of %s for more time of %s waits, and nobody can decide it: %s.",
                    request->id, user, request->package, why);
    else
        log_warning(
            "Request %" PRId64 " of %s for %s waits, and nobody can decide it: %s. To give it without "
            "approval: pkg-admin assign %s %s",
            request->id, user, request->package, why, request->package, text_word(request->user, word));
}

static void note_escalation(struct txn *txn, const struct request *request, const struct stage *stage,
                            const char *reason)
{
    store_escalate(txn->store, request->id, stage->number, txn_now(txn));
    /* Once, for no approver could decide, or by the clock. */
    if (stage->escalated == 0)
        notify_escalated(txn, request, stage);
    txn_audit(txn, own_act(reason), AUDIT_ESCALATE, request->id, 0);
}

static void note_undecidable(struct txn *txn, const struct request *request, const char *why)
{
    if (*why)
        warn_undecidable(request, why);
    store_set_undecidable(txn->store, request->id, *why ? why : NULL);
    txn_audit(txn, own_act(*why ? why : NULL), *why ? AUDIT_UNDECIDABLE : AUDIT_DECIDABLE, request->id, 0);
}

static void note_decidability(struct txn *txn, const struct request *request, const struct stage *stage,
                              const struct decidability *found)
{
    if (found->escalate)
        note_escalation(txn, request, stage, "the approvers of the stage cannot complete it");
    if (strcmp(found->why, request->undecidable ? request->undecidable : "") != 0)
        note_undecidable(txn, request, found->why);
}

int stage_judge(struct engine *engine, struct record *record, const struct facts *facts)
{
    struct request *request = &record->request;
    /* A missing requestor means that the directory is away: it would seem to have no approvers either. */
    if (!facts->user)
        return ENGINE_E_UNKNOWN;
    const struct policy_pending pending = record_pending(engine->packages, record);
    const struct decidability found = find_decidability(engine, &pending, facts);
    if (!found.known)
        return ENGINE_E_UNKNOWN;
    if (!is_news(&found, request->undecidable))
        return 0;
    struct txn *txn = engine_join(engine);
    note_decidability(txn, request, &record->stage, &found);
    txn_announce(txn, request->id);
    if (found.escalate)
        record->stage.escalated = clock_now(&engine->clock);
    free(request->undecidable);
    request->undecidable = *found.why ? strdup(found.why) : NULL;
    txn_ok(txn, *found.why && !request->undecidable ? -ENOMEM : 0);
    return store_failed(engine->store);
}

/* Those who took part in earlier stages are excluded, unless the package says same_approver. */
static struct decidability find_decidability_at_entry(struct txn *txn, const struct request *request,
                                                      const struct stage *stage, const struct facts *facts)
{
    const struct package *package = packages_find(txn->engine->packages, request->package);
    struct decision *decisions = NULL;
    struct policy_pending pending = {
        .stage = stage, .requestor = &request->requestor, .same_approver = package && package->same_approver};
    if (stage->number > 1)
        txn_ok(txn, store_get_decisions(txn->store, request->id, &decisions, &pending.n_decisions));
    pending.decisions = decisions;
    const struct decidability found = find_decidability(txn->engine, &pending, facts);
    store_free_decisions(decisions, pending.n_decisions);
    return found;
}

void stage_enter(struct txn *txn, const struct request *request, const struct stage *stage,
                 const struct facts *facts)
{
    struct decidability found = {0};
    if (facts)
        found = find_decidability_at_entry(txn, request, stage, facts);
    if (!found.known)
        survey_plan_soon(txn->engine, request->id);
    notify_stage(txn, request, stage);
    note_decidability(txn, request, stage, &found);
}

void stage_escalate(struct txn *txn, struct request *request)
{
    struct stage stage = {0};
    char after[DURATION_TEXT_MAX];
    char reason[DURATION_TEXT_MAX + 32];
    if (txn_ok(txn, store_get_stage(txn->store, request->id, request->stage, &stage))) {
        snprintf(reason, sizeof(reason), "no decision within %s",
                 duration_format(stage.escalate_after, after));
        note_escalation(txn, request, &stage, reason);
        txn_announce(txn, request->id);
    }
    stage_deinit(&stage);
}
