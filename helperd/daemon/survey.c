/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helperd/daemon/survey.h"

#include "helperd/engine/locks.h"
#include "helperd/lifecycle/lifecycle.h"

/* Seconds. An unknown result is tried again: the directory may answer later, or faster. */
enum { PAUSE_AFTER_FAILURE = 60, AGAIN_AFTER = 300 };

static void set_timer(struct daemon_survey *survey, double after)
{
    ev_timer_stop(survey->loop, &survey->timer);
    ev_timer_set(&survey->timer, after, 0.);
    ev_timer_start(survey->loop, &survey->timer);
}

static void on_survey_facts(struct facts *facts, void *data)
{
    struct daemon_survey *survey = data;
    survey->asking = false;
    if (facts)
        engine_bar_locked(survey->engine, facts);
    if (engine_survey_all(survey->engine, &survey->surveys, facts) == ENGINE_E_UNKNOWN && !survey->again_at)
        survey->again_at = ev_now(survey->loop) + AGAIN_AFTER;
    set_timer(survey, facts ? 0. : PAUSE_AFTER_FAILURE);
    facts_free(facts);
}

static void on_survey_due(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)events;
    struct daemon_survey *survey = timer->data;
    struct inquiry inquiry = INQUIRY_EMPTY;
    if (survey->again_at && ev_now(loop) >= survey->again_at) {
        survey->again_at = 0;
        survey_plan_all(survey->engine);
    }
    if (survey->asking || engine_take_due_surveys(survey->engine, &survey->surveys, &inquiry) != 0) {
        inquiry_deinit(&inquiry);
        if (!survey->asking && survey->again_at)
            set_timer(survey, survey->again_at - ev_now(loop));
        return;
    }
    survey->asking = lookup_ask(survey->lookup, &inquiry, on_survey_facts, survey) == 0;
    inquiry_deinit(&inquiry);
    if (!survey->asking)
        on_survey_facts(NULL, survey);
}

void daemon_survey_init(struct daemon_survey *survey, struct ev_loop *loop, struct engine *engine,
                        struct lookup *lookup)
{
    *survey = (struct daemon_survey){.loop = loop, .engine = engine, .lookup = lookup};
    ev_timer_init(&survey->timer, on_survey_due, 0., 0.);
    survey->timer.data = survey;
}

void daemon_survey_deinit(struct daemon_survey *survey)
{
    if (survey->loop)
        ev_timer_stop(survey->loop, &survey->timer);
}

void daemon_survey_soon(struct daemon_survey *survey)
{
    if (!survey->asking)
        set_timer(survey, 0.);
}

void daemon_survey_all(struct daemon_survey *survey)
{
    survey_plan_all(survey->engine);
    daemon_survey_soon(survey);
}
