/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files a request, decides it stage by stage, and starts what it asked for. */
#include "helperd/lifecycle/lifecycle.h"

#include "common/cleanup.h"
#include "common/names.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* Rule 12: the requestor filed it, and the policy may have waived approval; or an administrator assigned it. */
static void audit_filing(struct txn *txn, const struct request *request, bool waived,
                         const struct decision *word)
{
    /* The gate files for its user: the log shows uid 0. */
    const struct identity filer = {request->origin_verified ? 0 : request->requestor.uid,
                                   request->requestor.loginuid};
    const struct act filing = {.actor = request->user, .identity = filer, .reason = request->justification};
    if (word) {
        store_add_decision(txn->store, request->id, word);
        txn_audit(txn,
                  (struct act){.actor = word->decider,
                               .identity = word->identity,
                               .reason = *word->reason ? word->reason : NULL},
                  AUDIT_ASSIGN, request->id, 0);
        return;
    }
    txn_audit(txn, filing, request->emergency ? AUDIT_EMERGENCY : AUDIT_SUBMIT, request->id, 0);
    if (waived && !request->emergency)
        txn_audit(txn, own_act("the policy asks nobody"), AUDIT_WAIVE, request->id, 0);
}

/* Does what an approved request asked for: extends an assignment, fulfils a new one, or waits for its start. */
static void complete_request(struct txn *txn, struct request *request, const struct package *package,
                             const struct facts *facts)
{
    if (request->extends) {
        assignment_extend(txn, request);
        return;
    }
    request->waiting = request->start > txn_now(txn);
    if (!request->waiting)
        assignment_fulfil(txn, request, package, facts);
}

/* Lines "GID NAME": what is recorded, or else what was looked up now; `anew` the other way round. New; NULL: no memory. */
static char *write_gids(const struct request *request, char *const *groups, const struct facts *facts,
                        bool anew)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    for (; out && *groups; groups++) {
        const gid_t recorded = request_gid(request, *groups);
        const gid_t found = facts ? facts_gid(facts, *groups) : GID_UNSET;
        const gid_t first = anew ? found : recorded;
        const gid_t gid = first != GID_UNSET ? first : anew ? recorded : found;
        if (gid != GID_UNSET)
            fprintf(out, "%u %s\n", (unsigned)gid, *groups);
    }
    if (out && fclose(out) == 0)
        return text;
    free(text);
    return NULL;
}

/*
 * Rule 14: a request may give only groups that every approver saw. The first approver sees the package as it is; a
 * group that the package gets, or loses, before a later approval is left out.
 */
static void bind_groups(struct txn *txn, struct request *request, const struct package *package, bool bound,
                        const struct facts *facts)
{
    _cleanup_free_ char **seen = request_groups(request, package, bound);
    char *groups = seen ? strv_join(seen, "\n") : NULL;
    char *gids = seen ? write_gids(request, seen, facts, false) : NULL;
    txn_ok(txn, groups && gids ? 0 : -ENOMEM);
    free(request->groups);
    free(request->gids);
    request->groups = groups;
    request->gids = gids;
}

void request_note_gids(struct txn *txn, struct request *request, char *const *groups,
                       const struct facts *facts)
{
    char *gids = write_gids(request, groups, facts, true);
    free(request->gids);
    request->gids = gids;
    txn_ok(txn, request->gids ? 0 : -ENOMEM);
    store_update_request(txn->store, request);
    txn_announce(txn, request->id);
}

static void free_bound(struct request *request)
{
    free(request->groups);
    free(request->gids);
    free(request->nonce);
    request->groups = request->gids = request->nonce = NULL;
}

static char *make_nonce(void)
{
    unsigned char bytes[16];
    char text[2 * sizeof(bytes) + 1];
    if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
        return NULL;
    for (size_t i = 0; i < sizeof(bytes); i++)
        snprintf(text + 2 * i, 3, "%02x", bytes[i]);
    return strdup(text);
}

/* Behind the end that was asked for nothing can be given. */
static int64_t stage_deadline(const struct request *request, const struct stage *stage, int64_t entered)
{
    const int64_t deadline = entered + stage->timeout;
    return request->until && request->until < deadline ? request->until : deadline;
}

static void set_stage_times(struct request *request, const struct stage *stage, int64_t now)
{
    const bool escalates = stage->escalate_after > 0 && strv_length(stage->fallback_approvers) > 0;
    request->deadline = stage_deadline(request, stage, now);
    request->escalate_at = escalates ? now + stage->escalate_after : 0;
    request->remind_at = now + stage->timeout / 2;
}

