/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The engine's life of a request: how it is filed. How it ends is in decide.c. */
#include "helperd/engine/internal.h"

#include "common/log.h"
#include "common/names.h"
#include "helperd/grants/grant.h"

#include <errno.h>
#include <string.h>

/* ---- submit ---- */

/* Shows what is there already or was just filed: the request with what only Submit says of it. */
static int show_submitted(const struct call *call, int64_t id, bool existing, bool held)
{
    const int r = engine_show(call, id);
    if (r != 0)
        return r;
    if (json_object_set_new(call->reply->value, "existing", json_boolean(existing)) < 0 ||
        json_object_set_new(call->reply->value, "held", json_boolean(held)) < 0) {
        json_decref(call->reply->value);
        call->reply->value = NULL;
        return -ENOMEM;
    }
    return 0;
}

/* Each: 0 when it was shown; STORE_E_NONE when there is none; other results as the engine's. */
static int show_held(const struct call *call, const struct subject *subject, const char *package)
{
    struct assignment assignment = {0};
    int r =
        store_find_live_assignment(call->engine->store, subject->uid, subject->name, package, &assignment);
    if (r == 0) {
        const bool held = assignment.state == STATE_FULFILLED &&
                          grant_span_holds(&assignment.span, clock_now(&call->engine->clock));
        /* Whoever comes here from the gate was not let in by the grant file: it is lost or spoilt. Not by hand: that
         * was noticed before this call, and then nothing is held (drift.c). */
        if (held && call->caller->identity.uid == 0) {
            log_notice("The gate did not accept the grant file of %s, who holds %s: it is written again.",
                       subject->name, package);
            engine_write_user(call->engine, subject->name, false);
        }
        if (assignment.request) {
            r = show_submitted(call, assignment.request, true, held);
        } else {
            call->reply->value = view_assignment(&assignment);
            r = call->reply->value && json_object_set_new(call->reply->value, "existing", json_true()) == 0 &&
                        json_object_set_new(call->reply->value, "held", json_boolean(held)) == 0
                    ? 0
                    : -ENOMEM;
        }
    }
    assignment_deinit(&assignment);
    return r;
}

static int show_waiting(const struct call *call, const struct subject *subject, const char *package)
{
    struct request request = {0};
    const int r = request_find_waiting(call->engine, subject, package, &request);
    const int64_t id = request.id;
    request_deinit(&request);
    return r == 0 ? show_submitted(call, id, true, false) : r;
}

int engine_show_filed(const struct call *call, const struct subject *subject, const struct request *request)
{
    struct assignment assignment = {0};
    const bool held = store_find_live_assignment(call->engine->store, subject->uid, subject->name,
                                                 request->package, &assignment) == 0 &&
                      assignment.state == STATE_FULFILLED;
    assignment_deinit(&assignment);
    return show_submitted(call, request->id, false, held);
}

struct request engine_compose(struct engine *engine, const struct caller *caller,
                              const struct subject *subject, const struct submission *submission,
                              const struct package *package)
{
    const bool by_root = caller->identity.uid == 0;
    /* The login id of an sshd is that of whoever started it, and bars nobody from deciding (rule 5). */
    const bool own_login_id = !by_root || subject->uid == 0 || submission->own_login_id;
    return (struct request){
        .package = package->name,
        .user = subject->name,
        .requestor = {subject->uid, own_login_id ? caller->identity.loginuid : UID_UNSET},
        .full_name = subject->full_name,
        .organisation = subject->organisation,
        .state = STATE_SUBMITTED,
        .justification = (char *)submission->justification,
        .service = (char *)submission->service,
        .host = (char *)submission->host,
        .address = (char *)submission->address,
        .tty = (char *)submission->tty,
        .origin_verified = by_root,
        .at_gate = submission->at_gate && by_root,
        .submitted = clock_now(&engine->clock),
    };
}

static int file_new(const struct call *call, const struct subject *subject,
                    const struct submission *submission, const struct package *package)
{
    struct request request = engine_compose(call->engine, call->caller, subject, submission, package);
    request.no_reason_given = package->justification_required && !submission->justification;
    request.duration = submission->duration ? submission->duration : package->duration;
    request.start = submission->start > request.submitted ? submission->start : 0;
    struct txn txn;
    txn_begin(&txn, call->engine);
    request_file(&txn, call->facts, package, &request,
                 &(struct filing){.waived = !package->approval_required});
    int r;
    if ((r = txn_commit(&txn)) < 0 || (r = engine_check_fulfilment(call->engine, request.id)) < 0)
        return r;
    return engine_show_filed(call, subject, &request);
}

/* Only uid 0 names another user: it speaks for the gate. */
int engine_find_requestor(const struct call *call, const struct submission *submission,
                          const struct subject **ret)
{
    const bool named = submission->user && *submission->user;
    char visible[NAME_ENCODED_MAX + 1];
    if (named && call->caller->identity.uid != 0 &&
        (!call->facts->caller || strcmp(call->facts->caller->name, submission->user) != 0))
        return engine_refuse(
            call->reply, BUS_ERROR_NOT_AUTHORIZED,
            "A request can be filed for oneself only; the PAM module, as root, files for others.");
    const struct subject *subject =
        named && call->caller->identity.uid == 0 ? call->facts->user : call->facts->caller;
    if (!subject)
        return engine_refuse(call->reply, BUS_ERROR_NO_SUCH_USER, "There is no user %s on this host.",
                             named ? text_visible(submission->user, visible, sizeof(visible))
                                   : "with your uid");
    char encoded[NAME_ENCODED_MAX + 1];
    if (name_encode(subject->name, encoded, sizeof(encoded)) < 0)
        return engine_refuse(call->reply, BUS_ERROR_INVALID_ARGUMENT, ENGINE_NAME_TOO_LONG);
    *ret = subject;
    return 0;
}

