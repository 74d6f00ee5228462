/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The engine's life of an assignment: begun later, extended, returned, revoked, assigned by an administrator. */
#include "helperd/engine/internal.h"

#include "common/duration.h"
#include "common/names.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static int refuse_unknown_package(const char *package, struct reply *reply)
{
    char visible[2 * NAME_PACKAGE_MAX];
    return engine_refuse(reply, BUS_ERROR_NO_SUCH_PACKAGE,
                         "There is no access package %s on this host. See: pkg-request packages",
                         text_visible(package, visible, sizeof(visible)));
}

static int refuse_not_held(const char *package, struct reply *reply)
{
    char visible[2 * NAME_PACKAGE_MAX];
    return engine_refuse(
        reply, BUS_ERROR_NO_SUCH_REQUEST,
        "You do not hold %s now, so nothing was changed. What you hold, and what waits: pkg-request",
        text_visible(package, visible, sizeof(visible)));
}

static int refuse_others(const char *user, const char *package, struct reply *reply)
{
    char holder[NAME_ENCODED_MAX + 1], visible[2 * NAME_PACKAGE_MAX], word[TEXT_WORD_MAX];
    text_visible(user, holder, sizeof(holder));
    text_visible(package, visible, sizeof(visible));
    return engine_refuse(
        reply, BUS_ERROR_NO_SUCH_REQUEST,
        "%s does not hold %s now, so nothing was changed. What they have of it: pkg-admin explain %s %s",
        holder, visible, visible, text_word(user, word));
}

/* What was done to an assignment: its request as it is now; an adopted one has none. */
static int show_assignment(struct engine *engine, const struct caller *caller, const struct facts *facts,
                           const struct assignment *assignment, struct reply *reply)
{
    if (assignment->request)
        return engine_show(engine, caller, facts, assignment->request, reply);
    reply->value = view_assignment(assignment);
    return reply->value ? 0 : -ENOMEM;
}

/* ---- extension ---- */

int engine_check_extension(struct engine *engine, const struct assignment *assignment,
                           const struct package *package, int64_t seconds, struct reply *reply)
{
    char text[DURATION_TEXT_MAX], most[DURATION_TEXT_MAX];
    if (!assignment_is_live(assignment->state) || assignment->span.end <= clock_now(&engine->clock))
        return engine_refuse(reply, BUS_ERROR_POLICY_REFUSED,
                             "The access to %s has ended, so it cannot be extended. Please ask for it anew: "
                             "pkg-request submit %s",
                             assignment->package, assignment->package);
    if (assignment->span.end == GRANT_FOREVER)
        return engine_refuse(reply, BUS_ERROR_POLICY_REFUSED,
                             "The access to %s has no end, so there is nothing to extend.",
                             assignment->package);
    if (!package || package->extension == PACKAGE_EXTENSION_NO)
        return engine_refuse(reply, BUS_ERROR_POLICY_REFUSED,
                             "The policy of %s allows no extension. When it ends, ask for it anew: "
                             "pkg-request submit %s",
                             assignment->package, assignment->package);
    if (seconds > package->max_duration)
        return engine_refuse(reply, BUS_ERROR_POLICY_REFUSED,
                             "%s can be extended by at most %s at a time. The longest: pkg-request extend "
                             "%s -d %s",
                             package->name, duration_format(package->max_duration, text), package->name,
                             duration_write(package->max_duration, most));
    const int64_t total = package->max_total ? package->max_total : DURATION_MAX;
    /* To no end at all, where max_duration says so: then there is no max_total (packages_file.c). */
    if (seconds != DURATION_FOREVER && assignment->span.end - assignment->span.start > total - seconds)
        return engine_refuse(
            reply, BUS_ERROR_POLICY_REFUSED,
            "With its extensions %s may last at most %s. Please ask for less, or anew after its end.",
            package->name, duration_format(total, text));
    return 0;
}

