/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pkg-admin, for administrators. Runs accesspkgd as a program, with the caller's rights, to check packages.d (any user)
 * and to write the allow-list (root).
 */
#include "cli/calls.h"
#include "cli/explain.h"
#include "cli/helper.h"
#include "cli/holders.h"
#include "cli/import.h"
#include "cli/lock.h"
#include "cli/lookback.h"
#include "cli/pam.h"
#include "cli/requests.h"
#include "cli/status.h"
#include "cli/store.h"
#include "common/cleanup.h"
#include "common/directory.h"
#include "common/groupfile.h"
#include "common/names.h"
#include "common/nsswitch.h"
#include "common/paths.h"

#include <string.h>
#include <sys/mman.h>
#include <sysexits.h>
#include <unistd.h>

/* All output of accesspkgd; NULL when it cannot be read. */
static char *read_output(int written)
{
    const off_t size = written >= 0 ? lseek(written, 0, SEEK_END) : -1;
    _cleanup_free_ char *text = size >= 0 ? calloc(1, (size_t)size + 1) : NULL;

    return text && pread(written, text, (size_t)size, 0) == size ? steal_ptr(text) : NULL;
}

/* The lines with this word, without it: it comes first, or behind the place ("DIR/a.conf:2: error: ..."). */
static json_t *lines_of(const char *text, const char *word)
{
    json_t *lines = json_array();

    for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
        const size_t length = strcspn(line, "\n"), skip = strlen(word);
        const char *const colon = memmem(line, length, ": ", 2);
        const size_t place = strncmp(line, word, skip) == 0 || !colon ? 0 : (size_t)(colon + 2 - line);

        if (strncmp(line + place, word, skip) == 0 &&
            json_array_append_new(lines, json_sprintf("%.*s%.*s", (int)place, line,
                                                      (int)(length - place - skip), line + place + skip)) < 0)
            output_no_memory();
    }
    return lines;
}

static int run_check(struct invocation *invocation, int out)
{
    char *const argv[] = {(char *)"accesspkgd", (char *)"--check-config",
                          invocation->n_operands ? invocation->operands[0] : NULL,
                          invocation->no_lookup ? (char *)"no-lookup" : NULL, NULL};

    return helper_run_with(invocation, argv, out);
}

/* With --json splits the output into errors and warnings, without its last line, which sums up. */
static int check_config(struct invocation *invocation)
{
    if (invocation->no_lookup && invocation->n_operands == 0)
        return command_usage(invocation, "--no-lookup needs a DIR: packages.d is this host's own");
    if (!invocation->output.json)
        return run_check(invocation, -1);
    _cleanup_close_ int said = memfd_create("check-config", MFD_CLOEXEC);
    const int code = run_check(invocation, said);
    _cleanup_free_ char *text = read_output(said);

    if (!text)
        output_no_memory();
    if (code == EX_UNAVAILABLE)
        return code;
    json_t *problems =
        json_pack("{s:o, s:o}", "errors", lines_of(text, "error: "), "warnings", lines_of(text, "warning: "));
    output_json(&invocation->output, problems);
    json_decref(problems);
    return code;
}

/* ---- reload ----------------------------------------------------------------------------------------------- */

/*
 * Three steps: root adds new groups to the allow-list; accesspkgd loads the new policy; root removes groups from the
 * list that no package gives any more and that, according to accesspkgd's answer, no user holds.
 */

static int64_t count_packages(struct invocation *invocation)
{
    struct client_error error;
    json_t *status = NULL;
    int64_t count = -1;

    if (calls_call(invocation, client_message("GetStatus", "", NULL), JSON_OBJECT, &status, &error) == 0)
        count = member_integer(status, "packages");
    json_decref(status);
    return count;
}

