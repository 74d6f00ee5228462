/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A stage of a request: who can decide it, judged from what was looked up and noted where it is news. What could not be
 * looked up changes nothing: an outage of the directory must neither ask further people nor alarm anybody.
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

struct finding {
    bool known;
    bool escalate;            /* the fallback approvers are to be asked, and are not yet */
    char why[ENGINE_WHY_MAX]; /* nobody can decide; "": somebody can */
};

__attribute__((format(printf, 2, 3))) static void append(char *text, const char *format, ...)
{
    const size_t used = strlen(text);
    va_list values;
    va_start(values, format);
    vsnprintf(text + used, ENGINE_WHY_MAX - used, format, values);
    va_end(values);
}

/* What is wrong with one who is named to approve; NULL: nothing, or it is not known. */
static const char *find_problem(const char *name, const struct facts *facts)
{
    const struct principal *principal = facts_principal(facts, name);
    if (!principal || principal->n_people > 0)
        return NULL;
    if (!principal->exists)
        return "does not exist";
    return name[0] == '%' ? "has no member who may log in" : "may not log in";
}

char *engine_say_reach(const struct stage *stage, const struct policy_reach *reach, const struct facts *facts,
                       char ret[ENGINE_WHY_MAX])
{
    char *const *const lists[] = {stage->approvers, stage->fallback_approvers};
    int shown = 0;
    ret[0] = '\0';
    if (reach->everybody == 0)
        append(ret, "nobody is left who may approve it");
    else
        append(ret, "it needs %" PRId64 " more approvals, and only %" PRId64 " more can be given",
               reach->lacking, reach->everybody);
    for (size_t list = 0; list < 2; list++)
        for (char *const *name = lists[list]; name && *name && shown < PROBLEMS_SHOWN_MAX; name++) {
            const char *problem = find_problem(*name, facts);
            char visible[NAME_SHOWN_MAX];
            if (problem)
                append(ret, "%s%s %s", shown++ ? ", " : " (", text_visible(*name, visible, sizeof(visible)),
                       problem);
        }
    append(ret, "%s", shown ? ")" : "");
    return ret;
}

const char *engine_undecidable_here(const struct engine *engine)
{
    return engine->config->require_login_id == CONFIG_YES && !engine->login_ids_count
               ? "require_login_id = yes in accesspkg.conf, and login ids say nothing in this container"
               : NULL;
}

static struct finding find(const struct engine *engine, const struct stage *stage,
                           const struct identity *requestor, const struct record *record,
                           const struct facts *facts)
{
    const struct policy_pending pending = {.stage = stage,
                                           .requestor = requestor,
                                           .decisions = record ? record->decisions : NULL,
                                           .n_decisions = record ? record->n_decisions : 0};
    const char *why = engine_undecidable_here(engine);
    if (why) {
        struct finding nobody = {.known = true};
        append(nobody.why, "%s", why);
        return nobody;
    }
    const struct policy_reach reach = policy_reach(&pending, facts);
    struct finding finding = {.known = reach.verdict != POLICY_REACH_UNKNOWN};
    finding.escalate = (reach.verdict == POLICY_REACH_FALLBACK || reach.verdict == POLICY_REACH_NOBODY) &&
                       strv_length(stage->fallback_approvers) > 0 && stage->escalated == 0;
    if (reach.verdict == POLICY_REACH_NOBODY)
        engine_say_reach(stage, &reach, facts, finding.why);
    return finding;
}

static bool is_news(const struct finding *finding, const char *undecidable)
{
    return finding->known && (finding->escalate || strcmp(finding->why, undecidable ? undecidable : "") != 0);
}

static int audit(struct engine *engine, int64_t request, const char *event, const char *detail)
{
    return engine_audit(engine, own_act(detail), event, request, 0);
}

/* What is held already cannot be assigned: more time for it is another thing. */
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

/* Inside a transaction. */
static int note(struct engine *engine, const struct request *request, const struct stage *stage,
                const struct finding *finding)
{
    int r = 0;
    if (finding->escalate) {
        r = store_escalate(engine->store, request->id, stage->number, clock_now(&engine->clock));
        if (r == 0)
            r = audit(engine, request->id, "escalate", "the approvers of the stage cannot complete it");
        if (r == 0)
            r = engine_tell_escalated(engine, request, stage);
    }
    if (r == 0 && strcmp(finding->why, request->undecidable ? request->undecidable : "") != 0) {
        if (*finding->why)
            warn_undecidable(request, finding->why);
        r = store_set_undecidable(engine->store, request->id, *finding->why ? finding->why : NULL);
        if (r == 0)
            r = *finding->why ? audit(engine, request->id, "undecidable", finding->why)
                              : audit(engine, request->id, "decidable", NULL);
    }
    return r;
}

int engine_judge(struct engine *engine, struct record *record, const struct facts *facts)
{
    struct request *request = &record->request;
    /* A directory that is away may look like one in which nobody is: its own requestor is missing, too. */
    if (!facts->user)
        return ENGINE_E_UNKNOWN;
    const struct finding finding = find(engine, &record->stage, &request->requestor, record, facts);
    if (!finding.known)
        return ENGINE_E_UNKNOWN;
    if (!is_news(&finding, request->undecidable))
        return 0;
    int r = engine_begin(engine);
    if (r < 0)
        return r;
    r = note(engine, request, &record->stage, &finding);
    if (r == 0)
        r = engine_will_announce(engine, request->id);
    r = engine_end(engine, r);
    if (r < 0)
        return r;
    if (finding.escalate)
        record->stage.escalated = clock_now(&engine->clock);
    free(request->undecidable);
    request->undecidable = *finding.why ? strdup(finding.why) : NULL;
    return *finding.why && !request->undecidable ? -ENOMEM : 0;
}

int engine_enter_stage(struct engine *engine, const struct request *request, const struct stage *stage,
                       const struct facts *facts)
{
    const bool escalates = stage->escalate_after > 0 && strv_length(stage->fallback_approvers) > 0;
    const int64_t now = clock_now(&engine->clock);
    struct finding finding = {0};
    int r = store_set_escalation(engine->store, request->id, escalates ? now + stage->escalate_after : 0);
    if (r < 0)
        return r;
    if (facts)
        finding = find(engine, stage, &request->requestor, NULL, facts);
    if (!finding.known)
        engine_survey_soon(engine, request->id);
    r = engine_tell_stage(engine, request, stage);
    return r < 0 ? r : note(engine, request, stage, &finding);
}

int engine_escalate_due(struct engine *engine, const struct request *request)
{
    struct stage stage = {0};
    char after[DURATION_TEXT_MAX];
    char detail[DURATION_TEXT_MAX + 32];
    int r = store_get_stage(engine->store, request->id, request->stage, &stage);
    if (r != 0)
        return r < 0 ? r : -EIO;
    snprintf(detail, sizeof(detail), "no decision within %s", duration_format(stage.escalate_after, after));
    r = store_escalate(engine->store, request->id, request->stage, clock_now(&engine->clock));
    /* They may have been asked before, because nobody else could decide. */
    if (r == 0 && stage.escalated == 0)
        r = engine_tell_escalated(engine, request, &stage);
    stage_deinit(&stage);
    if (r == 0)
        r = audit(engine, request->id, "escalate", detail);
    return r < 0 ? r : engine_will_announce(engine, request->id);
}
