/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pkg-admin pam enable and disable: what is checked before a line is written, what is asked, what is said. Nothing is written
 * while something is missing that would lock people out; there is no option for that: whoever knows better writes the line
 * by hand.
 */
#include "cli/pam.h"

#include "cli/helper.h"
#include "cli/lock_parts.h"
#include "cli/pam_escape.h"
#include "cli/pam_people.h"
#include "cli/pam_plan.h"
#include "cli/prompt.h"
#include "common/cleanup.h"
#include "common/entrance.h"
#include "common/identity.h"
#include "common/names.h"
#include "common/pamcheck.h"

#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sysexits.h>
#include <syslog.h>
#include <unistd.h>

enum { PLANS_MAX = 2 }; /* a service, and the one of the same program */

/* ---- both commands ---------------------------------------------------------------------------------------------- */

static int check_root(const struct invocation *invocation)
{
    signal(SIGXFSZ, SIG_IGN); /* a limit of file sizes is an error like a full disk */
    if (geteuid() == 0)
        return 0;
    output_message(invocation->program->name,
                   "only root can write /etc/pam.d. Run the same command with sudo, or as root.");
    return EX_NOPERM;
}

static void log_act(const char *what, const char *service, const char *lines)
{
    char visible[1024], login[16] = "none";
    const uid_t id = lock_own_login();

    if (id != UID_UNSET)
        snprintf(login, sizeof(login), "%u", id);
    openlog("pkg-admin", LOG_PID, LOG_AUTHPRIV);
    syslog(LOG_NOTICE, "pam %s %s by uid %u, login id %s%s%s", what, service, getuid(), login,
           *lines ? ": " : "", text_visible(lines, visible, sizeof(visible)));
    closelog();
}

static void print_findings(const struct invocation *invocation, const char *before,
                           const struct findings *findings)
{
    for (size_t i = 0; i < findings->count; i++) {
        _cleanup_free_ char *text = output_visible(findings->items[i]);
        output_message(invocation->program->name, "%s%s", before, text);
    }
}

static int lock_files(const struct invocation *invocation, int *ret_lock)
{
    const int r = pamwire_lock("", ret_lock);

    if (r == 0)
        return 0;
    output_message(invocation->program->name, PAMWIRE_FOLDER " cannot be written: %s. Nothing was changed.",
                   strerror(-r));
    return EX_IOERR;
}

/* ---- enable: what was asked for --------------------------------------------------------------------------------- */

/* Report first: that is safe, and shows who would be refused. 0 or an exit code. */
static int choose_mode(struct invocation *invocation)
{
    if (invocation->report && invocation->enforce)
        return command_usage(invocation, "--report and --enforce exclude each other");
    if (invocation->report || invocation->enforce)
        return 0;
    if (!prompt_possible(invocation) || invocation->yes)
        return command_usage(invocation,
                             "say --report, which refuses nobody and logs who would be refused, or "
                             "--enforce");
    _cleanup_free_ char *answer =
        prompt_line("Begin with mode=report, which refuses nobody and logs who would be refused? [Y/n] ");
    if (!answer)
        return 1;
    invocation->enforce = prompt_is_no(answer);
    invocation->report = !invocation->enforce;
    return 0;
}

static int check_words(struct invocation *invocation)
{
    int code = check_root(invocation);

    if (code == 0 && invocation->n_packages == 0)
        return command_usage(invocation,
                             "the command 'pam enable' needs --package NAME: who holds it gets in");
    if (code == 0)
        code = pam_plan_check_options(invocation);
    if (code == 0 && invocation->exempt_group && strpbrk(invocation->exempt_group, " \t#[]\\:"))
        return command_usage(invocation, "a group of this name cannot stand in a file of pam.d");
    if (code == 0 && invocation->exempt_group && !getgrnam(invocation->exempt_group)) {
        output_message(invocation->program->name, "there is no group %s. Nothing was changed.",
                       invocation->exempt_group);
        return 1;
    }
    if (code == 0)
        code = choose_mode(invocation);
    if (code == 0 && !invocation->yes && !invocation->dry_run && !prompt_possible(invocation))
        return command_usage(invocation, "there is no terminal to ask on: add --yes, or look with --dry-run");
    return code;
}

