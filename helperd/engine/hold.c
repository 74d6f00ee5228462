/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The engine's life of an assignment: begun later, extended, returned, revoked, assigned by an administrator. */
#include "helperd/engine/internal.h"

#include "common/names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

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
static int show_assignment(const struct call *call, const struct assignment *assignment)
{
    if (assignment->request)
        return engine_show(call, assignment->request);
    call->reply->value = view_assignment(assignment);
    return call->reply->value ? 0 : -ENOMEM;
}

/* ---- extension ---- */

static int file_extension(const struct call *call, const struct assignment *assignment,
                          const struct package *package, const char *justification, int64_t duration,
                          int64_t *ret_id)
{
    bool emergency = true;
    int r = engine_of_emergency(call->engine, assignment, &emergency);
    /* Nobody approved an emergency: whoever wants more of it asks the approvers. */
    const bool waived =
        !package->approval_required || (package->extension == PACKAGE_EXTENSION_ALLOWED && !emergency);
    struct request request = {
        .package = package->name,
        .user = call->facts->caller->name,
        .requestor = call->caller->identity,
        .full_name = call->facts->caller->full_name,
        .organisation = call->facts->caller->organisation,
        .state = STATE_SUBMITTED,
        .justification = (char *)justification,
        .duration = duration,
        .submitted = clock_now(&call->engine->clock),
        .extends = assignment->id,
    };
    if (r == 0)
        r = engine_check_limits(call->engine, call->caller->identity.uid, waived, call->reply);
    if (r == 0)
        r = engine_check_cooldown(call->engine, call->facts->caller, package, false, call->reply);
    if (r == 0)
        r = engine_begin(call->engine);
    if (r == 0)
        r = engine_end(call->engine, engine_file(call->engine, call->facts, package, &request, waived, NULL));
    if (r == 0)
        *ret_id = request.id;
    return r;
}

int engine_extend(const struct call *call, const char *name, const char *justification, int64_t duration)
{
    const struct package *package = packages_find(call->engine->packages, name);
    struct assignment assignment = {0};
    bool existing = false;
    int64_t id = 0;
    int r = justification ? engine_check_text("justification", justification, call->reply) : 0;
    if (r == 0)
        r = engine_check_terms(call->engine, duration, 0, call->reply);
    if (r == 0 && !call->facts->caller)
        r = engine_refuse(call->reply, BUS_ERROR_NOT_AUTHORIZED, ENGINE_NO_CALLER);
    if (r == 0)
        r = engine_enter(call->engine, call->facts);
    if (r != 0)
        return r;
    r = store_find_live_assignment(call->engine->store, call->caller->identity.uid, call->facts->caller->name,
                                   name, &assignment);
    if (r == STORE_E_NONE)
        return package ? refuse_not_held(name, call->reply)
                       : engine_refuse_unknown_package(name, call->reply);
    const int64_t seconds = duration ? duration : package ? package->duration : 0;
    if (r == 0)
        r = engine_check_extension(call->engine, &assignment, package, seconds, call->reply);
    if (r == 0 && package->requestors[0] && !policy_names(package->requestors, call->facts->caller) &&
        policy_may_name(package->requestors, call->facts->caller))
        r = engine_refuse_unknown(call->reply, "whether the policy lets you have more time of it");
    if (r == 0 && package->requestors[0] && !policy_names(package->requestors, call->facts->caller))
        r = engine_refuse(call->reply, BUS_ERROR_POLICY_REFUSED,
                          "The policy of %s no longer lets you ask for it. An administrator of this host can "
                          "tell who may.",
                          name);
    /* What must not be held together is not prolonged together, however it came about. */
    if (r == 0)
        r = engine_check_duties(call->engine, call->caller->identity.uid, call->facts->caller->name, package,
                                false, call->reply);
    if (r == 0 && package->justification_required && !justification &&
        package->extension != PACKAGE_EXTENSION_ALLOWED)
        r = engine_refuse(call->reply, BUS_ERROR_POLICY_REFUSED,
                          "%s asks for a justification. Please say why: pkg-request extend %s -m 'REASON'",
                          name, name);
    if (r == 0) {
        r = engine_find_waiting(call->engine, call->facts->caller, name,
                                &id); /* rule 7: nothing new beside it */
        existing = r == 0;
        if (r == STORE_E_NONE)
            r = file_extension(call, &assignment, package, justification, seconds, &id);
    }
    assignment_deinit(&assignment);
    if (r == 0)
        r = engine_show(call, id);
    return r == 0 && json_object_set_new(call->reply->value, "existing", json_boolean(existing)) < 0 ? -ENOMEM
                                                                                                     : r;
}

/* ---- the end before the end ---- */

static int end_early(const struct call *call, struct assignment *assignment, const char *detail)
{
    int r = engine_begin(call->engine);
    if (r == 0)
        r = engine_end(call->engine, engine_finish_assignment(call->engine, assignment, ASSIGNMENT_REVOKE,
                                                              (struct act){call->facts->caller->name,
                                                                           call->caller->identity,
                                                                           *detail ? detail : NULL}));
    if (r == 0 && engine_publication_error(call->engine, assignment->user) < 0)
        r = engine_refuse(
            call->reply, BUS_ERROR_UNAVAILABLE,
            "The end of %s for %s is recorded, but the grant file could not be written: %s. It is tried "
            "again every few seconds; until then the access lasts.",
            assignment->package, assignment->user,
            strerror(-engine_publication_error(call->engine, assignment->user)));
    if (r == 0)
        r = show_assignment(call, assignment);
    return r != 0 ? r : engine_show_standing(call->engine, assignment, call->reply->value);
}