void request_file(struct txn *txn, const struct facts *facts, const struct package *package,
                  struct request *request, const struct filing *filing)
{
    const int64_t now = request->submitted;
    _cleanup_free_ struct stage *stages = calloc(package->n_stages + 1, sizeof(*stages));
    if (!txn_ok(txn, stages ? 0 : -ENOMEM))
        return;
    policy_plan_stages(package, now, stages);
    bind_groups(txn, request, package, false, facts);
    request->nonce = make_nonce();
    txn_ok(txn, request->nonce ? 0 : -ENOMEM);
    request_move(txn, request, filing->waived ? REQUEST_WAIVE : REQUEST_ROUTE);
    if (filing->waived) {
        request->ended = now;
    } else {
        request->n_stages = (int64_t)package->n_stages;
        request->stage = 1;
        set_stage_times(request, &stages[0], now);
    }
    request->local = is_local_user(facts, request->user, request->requestor.uid);
    store_add_request(txn->store, request, stages);
    if (!filing->waived)
        note_local_user(txn, facts, request->user, request->requestor.uid);
    audit_filing(txn, request, filing->waived, filing->word);
    if (filing->waived) {
        complete_request(txn, request, package, facts);
        store_update_request(txn->store, request);
    } else {
        stage_enter(txn, request, &stages[0], facts);
    }
    txn_announce(txn, request->id);
    free_bound(request); /* the caller owns nothing of the request */
}

static void enter_next_stage(struct txn *txn, struct request *request, const struct facts *facts)
{
    struct stage next = {0};
    request_move(txn, request, REQUEST_ADVANCE);
    request->stage++;
    if (txn_ok(txn, store_get_stage(txn->store, request->id, request->stage, &next))) {
        set_stage_times(request, &next, txn_now(txn));
        store_enter_stage(txn->store, request->id, request->stage, txn_now(txn));
        store_set_stage_times(txn->store, request->id, request->escalate_at, request->remind_at);
        stage_enter(txn, request, &next, facts);
    }
    stage_deinit(&next);
}

/* Enters the next stage or, after the last one, does what the request asked for. */
static void complete_stage(struct txn *txn, struct record *record, const struct decision *decision,
                           const struct package *package, const struct facts *facts)
{
    struct request *request = &record->request;
    if (request->stage < request->n_stages) {
        enter_next_stage(txn, request, facts);
        notify_decision(txn, record, decision);
        return;
    }
    request->ended = txn_now(txn);
    request_move(txn, request, REQUEST_APPROVE);
    notify_decision(txn, record, decision);
    complete_request(txn, request, package, facts);
}

static int64_t count_lacking_after(const struct record *record, const struct decision *decision)
{
    return policy_lacking(&record->stage, record->decisions, record->n_decisions) -
           (decision->approved ? 1 : 0);
}

void request_decide(struct txn *txn, struct record *record, const struct decision *decision,
                    const struct package *package, const struct facts *facts)
{
    struct request *request = &record->request;
    store_add_decision(txn->store, request->id, decision);
    audit_decision(txn, request->id, decision, decision->approved ? AUDIT_APPROVE : AUDIT_DENY);
    if (decision->approved)
        bind_groups(txn, request, package, record_is_bound(record), facts);
    if (!decision->approved) {
        request_move(txn, request, REQUEST_DENY);
        request->ended = decision->at;
        notify_decision(txn, record, decision);
    } else if (count_lacking_after(record, decision) <= 0) {
        complete_stage(txn, record, decision, package, facts);
    } else {
        request->deadline = stage_deadline(request, &record->stage, record->stage.entered);
        /* A delegate's approval excludes two people from those who can still decide. */
        survey_plan_soon(txn->engine, request->id);
    }
    store_update_request(txn->store, request);
    txn_announce(txn, request->id);
}

bool request_gives_any(const struct request *request, const struct package *package)
{
    for (char *const *group = package ? package->groups : NULL; group && *group; group++)
        if (request_may_give(request, *group))
            return true;
    return false;
}

/* Rule 9: why an approved request must not start after all; NULL: it may. */
static const char *find_start_obstacle(struct txn *txn, const struct request *request,
                                       const struct package *package)
{
    struct assignment assignment = {0};
    const struct subject subject = {.uid = request->requestor.uid, .name = request->user};
    struct conflict conflict = {0};
    if (!package)
        return "the package is no longer in packages.d";
    if (locks_find(&txn->engine->locks, subject.name, subject.uid))
        return "the user is locked on this host (pkg-admin lock)";
    const int held =
        store_find_live_assignment(txn->store, subject.uid, subject.name, request->package, &assignment);
    assignment_deinit(&assignment);
    if (held == 0)
        return "the user holds the package already";
    if (!request_gives_any(request, package))
        return "the package gives none of the groups that were approved any more";
    if (policy_last_end(package, request->until) <= txn_now(txn))
        return "the end that was asked for, or that of the package (not_after), has passed";
    if (!request->overrides)
        txn_ok(txn, duties_find_conflict(txn->engine, &subject, package, false, &conflict));
    return *conflict.package ? "the user holds, or will, what is incompatible with it by now" : NULL;
}

/* There are no facts about the groups: the assignment begins partially fulfilled, and its retry is due at once. */
void request_start(struct txn *txn, struct request *request)
{
    const struct package *package = packages_find(txn->engine->packages, request->package);
    const char *obstacle = find_start_obstacle(txn, request, package);
    if (obstacle) {
        request_withdraw(txn, request, own_act(obstacle));
        return;
    }
    request->waiting = false;
    store_update_request(txn->store, request);
    assignment_fulfil(txn, request, package, NULL);
}