/* A half-written package is not noticed before the next reload, which would refuse. */
static int check_packages(const struct invocation *invocation)
{
    _cleanup_close_ int said = memfd_create("check-config", MFD_CLOEXEC);
    char text[65536];

    if (helper_run(invocation, "--check-config", said) != EX_CONFIG)
        return 0;
    const ssize_t size = pread(said, text, sizeof(text) - 1, 0);
    text[size > 0 ? size : 0] = '\0';
    for (char *rest = text, *line; (line = strsep(&rest, "\n"));)
        if (strstr(line, "error: "))
            output_message(invocation->program->name, "%s", line);
    output_message(invocation->program->name,
                   "The configuration has errors. Mend them, and run pkg-admin reload. Nothing was changed.");
    return EX_CONFIG;
}

/* ---- enable: what stands against it ----------------------------------------------------------------------------- */

struct including {
    const struct pamwire *file;
    strv services;
};

/* Adds the service if its account phase has the lines of this file, too. */
static void find_including(const char *service, void *data)
{
    struct including *including = data;
    struct findings stumbles = {0};
    struct pamstack stack = {0};
    bool includes = false;

    if (strcmp(service, including->file->service) != 0 &&
        pamstack_load("", service, PAMD_ACCOUNT, &stumbles, &stack) == 0)
        for (size_t i = 0; i < stack.n_files; i++) {
            const char *path = stack.files[i]->path; /* NULL: it could not be read */
            includes |= path && strcmp(path, including->file->path) == 0;
        }
    if (includes && strv_add(&including->services, service) < 0)
        output_no_memory();
    pamstack_deinit(&stack);
    findings_deinit(&stumbles);
}

/* Files such as system-auth are parts of many. */
static void check_including(const struct pamwire *file, struct findings *notes)
{
    struct including including = {.file = file};

    pamcheck_each_service("", find_including, &including);
    _cleanup_free_ char *names = strv_join(including.services, ", ");
    if (including.services)
        findings_add(notes, "%s is a part of these, which would ask, too: %s", file->service,
                     names ? names : "");
    strv_free(including.services);
}

/* What would lock people out. In mode=report it is told, and nobody is. */
static int check_lock_out(struct invocation *invocation, const struct pam_plan *plan)
{
    struct findings missing = {0}, notes = {0}, ways = {0}, no_ways = {0};
    const char *service = plan->file.service;
    int code = pam_people_check(invocation, service, &missing, &notes);

    pam_escape_find(invocation, plan, &ways, &no_ways);
    if (ways.count == 0) {
        findings_add(&missing, "no way past the gate would be left for repairs. Make one of these:");
        for (size_t i = 0; i < no_ways.count; i++)
            findings_add(&missing, "  %s", no_ways.items[i]);
    }
    _cleanup_free_ char *use_pam = strcmp(service, "sshd") == 0 ? pam_escape_sshd("usepam") : NULL;
    if (use_pam && strcmp(use_pam, "yes") != 0)
        findings_add(&missing, "sshd has UsePAM %s: it would not ask the line", use_pam);
    if (entrance_find(service)->background)
        findings_add(&notes, "%s is for %s: what runs for a user without a package fails", service,
                     entrance_find(service)->what);
    check_including(&plan->file, &notes);
    if (code == 0) {
        print_findings(invocation, "", &notes);
        print_findings(invocation, invocation->report ? "before you enforce it: " : "", &missing);
        if (missing.count > 0 && !invocation->report) {
            output_message(invocation->program->name, "People would be locked out. Nothing was changed.");
            code = 1;
        } else if (ways.count > 0 && !invocation->output.json) {
            output_line(&invocation->output, "Past it for repairs: %s.", ways.items[0]);
        }
    }
    findings_deinit(&missing);
    findings_deinit(&notes);
    findings_deinit(&ways);
    findings_deinit(&no_ways);
    return code;
}

/* Plans the service, and the one of the same program unless that includes it. 0 or an exit code. */
static int make_plans(const struct invocation *invocation, const char *service, struct pam_plan *plans,
                      size_t *ret_count)
{
    struct findings findings = {0};
    const char *with = entrance_find(service)->with;
    int code = pam_plan_make(invocation, service, &findings, &plans[0]);

    *ret_count = code == 0;
    if (code == 0 && with && !pam_plan_reaches(&plans[0], with)) {
        code = pam_plan_make(invocation, with, &findings, &plans[1]);
        *ret_count += code == 0;
    }
    if (code == 0 && findings.count > 0) {
        print_findings(invocation, "", &findings);
        output_message(invocation->program->name, "Nothing was changed.");
        code = EX_CONFIG;
    }
    findings_deinit(&findings);
    return code;
}

/* ---- enable: the change ----------------------------------------------------------------------------------------- */

