/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * See the header. The phases are walked with what our module may answer, as libpam would; no list of patterns says what is
 * wrong. Reads only, and runs nothing of what it reads. Called by helperd/config/configure.c and cli/status.c.
 */
#include "common/pamcheck.h"

#include "common/cleanup.h"
#include "common/gate_options.h"
#include "common/pamstack.h"

#include <dirent.h>
#include <errno.h>
#include <security/_pam_types.h>
#include <stdio.h>
#include <string.h>

#define BIT(code)   ((uint32_t)1 << (code))
#define OUR_MODULE  "pam_accesspkg.so"
#define THE_OTHER   "other"
#define OUR_LINE    "account required pam_accesspkg.so package=NAME"
#define PLACED_WELL "above every include, and every sufficient or done"

struct judging {
    pamcheck_is_package *is_package;
    void *data;
    struct findings *findings;
    struct findings *guarded;
    const struct pamstack *stack;
    size_t ours;      /* the entry that is judged */
    uint32_t answers; /* what it answers, as bits */
};

static bool is_one_of(const struct pamstack_entry *entry, const char *const *modules, size_t count)
{
    const bool is_module =
        entry->kind == PAMSTACK_MODULE && entry->line->kind == PAMD_MODULE && entry->line->target;
    for (size_t i = 0; is_module && i < count; i++)
        if (strcmp(pamd_module(entry->line), modules[i]) == 0)
            return true;
    return false;
}

static bool is_ours(const struct pamstack_entry *entry)
{
    static const char *const ours[] = {OUR_MODULE};
    return is_one_of(entry, ours, 1);
}

/* Modules that are there to say whom the lines behind them concern: what they pass over is meant. */
static bool is_condition(const struct pamstack_entry *entry)
{
    static const char *const modules[] = {"pam_succeed_if.so", "pam_rootok.so", "pam_access.so",
                                          "pam_listfile.so"};
    return is_one_of(entry, modules, sizeof(modules) / sizeof(modules[0]));
}

/* A file that several services include has its line told of once. */
static void tell(const struct judging *judging, const struct pamstack_entry *entry, const char *what)
{
    char *text = NULL;
    if (asprintf(&text, "%s:%u: %s", entry->file->path, entry->line->number, what) < 0) {
        judging->findings->lost = true;
        return;
    }
    bool told = false;
    for (size_t i = 0; i < judging->findings->count; i++)
        told |= strcmp(judging->findings->items[i], text) == 0;
    if (!told)
        findings_add(judging->findings, "%s", text);
    free(text);
}

static bool refuses(const struct pamstack_entry *entry)
{
    return entry->kind == PAMSTACK_FAILS ||
           (entry->line->target && strcmp(pamd_module(entry->line), "pam_deny.so") == 0);
}

/* ---- what modules answer ------------------------------------------------------------------------------------------ */

/* Nobody knows what another module says. */
static uint32_t any_answer(const struct pamstack_entry *entry, void *data)
{
    const struct judging *judging = data;
    if (refuses(entry))
        return BIT(PAM_PERM_DENIED);
    if (entry == &judging->stack->entries[judging->ours])
        return judging->answers;
    return BIT(PAM_SUCCESS) | BIT(PAM_PERM_DENIED) | BIT(PAM_AUTH_ERR) | BIT(PAM_USER_UNKNOWN) |
           BIT(PAM_NEW_AUTHTOK_REQD) | BIT(PAM_IGNORE) | BIT(PAM_AUTHINFO_UNAVAIL);
}

/* Modules that let on whom they have nothing against, and so say yes to nobody. */
static bool has_no_say(const struct pamstack_entry *entry)
{
    static const char *const modules[] = {OUR_MODULE, "pam_nologin.so", "pam_warn.so"};
    return is_one_of(entry, modules, sizeof(modules) / sizeof(modules[0]));
}

/* Every other module lets in, and ours has no say. */
static int ignored_answer(const struct pamstack_entry *entry, void *data)
{
    (void)data;
    if (refuses(entry))
        return PAM_PERM_DENIED;
    return has_no_say(entry) ? PAM_IGNORE : PAM_SUCCESS;
}

/* ---- one line of ours ---------------------------------------------------------------------------------------------- */

