/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See the header. Only reads; runs no module. Called by pamcheck.c. */
#include "common/pamcheck_line.h"

#include "common/cleanup.h"
#include "common/entrance.h"

#include <errno.h>
#include <security/_pam_types.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BIT(code)   ((uint32_t)1 << (code))
#define PLACED_WELL "above every include, and every sufficient or done"

static bool is_one_of(const struct pamstack_entry *entry, const char *const *modules, size_t count)
{
    const bool is_module =
        entry->kind == PAMSTACK_MODULE && entry->line->kind == PAMD_MODULE && entry->line->target;
    for (size_t i = 0; is_module && i < count; i++)
        if (strcmp(pamd_module(entry->line), modules[i]) == 0)
            return true;
    return false;
}

bool pamcheck_is_ours(const struct pamstack_entry *entry)
{
    static const char *const ours[] = {PAMCHECK_MODULE};
    return is_one_of(entry, ours, 1);
}

bool pamcheck_is_misspelt(const struct pamstack_entry *entry)
{
    const struct pamd_line *line = entry->line;
    const char *module = pamd_module(line);
    const size_t length = strlen(module);
    if (entry->kind != PAMSTACK_MODULE || pamcheck_is_ours(entry))
        return false;
    for (size_t i = 0; i < line->n_arguments; i++)
        if (strncmp(line->arguments[i], "package=", strlen("package=")) == 0)
            return true;
    return strncmp(module, "pam_accesspkg", strlen("pam_accesspkg")) == 0 &&
           (length < 3 || strcmp(module + length - 3, ".so") != 0);
}

/* Modules whose lines exist to skip others for some users: what they skip is meant to be skipped. */
static bool is_condition(const struct pamstack_entry *entry)
{
    static const char *const modules[] = {"pam_succeed_if.so", "pam_rootok.so", "pam_access.so",
                                          "pam_listfile.so"};
    return is_one_of(entry, modules, sizeof(modules) / sizeof(modules[0]));
}

void pamcheck_tell_once(const struct pamcheck_judging *judging, const char *text)
{
    bool told = false;
    for (size_t i = 0; i < judging->findings->count; i++)
        told |= strcmp(judging->findings->items[i], text) == 0;
    if (!told)
        findings_add(judging->findings, "%s", text);
}

void pamcheck_tell(const struct pamcheck_judging *judging, const struct pamstack_entry *entry,
                   const char *what)
{
    char *text = NULL;
    if (asprintf(&text, "%s:%u: %s", entry->file->path, entry->line->number, what) < 0) {
        judging->findings->lost = true;
        return;
    }
    pamcheck_tell_once(judging, text);
    free(text);
}

static bool always_refuses(const struct pamstack_entry *entry)
{
    return entry->kind == PAMSTACK_FAILS ||
           (entry->line->target && strcmp(pamd_module(entry->line), "pam_deny.so") == 0);
}

/* ---- what modules answer ---------------------------------------------------------------------------------------- */

/* Another module may answer anything. */
static uint32_t any_answer(const struct pamstack_entry *entry, void *data)
{
    const struct pamcheck_judging *judging = data;
    if (always_refuses(entry))
        return BIT(PAM_PERM_DENIED);
    if (entry == &judging->stack->entries[judging->ours])
        return judging->answers;
    return BIT(PAM_SUCCESS) | BIT(PAM_PERM_DENIED) | BIT(PAM_AUTH_ERR) | BIT(PAM_USER_UNKNOWN) |
           BIT(PAM_NEW_AUTHTOK_REQD) | BIT(PAM_IGNORE) | BIT(PAM_AUTHINFO_UNAVAIL);
}

/* Modules that only refuse, and answer PAM_IGNORE otherwise. */
static bool never_grants(const struct pamstack_entry *entry)
{
    static const char *const modules[] = {PAMCHECK_MODULE, "pam_nologin.so", "pam_warn.so"};
    return is_one_of(entry, modules, sizeof(modules) / sizeof(modules[0]));
}

int pamcheck_ignored_answer(const struct pamstack_entry *entry, void *data)
{
    (void)data;
    if (always_refuses(entry))
        return PAM_PERM_DENIED;
    return never_grants(entry) ? PAM_IGNORE : PAM_SUCCESS;
}

/* The same, but a condition may apply to an exempt user or not. */
static uint32_t exempt_answer(const struct pamstack_entry *entry, void *data)
{
    return BIT(pamcheck_ignored_answer(entry, data)) | (is_condition(entry) ? BIT(PAM_AUTH_ERR) : 0);
}

/* ---- one line of ours ------------------------------------------------------------------------------------------- */

