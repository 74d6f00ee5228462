/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pkg-admin, for administrators. Runs accesspkgd as a program, with the caller's rights, to check packages.d (any user)
 * and to write the allow-list (root).
 */
#include "cli/calls.h"
#include "cli/check.h"
#include "cli/diff.h"
#include "cli/explain.h"
#include "cli/holders.h"
#include "cli/import.h"
#include "cli/lock.h"
#include "cli/lookback.h"
#include "cli/metrics.h"
#include "cli/pam.h"
#include "cli/prompt.h"
#include "cli/reload.h"
#include "cli/requests.h"
#include "cli/setup.h"
#include "cli/status.h"
#include "cli/store.h"
#include "common/cleanup.h"
#include "common/directory.h"
#include "common/groupfile.h"
#include "common/names.h"
#include "common/nsswitch.h"
#include "common/paths.h"

#include <string.h>
#include <sysexits.h>
#include <unistd.h>

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
    if (invocation->until > 0)
        json_object_set_new(options, "until", json_integer(invocation->until));
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
    _cleanup_free_ char *asked = NULL;
    const int refused = prompt_reason(invocation, "Your reason, which the user reads: ", &asked);
    if (refused)
        return refused;
    if (!invocation->reason)
        return command_usage(invocation,
                             "the command 'revoke' needs a reason, which the user reads: -m 'REASON'");
    _cleanup_free_ char *advice = advise_lock(invocation->operands[1]);
    client_deadline_note(advice);
    const int code = call_for_assignment(
        invocation, client_message("Revoke", "sss",
                                   json_pack("[s, s, s]", invocation->operands[1], invocation->operands[0],
                                             invocation->reason)));
    invocation->reason = NULL;
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
     "check the configuration, or DIR, for errors"},
    {"diff", "[DIR]", 0, 1, TAKES_PAGER, diff_show, "what a reload would change, and for whom"},
    {"setup", "[NAME]", 0, 1,
     TAKES_DESCRIPTION | TAKES_GROUPS | TAKES_APPROVERS | TAKES_REQUESTORS | TAKES_DURATION |
         TAKES_MAX_DURATION | TAKES_REPLACE | TAKES_DRY_RUN | TAKES_YES,
     setup_package, "write a first package, by questions or by options"},
    {"assign", "PACKAGE USER", 2, 2,
     TAKES_REASON | TAKES_DURATION | TAKES_UNTIL | TAKES_START | TAKES_OVERRIDE, assign_access,
     "give a package without asking its approvers"},
    {"import", "GROUP", 1, 1, TAKES_PACKAGE | TAKES_DRY_RUN | TAKES_REASON | TAKES_DURATION, import_members,
     "take a group's members over as assignments"},
    {"revoke", "PACKAGE USER", 2, 2, TAKES_REASON, revoke_access, "end what a user holds, now"},
    {"lock", "USER", 1, 1, TAKES_REASON, lock_user, "end all that a user holds, and refuse what they ask"},
    {"unlock", "USER", 1, 1, TAKES_REASON, unlock_user, "let a locked user ask again; nothing comes back"},
    {"retry", "PACKAGE USER", 2, 2, 0, retry_access, "try now to put in place what is not"},
    {"explain", "PACKAGE USER", 2, 2, TAKES_PAGER, explain_for_user,
     "what would become of a request; who could approve it"},
    {"holders", "[NAME]", 0, 1,
     TAKES_PACKAGE | TAKES_USER | TAKES_SINCE | TAKES_UNTIL | TAKES_CSV | TAKES_PAGER, holders_show,
     "who holds or held what; of a group, package or user"},
    {"backup", "FILE", 1, 1, 0, store_back_up, "copy the store into a new file, or to stdout (-)"},
    {"restore", "FILE", 1, 1, TAKES_YES, store_restore, "replace the store by a backup; stops accesspkgd"},
    {"pam enable", "SERVICE", 1, 1,
     TAKES_PACKAGE | TAKES_REPORT | TAKES_ENFORCE | TAKES_EXEMPT | TAKES_OPTION | TAKES_DRY_RUN | TAKES_YES,
     pam_enable, "have a service of /etc/pam.d ask for a package"},
    {"pam disable", "[SERVICE]", 0, 1, TAKES_ALL, pam_disable, "take these lines out again"},
    {"pam status", "", 0, 0, TAKES_PAGER, pam_status, "what each service asks for"},
    {"pam test", "USER SERVICE", 2, 2, 0, pam_test, "what would happen, and why; nothing is filed"},
    {"accept-store", "", 0, 0, 0, store_accept, "take a state.db that is not the one that was known"},
    {"report", "", 0, 0, TAKES_SINCE | TAKES_PACKAGE | TAKES_PAGER, lookback_report,
     "how much was asked for, and how long decisions took"},
    {"metrics", "[FILE]", 0, 1, TAKES_FORMAT, metrics_show, "figures for Prometheus and the like"},
    {"audit", "", 0, 0,
     TAKES_REQUEST | TAKES_PACKAGE | TAKES_USER | TAKES_SINCE | TAKES_UNTIL | TAKES_LIMIT | TAKES_CSV |
         TAKES_PAGER,
     lookback_audit, "who did what, when and why, newest first"},
    {0},
};

static const struct command_family families[] = {
    {"pam", "guard services of /etc/pam.d"},
    {0},
};

int main(int argc, char *argv[])
{
    static const struct program program = {"pkg-admin", "look after access packages on this host", commands,
                                           RUNNER_DEADLINE, families};

    directory_set_patience(DIRECTORY_PATIENCE);
    return runner_main(&program, argc, argv);
}
