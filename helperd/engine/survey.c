/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Surveys: has pending requests judged by lifecycle/stage.c, one after the other, from a look-up for each. */
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
        survey->again = false;
        r = store_next_pending(engine->store, 0, ret);
    }
    if (r == 0)
        survey->after = *ret;
    survey->walking = r == 0;
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
