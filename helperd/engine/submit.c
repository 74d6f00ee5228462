/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files requests. decide.c cancels and decides them. */
#include "helperd/engine/internal.h"

#include "common/log.h"
#include "common/names.h"
#include "helperd/engine/denial.h"
#include "helperd/engine/locks.h"
#include "helperd/grants/grant.h"
#include "helperd/lifecycle/publication.h"

#include <errno.h>
#include <string.h>

/* ---- submit ---- */

/* Answers with what the user holds, or has requested, already. Each: 0; STORE_E_NONE: nothing; -errno. */
static int answer_held(const struct call *call, const struct subject *subject, const char *package)
{
    struct assignment assignment = {0};
    const int r =
        store_find_live_assignment(call->engine->store, subject->uid, subject->name, package, &assignment);
    /* The gate did not accept the grant file, so it is missing or damaged, and not manually: drift detection would
         * have noticed that before this call, and the assignment would not be fulfilled. */
    if (r == 0 && call->caller->identity.uid == 0 && assignment.state == STATE_FULFILLED &&
        grant_span_holds(&assignment.span, clock_now(&call->engine->clock))) {
        log_notice("The gate did not accept the grant file of %s, who holds %s: it is written again.",
                   subject->name, package);
        engine_note_publication(call->engine, subject->name, false);
        engine_publish(call->engine);
    }
    call->reply->answer = (struct answer){
        .request = assignment.request, .assignment = assignment.id, .submitted = true, .existing = true};
    assignment_deinit(&assignment);
    return r;
}

static int answer_waiting(const struct call *call, const struct subject *subject, const char *package)
{
    struct request request = {0};
    const int r = request_find_waiting(call->engine, subject, package, &request);
    call->reply->answer = (struct answer){.request = request.id, .submitted = true, .existing = true};
    request_deinit(&request);
    return r;
}