/* Prints the change; what no terminal shows as it is, as a question mark. */
static void print_change(const struct invocation *invocation, const struct pam_plan *plans, size_t count)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    if (!out)
        output_no_memory();
    for (size_t i = 0; i < count; i++)
        pam_plan_print(&plans[i], out);
    fclose(out);
    for (size_t i = 0; i < size; i++)
        if (text[i] != '\n' && text[i] != '\t' && ((unsigned char)text[i] < 32 || text[i] == 127))
            text[i] = '?';
    fputs(text, invocation->output.json ? stderr : invocation->output.stream);
    fflush(invocation->output.stream);
    free(text);
}

/* Puts back what was there before, if the plan was written; what somebody else wrote meanwhile stays, and is on record. */
static void undo(const struct pam_plan *plan)
{
    struct pamwire now;
    bool removed;

    if (pamwire_read("", plan->file.service, &now) != 0)
        return;
    if (strcmp(now.text, plan->text) != 0)
        pamwire_note("", &now);
    else if (*plan->file.lines)
        pamwire_replace("", &now, plan->file.text, plan->file.lines);
    else
        pamwire_remove("", &now, &removed);
    pamwire_deinit(&now);
}

/* All or none. */
static int write_plans(const struct invocation *invocation, const struct pam_plan *plans, size_t count)
{
    _cleanup_close_ int lock = -1;
    int code = lock_files(invocation, &lock);

    for (size_t i = 0; i < count && code == 0; i++) {
        const int r = pamwire_replace("", &plans[i].file, plans[i].text, plans[i].lines);
        if (r == 0)
            continue;
        for (size_t done = i + 1; done > 0; done--)
            undo(&plans[done - 1]);
        code = pam_plan_refuse(invocation, plans[i].file.service, r);
    }
    for (size_t i = 0; i < count && code == 0; i++)
        log_act("enable", plans[i].file.service, plans[i].lines);
    return code;
}

static char *join_services(const struct pam_plan *plans, size_t count)
{
    return output_format("%s%s%s", plans[0].file.service, count > 1 ? " and " : "",
                         count > 1 ? plans[1].file.service : "");
}

static void say_enabled(struct invocation *invocation, const struct pam_plan *plans, size_t count,
                        bool changed)
{
    _cleanup_free_ char *services = join_services(plans, count);

    if (invocation->output.json) {
        json_t *result =
            json_pack("{s:[], s:b, s:b}", "services", "changed", changed, "report", invocation->report);
        for (size_t i = 0; result && i < count; i++)
            if (json_array_append_new(json_object_get(result, "services"),
                                      json_string(plans[i].file.service)) < 0)
                output_no_memory();
        output_json(&invocation->output, result);
        json_decref(result);
    } else if (!changed) {
        output_line(&invocation->output, "%s: enabled already, as asked for.", services);
    } else if (invocation->report) {
        output_line(
            &invocation->output,
            "%s: no user is refused. Who would be, from now on: journalctl -g 'would be refused'; who would "
            "be let in at once by a package without approval: journalctl -g 'would be given at once'. "
            "Then repeat this with --enforce.",
            services);
    } else {
        output_line(&invocation->output,
                    "%s: users who hold none of the packages are refused from the next login on. Keep this "
                    "shell open, and try a login from another one. To undo it: pkg-admin pam disable %s",
                    services, plans[0].file.service);
    }
}

static bool are_done(const struct pam_plan *plans, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!pam_plan_is_done(&plans[i]))
            return false;
    return true;
}

static int carry_out(struct invocation *invocation, const struct pam_plan *plans, size_t count)
{
    const bool done = are_done(plans, count);
    int code = 0;

    if (!done) {
        print_change(invocation, plans, count);
        if (invocation->dry_run)
            return 0;
        if (!invocation->yes && !prompt_yes("Write this? [y/N] ")) {
            output_message(invocation->program->name, "Nothing was changed.");
            return 1;
        }
        code = write_plans(invocation, plans, count);
    }
    if (code == 0)
        say_enabled(invocation, plans, count, !done);
    return code;
}

int pam_enable(struct invocation *invocation)
{
    struct pam_plan plans[PLANS_MAX] = {0};
    size_t count = 0;
    int code = check_words(invocation);

    if (code == 0)
        code = check_packages(invocation);
    if (code == 0)
        code = make_plans(invocation, invocation->operands[0], plans, &count);
    if (code == 0)
        code = check_lock_out(invocation, &plans[0]);
    if (code == 0)
        code = carry_out(invocation, plans, count);
    for (size_t i = 0; i < PLANS_MAX; i++)
        pam_plan_deinit(&plans[i]);
    return code;
}