/* The end moves without a gap: from where it is, not from now. What is not whole yet lasts so much longer then. */
static int move_end(struct engine *engine, const struct request *request)
{
    struct assignment assignment = {0};
    int r = store_get_assignment(engine->store, request->extends, &assignment);
    if (r != 0)
        return r < 0 ? r : -EIO;
    r = engine_move_assignment(&assignment, ASSIGNMENT_EXTEND);
    const int64_t seconds = request->granted ? request->granted : request->duration;
    assignment.span.end = duration_after(assignment.span.end, seconds);
    assignment.duration = duration_after(assignment.duration, seconds);
    assignment.extended = true;
    engine_plan_warning(engine, &assignment);
    if (r == 0)
        r = store_update_assignment(engine->store, &assignment);
    if (r == 0)
        r = engine_will_publish(engine, assignment.user, false);
    if (r == 0)
        r = engine_audit(engine, "accesspkgd", &NOBODY, "extend", request->id, assignment.id, NULL);
    if (r == 0)
        r = engine_tell_holder(engine, OUTBOX_EXTENDED, &assignment, assignment.span.end, NULL, NULL);
    if (r == 0)
        r = engine_will_announce(engine, assignment.request);
    assignment_deinit(&assignment);
    return r;
}

int engine_complete(struct engine *engine, struct request *request, const struct package *package,
                    const struct facts *facts)
{
    if (request->extends)
        return move_end(engine, request);
    request->waiting = request->start > clock_now(&engine->clock);
    return request->waiting ? 0 : engine_fulfil(engine, request, package, facts);
}

static int file_extension(struct engine *engine, const struct caller *caller, const struct facts *facts,
                          const struct assignment *assignment, const struct package *package,
                          const char *justification, int64_t duration, struct reply *reply, int64_t *ret_id)
{
    bool emergency = true;
    int r = engine_of_emergency(engine, assignment, &emergency);
    /* Nobody approved an emergency: whoever wants more of it asks the approvers. */
    const bool waived =
        !package->approval_required || (package->extension == PACKAGE_EXTENSION_ALLOWED && !emergency);
    struct request request = {
        .package = package->name,
        .user = facts->caller->name,
        .requestor = caller->identity,
        .full_name = facts->caller->full_name,
        .organisation = facts->caller->organisation,
        .state = STATE_SUBMITTED,
        .justification = (char *)justification,
        .duration = duration,
        .submitted = clock_now(&engine->clock),
        .extends = assignment->id,
    };
    if (r == 0)
        r = engine_check_limits(engine, caller->identity.uid, waived, reply);
    if (r == 0)
        r = engine_check_cooldown(engine, facts->caller, package, false, reply);
    if (r == 0)
        r = engine_begin(engine);
    if (r == 0)
        r = engine_end(engine, engine_file(engine, facts, package, &request, waived, NULL));
    if (r == 0)
        *ret_id = request.id;
    return r;
}

