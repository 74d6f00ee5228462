/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pkg-admin pam test: what our lines in a service would do with a user, and why; nothing is filed. Reads the lines as libpam
 * does, the grant file as the module does, and asks accesspkgd what would become of a request.
 */
#include "cli/pam.h"

#include "cli/calls.h"
#include "cli/pam_judge.h"
#include "common/cleanup.h"
#include "common/entrance.h"
#include "common/gate_options.h"
#include "common/gates.h"
#include "common/grantdir.h"
#include "common/pamcheck_line.h"
#include "common/paths.h"

#include <errno.h>
#include <pwd.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

struct trial {
    struct invocation *invocation;
    struct pam_person person;
    const struct pamstack *stack;
    struct gate_options options; /* of the line that is tried */
    json_t *result;
};

/* ---- what is found ---------------------------------------------------------------------------------------------- */

/* `verdict` is one of those in pkg-admin(8). New memory for `why`, which is taken over. */
static void conclude(struct trial *trial, const char *verdict, bool enters, char *why)
{
    if (json_object_set_new(trial->result, "verdict", json_string(verdict)) < 0 ||
        json_object_set_new(trial->result, "enters", json_boolean(enters)) < 0 ||
        json_object_set_new(trial->result, "why", json_string(why)) < 0)
        output_no_memory();
    free(why);
}

static bool entered(const struct trial *trial)
{
    return member_true(trial->result, "enters");
}

static void ignore_argument(const char *argument, const char *why, void *data)
{
    (void)argument, (void)why, (void)data;
}

/* ---- lines above ours ------------------------------------------------------------------------------------------- */

/* True when a line above lets the user past the one at `ours`. Notes one of which that cannot be told. */
static bool is_past(struct trial *trial, size_t ours)
{
    const struct pamstack_entry *entry;
    for (size_t at = 0; (entry = gates_next_past(trial->stack, ours, &at));) {
        const int does = pam_judge_applies(&trial->person, entry->line);
        if (does > 0)
            conclude(trial, "exempt", true,
                     output_format("%s:%u lets them past", entry->file->path, entry->line->number));
        else if (does < 0)
            json_object_set_new(trial->result, "note",
                                json_sprintf("%s:%u may let them past: that cannot be told here",
                                             entry->file->path, entry->line->number));
        if (does > 0)
            return true;
    }
    return false;
}

/* ---- what they hold --------------------------------------------------------------------------------------------- */

static bool is_of_line(const struct trial *trial, const char *package)
{
    for (size_t i = 0; i < trial->options.n_packages; i++)
        if (strcmp(trial->options.packages[i], package) == 0)
            return true;
    return false;
}

static bool holds(struct trial *trial, const struct grant_user *file, int64_t now)
{
    for (size_t i = 0; file->uid == trial->person.uid && i < file->n_packages; i++) {
        const struct grant_package *package = &file->packages[i];
        if (!is_of_line(trial, package->name) || !grant_span_holds(&package->span, now))
            continue;
        json_object_set_new(trial->result, "package", json_string(package->name));
        json_object_set_new(trial->result, "until", json_integer(package->span.end));
        conclude(trial, "held", true, output_format("they hold %s", package->name));
        return true;
    }
    return false;
}

/* True when the grant file settles it: the module asks nobody then. */
static bool judge_grant(struct trial *trial)
{
    struct grant_user file;
    const int64_t now = time(NULL);
    const int r = grantdir_read_user(PATH_STATE, trial->person.name, now, &file);

    if (r == -EISDIR) {
        conclude(trial, "locked", false, output_format("they are locked: pkg-admin status"));
        return true;
    }
    if (r < 0 && r != -ENOENT)
        json_object_set_new(trial->result, "note",
                            json_sprintf("their grant file cannot be used: %s", grantdir_fault(r)));
    if (r < 0)
        return false;
    const bool holding = holds(trial, &file, now);
    grant_user_deinit(&file);
    return holding;
}

/* ---- what accesspkgd would do ----------------------------------------------------------------------------------- */

/* In the order in which a submission of several packages is answered: see ADMINISTRATION.md. */
enum rank { RANK_AT_ONCE, RANK_OPEN, RANK_FILED, RANK_REFUSED, RANK_NONE };

