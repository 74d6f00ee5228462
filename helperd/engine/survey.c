/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Surveys: has pending requests judged by lifecycle/stage.c, one after the other; those alike share a look-up. */
#include "helperd/engine/internal.h"

#include "common/cleanup.h"
#include "common/names.h"

#include <string.h>

/* ---- surveys ---- */

static int take_next_request(struct engine *engine, int64_t *ret)
{
    struct survey *survey = &engine->survey;
    if (survey->count > 0) {
        *ret = survey->soon[0];
        memmove(survey->soon, survey->soon + 1, --survey->count * sizeof(*survey->soon));
        return 0;
    }
    if (!survey->walking)
        return STORE_E_NONE;
    int r = store_next_pending(engine->store, survey->after, ret);
    if (r == STORE_E_NONE && survey->again) {
        survey->again = survey->alone = false;
        r = store_next_pending(engine->store, 0, ret);
    }
    if (r == 0)
        survey->after = *ret;
    survey->walking = r == 0;
    survey->alone &= survey->walking;
    return r;
}

static int inquire_request(struct engine *engine, int64_t id, struct inquiry *inquiry)
{
    struct request request = {0};
    int r = store_get_request(engine->store, id, &request);
    if (r == 0)
        r = request.state == STATE_PENDING_APPROVAL ? engine_inquire_stage(engine, &request, false, inquiry)
                                                    : STORE_E_NONE;
    if (r == 0)
        inquiry->user = steal_ptr(request.user);
    request_deinit(&request);
    return r;
}

int engine_take_due_survey(struct engine *engine, int64_t *ret_request, struct inquiry *inquiry)
{
    int64_t id = 0;
    int r;
    while ((r = take_next_request(engine, &id)) == 0 &&
           (r = inquire_request(engine, id, inquiry)) == STORE_E_NONE)
        ; /* it is not pending any more */
    if (r == 0)
        *ret_request = id;
    return r;
}

static bool are_equal(char *const *list, char *const *other)
{
    for (; *list && *other && strcmp(*list, *other) == 0; list++)
        other++;
    return !*list && !*other;
}

static int get_current_stage(struct engine *engine, int64_t id, struct stage *ret, char **ret_user)
{
    struct request request = {0};
    int r = store_get_request(engine->store, id, &request);
    if (r == 0)
        r = store_get_stage(engine->store, id, request.stage, ret);
    if (r == 0)
        *ret_user = steal_ptr(request.user);
    request_deinit(&request);
    return r;
}

/* Takes the next request of the walk if it asks the approvers of `first`. */
static bool take_alike(struct engine *engine, const struct stage *first, int64_t *ret,
                       struct inquiry *inquiry)
{
    struct stage stage = {0};
    _cleanup_free_ char *user = NULL;
    int64_t id = 0;
    const bool alike = store_next_pending(engine->store, engine->survey.after, &id) == 0 &&
                       get_current_stage(engine, id, &stage, &user) == 0 &&
                       are_equal(stage.approvers, first->approvers) &&
                       are_equal(stage.fallback_approvers, first->fallback_approvers) &&
                       strv_add(&inquiry->others, user) == 0;
    if (alike)
        engine->survey.after = *ret = id;
    stage_deinit(&stage);
    return alike;
}

int engine_take_due_surveys(struct engine *engine, struct surveys *ret, struct inquiry *inquiry)
{
    const struct survey *survey = &engine->survey;
    struct stage first = {0};
    _cleanup_free_ char *user = NULL;
    struct surveys taken = {.count = 1};
    const int r = engine_take_due_survey(engine, &taken.requests[0], inquiry);
    if (r != 0)
        return r;
    if (survey->walking && !survey->alone && survey->after == taken.requests[0] &&
        get_current_stage(engine, taken.requests[0], &first, &user) == 0)
        while (taken.count < SURVEYS_SHARED_MAX &&
               take_alike(engine, &first, &taken.requests[taken.count], inquiry))
            taken.count++;
    inquiry->names_only = taken.count > 1; /* of the users, it matters who is there */
    stage_deinit(&first);
    *ret = taken;
    return 0;
}

int engine_survey(struct engine *engine, int64_t id, const struct facts *facts)
{
    struct record record = {0};
    struct survey *survey = &engine->survey;
    if (!facts) {
        if (survey->failed != id)
            survey_plan_from(engine, id - 1);
        survey->failed = survey->failed == id ? 0 : id; /* a second failure waits for the next walk */
        return 0;
    }
    int r = engine_begin_call(engine, facts);
    if (r == 0)
        r = record_load(engine->store, id, &record);
    if (r == 0 && record.request.state == STATE_PENDING_APPROVAL)
        r = stage_judge(engine, &record, facts);
    record_deinit(&record);
    r = engine_end(engine, r);
    return r < 0 || r == ENGINE_E_UNKNOWN ? r : 0;
}

int engine_survey_all(struct engine *engine, const struct surveys *surveys, const struct facts *facts)
{
    int r = engine_survey(engine, surveys->requests[0], facts);
    bool unknown = r == ENGINE_E_UNKNOWN;
    engine->survey.alone |= !facts && surveys->count > 1;
    for (size_t i = 1; facts && i < surveys->count; i++) {
        const struct facts about = facts_about_other(facts, i - 1);
        if (!about.user_known && facts->late) {
            engine->survey.alone = true;
            survey_plan_from(engine, surveys->requests[i] - 1);
            break;
        }
        const int next = about.user ? engine_survey(engine, surveys->requests[i], &about) : ENGINE_E_UNKNOWN;
        unknown |= next == ENGINE_E_UNKNOWN;
        r = r < 0 ? r : next;
    }
    return r < 0 ? r : unknown ? ENGINE_E_UNKNOWN : 0;
}