static int explore(struct judging *judging, uint32_t answers, struct pamstack_outlook *ret)
{
    judging->answers = answers;
    const int r = pamstack_explore(judging->stack, judging->ours, any_answer, judging, ret);
    if (r == -E2BIG)
        tell(judging, &judging->stack->entries[judging->ours],
             "what becomes of this line cannot be told: there are too many ways through this phase");
    return r;
}

/* Whether somebody may be let in to whom the line gave one of these answers. */
static bool lets_in(struct judging *judging, uint32_t answers)
{
    struct pamstack_outlook outlook = {0};
    if (explore(judging, answers, &outlook) < 0)
        return false;
    free(outlook.skipped);
    return outlook.asked;
}

/* Whether nobody gets in whom it refuses. */
static bool judge_refusal(struct judging *judging)
{
    const struct pamstack_entry *const ours = &judging->stack->entries[judging->ours];
    if (lets_in(judging, BIT(PAM_PERM_DENIED) | BIT(PAM_AUTHINFO_UNAVAIL))) {
        tell(judging, ours,
             "this line guards nothing: whom it refuses gets in all the same. Write: " OUR_LINE
             ", " PLACED_WELL);
        return false;
    }
    if (lets_in(judging, BIT(PAM_MODULE_UNKNOWN)))
        tell(judging, ours,
             "this line lets everybody in where pam_accesspkg.so is missing. Write: " OUR_LINE);
    return true;
}

static void judge_place(struct judging *judging)
{
    const struct pamstack_entry *const ours = &judging->stack->entries[judging->ours];
    struct pamstack_outlook outlook = {0};
    if (explore(judging, BIT(PAM_PERM_DENIED), &outlook) < 0)
        return;
    for (size_t i = 0; outlook.unasked && i < judging->stack->n_entries; i++) {
        const struct pamstack_entry *by = &judging->stack->entries[i];
        char *what = NULL;
        if (!outlook.skipped[i] || is_condition(by))
            continue;
        if (asprintf(&what, "this line may not be asked: %s:%u can let in before. Write it " PLACED_WELL,
                     by->file->path, by->line->number) >= 0)
            tell(judging, ours, what);
        free(what);
        break;
    }
    free(outlook.skipped);
}

static void judge_exempt(struct judging *judging)
{
    if (pamstack_run(judging->stack, ignored_answer, NULL) != PAM_SUCCESS)
        tell(judging, &judging->stack->entries[judging->ours],
             "this line refuses root, and with mode=report everybody. Write: " OUR_LINE
             ", and keep another account module, such as pam_unix, below it");
}

static void tell_argument(const char *argument, const char *why, void *data)
{
    const struct judging *judging = data;
    char *what = NULL;
    if (asprintf(&what, "\"%s\" is ignored: %s", argument, why) >= 0)
        tell(judging, &judging->stack->entries[judging->ours], what);
    free(what);
}

/* Read as the module reads them. */
static struct gate_options judge_options(struct judging *judging)
{
    const struct pamd_line *line = judging->stack->entries[judging->ours].line;
    struct gate_options options;
    gate_options_parse((int)line->n_arguments, (const char **)line->arguments, &options, tell_argument,
                       judging);
    return options;
}

static void judge_packages(struct judging *judging, const struct gate_options *options)
{
    const struct pamstack_entry *const ours = &judging->stack->entries[judging->ours];
    if (options->n_packages == 0)
        tell(judging, ours, "this line names no package, and refuses everybody. Write: " OUR_LINE);
    for (size_t i = 0; judging->is_package && i < options->n_packages; i++) {
        char *what = NULL;
        if (judging->is_package(options->packages[i], judging->data))
            continue;
        if (asprintf(&what,
                     "package=%s: there is no such package, and nobody gets in by it; check its spelling",
                     options->packages[i]) >= 0)
            tell(judging, ours, what);
        free(what);
    }
}

/* ---- a service ------------------------------------------------------------------------------------------------------ */