static enum rank rank_of(const json_t *explanation)
{
    const bool pending = strcmp(member_text(explanation, "state"), "pending-approval") == 0;
    if (member_true(explanation, "may_request") && !member_true(explanation, "approval"))
        return RANK_AT_ONCE;
    if (pending)
        return RANK_OPEN;
    return member_true(explanation, "may_request") ? RANK_FILED : RANK_REFUSED;
}

static void conclude_rank(struct trial *trial, enum rank rank, const json_t *explanation)
{
    const char *package = member_text(explanation, "package");

    json_object_set_new(trial->result, "package", json_string(package));
    if (member_has(explanation, "request"))
        json_object_set(trial->result, "request", json_object_get(explanation, "request"));
    if (rank == RANK_AT_ONCE)
        conclude(trial, "at-once", true,
                 output_format("%s needs no approval, and would be given at once", package));
    else if (rank == RANK_OPEN)
        conclude(trial, "open", false, output_format("their request for %s waits for a decision", package));
    else if (rank == RANK_FILED)
        conclude(trial, "filed", false, output_format("a request for %s would be filed", package));
    else
        conclude(trial, "refused", false,
                 output_format("%s: %s", package,
                               member_has(explanation, "why") ? member_text(explanation, "why")
                                                              : "no request would be accepted"));
}

/* The answer to the package that counts; new. NULL: accesspkgd gave none. */
static json_t *ask(const struct trial *trial, enum rank *ret_rank, struct client_error *ret_error)
{
    json_t *best = NULL;

    *ret_rank = RANK_NONE;
    for (size_t i = 0; i < trial->options.n_packages; i++) {
        json_t *explanation = NULL;
        if (calls_call(trial->invocation,
                       client_message("Explain", "ss",
                                      json_pack("[s, s]", trial->options.packages[i], trial->person.name)),
                       JSON_OBJECT, &explanation, ret_error) < 0)
            continue;
        const enum rank rank = rank_of(explanation);
        if (rank < *ret_rank) {
            json_decref(best);
            best = json_incref(explanation);
            *ret_rank = rank;
        }
        json_decref(explanation);
    }
    return best;
}

static void judge_request(struct trial *trial)
{
    struct client_error error = {BUS_ERROR_NONE, ""};
    enum rank rank;

    if (!trial->options.submit) {
        conclude(trial, "refused", false,
                 output_format("they hold none of the packages, and submit=no files nothing"));
        return;
    }
    if (trial->options.n_packages == 0) {
        conclude(trial, "refused", false, output_format("the line names no package"));
        return;
    }
    json_t *best = ask(trial, &rank, &error);
    if (best)
        conclude_rank(trial, rank, best);
    else
        conclude(trial, "unavailable", false,
                 output_format("%s", error.code ? error.message : "accesspkgd does not answer"));
    json_decref(best);
}

/* ---- a line, and all of them ------------------------------------------------------------------------------------ */

static bool judge_root(struct trial *trial)
{
    if (trial->person.uid != 0 || trial->options.enforce_for_root)
        return false;
    conclude(trial, "root", true, output_format("gates let root past"));
    return true;
}

static bool is_at_once(const struct trial *trial)
{
    return strcmp(member_text(trial->result, "verdict"), "at-once") == 0;
}

static void judge_reported(struct trial *trial)
{
    _cleanup_free_ char *why = output_format("%s", member_text(trial->result, "why"));
    if (is_at_once(trial))
        conclude(trial, "at-once", true,
                 output_format("mode=report: nothing is given; the journal would say that %s would be given "
                               "at once",
                               member_text(trial->result, "package")));
    else
        conclude(trial, "report", true,
                 output_format("mode=report: the journal would say that they lack a package (%s)", why));
}

static void try_line(struct trial *trial, size_t ours)
{
    const struct pamstack_entry *entry = &trial->stack->entries[ours];

    gate_options_parse((int)entry->line->n_arguments, (const char **)entry->line->arguments, &trial->options,
                       ignore_argument, NULL);
    json_object_set_new(trial->result, "line", json_sprintf("%s:%u", entry->file->path, entry->line->number));
    if (is_past(trial, ours))
        return;
    if (!judge_grant(trial) && !judge_root(trial))
        judge_request(trial);
    if (trial->options.report && (!entered(trial) || is_at_once(trial)))
        judge_reported(trial);
}