/* Skips warnings that the check has printed: accesspkgd read the same files. */
static void say_reloaded(struct invocation *invocation, const json_t *warnings, int checked)
{
    _cleanup_free_ char *said = read_output(checked);

    int64_t count = invocation->output.json ? 0 : count_packages(invocation);
    size_t i;
    json_t *warning;

    if (invocation->output.json) {
        output_json(&invocation->output, warnings);
        return;
    }
    json_array_foreach(warnings, i, warning)
    {
        const char *text = json_string_value(warning);
        if (text && !(said && strstr(said, text)))
            output_message(invocation->program->name, "warning: %s", text);
    }
    if (count < 0)
        output_line(&invocation->output, "Policy reloaded.");
    else
        output_line(&invocation->output, "Policy reloaded: %lld package%s.", (long long)count,
                    count == 1 ? "" : "s");
}

/* Prints the output of accesspkgd as a program. */
static void print_output(const struct invocation *invocation, int said)
{
    char text[4096];
    ssize_t got;

    for (off_t at = 0; said >= 0 && (got = pread(said, text, sizeof(text), at)) > 0; at += got)
        fwrite(text, 1, (size_t)got, invocation->output.json ? stderr : stdout);
    fflush(stdout);
}

static void say_kept(struct invocation *invocation, const json_t *group)
{
    _cleanup_free_ char *until = field_time(&invocation->output, group, "until");

    if (!invocation->output.json)
        output_line(&invocation->output,
                    "The group %s stays on the allow-list for those who hold it, %s%s, though no package "
                    "gives it any "
                    "more. `pkg-admin revoke` ends that.",
                    member_text(group, "group"),
                    json_object_get(group, "until") ? "until " : "without an end",
                    json_object_get(group, "until") ? until : "");
}

/* Makes the allow-list the groups that packages.d names, and the held ones. Returns an exit code. */
static int rewrite_allow_list(struct invocation *invocation, const json_t *held)
{
    const size_t count = json_array_size(held);
    _cleanup_free_ char **argv = calloc(count + 3, sizeof(*argv));
    _cleanup_free_ char(*gids)[16] = calloc(count + 1, sizeof(*gids));
    size_t i;
    json_t *group;

    if (!argv || !gids)
        output_no_memory();
    argv[0] = (char *)"accesspkgd";
    argv[1] = (char *)"--write-allow-list";
    json_array_foreach(held, i, group)
    {
        snprintf(gids[i], sizeof(gids[i]), "%u", (unsigned)member_integer(group, "gid"));
        argv[2 + i] = gids[i];
        say_kept(invocation, group);
    }
    return helper_run_with(invocation, argv, -1);
}

static int reload_daemon(struct invocation *invocation, int checked)
{
    struct client_error error;
    json_t *values = NULL;
    bool runs = false;

    if (calls_daemon_runs(invocation, &runs, &error) < 0) {
        output_message(invocation->program->name,
                       "new groups are on the allow-list, but accesspkgd could not be told:");
        return calls_report(invocation, &error);
    }
    if (!runs) {
        output_message(
            invocation->program->name,
            "accesspkgd does not run. The policy takes effect when it starts; groups that no package "
            "gives any more stay on the allow-list until a reload after that.");
        values = json_array();
        if (invocation->output.json)
            output_json(&invocation->output, values);
        json_decref(values);
        return 0;
    }
    if (calls_call_all(invocation, client_message("Reload", "", NULL), &values, &error) < 0) {
        output_message(invocation->program->name,
                       "new groups are on the allow-list, but the running policy stays:");
        return calls_report(invocation, &error);
    }
    const json_t *const warnings = json_array_get(values, 0), *const held = json_array_get(values, 1);
    if (!json_is_array(warnings) || !json_is_array(held)) {
        json_decref(values);
        calls_wrong_shape(&error);
        return calls_report(invocation, &error);
    }
    const int code = rewrite_allow_list(invocation, held);
    say_reloaded(invocation, warnings, checked);
    json_decref(values);
    return code;
}