struct request engine_compose_request(struct engine *engine, const struct caller *caller,
                                      const struct subject *subject, const struct submission *submission,
                                      const struct package *package)
{
    const bool by_root = caller->identity.uid == 0;
    /* The login id of an sshd is that of the user who started it, who must not be barred from deciding (rule 5). */
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

static void file_new_request(const struct call *call, const struct subject *subject,
                             const struct submission *submission, const struct package *package)
{
    struct request request = engine_compose_request(call->engine, call->caller, subject, submission, package);
    request.no_reason_given = package->justification_required && !submission->justification;
    request.duration = engine_wished_duration(call->engine, WISH(submission), package);
    request.start = submission->start > request.submitted ? submission->start : 0;
    request.until = submission->until;
    request_file(engine_join(call->engine), call->facts, package, &request,
                 &(struct filing){.waived = !package->approval_required});
    call->reply->answer = (struct answer){.request = request.id, .submitted = true};
}

/* Only uid 0, which acts for the gate, may name another user. */
int engine_find_requestor(const struct call *call, const struct submission *submission,
                          const struct subject **ret)
{
    const bool named = submission->user && *submission->user;
    char visible[NAME_ENCODED_MAX + 1];
    if (named && call->caller->identity.uid != 0 && !engine_is_caller(call->facts, submission->user))
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
    /* The login id of the gate's process is its own, unless it says that it is the user's. */
    const bool own_login = call->caller->identity.uid != 0 || submission->own_login_id;
    return engine_check_locked(call->engine, subject, own_login ? &call->caller->identity : NULL,
                               BUS_ERROR_POLICY_REFUSED, call->reply);
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

/* Why a package cannot be had: what is most the user's own counts. */
enum concern { CONCERN_NONE = 0, CONCERN_MAY_NOT_ASK, CONCERN_UNKNOWN, CONCERN_NOT_NOW, CONCERN_PAUSED };

/* A submission that passed the first checks, as it goes through its packages. */
struct search {
    const struct call *call;
    const struct submission *submission;
    const struct subject *subject;
    int refusal; /* the one that concerns the user most, the first of these; 0: none */
    enum concern concern;
};

/* Files nothing: the caller asks the user and submits again, with a justification or without. */
static int ask_for_justification(const struct search *search, const struct package *package, int64_t denied,
                                 struct reply *reply)
{
    reply->value = json_pack("{s:s, s:b}", "package", package->name, "justification_wanted", 1);
    if (!reply->value)
        return -ENOMEM;
    return denied ? denial_show(search->call->engine, denied, reply->value) : 0;
}

static enum concern find_concern(const struct search *search, const struct package *package,
                                 const struct policy_ask *ask)
{
    struct reply unsaid = {0};
    switch (policy_may_request(package, search->subject, ask)) {
    case POLICY_REQUEST_NOT_REQUESTOR:
        return CONCERN_MAY_NOT_ASK;
    case POLICY_REQUEST_UNKNOWN:
        return CONCERN_UNKNOWN;
    default:
        return engine_check_cooldown(search->call->engine, search->subject, package, ask->at_gate, &unsaid) >
                       0
                   ? CONCERN_PAUSED
                   : CONCERN_NOT_NOW;
    }
}

static void keep_refusal(struct search *search, int refusal, enum concern concern, const struct reply *reply)
{
    if (concern <= search->concern)
        return;
    search->refusal = refusal;
    search->concern = concern;
    *search->call->reply = *reply;
}

/* Files nothing. */
static int foretell(const struct package *package, struct reply *reply)
{
    reply->value =
        json_pack("{s:s, s:b}", "package", package->name, "would_be_given", !package->approval_required);
    return reply->value ? 0 : -ENOMEM;
}

/* Files it, or asks for a justification first. Tells at the gate of a denial that came before. */
static int file_allowed(struct search *search, const struct package *package, bool can_ask,
                        struct reply *reply)
{
    const struct call call = {search->call->engine, search->call->caller, search->call->facts, reply};
    int64_t denied = 0;
    if (search->submission->dry_run)
        return foretell(package, reply);
    const int r = search->submission->at_gate
                      ? denial_find(&call, search->subject, search->submission->packages, &denied)
                      : 0;
    if (r < 0)
        return r;
    if (can_ask && package->justification_required)
        return ask_for_justification(search, package, denied, reply);
    file_new_request(&call, search->subject, search->submission, package);
    reply->answer.denied = denied;
    return 0;
}

/* Files a request if the policy lets the user ask for the package. STORE_E_NONE: try the next one. */
static int file_if_allowed(struct search *search, const char *name, bool waived_only)
{
    const struct package *package = packages_find(search->call->engine->packages, name);
    const bool can_ask = search->submission->can_ask && !search->submission->justification;
    const struct wish wish = WISH(search->submission);
    const int64_t now = clock_now(&search->call->engine->clock);
    const struct policy_ask ask = {
        .has_justification = search->submission->justification || can_ask,
        .at_gate = search->submission->at_gate && search->call->caller->identity.uid == 0,
        .duration =
            wish.until || wish.duration ? engine_wished_duration(search->call->engine, wish, package) : 0,
        .begins = wish.start > now ? wish.start : now,
    };
    if (!package || (waived_only && package->approval_required))
        return STORE_E_NONE;
    struct reply reply = {0};
    int r = engine_check_filing(search->call->engine, search->subject, package, &ask, &reply);
    if (r == BUS_ERROR_POLICY_REFUSED || r == BUS_ERROR_UNAVAILABLE) {
        /* The next package may be allowed. */
        keep_refusal(search, r, find_concern(search, package, &ask), &reply);
        return STORE_E_NONE;
    }
    if (r == 0)
        r = file_allowed(search, package, can_ask, &reply);
    *search->call->reply = reply;
    return r;
}

static int try_held(struct search *search, const char *name)
{
    return answer_held(search->call, search->subject, name);
}

/* Unless a request waits for its start, or for a decision that the policy needed when it was filed (rule 7). */
static int try_waived(struct search *search, const char *name)
{
    struct request waiting = {0};
    const int r = request_find_waiting(search->call->engine, search->subject, name, &waiting);
    request_deinit(&waiting);
    return r == STORE_E_NONE ? file_if_allowed(search, name, true) : r < 0 ? r : STORE_E_NONE;
}

static int try_waiting(struct search *search, const char *name)
{
    return answer_waiting(search->call, search->subject, name);
}

static int try_any(struct search *search, const char *name)
{
    return file_if_allowed(search, name, false);
}

/* Tells at the gate, where the user can run no command, which packages they may take in an emergency. */
static int offer_emergencies(const struct search *search)
{
    struct answer *answer = &search->call->reply->answer;
    int r = 0;
    if (!search->submission->at_gate || !answer->request)
        return 0;
    for (char **name = search->submission->packages; *name && r == 0; name++) {
        const struct package *package = packages_find(search->call->engine->packages, *name);
        bool unreviewed = false;
        if (!package || !policy_names(package->emergency, search->subject))
            continue;
        r = emergency_is_unreviewed(search->call->engine, search->subject, package, &unreviewed);
        if (r == 0 && !unreviewed)
            strcpy(answer->emergencies[answer->n_emergencies++], package->name);
    }
    return r;
}

/* The gate names approvers to the person, and must know who gets in by itself. */
static void note_line(const struct search *search)
{
    struct answer *answer = &search->call->reply->answer;
    if (!search->submission->at_gate || search->call->caller->identity.uid != 0 || !answer->request)
        return;
    for (char **name = search->submission->packages; *name; name++)
        strcpy(answer->line[answer->n_line++], *name);
}

static int finish_submission(const struct search *search)
{
    note_line(search);
    return offer_emergencies(search);
}

int engine_submit(const struct call *call, const struct submission *submission)
{
    /* First what gives access soonest, whatever the order of the names. */
    static int (*const passes[])(struct search * search, const char *name) = {try_held, try_waived,
                                                                              try_waiting, try_any};
    struct search search = {.call = call, .submission = submission};
    int r;
    if ((r = check_submission(submission, call->reply)) != 0 ||
        (r = engine_check_times(call->engine, WISH(submission), call->reply)) != 0 ||
        (r = engine_find_requestor(call, submission, &search.subject)) != 0 ||
        (r = engine_begin_call(call->engine, call->facts)) != 0)
        return r;
    for (size_t pass = 0; pass < sizeof(passes) / sizeof(passes[0]); pass++)
        for (char **name = submission->packages; *name; name++) {
            r = passes[pass](&search, *name);
            if (r != STORE_E_NONE)
                return r == 0 ? finish_submission(&search) : r;
        }
    if (search.refusal)
        return search.refusal;
    return engine_refuse_unknown_package(call->engine, submission->packages[0], call->reply);
}