/* ---- disable ---------------------------------------------------------------------------------------------------- */

enum outcome { WAS_NOT, TAKEN_OUT, COPY_REMOVED };

/* The file has no line of ours, or is one that we never write to. */
static bool is_without_line(int r, const struct pamwire *file)
{
    return r == PAMWIRE_E_NO_SERVICE || r == PAMWIRE_E_AUTHSELECT || r == PAMWIRE_E_ELSEWHERE ||
           (r == 0 && !*file->lines);
}

/* 0 or an exit code after a message. A record without a line goes, too. *ret_lines: what was there; new memory. */
static int take_out(const struct invocation *invocation, const char *service, enum outcome *ret,
                    char **ret_lines)
{
    struct pamwire file = {0};
    bool removed = false;
    int code = 0, r = pamwire_read("", service, &file);

    *ret = WAS_NOT;
    *ret_lines = pamwire_recorded("", service);
    if (r == 0 && *file.lines) {
        free(*ret_lines);
        *ret_lines = strdup(file.lines);
    }
    if (is_without_line(r, &file)) {
        _cleanup_free_ char *recorded = pamwire_recorded("", service);
        *ret = recorded ? TAKEN_OUT : WAS_NOT;
        r = recorded ? pamwire_forget("", service) : r == 0 ? 0 : r;
    } else if (r == 0 && (code = pam_plan_check_jumps(invocation, &file)) == 0) {
        r = pamwire_remove("", &file, &removed);
        *ret = removed ? COPY_REMOVED : TAKEN_OUT;
    }
    pamwire_deinit(&file);
    if (code != 0)
        return code;
    if (r == 0 && *ret != WAS_NOT)
        log_act("disable", service, "");
    return r == 0 ? 0 : pam_plan_refuse(invocation, service, r);
}

static void say_disabled(struct invocation *invocation, const char *service, enum outcome outcome,
                         const char *lines)
{
    static const char *const words[] = {
        "has no line of `pkg-admin pam enable`",
        "asks for no access package any more; its file is as it was without our lines",
        "asks for no access package any more; the copy in /etc/pam.d is gone: /usr/lib/pam.d counts again",
    };
    if (!invocation->output.json)
        output_line(&invocation->output, "%s %s.", service, words[outcome]);
    _cleanup_free_ char *options = outcome != WAS_NOT && lines ? pamwire_options(lines) : NULL;
    if (!invocation->output.json && options)
        output_line(&invocation->output, "To guard it again: pkg-admin pam enable %s %s", service, options);
}

/* The services that were asked for. 0 or an exit code. */
static int list_services(const struct invocation *invocation, strv *ret)
{
    const char *const service = invocation->n_operands > 0 ? invocation->operands[0] : NULL;
    int r = 0;

    if (!service == !invocation->all)
        return command_usage(invocation, "the command 'pam disable' needs a SERVICE, or --all");
    if (invocation->all) {
        r = pamwire_list("", ret);
    } else {
        _cleanup_free_ char *with =
            entrance_find(service)->with ? pamwire_recorded("", entrance_find(service)->with) : NULL;
        r = strv_add(ret, service);
        if (r == 0 && with)
            r = strv_add(ret, entrance_find(service)->with);
    }
    return r == 0 ? 0 : pam_plan_refuse(invocation, service ? service : "", r);
}

int pam_disable(struct invocation *invocation)
{
    _cleanup_close_ int lock = -1;
    strv services = NULL;
    json_t *done = json_array();
    int code = check_root(invocation);

    if (code == 0)
        code = list_services(invocation, &services);
    if (code == 0)
        code = lock_files(invocation, &lock);
    for (size_t i = 0; code == 0 && services && services[i]; i++) {
        enum outcome outcome;
        _cleanup_free_ char *lines = NULL;
        code = take_out(invocation, services[i], &outcome, &lines);
        if (code == 0)
            say_disabled(invocation, services[i], outcome, lines);
        if (code == 0 && outcome != WAS_NOT)
            json_array_append_new(done, json_string(services[i]));
    }
    if (code == 0 && invocation->output.json)
        output_json(&invocation->output, done);
    else if (code == 0 && !services)
        output_line(&invocation->output, "No service has a line of `pkg-admin pam enable`.");
    json_decref(done);
    strv_free(services);
    return code;
}