static int reload_configuration(struct invocation *invocation)
{
    _cleanup_close_ int checked = -1;
    int code;

    if (geteuid() != 0) {
        output_message(invocation->program->name,
                       "reload writes root's allow-list. Run: sudo pkg-admin reload");
        return EX_NOPERM;
    }
    checked = memfd_create("check", MFD_CLOEXEC);
    code = helper_run(invocation, "--check-config", checked);
    print_output(invocation, checked);
    if (code == 0)
        code = helper_run(invocation, "--extend-allow-list", -1);
    return code == 0 ? reload_daemon(invocation, checked) : code;
}

/* ---- assignments ------------------------------------------------------------------------------------------ */

static void say_assignment(struct invocation *invocation, const json_t *request)
{
    _cleanup_free_ char *state = field_state(&invocation->output, request, "state");
    _cleanup_free_ char *end = field_end(&invocation->output, request, "assignment_end");
    _cleanup_free_ char *problems = field_list(&invocation->output, request, "problems");

    const bool live = strcmp(member_text(request, "state"), state_identifier(STATE_REVOKED)) != 0;

    const bool endless = member_endless(request);
    const bool ahead = strcmp(member_text(request, "state"), state_identifier(STATE_APPROVED)) == 0;
    _cleanup_free_ char *start = ahead ? field_time(&invocation->output, request, "start") : NULL;

    output_line(&invocation->output, "%s of %s: %s%s%s%s%s%s%s", member_text(request, "package"),
                member_text(request, "user"), state ? state : "", start ? ", from " : "", start ? start : "",
                !live || !end ? ""
                : endless     ? ", without an end"
                              : ", until ",
                live && end && !endless ? end : "", problems && *problems ? ". Not in place: " : "",
                problems ? problems : "");
}

static int call_for_assignment(struct invocation *invocation, struct client_message message)
{
    struct client_error error;
    json_t *request = NULL;

    if (calls_call(invocation, message, JSON_OBJECT, &request, &error) < 0)
        return calls_report(invocation, &error);
    if (invocation->output.json) {
        output_json(&invocation->output, request);
    } else {
        say_assignment(invocation, request);
        requests_say_end(invocation, request);
    }
    json_decref(request);
    return 0;
}

static int assign_access(struct invocation *invocation)
{
    json_t *options = json_pack("{s:s*}", "reason", invocation->reason);

    if (invocation->duration > 0)
        json_object_set_new(options, "duration", json_integer(invocation->duration));
    if (invocation->start > 0)
        json_object_set_new(options, "start", json_integer(invocation->start));
    if (invocation->override)
        json_object_set_new(options, "override", json_true());
    return call_for_assignment(invocation, client_message("Assign", "ssa{sv}",
                                                          json_pack("[s, s, o]", invocation->operands[1],
                                                                    invocation->operands[0], options)));
}

/* Rule 13: where accesspkgd is dead, mute or its store damaged, root ends all of it in the file system. */
static char *advise_lock(const char *user)
{
    char word[TEXT_WORD_MAX];
    return output_format(
        "Without accesspkgd root can end all that they hold, until it is lifted: pkg-admin lock %s\n",
        text_word(user, word));
}

static int revoke_access(struct invocation *invocation)
{
    if (!invocation->reason)
        return command_usage(invocation,
                             "the command 'revoke' needs a reason, which the user reads: -m 'REASON'");
    _cleanup_free_ char *advice = advise_lock(invocation->operands[1]);
    client_deadline_note(advice);
    const int code = call_for_assignment(
        invocation, client_message("Revoke", "sss",
                                   json_pack("[s, s, s]", invocation->operands[1], invocation->operands[0],
                                             invocation->reason)));
    client_deadline_note("");
    if (code == EX_UNAVAILABLE && geteuid() == 0)
        fputs(advice, stderr);
    return code;
}

static int retry_access(struct invocation *invocation)
{
    return call_for_assignment(
        invocation,
        client_message("Retry", "ss", json_pack("[s, s]", invocation->operands[1], invocation->operands[0])));
}