int engine_extend(struct engine *engine, const struct caller *caller, const struct facts *facts,
                  const char *name, const char *justification, int64_t duration, struct reply *reply)
{
    const struct package *package = packages_find(engine->packages, name);
    struct assignment assignment = {0};
    bool existing = false;
    int64_t id = 0;
    int r = justification ? engine_check_text("justification", justification, reply) : 0;
    if (r == 0)
        r = engine_check_terms(engine, duration, 0, reply);
    if (r == 0 && !facts->caller)
        r = engine_refuse(reply, BUS_ERROR_NOT_AUTHORIZED, ENGINE_NO_CALLER);
    if (r == 0)
        r = engine_enter(engine, facts);
    if (r != 0)
        return r;
    r = store_find_live_assignment(engine->store, caller->identity.uid, facts->caller->name, name,
                                   &assignment);
    if (r == STORE_E_NONE)
        return package ? refuse_not_held(name, reply) : refuse_unknown_package(name, reply);
    const int64_t seconds = duration ? duration : package ? package->duration : 0;
    if (r == 0)
        r = engine_check_extension(engine, &assignment, package, seconds, reply);
    if (r == 0 && package->requestors[0] && !policy_names(package->requestors, facts->caller) &&
        policy_may_name(package->requestors, facts->caller))
        r = engine_refuse_unknown(reply, "whether the policy lets you have more time of it");
    if (r == 0 && package->requestors[0] && !policy_names(package->requestors, facts->caller))
        r = engine_refuse(reply, BUS_ERROR_POLICY_REFUSED,
                          "The policy of %s no longer lets you ask for it. An administrator of this host can "
                          "tell who may.",
                          name);
    /* What must not be held together is not prolonged together, however it came about. */
    if (r == 0)
        r = engine_check_duties(engine, caller->identity.uid, facts->caller->name, package, false, reply);
    if (r == 0 && package->justification_required && !justification &&
        package->extension != PACKAGE_EXTENSION_ALLOWED)
        r = engine_refuse(reply, BUS_ERROR_POLICY_REFUSED,
                          "%s asks for a justification. Please say why: pkg-request extend %s -m 'REASON'",
                          name, name);
    if (r == 0) {
        r = engine_find_waiting(engine, facts->caller, name, &id); /* rule 7: nothing new beside it */
        existing = r == 0;
        if (r == STORE_E_NONE)
            r = file_extension(engine, caller, facts, &assignment, package, justification, seconds, reply,
                               &id);
    }
    assignment_deinit(&assignment);
    if (r == 0)
        r = engine_show(engine, caller, facts, id, reply);
    return r == 0 && json_object_set_new(reply->value, "existing", json_boolean(existing)) < 0 ? -ENOMEM : r;
}

/* ---- the end before the end ---- */

static int end_early(struct engine *engine, const struct caller *caller, const struct facts *facts,
                     struct assignment *assignment, const char *detail, struct reply *reply)
{
    int r = engine_begin(engine);
    if (r == 0)
        r = engine_end(engine,
                       engine_finish_assignment(engine, assignment, ASSIGNMENT_REVOKE, facts->caller->name,
                                                &caller->identity, *detail ? detail : NULL));
    if (r == 0 && engine_publication_error(engine, assignment->user) < 0)
        r = engine_refuse(
            reply, BUS_ERROR_UNAVAILABLE,
            "The end of %s for %s is recorded, but the grant file could not be written: %s. It is tried "
            "again every few seconds; until then the access lasts.",
            assignment->package, assignment->user,
            strerror(-engine_publication_error(engine, assignment->user)));
    if (r == 0)
        r = show_assignment(engine, caller, facts, assignment, reply);
    return r != 0 ? r : engine_show_standing(engine, assignment, reply->value);
}

int engine_return(struct engine *engine, const struct caller *caller, const struct facts *facts,
                  const char *package, const char *reason, struct reply *reply)
{
    struct assignment assignment = {0};
    int r = engine_check_text("reason", reason, reply);
    if (r == 0 && !facts->caller)
        r = engine_refuse(reply, BUS_ERROR_NOT_AUTHORIZED, ENGINE_NO_CALLER);
    if (r == 0)
        r = engine_enter(engine, facts);
    if (r != 0)
        return r;
    r = store_find_live_assignment(engine->store, caller->identity.uid, facts->caller->name, package,
                                   &assignment);
    if (r == STORE_E_NONE)
        r = refuse_not_held(package, reply);
    else if (r == 0)
        r = end_early(engine, caller, facts, &assignment, reason, reply);
    assignment_deinit(&assignment);
    return r;
}

static int revoke_named(struct engine *engine, const struct caller *caller, const struct facts *facts,
                        const char *user, const char *package, const char *reason, struct reply *reply)
{
    struct assignment assignment = {0};
    const int r = store_find_live_assignment_by_name(engine->store, user, package, &assignment);
    if (r != 0)
        return r;
    const int ended = end_early(engine, caller, facts, &assignment, reason, reply);
    assignment_deinit(&assignment);
    return ended;
}