static int check_submission(const struct submission *submission, struct reply *reply)
{
    const size_t count = strv_length(submission->packages);
    char visible[2 * NAME_PACKAGE_MAX];
    if (count == 0 || count > BUS_PACKAGES_MAX)
        return engine_refuse(reply, BUS_ERROR_INVALID_ARGUMENT, "Please name 1 to %d packages.",
                             BUS_PACKAGES_MAX);
    for (size_t i = 0; i < count; i++)
        if (!name_is_package(submission->packages[i]))
            return engine_refuse(
                reply, BUS_ERROR_INVALID_ARGUMENT,
                "'%s' cannot be a package's name, which has lower-case letters, digits, '.', '_', '-', at "
                "most %d bytes. All packages: pkg-request packages",
                text_visible(submission->packages[i], visible, sizeof(visible)), NAME_PACKAGE_MAX);
    if (submission->justification)
        return engine_check_text("justification", submission->justification, reply);
    return 0;
}

/* A submission that passed the first checks, on its way through the packages that it names. */
struct search {
    const struct call *call;
    const struct submission *submission;
    const struct subject *subject;
    int refusal; /* the first one; 0: none */
};

/* Nothing is filed: whoever asks comes again, with the words of a person or without. */
static int want_justification(const struct package *package, struct reply *reply)
{
    reply->value = json_pack("{s:s, s:b}", "package", package->name, "justification_wanted", 1);
    return reply->value ? 0 : -ENOMEM;
}

/* Files a request for a package that the policy lets the user ask for. STORE_E_NONE: not this one. */
static int file_if_allowed(struct search *search, const char *name, bool waived_only)
{
    const struct package *package = packages_find(search->call->engine->packages, name);
    const bool can_ask = search->submission->can_ask && !search->submission->justification;
    const struct policy_ask ask = {
        .has_justification = search->submission->justification || can_ask,
        .at_gate = search->submission->at_gate && search->call->caller->identity.uid == 0,
        .duration = search->submission->duration,
    };
    if (!package || (waived_only && package->approval_required))
        return STORE_E_NONE;
    struct reply reply = {0};
    int r = engine_check_filing(search->call->engine, search->subject, package, &ask, &reply);
    if (r == BUS_ERROR_POLICY_REFUSED || r == BUS_ERROR_UNAVAILABLE) {
        /* A pause, other duties, groups that are not known: the next may do, or the first is what is told. */
        if (search->refusal == 0)
            *search->call->reply = reply;
        search->refusal = search->refusal ? search->refusal : r;
        return STORE_E_NONE;
    }
    if (r == 0 && can_ask && package->justification_required)
        r = want_justification(package, &reply);
    else if (r == 0)
        r = file_new(
            &(const struct call){search->call->engine, search->call->caller, search->call->facts, &reply},
            search->subject, search->submission, package);
    *search->call->reply = reply;
    return r;
}

static int show_if_held(struct search *search, const char *name)
{
    return show_held(search->call, search->subject, name);
}

/* Not beside one that waits, for a decision from when the policy was another, or for its start (rule 7). */
static int file_if_waived(struct search *search, const char *name)
{
    struct request waiting = {0};
    const int r = request_find_waiting(search->call->engine, search->subject, name, &waiting);
    request_deinit(&waiting);
    return r == STORE_E_NONE ? file_if_allowed(search, name, true) : r < 0 ? r : STORE_E_NONE;
}

static int show_if_waiting(struct search *search, const char *name)
{
    return show_waiting(search->call, search->subject, name);
}

static int file_if_any(struct search *search, const char *name)
{
    return file_if_allowed(search, name, false);
}

/* Whoever may take it in an emergency is told so at the gate, where no command can be run. */
static int add_emergency(const struct search *search)
{
    json_t *request = search->call->reply->value;
    const char *state = json_string_value(json_object_get(request, "state"));
    const char *name = json_string_value(json_object_get(request, "package"));
    const struct package *package = name ? packages_find(search->call->engine->packages, name) : NULL;
    bool unreviewed = false;
    if (!search->submission->at_gate || !package || !state ||
        state_from_identifier(state) != STATE_PENDING_APPROVAL ||
        !policy_names(package->emergency, search->subject))
        return 0;
    const int r = emergency_is_unreviewed(search->call->engine, search->subject, package, &unreviewed);
    if (r == 0 && !unreviewed && json_object_set_new(request, "may_emergency", json_true()) < 0)
        return -ENOMEM;
    return r;
}

int engine_submit(const struct call *call, const struct submission *submission)
{
    /* What lets the user in soonest comes first, whatever the order of the names. */
    static int (*const passes[])(struct search * search, const char *name) = {show_if_held, file_if_waived,
                                                                              show_if_waiting, file_if_any};
    struct search search = {.call = call, .submission = submission};
    int r;
    if ((r = check_submission(submission, call->reply)) != 0 ||
        (r = engine_check_terms(call->engine, submission->duration, submission->start, call->reply)) != 0 ||
        (r = engine_find_requestor(call, submission, &search.subject)) != 0 ||
        (r = engine_enter(call->engine, call->facts)) != 0)
        return r;
    for (size_t pass = 0; pass < sizeof(passes) / sizeof(passes[0]); pass++)
        for (char **name = submission->packages; *name; name++) {
            r = passes[pass](&search, *name);
            if (r != STORE_E_NONE)
                return r == 0 ? add_emergency(&search) : r;
        }
    if (search.refusal)
        return search.refusal;
    return engine_refuse(call->reply, BUS_ERROR_NO_SUCH_PACKAGE,
                         "There is no access package %s on this host. See: pkg-request packages",
                         submission->packages[0]);
}
