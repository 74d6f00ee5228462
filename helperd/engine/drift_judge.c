/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The engine's drift: an assignment of which others took something away falls short, and is told of. */
#include "helperd/engine/drift.h"

#include "common/cleanup.h"
#include "common/log.h"
#include "common/names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Repair comes at once, and each time later when somebody keeps taking it away. */
static int plan_repair(struct engine *engine, struct assignment *assignment)
{
    const int64_t now = clock_now(&engine->clock);
    int64_t before = 0;
    const int r =
        store_count_drift(engine->store, assignment->id, now, 2 * engine->config->retry_longest, &before);
    assignment->attempts = before;
    assignment->retry_at = now + (before == 0 ? 0 : engine_backoff(engine, before - 1));
    return r;
}

/* What lacked before, for another reason, goes on being tried. */
static bool is_tried(const struct assignment *assignment, const struct grant *grants, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (grants[i].problem && !grants[i].drifted)
            return assignment->retry_at != 0;
    return false;
}

static int note_problem(struct grant *grant, const char *why, bool repair)
{
    const int r = asprintf(&grant->problem, "%s (drift)%s", why, repair ? "; it is put back by itself" : "");
    if (r < 0)
        grant->problem = NULL;
    grant->drifted = r >= 0;
    return r < 0 ? -ENOMEM : 0;
}

static char *describe(const struct grant *grants, char *const *why, size_t count)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return NULL;
    for (size_t i = 0; i < count; i++)
        if (why[i])
            fprintf(out, "%s%s: %s", ftell(out) > 0 ? "; " : "", grants[i].group, why[i]);
    return fclose(out) == 0 ? text : NULL;
}

static int record(struct engine *engine, const struct assignment *assignment, const struct grant *grants,
                  char *const *why, size_t count, bool repair)
{
    char user[NAME_ENCODED_MAX + 1], word[TEXT_WORD_MAX];
    _cleanup_free_ char *detail = describe(grants, why, count);
    if (!detail)
        return -ENOMEM;
    const char *what = *detail ? detail : "changed by hand";
    text_visible(assignment->user, user, sizeof(user));
    if (repair)
        log_notice("%s of %s is Partially fulfilled now: %s. It is put back by itself.", assignment->package,
                   user, what);
    else
        log_notice("%s of %s is Partially fulfilled now: %s. To put it back: pkg-admin retry %s %s",
                   assignment->package, user, what, assignment->package, text_word(assignment->user, word));
    return engine_audit(engine, own_act(detail), "drift", assignment->request, assignment->id);
}

/* Inside a transaction. why[i]: what became of grants[i], NULL for those that are as they were. */
static int fall_short(struct engine *engine, struct assignment *assignment, struct grant *grants,
                      char *const *why, size_t count)
{
    const struct package *package = packages_find(engine->packages, assignment->package);
    const bool repair = package && package->drift_repair;
    int r = engine_will_publish(engine, assignment->user, true);
    for (size_t i = 0; r == 0 && i < count; i++)
        if (why[i])
            r = note_problem(&grants[i], why[i], repair);
    if (r == 0)
        r = engine_move_assignment(assignment, ASSIGNMENT_FALL_SHORT);
    if (r == 0 && repair)
        r = plan_repair(engine, assignment);
    else if (!is_tried(assignment, grants, count))
        assignment->retry_at = 0;
    if (r == 0)
        r = store_update_assignment(engine->store, assignment);
    if (r == 0)
        r = store_set_grants(engine->store, assignment->id, grants, count, true);
    if (r == 0)
        r = record(engine, assignment, grants, why, count, repair);
    return r < 0 ? r : engine_will_announce(engine, assignment->request);
}

int drift_judge(struct engine *engine, struct assignment *assignment, drift_judge_grant judge,
                const void *data, const char *whole_too)
{
    struct grant *grants = NULL;
    size_t count = 0, concerned = 0;
    int r = store_get_grants(engine->store, assignment->id, &grants, &count);
    if (r < 0)
        return r;
    _cleanup_free_ char **why = calloc(count + 1, sizeof(*why));
    for (size_t i = 0; why && i < count; i++) {
        why[i] = grants[i].problem ? NULL : (char *)judge(assignment, &grants[i], data);
        concerned += why[i] != NULL;
    }
    for (size_t i = 0; why && concerned == 0 && whole_too && i < count; i++)
        why[i] = grants[i].problem ? NULL : (char *)whole_too;
    if (!why)
        r = -ENOMEM;
    else if (concerned > 0 || whole_too)
        r = fall_short(engine, assignment, grants, why, count);
    store_free_grants(grants, count);
    return r < 0 ? r : concerned > 0 || whole_too;
}

struct numbers {
    int64_t *ids;
    size_t count;
};

static int collect(const struct assignment *assignment, void *data)
{
    struct numbers *numbers = data;
    int64_t *grown = reallocarray(numbers->ids, numbers->count + 1, sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    numbers->ids = grown;
    grown[numbers->count++] = assignment->id;
    return 0;
}

int drift_each_assignment(struct engine *engine, const char *user,
                          int (*each)(struct engine *engine, struct assignment *assignment, const void *data),
                          const void *data, size_t *ret_count)
{
    struct numbers numbers = {0};
    size_t count = 0;
    int r = store_each_live_of_user(engine->store, user, collect, &numbers);
    for (size_t i = 0; r == 0 && i < numbers.count; i++) {
        struct assignment assignment = {0};
        r = store_get_assignment(engine->store, numbers.ids[i], &assignment);
        if (r == 0)
            r = each(engine, &assignment, data);
        if (r == 1) {
            count++;
            r = 0;
        }
        assignment_deinit(&assignment);
    }
    free(numbers.ids);
    *ret_count = count;
    return r;
}

struct taken {
    const char *group;
    const char *why;
};

static const char *judge_taken(const struct assignment *assignment, const struct grant *grant,
                               const void *data)
{
    (void)assignment;
    const struct taken *taken = data;
    return strcmp(grant->group, taken->group) == 0 ? taken->why : NULL;
}

static int judge_by_line(struct engine *engine, struct assignment *assignment, const void *data)
{
    return drift_judge(engine, assignment, judge_taken, data, NULL);
}

int engine_lose_group(struct engine *engine, const char *user, const char *group)
{
    const struct taken taken = {group, "taken out of /etc/group by hand"};
    size_t count = 0;
    return drift_each_assignment(engine, user, judge_by_line, &taken, &count);
}