/* What was approved and has its start ahead is taken back likewise. */
static int withdraw_named(struct engine *engine, const struct caller *caller, const struct facts *facts,
                          const char *user, const char *package, const char *reason, struct reply *reply)
{
    struct request request = {0};
    int r = store_find_waiting_request_by_name(engine->store, user, package, &request);
    if (r != 0)
        return r;
    r = engine_begin(engine);
    if (r == 0)
        r = engine_end(engine,
                       engine_withdraw(engine, &request, facts->caller->name, &caller->identity, reason));
    if (r == 0)
        r = engine_show(engine, caller, facts, request.id, reply);
    request_deinit(&request);
    return r;
}

/* Nothing of ours is left to end. But whoever says this believes that there is access. */
static int refuse_revoke(struct engine *engine, const char *user, const char *package, struct reply *reply)
{
    const int refusal = refuse_others(user, package, reply);
    const int r = engine_append_standing(engine, packages_find(engine->packages, package), user, reply);
    return r < 0 ? r : refusal;
}

bool engine_has(struct engine *engine, const char *user, const char *package)
{
    struct assignment assignment = {0};
    struct request request = {0};
    const bool has = store_find_live_assignment_by_name(engine->store, user, package, &assignment) == 0 ||
                     store_find_waiting_request_by_name(engine->store, user, package, &request) == 0;
    assignment_deinit(&assignment);
    request_deinit(&request);
    return has;
}

/* Under none of the names that are known: the one as it was typed, and, where a directory knows it, the canonical one. */
static int refuse_unnamed(struct engine *engine, const struct facts *facts, const char *user,
                          const char *package, struct reply *reply)
{
    char visible[NAME_ENCODED_MAX + 1], of[2 * NAME_PACKAGE_MAX];
    if (facts->user || facts->user_known || !facts->user_asked)
        return refuse_revoke(engine, facts->user ? facts->user->name : user, package, reply);
    return engine_refuse(
        reply, BUS_ERROR_UNAVAILABLE,
        "Nobody called %s holds %s now. Whether somebody whom a directory knows by that name does "
        "is not known, for it does not answer. Nothing was changed. Names as they are held: "
        "pkg-admin audit",
        text_visible(user, visible, sizeof(visible)), text_visible(package, of, sizeof(of)));
}

struct alike {
    const char *typed;
    char *held; /* the first one whose letters are these, in another case */
};

static int compare_letters(const struct assignment *assignment, void *data)
{
    struct alike *alike = data;
    if (alike->held || strcasecmp(assignment->user, alike->typed) != 0 ||
        strcmp(assignment->user, alike->typed) == 0)
        return 0;
    alike->held = strdup(assignment->user);
    return alike->held ? 0 : -ENOMEM;
}

/* A directory that takes a name in any letters may be away, or deny it while its server is: then nobody but the store knows
 * how it is held. To be typed so; it may be somebody else's. 0 or -errno. */
static int append_alike(struct engine *engine, const char *user, const char *package, struct reply *reply)
{
    const struct store_holders_filter filter = {
        .limit = INT64_MAX, .name = package, .kinds = STORE_NAMES_PACKAGE};
    struct alike alike = {.typed = user};
    char word[TEXT_WORD_MAX], visible[2 * NAME_PACKAGE_MAX];
    const int r = store_list_holders(engine->store, &filter, compare_letters, &alike);
    const size_t used = strlen(reply->message);
    if (r == 0 && alike.held)
        snprintf(reply->message + used, sizeof(reply->message) - used,
                 ". %s holds it, see: pkg-admin holders %s", text_word(alike.held, word),
                 text_visible(package, visible, sizeof(visible)));
    free(alike.held);
    return r;
}

