/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See the header. Assigns one person to each approval; moves people to other stages to free one who is needed. */
#include "helperd/config/distinct.h"

#include "common/cleanup.h"

#include <stdlib.h>
#include <string.h>

struct matching {
    const struct distinct_stage *stages;
    size_t *stage_of; /* by person: 1 + the stage; 0: free */
    bool *visited;    /* stages, of this approval */
};

/* Finds one more person for the stage. */
static bool find_person(struct matching *matching, size_t stage)
{
    const struct distinct_stage *wanted = &matching->stages[stage];
    matching->visited[stage] = true;
    for (size_t i = 0; i < wanted->count; i++) {
        size_t *taken = &matching->stage_of[wanted->people[i]];
        if (*taken == 0 || (!matching->visited[*taken - 1] && find_person(matching, *taken - 1))) {
            *taken = stage + 1;
            return true;
        }
    }
    return false;
}

size_t distinct_reach(const struct distinct_stage *stages, size_t n_stages, size_t n_people)
{
    _cleanup_free_ size_t *stage_of = calloc(n_people + 1, sizeof(*stage_of));
    _cleanup_free_ bool *visited = calloc(n_stages + 1, sizeof(*visited));
    struct matching matching = {stages, stage_of, visited};
    if (!stage_of || !visited)
        return n_stages;
    for (size_t stage = 0; stage < n_stages; stage++)
        for (int64_t approval = 0; approval < stages[stage].quorum; approval++) {
            memset(visited, 0, n_stages * sizeof(*visited));
            if (!find_person(&matching, stage))
                return stage;
        }
    return n_stages;
}
