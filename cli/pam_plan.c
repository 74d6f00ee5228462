/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/pam_plan.h"

#include "common/cleanup.h"
#include "common/entrance.h"
#include "common/gate_options.h"
#include "common/names.h"
#include "common/pamcheck_line.h"
#include "common/paths.h"

#include <errno.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

/* ---- words ------------------------------------------------------------------------------------------------------ */

/* Of the RPM packages. */
#define AUTHSELECT_TOOL ACCESSPKG_LIBEXECDIR "/accesspkg/accesspkg-authselect"

static const struct {
    int r, code;
    const char *words;
} refusals[] = {
    {PAMEDIT_E_NO_ACCOUNT, EX_CONFIG,
     "has no line of the phase `account`, so that libpam takes those of /etc/pam.d/other. Write them there "
     "first, "
     "with pam_unix.so or the like, and repeat this"},
    {PAMEDIT_E_UNREADABLE, EX_CONFIG, "has lines that libpam cannot use"},
    {PAMEDIT_E_TOO_LONG, EX_USAGE, "cannot have this line: libpam takes 1023 bytes. Name fewer packages"},
    {PAMEDIT_E_JOINED, EX_CONFIG,
     "has a line of ours behind one that ends in a backslash, which makes one of both. Write them as one "
     "line, "
     "or as two, and repeat this"},
    {PAMWIRE_E_NO_SERVICE, 1,
     "is no service with a file in /etc/pam.d or /usr/lib/pam.d. Which there are: pkg-admin pam status"},
    {PAMWIRE_E_AUTHSELECT, 1,
     "is not for us to write: authselect manages this host's PAM, and would take the line out again. Have a "
     "profile of authselect's ask: ADMINISTRATION.md, \"Where authselect writes the files\""},
    {PAMWIRE_E_ELSEWHERE, 1,
     "is a link to a file that the next upgrade overwrites. Put a copy of that file in the link's place, and "
     "repeat this"},
    {PAMWIRE_E_NO_TEXT, EX_CONFIG,
     "has carriage returns or zero bytes, which libpam takes for parts of words. Take them out: sed -i "
     "'s/\\r$//'"},
    {PAMWIRE_E_CHANGED, 1, "was changed by somebody else meanwhile. Look at it, and repeat this"},
};

/* Where people write the name of a program, of its unit, or of the file: the service that there is. */
static bool find_meant(const char *service, char ret[256])
{
    static const char *const ends[] = {"", "d"};
    const char *name = strrchr(service, '/') ? strrchr(service, '/') + 1 : service;
    const size_t length = strcspn(name, ".");

    for (size_t i = 0; i < 2; i++) {
        char path[512];
        snprintf(ret, 256, "%.*s%s", (int)length, name, ends[i]);
        snprintf(path, sizeof(path), PAMCHECK_HOST "/%s", ret);
        if (length > 0 && strcmp(ret, service) != 0 && strncmp(ret, "common-", 7) != 0 &&
            access(path, F_OK) == 0)
            return true;
    }
    return false;
}

/* What helps with this refusal. New memory. */
static char *find_help(const char *service, int r)
{
    char meant[256];

    if (r == PAMWIRE_E_AUTHSELECT && access(AUTHSELECT_TOOL, X_OK) == 0)
        return output_format("; or: " AUTHSELECT_TOOL " --package NAME");
    if (r == PAMWIRE_E_NO_SERVICE && find_meant(service, meant))
        return output_format(" (perhaps: %s)", meant);
    return output_format("%s", "");
}

int pam_plan_refuse(const struct invocation *invocation, const char *service, int r)
{
    char visible[256];

    text_visible(service, visible, sizeof(visible));
    for (size_t i = 0; i < sizeof(refusals) / sizeof(*refusals); i++)
        if (refusals[i].r == r) {
            _cleanup_free_ char *help = find_help(service, r);
            output_message(invocation->program->name, "%s %s%s. Nothing was changed.", visible,
                           refusals[i].words, help);
            return refusals[i].code;
        }
    output_message(invocation->program->name, "/etc/pam.d/%s: %s. %s", visible, strerror(-r),
                   r == -EROFS || r == -ENOSPC || r == -EDQUOT
                       ? "Nothing was changed. Make /etc writable, or room on its disk, and repeat this"
                       : "Look at it and at " PAMWIRE_FOLDER ": pkg-admin pam status");
    return EX_IOERR;
}

