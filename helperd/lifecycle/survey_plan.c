/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plans surveys: which requests to check next for approvers who can decide them. engine/survey.c does the surveys. */
#include "helperd/lifecycle/lifecycle.h"

#include <string.h>

void survey_plan_from(struct engine *engine, int64_t after)
{
    struct survey *survey = &engine->survey;
    if (!survey->walking || after < survey->after)
        survey->after = after;
    survey->walking = true;
}

void survey_plan_soon(struct engine *engine, int64_t request)
{
    struct survey *survey = &engine->survey;
    if (survey->count < sizeof(survey->soon) / sizeof(survey->soon[0]))
        survey->soon[survey->count++] = request;
    else
        survey_plan_from(engine, request - 1); /* the walk will reach it */
}

void survey_plan_all(struct engine *engine)
{
    struct survey *survey = &engine->survey;
    survey->again = survey->walking; /* a walk under way goes on to its end first */
    if (!survey->walking)
        survey_plan_from(engine, 0);
}

/* By its name as the package has it, or by another that the directory finds it by, or may. */
static bool name_group(const struct engine *engine, char *const *principals, const struct grant *grant)
{
    for (; *principals; principals++) {
        const gid_t gid = namebook_gid(engine->names, *principals);
        if ((*principals)[0] == '%' && (strcmp(*principals + 1, grant->group) == 0 ||
                                        (engine->names && (gid == GID_UNSET || gid == grant->gid))))
            return true;
    }
    return false;
}

static bool is_approving_group(const struct engine *engine, const struct grant *grant)
{
    const struct packages *packages = engine->packages;
    for (size_t i = 0; i < packages->count; i++)
        for (size_t k = 0; k < packages->items[i].n_stages; k++)
            if (name_group(engine, packages->items[i].stages[k].approvers, grant) ||
                name_group(engine, packages->items[i].stages[k].fallback_approvers, grant))
                return true;
    return false;
}

void survey_plan_for_groups(struct engine *engine, const struct grants *grants)
{
    for (size_t i = 0; i < grants->count; i++)
        if (is_approving_group(engine, &grants->items[i])) {
            survey_plan_all(engine);
            return;
        }
}
