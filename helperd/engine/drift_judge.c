/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Drift: makes an assignment that lost grants manually partially fulfilled, logs and announces it. */
#include "helperd/engine/drift.h"

#include "common/cleanup.h"
#include "common/log.h"
#include "common/names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Plans a repair: at once, and after a growing pause each time that it drifts again. */
static void plan_repair(struct txn *txn, struct assignment *assignment)
{
    const int64_t now = txn_now(txn);
    int64_t before = 0;
    store_count_drift(txn->store, assignment->id, now, 2 * txn->engine->config->retry_longest, &before);
    assignment->attempts = before;
    assignment->retry_at = now + (before == 0 ? 0 : retry_backoff(txn->engine, before - 1));
}

/* True when a grant is missing for another reason and has a retry planned. */
static bool has_other_problem(const struct assignment *assignment, const struct grants *grants)
{
    for (size_t i = 0; i < grants->count; i++)
        if (grants->items[i].problem && !grants->items[i].drifted)
            return assignment->retry_at != 0;
    return false;
}

static int set_problem(struct grant *grant, const char *why, bool repair)
{
    const int r = asprintf(&grant->problem, "%s (drift)%s", why, repair ? "; it is put back by itself" : "");
    if (r < 0)
        grant->problem = NULL;
    grant->drifted = r >= 0;
    return r < 0 ? -ENOMEM : 0;
}

static char *describe_losses(const struct grants *grants, char *const *why)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return NULL;
    for (size_t i = 0; i < grants->count; i++)
        if (why[i])
            fprintf(out, "%s%s: %s", ftell(out) > 0 ? "; " : "", grants->items[i].group, why[i]);
    return fclose(out) == 0 ? text : NULL;
}

static void record_drift(struct txn *txn, const struct assignment *assignment, const char *detail,
                         bool repair)
{
    char user[NAME_ENCODED_MAX + 1], word[TEXT_WORD_MAX];
    const char *what = *detail ? detail : "changed by hand";
    text_visible(assignment->user, user, sizeof(user));
    if (repair)
        log_notice("%s of %s is Partially fulfilled now: %s. It is put back by itself.", assignment->package,
                   user, what);
    else
        log_notice("%s of %s is Partially fulfilled now: %s. To put it back: pkg-admin retry %s %s",
                   assignment->package, user, what, assignment->package, text_word(assignment->user, word));
    txn_audit(txn, own_act(detail), AUDIT_DRIFT, assignment->request, assignment->id);
}

/* why[i]: why grant i is lost; NULL: it is not. */
static void fall_short(struct txn *txn, struct assignment *assignment, struct grants *grants,
                       char *const *why)
{
    const struct package *package = packages_find(txn->engine->packages, assignment->package);
    const bool repair = package && package->drift_repair && !assignment->held;
    _cleanup_free_ char *detail = describe_losses(grants, why);
    if (!txn_ok(txn, detail ? 0 : -ENOMEM))
        return;
    txn_publish(txn, assignment->user, true);
    for (size_t i = 0; i < grants->count; i++)
        if (why[i])
            txn_ok(txn, set_problem(&grants->items[i], why[i], repair));
    assignment_move(txn, assignment, ASSIGNMENT_FALL_SHORT);
    if (repair)
        plan_repair(txn, assignment);
    else if (!has_other_problem(assignment, grants))
        assignment->retry_at = 0;
    store_update_assignment(txn->store, assignment);
    store_set_grants(txn->store, assignment->id, grants->items, grants->count, true);
    record_drift(txn, assignment, detail, repair);
    txn_announce(txn, assignment->request);
}

bool drift_judge_assignment(struct txn *txn, struct assignment *assignment, drift_judge_fn judge,
                            const void *data, const char *whole_too)
{
    _cleanup_(grants_deinit) struct grants grants = {0};
    size_t concerned = 0;
    grants_load(txn, assignment, &grants);
    _cleanup_free_ char **why = calloc(grants.count + 1, sizeof(*why));
    if (!txn_ok(txn, why ? 0 : -ENOMEM))
        return false;
    for (size_t i = 0; i < grants.count; i++) {
        why[i] = grants.items[i].problem ? NULL : (char *)judge(assignment, &grants.items[i], data);
        concerned += why[i] != NULL;
    }
    for (size_t i = 0; concerned == 0 && whole_too && i < grants.count; i++)
        why[i] = grants.items[i].problem ? NULL : (char *)whole_too;
    if (concerned == 0 && !whole_too)
        return false;
    fall_short(txn, assignment, &grants, why);
    return true;
}

struct taken {
    const char *group;
    const char *why;
};

static const char *judge_by_name(const struct assignment *assignment, const struct grant *grant,
                                 const void *data)
{
    (void)assignment;
    const struct taken *taken = data;
    return strcmp(grant->group, taken->group) == 0 ? taken->why : NULL;
}

static bool fall_short_of_group(struct txn *txn, struct assignment *assignment, const void *data)
{
    return drift_judge_assignment(txn, assignment, judge_by_name, data, NULL);
}

void drift_note_member_removed(struct txn *txn, const char *user, const char *group)
{
    assignment_each_live(txn, user, fall_short_of_group,
                         &(struct taken){group, "taken out of /etc/group by hand"});
}