int engine_revoke(struct engine *engine, const struct caller *caller, const struct facts *facts,
                  const char *user, const char *package, const char *reason, struct reply *reply)
{
    if (!*reason)
        return engine_refuse(reply, BUS_ERROR_INVALID_ARGUMENT,
                             "Please give a reason for the revocation, which the user reads: -m 'REASON'");
    int r = engine_check_text("reason", reason, reply);
    if (r == 0 && !facts->caller)
        r = engine_refuse(reply, BUS_ERROR_NOT_AUTHORIZED, ENGINE_NO_CALLER);
    if (r == 0)
        r = engine_enter(engine, facts);
    if (r != 0)
        return r;
    const char *const names[] = {user, facts->user ? facts->user->name : user};
    for (size_t i = 0; i < 2; i++) {
        r = revoke_named(engine, caller, facts, names[i], package, reason, reply);
        if (r == STORE_E_NONE)
            r = withdraw_named(engine, caller, facts, names[i], package, reason, reply);
        if (r != STORE_E_NONE)
            return r;
    }
    const int refusal = refuse_unnamed(engine, facts, user, package, reply);
    r = refusal > 0 ? append_alike(engine, user, package, reply) : 0;
    return r < 0 ? r : refusal;
}

/* ---- by an administrator ---- */

int engine_check_assign(struct engine *engine, const struct facts *facts, const struct assign_terms *terms,
                        const struct package *package, struct reply *reply)
{
    struct assignment assignment = {0};
    char encoded[NAME_ENCODED_MAX + 1], word[TEXT_WORD_MAX];
    if (!package)
        return refuse_unknown_package(terms->package, reply);
    if (!facts->user)
        return engine_refuse(reply, BUS_ERROR_NO_SUCH_USER, "There is no user %s on this host.",
                             terms->user ? text_visible(terms->user, encoded, sizeof(encoded))
                                         : "of this name");
    if (name_encode(facts->user->name, encoded, sizeof(encoded)) < 0)
        return engine_refuse(reply, BUS_ERROR_INVALID_ARGUMENT, ENGINE_NAME_TOO_LONG);
    int r = store_find_live_assignment(engine->store, facts->user->uid, facts->user->name, package->name,
                                       &assignment);
    assignment_deinit(&assignment);
    if (r == 0)
        return engine_refuse(reply, BUS_ERROR_POLICY_REFUSED,
                             "%s holds %s already. Until when: pkg-admin explain %s %s", facts->user->name,
                             package->name, package->name, text_word(facts->user->name, word));
    if (r < 0)
        return r;
    r = engine_check_duties(engine, facts->user->uid, facts->user->name, package, true, reply);
    const size_t used = strlen(reply->message);
    if (r > 0 && !terms->override_duties && terms->advice)
        snprintf(reply->message + used, sizeof(reply->message) - used,
                 ". Or give it all the same: pkg-admin assign %s %s %s", package->name,
                 text_word(facts->user->name, word), terms->advice);
    if (r > 0 && terms->override_duties)
        r = *terms->reason
                ? 0
                : engine_refuse(reply, BUS_ERROR_INVALID_ARGUMENT,
                                "Giving what is incompatible takes a reason, for the record: pkg-admin "
                                "assign %s %s --override -m 'REASON'",
                                package->name, text_word(facts->user->name, word));
    return r;
}

/* What waits of the user's, for a decision or for its start, is answered by this. */
static int withdraw_waiting(struct engine *engine, const struct decision *word, const struct facts *facts,
                            const char *package)
{
    int64_t id = 0;
    int r;
    while ((r = engine_find_waiting(engine, facts->user, package, &id)) == 0) {
        struct request request = {0};
        r = store_get_request(engine->store, id, &request);
        if (r == 0)
            r = engine_withdraw(engine, &request, word->decider, &word->identity,
                                "an administrator assigned the package directly");
        request_deinit(&request);
        if (r != 0)
            return r < 0 ? r : -EIO;
    }
    return r < 0 ? r : 0;
}