/* ---- options ---------------------------------------------------------------------------------------------------- */

struct complaint {
    const struct invocation *invocation;
    int code;
};

static void refuse_option(const char *argument, const char *why, void *data)
{
    struct complaint *complaint = data;
    complaint->code = command_usage(complaint->invocation, "--option '%s': %s", argument, why);
}

/* These have an option of their own, or would shut root out, whom this command keeps a way in for. */
static bool is_not_for_option(const char *word)
{
    return strncmp(word, "package=", 8) == 0 || strncmp(word, "mode=", 5) == 0 ||
           strcmp(word, "enforce_for_root") == 0;
}

int pam_plan_check_options(const struct invocation *invocation)
{
    struct complaint complaint = {invocation, 0};
    struct gate_options options;

    gate_options_parse((int)invocation->n_options, (const char **)invocation->options, &options,
                       refuse_option, &complaint);
    for (size_t i = 0; i < invocation->n_options && complaint.code == 0; i++)
        if (is_not_for_option(invocation->options[i]))
            return command_usage(invocation, "'%s' is not for --option: %s", invocation->options[i],
                                 *invocation->options[i] == 'e'
                                     ? "it refuses root, too; write such a line by hand"
                                     : "use --package, --report and --enforce");
    for (size_t i = 0; i < invocation->n_packages && complaint.code == 0; i++)
        if (!name_is_package(invocation->packages[i]))
            return command_usage(invocation, "'%s' is no name of a package", invocation->packages[i]);
    return complaint.code;
}

/* ---- the plan --------------------------------------------------------------------------------------------------- */

static int render_lines(const struct invocation *invocation, const char *service, char **ret)
{
    const bool is_su = strcmp(service, "su") == 0 || strcmp(service, "su-l") == 0;
    const struct pamedit_gate gate = {.packages = invocation->packages,
                                      .n_packages = invocation->n_packages,
                                      .options = invocation->options,
                                      .n_options = invocation->n_options,
                                      .report = invocation->report,
                                      .root_passes = is_su,
                                      .exempt_caller = is_su,
                                      .exempt_group = invocation->exempt_group};
    return pamedit_render(&gate, ret);
}

/* A line of ours in the phase; NULL: none. */
static const struct pamstack_entry *find_ours(const struct pamstack *stack)
{
    for (size_t i = 0; i < stack->n_entries; i++)
        if (pamcheck_is_ours(&stack->entries[i]) || pamcheck_is_misspelt(&stack->entries[i]))
            return &stack->entries[i];
    return NULL;
}

static void say_stumbles(const struct invocation *invocation, const struct findings *stumbles)
{
    for (size_t i = 0; i < stumbles->count; i++)
        output_message(invocation->program->name, "%s", stumbles->items[i]);
}

int pam_plan_check_jumps(const struct invocation *invocation, const struct pamwire *file)
{
    const struct pamstack_place place = {"", file->path, file->text, file->size};
    struct findings stumbles = {0};
    struct pamstack stack = {0};
    const struct pamstack_entry *jump = NULL;

    if (*file->lines && pamstack_load_at(&place, file->service, PAMD_ACCOUNT, &stumbles, &stack) == 0)
        jump = pamedit_find_jump(&stack);
    if (jump)
        output_message(invocation->program->name,
                       "%s:%u steps over the line of `pkg-admin pam enable` by a number, and would step over "
                       "another one. Take it out first: --exempt-group does the same. Nothing was changed.",
                       jump->file->path, jump->line->number);
    pamstack_deinit(&stack);
    findings_deinit(&stumbles);
    return jump ? EX_CONFIG : 0;
}