static int import_members(struct invocation *invocation)
{
    struct findings findings = {0};
    bool left = false;
    int code = import_group(invocation, &left);

    if (left && nsswitch_check(PATH_ETC "/nsswitch.conf", &findings) & NSSWITCH_ALWAYS)
        output_message(
            invocation->program->name,
            "but not yet: /etc/nsswitch.conf does not name accesspkg, so whoever is taken out of the "
            "group loses it. README.md, \"Install\", says how to add it.");
    findings_deinit(&findings);
    return code;
}

static int explain_for_user(struct invocation *invocation)
{
    return explain_show(invocation, invocation->operands[0], invocation->operands[1]);
}

static const struct command commands[] = {
    {"status", "", 0, 0, 0, status_show, "how the service is, on one screen"},
    {"reload", "", 0, 0, 0, reload_configuration, "write the allow-list and put a changed policy into force"},
    {"check-config", "[DIR]", 0, 1, TAKES_NO_LOOKUP, check_config,
     "look for errors in the configuration, or in packages of DIR"},
    {"assign", "PACKAGE USER", 2, 2, TAKES_REASON | TAKES_DURATION | TAKES_START | TAKES_OVERRIDE,
     assign_access, "give a package without asking its approvers"},
    {"import", "GROUP", 1, 1, TAKES_PACKAGE | TAKES_DRY_RUN | TAKES_REASON | TAKES_DURATION, import_members,
     "take a group's members over as assignments"},
    {"revoke", "PACKAGE USER", 2, 2, TAKES_REASON, revoke_access, "end what a user holds, now"},
    {"lock", "USER", 1, 1, TAKES_REASON, lock_user, "end all that a user holds, and refuse what they ask"},
    {"unlock", "USER", 1, 1, TAKES_REASON, unlock_user, "let a locked user ask again; nothing comes back"},
    {"retry", "PACKAGE USER", 2, 2, 0, retry_access, "try now to put in place what is not"},
    {"explain", "PACKAGE USER", 2, 2, TAKES_PAGER, explain_for_user,
     "what would become of a request; who could approve it"},
    {"holders", "[NAME]", 0, 1, TAKES_PACKAGE | TAKES_USER | TAKES_PAGER, holders_show,
     "who holds what until when; of a group, package or user"},
    {"backup", "FILE", 1, 1, 0, store_back_up, "copy the store into a new file, or to stdout (-)"},
    {"restore", "FILE", 1, 1, TAKES_YES, store_restore,
     "put a backup in the store's place; accesspkgd is stopped"},
    {"pam enable", "SERVICE", 1, 1,
     TAKES_PACKAGE | TAKES_REPORT | TAKES_ENFORCE | TAKES_EXEMPT | TAKES_OPTION | TAKES_DRY_RUN | TAKES_YES,
     pam_enable, "have a service of /etc/pam.d ask for a package"},
    {"pam disable", "[SERVICE]", 0, 1, TAKES_ALL, pam_disable, "take these lines out again"},
    {"pam status", "", 0, 0, TAKES_PAGER, pam_status, "what each service asks for"},
    {"pam test", "USER SERVICE", 2, 2, 0, pam_test, "what would happen, and why; nothing is filed"},
    {"accept-store", "", 0, 0, 0, store_accept, "take a state.db that is not the one that was known"},
    {"report", "", 0, 0, TAKES_SINCE | TAKES_PACKAGE | TAKES_PAGER, lookback_report,
     "how much was asked for, and how long decisions took"},
    {"audit", "", 0, 0, TAKES_REQUEST | TAKES_USER | TAKES_SINCE | TAKES_LIMIT | TAKES_PAGER, lookback_audit,
     "who did what, when and why, newest first"},
    {0},
};

static const struct command_family families[] = {
    {"pam", "guard services of /etc/pam.d: pkg-admin pam --help"},
    {0},
};

int main(int argc, char *argv[])
{
    static const struct program program = {"pkg-admin", "look after access packages on this host", commands,
                                           RUNNER_DEADLINE, families};

    directory_set_patience(DIRECTORY_PATIENCE);
    return runner_main(&program, argc, argv);
}