static int assign(struct engine *engine, const struct caller *caller, const struct facts *facts,
                  const struct package *package, struct request *request, const char *reason,
                  const char *overridden)
{
    const struct decision word = {
        .decider = facts->caller->name,
        .identity = caller->identity,
        .approved = true,
        .reason = (char *)reason,
        .at = request->submitted,
    };
    int r = withdraw_waiting(engine, &word, facts, package->name);
    if (r == 0)
        r = engine_file(engine, facts, package, request, true, &word);
    if (r == 0 && *overridden)
        r = engine_audit(engine, word.decider, &word.identity, "override", request->id, 0, overridden);
    return r;
}

int engine_give(struct engine *engine, const struct caller *caller, const struct facts *facts,
                const struct package *package, const struct assign_terms *terms, const char *overridden,
                int64_t *ret_id)
{
    struct request request = {
        .package = package->name,
        .user = facts->user->name,
        .requestor = {facts->user->uid, UID_UNSET},
        .full_name = facts->user->full_name,
        .organisation = facts->user->organisation,
        .state = STATE_SUBMITTED,
        .service = (char *)"pkg-admin",
        .origin_verified = true,
        .assigned = true,
        .overrides = *overridden != '\0',
        .duration = terms->duration ? terms->duration : package->duration,
        .start = terms->start > clock_now(&engine->clock) ? terms->start : 0,
        .submitted = clock_now(&engine->clock),
    };
    int r = engine_begin(engine);
    if (r == 0)
        r = engine_end(engine, assign(engine, caller, facts, package, &request, terms->reason, overridden));
    if (r == 0)
        r = engine_check_fulfilment(engine, request.id);
    if (r == 0)
        *ret_id = request.id;
    return r;
}

int engine_assign(struct engine *engine, const struct caller *caller, const struct facts *facts,
                  const struct assign_terms *terms, struct reply *reply)
{
    const struct package *package = packages_find(engine->packages, terms->package);
    int r = engine_check_text("reason", terms->reason, reply);
    if (r == 0)
        r = engine_check_terms(engine, terms->duration, terms->start, reply);
    if (r == 0 && !facts->caller)
        r = engine_refuse(reply, BUS_ERROR_NOT_AUTHORIZED, ENGINE_NO_CALLER);
    if (r == 0)
        r = engine_enter(engine, facts);
    if (r == 0)
        r = engine_check_assign(engine, facts, terms, package, reply);
    /* What was refused and overridden is in the reply, for the record (rule 12). */
    int64_t id = 0;
    if (r == 0)
        r = engine_give(engine, caller, facts, package, terms, reply->message, &id);
    return r != 0 ? r : engine_show(engine, caller, facts, id, reply);
}

int engine_retry_now(struct engine *engine, const struct caller *caller, const struct facts *facts,
                     const char *user, const char *package, struct reply *reply)
{
    struct assignment assignment = {0};
    char visible[NAME_ENCODED_MAX + 16];
    int r = engine_enter(engine, facts);
    if (r == 0)
        r = store_find_live_assignment_by_name(engine->store, user, package, &assignment);
    if (r == STORE_E_NONE)
        return refuse_others(user, package, reply);
    if (r == 0 && assignment.state == STATE_PARTIALLY_FULFILLED && !facts->user)
        r = engine_refuse(reply, BUS_ERROR_NO_SUCH_USER,
                          "The user %s is no longer on this host, so nothing can be put in place.",
                          text_visible(user, visible, sizeof(visible)));
    if (r == 0)
        r = engine_retry_as(engine, assignment.id, facts, true);
    if (r == 0)
        r = show_assignment(engine, caller, facts, &assignment, reply);
    assignment_deinit(&assignment);
    return r;
}