static int explore_answers(struct pamcheck_judging *judging, uint32_t answers, struct pamstack_outlook *ret)
{
    judging->answers = answers;
    const int r = pamstack_explore(judging->stack, judging->ours, any_answer, judging, ret);
    if (r == -E2BIG)
        pamcheck_tell(judging, &judging->stack->entries[judging->ours],
                      "what becomes of this line cannot be told: there are too many ways through this phase");
    return r;
}

/* True when a user may get in after our line gave one of these answers. */
static bool lets_in(struct pamcheck_judging *judging, uint32_t answers)
{
    struct pamstack_outlook outlook = {0};
    if (explore_answers(judging, answers, &outlook) < 0)
        return false;
    free(outlook.skipped);
    return outlook.asked;
}

/* True when no user gets in whom our line refuses. */
static bool judge_refusal(struct pamcheck_judging *judging)
{
    const struct pamstack_entry *const ours = &judging->stack->entries[judging->ours];
    if (lets_in(judging, BIT(PAM_PERM_DENIED) | BIT(PAM_AUTHINFO_UNAVAIL))) {
        pamcheck_tell(judging, ours,
                      "this line guards nothing: whom it refuses gets in all the same. Write: " PAMCHECK_LINE
                      ", " PLACED_WELL);
        return false;
    }
    if (lets_in(judging, BIT(PAM_MODULE_UNKNOWN)))
        pamcheck_tell(judging, ours,
                      "this line lets everybody in where pam_accesspkg.so is missing. Write: " PAMCHECK_LINE);
    return true;
}

/* True when a jump of this entry can end after our line. */
static bool jumps_over(const struct pamcheck_judging *judging, size_t at)
{
    const struct pamstack_entry *entry = &judging->stack->entries[at];
    bool jumps = false;
    for (int code = 0; code < PAMD_CODES && entry->kind == PAMSTACK_MODULE; code++)
        jumps |= entry->line->actions[code] > 0 &&
                 pamstack_next(judging->stack, at, entry->line->actions[code]) > judging->ours;
    return jumps;
}

/* Reports conditions that jump over our line to where every user is refused. */
static void judge_jumps(struct pamcheck_judging *judging, const unsigned char *skipped)
{
    for (size_t i = 0; i < judging->ours; i++)
        if (!skipped[i] && jumps_over(judging, i))
            pamcheck_tell(
                judging, &judging->stack->entries[i],
                "whom this lets step over the line of pam_accesspkg.so is refused all the same: it jumps too "
                "far. Write success=1, right above that line");
}

/* Reports the first line that can let a user in before ours is asked. */
static void judge_before(struct pamcheck_judging *judging, const unsigned char *skipped)
{
    for (size_t i = 0; i < judging->stack->n_entries; i++) {
        const struct pamstack_entry *by = &judging->stack->entries[i];
        char *what = NULL;
        if (!skipped[i] || is_condition(by))
            continue;
        if (asprintf(&what, "this line may not be asked: %s:%u can let in before. Write it " PLACED_WELL,
                     by->file->path, by->line->number) >= 0)
            pamcheck_tell(judging, &judging->stack->entries[judging->ours], what);
        free(what);
        return;
    }
}

/* True when exempt users get in. */
static bool judge_exempt(struct pamcheck_judging *judging)
{
    struct pamstack_outlook outlook = {0};
    if (pamstack_explore(judging->stack, judging->stack->n_entries, exempt_answer, judging, &outlook) < 0)
        return false;
    free(outlook.skipped);
    if (outlook.asked || outlook.unasked)
        return true;
    if (judging->stumbles)
        return false;
    pamcheck_tell(judging, &judging->stack->entries[judging->ours],
                  "this line refuses root, and with mode=report everybody. Write: " PAMCHECK_LINE
                  ", and keep another account module, such as pam_unix, below it");
    return false;
}

/* When root runs su, as scripts of the system do to become a service's user, our module judges the target. */
static void judge_su(struct pamcheck_judging *judging, const unsigned char *skipped)
{
    for (size_t i = 0; i < judging->ours; i++)
        if (skipped[i] && is_condition(&judging->stack->entries[i]))
            return;
    pamcheck_tell(
        judging, &judging->stack->entries[judging->ours],
        "this line judges root's own su by its target, and so refuses scripts of the system. Write right "
        "above it: account [success=1 default=ignore] pam_rootok.so");
}

static bool asks_who_runs_it(const struct pamstack_entry *entry)
{
    static const char *const rootok[] = {"pam_rootok.so"}, *const succeed_if[] = {"pam_succeed_if.so"};
    bool is = is_one_of(entry, rootok, 1);
    if (is_one_of(entry, succeed_if, 1))
        for (size_t i = 0; i < entry->line->n_arguments; i++)
            is |= strcmp(entry->line->arguments[i], "use_uid") == 0;
    return is;
}