/* Every line of ours, until one refuses. */
static void try_lines(struct trial *trial)
{
    conclude(trial, "not-guarded", true,
             output_format("%s asks for no access package", trial->person.service));
    for (size_t i = 0; i < trial->stack->n_entries && entered(trial); i++)
        if (pamcheck_is_ours(&trial->stack->entries[i]))
            try_line(trial, i);
}

/* ---- the command ------------------------------------------------------------------------------------------------ */

static char *field_enters(const struct output *output, const json_t *result, const char *member)
{
    (void)output;
    return output_format("%s", member_true(result, member)
                                   ? "they would pass our lines; other modules have their own say"
                                   : "they would be refused");
}

static const struct field fields[] = {
    {"User", "user", field_user, FIELD_PLAIN},        {"Service", "service", field_text, FIELD_PLAIN},
    {"Judged", "judged", field_text, FIELD_PLAIN},    {"Line", "line", field_text, FIELD_PLAIN},
    {"Result", "enters", field_enters, FIELD_PLAIN},  {"Why", "why", field_text, FIELD_PLAIN},
    {"Request", "request", field_count, FIELD_PLAIN}, {"Until", "until", field_time, FIELD_PLAIN},
    {"Note", "note", field_text, FIELD_PLAIN},
};

/* As libpam: the phase of "other" where the service has none. 0 or -errno. */
static int load_phase(const char *service, struct findings *stumbles, struct pamstack *ret, bool *ret_other)
{
    int r = pamstack_load("", service, PAMD_ACCOUNT, stumbles, ret);
    if (r == 0 && ret->n_entries == 0 && !ret->given_up) {
        pamstack_deinit(ret);
        r = -ENOENT;
    }
    *ret_other = r == -ENOENT;
    return r == -ENOENT ? pamstack_load("", "other", PAMD_ACCOUNT, stumbles, ret) : r;
}

static void judge_stack(struct trial *trial, const struct findings *stumbles)
{
    try_lines(trial);
    if (trial->stack->given_up)
        conclude(trial, "refused", false,
                 output_format("libpam gives the file up and refuses everybody: %s",
                               stumbles->count ? stumbles->items[0] : ""));
}

int pam_test(struct invocation *invocation)
{
    const char *service = invocation->operands[1];
    const struct passwd *account = getpwnam(invocation->operands[0]);
    struct findings stumbles = {0};
    struct pamstack stack = {0};
    bool other = false;

    if (!account) {
        output_message(invocation->program->name, "there is no user %s here", invocation->operands[0]);
        return EX_NOUSER;
    }
    /* As the module has it: what the directory calls the user, however that was typed. */
    _cleanup_free_ char *user = output_format("%s", account->pw_name);
    struct trial trial = {.invocation = invocation,
                          .person = {user, service, account->pw_uid, account->pw_gid},
                          .stack = &stack};
    trial.result = json_pack(
        "{s:s, s:I, s:s, s:s}", "user", user, "uid", (json_int_t)account->pw_uid, "service", service,
        "judged", entrance_find(service)->caller ? "who runs it, not whom they become" : "who logs in");
    const int r = trial.result ? load_phase(service, &stumbles, &stack, &other) : -ENOMEM;
    if (r < 0) {
        output_message(invocation->program->name, "neither %s nor other has a file in /etc/pam.d: %s",
                       service, strerror(-r));
        json_decref(trial.result);
        findings_deinit(&stumbles);
        return 1;
    }
    judge_stack(&trial, &stumbles);
    if (other)
        json_object_set_new(
            trial.result, "note",
            json_sprintf("%s has no account phase in /etc/pam.d, so that of other counts. Which "
                         "services there are: pkg-admin pam status",
                         service));
    if (invocation->output.json)
        output_json(&invocation->output, trial.result);
    else
        output_record(&invocation->output, fields, sizeof(fields) / sizeof(*fields), trial.result);
    const int code = entered(&trial) ? 0 : 1;
    json_decref(trial.result);
    pamstack_deinit(&stack);
    findings_deinit(&stumbles);
    return code;
}