/* Whether the account phase has a line of ours. */
static bool judge_account(struct judging *judging, const char *root, const char *service)
{
    struct pamstack stack = {0};
    struct findings stumbles = {0}; /* of lines that are not ours: their owners' business */
    bool wired = false;
    bool refuses = false;
    bool reports = true;
    if (pamstack_load(root, service, PAMD_ACCOUNT, &stumbles, &stack) == 0) {
        judging->stack = &stack;
        for (judging->ours = 0; judging->ours < stack.n_entries; judging->ours++) {
            if (!is_ours(&stack.entries[judging->ours]))
                continue;
            const struct gate_options options = judge_options(judging);
            wired = true;
            judge_packages(judging, &options);
            if (stack.uncertain || stack.given_up)
                continue;
            if (judge_refusal(judging)) {
                refuses = true;
                reports &= options.report;
            }
            judge_place(judging);
            judge_exempt(judging);
        }
        pamstack_deinit(&stack);
    }
    findings_deinit(&stumbles);
    if (refuses && judging->guarded)
        findings_add(judging->guarded, "%s%s", service, reports ? " (mode=report)" : "");
    return wired;
}

/* In the session's phase the module says what ends soon, whatever it is asked for. */
static void judge_session(struct judging *judging, const char *root, const char *service)
{
    struct pamstack stack = {0};
    struct findings stumbles = {0};
    if (pamstack_load(root, service, PAMD_SESSION, &stumbles, &stack) == 0) {
        judging->stack = &stack;
        for (judging->ours = 0; judging->ours < stack.n_entries; judging->ours++)
            if (is_ours(&stack.entries[judging->ours]))
                judge_options(judging);
        pamstack_deinit(&stack);
    }
    findings_deinit(&stumbles);
}

/* It has no say in the others. */
static void judge_phase(struct judging *judging, const char *root, const char *service, enum pamd_type phase)
{
    struct pamstack stack = {0};
    struct findings stumbles = {0};
    if (pamstack_load(root, service, phase, &stumbles, &stack) == 0) {
        for (size_t i = 0; i < stack.n_entries; i++)
            if (is_ours(&stack.entries[i]))
                tell(judging, &stack.entries[i],
                     "this line refuses everybody: pam_accesspkg.so judges in the account phase alone. "
                     "Write: " OUR_LINE);
        pamstack_deinit(&stack);
    }
    findings_deinit(&stumbles);
}

/* libpam asks it for services without a file, and for every service when it has no memory. */
static void judge_other(struct judging *judging, const char *root)
{
    struct pamstack stack = {0};
    struct findings stumbles = {0};
    if (pamstack_load(root, THE_OTHER, PAMD_ACCOUNT, &stumbles, &stack) == 0) {
        if (pamstack_run(&stack, ignored_answer, NULL) == PAM_SUCCESS)
            findings_add(
                judging->findings,
                "%s/etc/pam.d/other: it lets in without an access package where the file of a service is "
                "missing or cannot be read. Write there: account required pam_deny.so",
                root);
        pamstack_deinit(&stack);
    }
    findings_deinit(&stumbles);
}

/*
 * Not what an editor or dpkg left beside a file, nor what libpam never opens: it asks for names in small letters. Debian's
 * common-* are no services: their lines count where they are included.
 */
static int is_service(const struct dirent *entry)
{
    const char *name = entry->d_name;
    return *name != '.' && !strchr(name, '~') && !strstr(name, ".dpkg-") && !strstr(name, ".rpm") &&
           strcspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == strlen(name) && strcmp(name, THE_OTHER) != 0 &&
           strncmp(name, "common-", strlen("common-")) != 0;
}

int pamcheck(const char *root, pamcheck_is_package *is_package, void *data, struct findings *findings,
             struct findings *guarded)
{
    struct judging judging = {
        .is_package = is_package, .data = data, .findings = findings, .guarded = guarded};
    struct dirent **entries = NULL;
    char path[4096];
    bool wired = false;
    snprintf(path, sizeof(path), "%s/etc/pam.d", root);
    const int count = scandir(path, &entries, is_service, alphasort);
    if (count < 0)
        return -errno;
    for (int i = 0; i < count; i++) {
        const char *service = entries[i]->d_name;
        wired |= judge_account(&judging, root, service);
        judge_session(&judging, root, service);
        judge_phase(&judging, root, service, PAMD_AUTH);
        judge_phase(&judging, root, service, PAMD_PASSWORD);
        free(entries[i]);
    }
    free(entries);
    judging.guarded = NULL; /* the other one is no service */
    if (wired && !judge_account(&judging, root, THE_OTHER))
        judge_other(&judging, root);
    return 0;
}