/* What people log in by runs as root: a condition on who runs it holds for each of them. True: there is none. */
static bool judge_callers(struct pamcheck_judging *judging, const unsigned char *skipped)
{
    bool good = true;
    for (size_t i = 0; i < judging->ours && entrance_find(judging->service)->login; i++) {
        const struct pamstack_entry *by = &judging->stack->entries[i];
        char *what = NULL;
        if (!skipped[i] || !asks_who_runs_it(by))
            continue;
        good = false;
        if (asprintf(
                &what,
                "this line decides for everybody alike whether pam_accesspkg.so is asked: %s runs as root, "
                "and %s asks who runs it, not who logs in. Take the line out",
                judging->service, pamd_module(by->line)) >= 0)
            pamcheck_tell(judging, by, what);
        free(what);
    }
    return good;
}

/* False: everybody may be let past. */
static bool judge_place(struct pamcheck_judging *judging, const struct gate_options *options)
{
    struct pamstack_outlook outlook = {0};
    if (explore_answers(judging, BIT(PAM_PERM_DENIED), &outlook) < 0)
        return true;
    judge_before(judging, outlook.skipped);
    const bool good = judge_callers(judging, outlook.skipped);
    if (strcmp(judging->service, "su") == 0 && !options->enforce_for_root)
        judge_su(judging, outlook.skipped);
    if (judge_exempt(judging))
        judge_jumps(judging, outlook.skipped);
    free(outlook.skipped);
    return good;
}

/* Checks the paths of the module and of the file. */
static void judge_file(struct pamcheck_judging *judging)
{
    const struct pamstack_entry *const ours = &judging->stack->entries[judging->ours];
    const char *target = ours->line->target;
    const size_t prefix = strlen(judging->root);
    char path[4096];
    snprintf(path, sizeof(path), "%s%s", judging->root, target);
    if (*target == '/' && !strchr(target, '$') && access(path, F_OK) < 0 && errno == ENOENT)
        pamcheck_tell(judging, ours,
                      "there is no module of this path, and so it refuses everybody. Write: " PAMCHECK_LINE);
    if (strncmp(ours->file->path + prefix, PAMCHECK_PACKAGES "/", strlen(PAMCHECK_PACKAGES "/")) == 0)
        pamcheck_tell(judging, ours,
                      "the next upgrade overwrites this file. Copy it to " PAMCHECK_HOST
                      ", and write the line there");
}

static void tell_argument(const char *argument, const char *why, void *data)
{
    const struct pamcheck_judging *judging = data;
    char *what = NULL;
    if (asprintf(&what, "\"%s\" is ignored: %s", argument, why) >= 0)
        pamcheck_tell(judging, &judging->stack->entries[judging->ours], what);
    free(what);
}

struct gate_options pamcheck_options(struct pamcheck_judging *judging)
{
    const struct pamd_line *line = judging->stack->entries[judging->ours].line;
    struct gate_options options;
    gate_options_parse((int)line->n_arguments, (const char **)line->arguments, &options, tell_argument,
                       judging);
    return options;
}

static void judge_packages(struct pamcheck_judging *judging, const struct gate_options *options)
{
    const struct pamstack_entry *const ours = &judging->stack->entries[judging->ours];
    if (options->n_packages == 0)
        pamcheck_tell(judging, ours,
                      "this line names no package, and refuses everybody. Write: " PAMCHECK_LINE);
    for (size_t i = 0; judging->is_package && i < options->n_packages; i++) {
        char *what = NULL;
        if (judging->is_package(options->packages[i], judging->data))
            continue;
        if (asprintf(&what,
                     "package=%s: there is no such package, and nobody gets in by it; check its spelling",
                     options->packages[i]) >= 0)
            pamcheck_tell(judging, ours, what);
        free(what);
    }
}

void pamcheck_tell_misspelt(struct pamcheck_judging *judging, const struct pamstack_entry *entry,
                            const char *write)
{
    char *what = NULL;
    if (asprintf(&what, "this line is none of ours: its module is %s. Write: %s", pamd_module(entry->line),
                 write) >= 0)
        pamcheck_tell(judging, entry, what);
    free(what);
}

bool pamcheck_line(struct pamcheck_judging *judging, bool *reports)
{
    const struct gate_options options = pamcheck_options(judging);
    judge_packages(judging, &options);
    judge_file(judging);
    if (judging->stack->uncertain || judging->stack->given_up)
        return false;
    bool good = judge_refusal(judging);
    good &= judge_place(judging, &options);
    if (good)
        *reports &= options.report;
    return good;
}