int engine_return(const struct call *call, const char *package, const char *reason)
{
    struct assignment assignment = {0};
    int r = engine_check_text("reason", reason, call->reply);
    if (r == 0 && !call->facts->caller)
        r = engine_refuse(call->reply, BUS_ERROR_NOT_AUTHORIZED, ENGINE_NO_CALLER);
    if (r == 0)
        r = engine_enter(call->engine, call->facts);
    if (r != 0)
        return r;
    r = store_find_live_assignment(call->engine->store, call->caller->identity.uid, call->facts->caller->name,
                                   package, &assignment);
    if (r == STORE_E_NONE)
        r = refuse_not_held(package, call->reply);
    else if (r == 0)
        r = end_early(call, &assignment, reason);
    assignment_deinit(&assignment);
    return r;
}

static int revoke_named(const struct call *call, const char *user, const char *package, const char *reason)
{
    struct assignment assignment = {0};
    const int r = store_find_live_assignment_by_name(call->engine->store, user, package, &assignment);
    if (r != 0)
        return r;
    const int ended = end_early(call, &assignment, reason);
    assignment_deinit(&assignment);
    return ended;
}

/* What was approved and has its start ahead is taken back likewise. */
static int withdraw_named(const struct call *call, const char *user, const char *package, const char *reason)
{
    struct request request = {0};
    int r = store_find_waiting_request_by_name(call->engine->store, user, package, &request);
    if (r != 0)
        return r;
    r = engine_begin(call->engine);
    if (r == 0)
        r = engine_end(call->engine, engine_withdraw(call->engine, &request,
                                                     (struct act){call->facts->caller->name,
                                                                  call->caller->identity, reason}));
    if (r == 0)
        r = engine_show(call, request.id);
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

int engine_revoke(const struct call *call, const char *user, const char *package, const char *reason)
{
    if (!*reason)
        return engine_refuse(call->reply, BUS_ERROR_INVALID_ARGUMENT,
                             "Please give a reason for the revocation, which the user reads: -m 'REASON'");
    int r = engine_check_text("reason", reason, call->reply);
    if (r == 0 && !call->facts->caller)
        r = engine_refuse(call->reply, BUS_ERROR_NOT_AUTHORIZED, ENGINE_NO_CALLER);
    if (r == 0)
        r = engine_enter(call->engine, call->facts);
    if (r != 0)
        return r;
    const char *const names[] = {user, call->facts->user ? call->facts->user->name : user};
    for (size_t i = 0; i < 2; i++) {
        r = revoke_named(call, names[i], package, reason);
        if (r == STORE_E_NONE)
            r = withdraw_named(call, names[i], package, reason);
        if (r != STORE_E_NONE)
            return r;
    }
    const int refusal = refuse_unnamed(call->engine, call->facts, user, package, call->reply);
    r = refusal > 0 ? append_alike(call->engine, user, package, call->reply) : 0;
    return r < 0 ? r : refusal;
}

/* ---- by an administrator ---- */

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
            r = engine_withdraw(engine, &request,
                                (struct act){word->decider, word->identity,
                                             "an administrator assigned the package directly"});
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
        r = engine_audit(engine, (struct act){word.decider, word.identity, overridden}, "override",
                         request->id, 0);
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

int engine_assign(const struct call *call, const struct assign_terms *terms)
{
    const struct package *package = packages_find(call->engine->packages, terms->package);
    int r = engine_check_text("reason", terms->reason, call->reply);
    if (r == 0)
        r = engine_check_terms(call->engine, terms->duration, terms->start, call->reply);
    if (r == 0 && !call->facts->caller)
        r = engine_refuse(call->reply, BUS_ERROR_NOT_AUTHORIZED, ENGINE_NO_CALLER);
    if (r == 0)
        r = engine_enter(call->engine, call->facts);
    if (r == 0)
        r = engine_check_assign(call->engine, call->facts, terms, package, call->reply);
    /* What was refused and overridden is in the reply, for the record (rule 12). */
    int64_t id = 0;
    if (r == 0)
        r = engine_give(call->engine, call->caller, call->facts, package, terms, call->reply->message, &id);
    return r != 0 ? r : engine_show(call, id);
}

int engine_retry_now(const struct call *call, const char *user, const char *package)
{
    struct assignment assignment = {0};
    char visible[NAME_ENCODED_MAX + 16];
    int r = engine_enter(call->engine, call->facts);
    if (r == 0)
        r = store_find_live_assignment_by_name(call->engine->store, user, package, &assignment);
    if (r == STORE_E_NONE)
        return refuse_others(user, package, call->reply);
    if (r == 0 && assignment.state == STATE_PARTIALLY_FULFILLED && !call->facts->user)
        r = engine_refuse(call->reply, BUS_ERROR_NO_SUCH_USER,
                          "The user %s is no longer on this host, so nothing can be put in place.",
                          text_visible(user, visible, sizeof(visible)));
    if (r == 0)
        r = engine_retry_as(call->engine, assignment.id, call->facts, true);
    if (r == 0)
        r = show_assignment(call, &assignment);
    assignment_deinit(&assignment);
    return r;
}