/* Finds the place in the file without our lines. 0; an exit code after a message. */
static int find_place(const struct invocation *invocation, const char *service, const struct pamwire *file,
                      size_t *ret_at)
{
    const struct pamstack_place place = {"", file->path, file->plain, file->plain_size};
    struct findings stumbles = {0};
    struct pamstack stack = {0};
    int code = 0, r = pamstack_load_at(&place, service, PAMD_ACCOUNT, &stumbles, &stack);
    const struct pamstack_entry *by_hand = r == 0 ? find_ours(&stack) : NULL;

    if (by_hand && by_hand->include >= 0) {
        output_message(invocation->program->name,
                       "%s asks already, by %s:%u, which it includes. Nothing was changed.", service,
                       by_hand->file->path, by_hand->line->number);
        code = 1;
    } else if (by_hand) {
        output_message(
            invocation->program->name,
            "%s:%u has a line of accesspkg that was written by hand. Take it out, with the lines that "
            "skip it, or go on by hand. Nothing was changed.",
            by_hand->file->path, by_hand->line->number);
        code = 1;
    } else {
        r = r == 0 ? pamedit_place(&stack, &stumbles, ret_at) : r;
        say_stumbles(invocation, &stumbles);
        code = r == 0 ? 0 : pam_plan_refuse(invocation, service, r);
    }
    pamstack_deinit(&stack);
    findings_deinit(&stumbles);
    return code;
}

/* What libpam would make of it. */
static void check_plan(const struct pam_plan *plan, const char *service, struct findings *findings)
{
    const struct pamstack_place place = {"", plan->file.path, plan->text, strlen(plan->text)};
    bool guarded = false;

    if (!pamcheck_service(&place, service, findings, &guarded) || (!guarded && findings->count == 0))
        findings_add(findings, "%s: libpam would not ask the line that is to be written", plan->file.path);
    if (access(PATH_MODULE, R_OK) < 0)
        findings_add(findings,
                     "%s is not there: everybody would be refused, root too. Install libpam-accesspkg",
                     PATH_MODULE);
    else if (access(PATH_GATE, R_OK) < 0)
        findings_add(findings, "%s is not there: nobody could ask for a package. Install libpam-accesspkg",
                     PATH_GATE);
}

int pam_plan_make(const struct invocation *invocation, const char *service, struct findings *findings,
                  struct pam_plan *ret)
{
    struct pam_plan plan = {0};
    size_t at = 0;
    int r = pamwire_is_authselects("") ? PAMWIRE_E_AUTHSELECT : pamwire_read("", service, &plan.file);
    int code =
        r == 0 ? find_place(invocation, service, &plan.file, &at) : pam_plan_refuse(invocation, service, r);

    if (code == 0)
        code = pam_plan_check_jumps(invocation, &plan.file);
    if (code == 0 && (r = render_lines(invocation, service, &plan.lines)) != 0)
        code = pam_plan_refuse(invocation, service, r);
    if (code == 0 && !(plan.text = pamwire_compose(&plan.file, at, plan.lines)))
        output_no_memory();
    if (code == 0) {
        check_plan(&plan, service, findings);
        *ret = plan;
    } else {
        pam_plan_deinit(&plan);
    }
    return code;
}

void pam_plan_deinit(struct pam_plan *plan)
{
    pamwire_deinit(&plan->file);
    free(plan->lines);
    free(plan->text);
    *plan = (struct pam_plan){0};
}

/* Of the service's own file, and to be written anew with the other. */
static bool is_own_line(const struct pamstack_entry *entry)
{
    return entry->include < 0 && pamedit_is_ours(entry->file->text, entry->line);
}

bool pam_plan_reaches(const struct pam_plan *plan, const char *service)
{
    const struct pamstack_place place = {"", plan->file.path, plan->text, strlen(plan->text)};
    struct findings stumbles = {0};
    struct pamstack stack = {0};
    const int r = pamstack_load_at(&place, service, PAMD_ACCOUNT, &stumbles, &stack);
    const struct pamstack_entry *ours = r == 0 ? find_ours(&stack) : NULL;
    const bool reaches = r == -ENOENT || (ours && !is_own_line(ours));

    pamstack_deinit(&stack);
    findings_deinit(&stumbles);
    return reaches;
}

bool pam_plan_is_done(const struct pam_plan *plan)
{
    _cleanup_free_ char *recorded = pamwire_recorded("", plan->file.service);
    return strcmp(plan->text, plan->file.text) == 0 && recorded && strcmp(recorded, plan->lines) == 0;
}

void pam_plan_print(const struct pam_plan *plan, FILE *out)
{
    fprintf(out, "--- %s\n+++ %s\n", plan->file.source == PAMWIRE_VENDOR ? "/dev/null" : plan->file.target,
            plan->file.target);
    pamedit_diff(plan->file.text, plan->text, out);
}
