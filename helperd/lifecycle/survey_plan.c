/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which requests are to be surveyed next: whether somebody can decide them. The surveys: engine/survey.c. */
#include "helperd/lifecycle/lifecycle.h"

#include <string.h>

void survey_from(struct engine *engine, int64_t after)
{
    struct survey *survey = &engine->survey;
    if (!survey->walking || after < survey->after)
        survey->after = after;
    survey->walking = true;
}

void survey_soon(struct engine *engine, int64_t request)
{
    struct survey *survey = &engine->survey;
    if (survey->count < sizeof(survey->soon) / sizeof(survey->soon[0]))
        survey->soon[survey->count++] = request;
    else
        survey_from(engine, request - 1); /* its turn comes with the others' */
}

void engine_survey_all(struct engine *engine)
{
    struct survey *survey = &engine->survey;
    survey->again = survey->walking; /* one that is under way goes on, or its end would never be reached */
    if (!survey->walking)
        survey_from(engine, 0);
}

static bool lists_group(char *const *principals, const char *group)
{
    for (; *principals; principals++)
        if ((*principals)[0] == '%' && strcmp(*principals + 1, group) == 0)
            return true;
    return false;
}

static bool is_asked(const struct packages *packages, const char *group)
{
    for (size_t i = 0; i < packages->count; i++)
        for (size_t k = 0; k < packages->items[i].n_stages; k++)
            if (lists_group(packages->items[i].stages[k].approvers, group) ||
                lists_group(packages->items[i].stages[k].fallback_approvers, group))
                return true;
    return false;
}

void survey_groups(struct engine *engine, const struct grants *grants)
{
    for (size_t i = 0; i < grants->count; i++)
        if (is_asked(engine->packages, grants->items[i].group)) {
            engine_survey_all(engine);
            return;
        }
}
