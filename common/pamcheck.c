/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * See the header. The phases are walked with what our module may answer, as libpam would; no list of patterns says what is
 * wrong. Reads only, and runs nothing of what it reads. Called by helperd/configure.c and cli/status.c.
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
#include <unistd.h>

#define BIT(code)   ((uint32_t)1 << (code))
#define OUR_MODULE  "pam_accesspkg.so"
#define THE_OTHER   "other"
#define OUR_LINE    "account required pam_accesspkg.so package=NAME"
#define PLACED_WELL "above every include, and every sufficient or done"
#define OF_HOST     "/etc/pam.d"
#define OF_PACKAGES "/usr/lib/pam.d" /* libpam looks here for what the host's own folder has not */

/* One program asks the second where an option of its own says so: who guards one of them has the other in mind. */
static const struct {
    const char *service, *other, *when;
} pairs[] = {{"sudo", "sudo-i", "sudo -i"}, {"su", "su-l", "su -l"}};
enum { N_PAIRS = sizeof(pairs) / sizeof(pairs[0]) };

struct judging {
    const char *root;
    const char *service;
    pamcheck_is_package *is_package;
    void *data;
    struct findings *findings;
    struct findings *guarded;
    const struct pamstack *stack;
    bool stumbles;    /* libpam does, over something else: that refuses everybody already */
    size_t ours;      /* the entry that is judged */
    uint32_t answers; /* what it answers, as bits */
    bool guards[N_PAIRS], guards_other[N_PAIRS];
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

/* Misspelt, or with the carriage return of another system behind it. */
static bool is_meant_for_ours(const struct pamstack_entry *entry)
{
    const struct pamd_line *line = entry->line;
    const char *module = pamd_module(line);
    const size_t length = strlen(module);
    if (entry->kind != PAMSTACK_MODULE || is_ours(entry))
        return false;
    for (size_t i = 0; i < line->n_arguments; i++)
        if (strncmp(line->arguments[i], "package=", strlen("package=")) == 0)
            return true;
    return strncmp(module, "pam_accesspkg", strlen("pam_accesspkg")) == 0 &&
           (length < 3 || strcmp(module + length - 3, ".so") != 0);
}

/* Modules that are there to say whom the lines behind them concern: what they pass over is meant. */
static bool is_condition(const struct pamstack_entry *entry)
{
    static const char *const modules[] = {"pam_succeed_if.so", "pam_rootok.so", "pam_access.so",
                                          "pam_listfile.so"};
    return is_one_of(entry, modules, sizeof(modules) / sizeof(modules[0]));
}

/* A file that several services include has its line told of once. */
static void tell_once(const struct judging *judging, const char *text)
{
    bool told = false;
    for (size_t i = 0; i < judging->findings->count; i++)
        told |= strcmp(judging->findings->items[i], text) == 0;
    if (!told)
        findings_add(judging->findings, "%s", text);
}

static void tell(const struct judging *judging, const struct pamstack_entry *entry, const char *what)
{
    char *text = NULL;
    if (asprintf(&text, "%s:%u: %s", entry->file->path, entry->line->number, what) < 0) {
        judging->findings->lost = true;
        return;
    }
    tell_once(judging, text);
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

/* The same, where conditions may concern whom we have no say about, or not. */
static uint32_t exempt_answer(const struct pamstack_entry *entry, void *data)
{
    return BIT(ignored_answer(entry, data)) | (is_condition(entry) ? BIT(PAM_AUTH_ERR) : 0);
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

/* Whether one of the jumps that this entry may take ends behind our line. */
static bool jumps_over(const struct judging *judging, size_t at)
{
    const struct pamstack_entry *entry = &judging->stack->entries[at];
    bool jumps = false;
    for (int code = 0; code < PAMD_CODES && entry->kind == PAMSTACK_MODULE; code++)
        jumps |= entry->line->actions[code] > 0 &&
                 pamstack_next(judging->stack, at, entry->line->actions[code]) > judging->ours;
    return jumps;
}

/* Conditions that step over our line, into where nobody gets in. */
static void judge_jumps(struct judging *judging, const unsigned char *skipped)
{
    for (size_t i = 0; i < judging->ours; i++)
        if (!skipped[i] && jumps_over(judging, i))
            tell(
                judging, &judging->stack->entries[i],
                "whom this lets step over the line of pam_accesspkg.so is refused all the same: it jumps too "
                "far. Write success=1, right above that line");
}

/* Lines that let in before ours is asked. */
static void judge_before(struct judging *judging, const unsigned char *skipped)
{
    for (size_t i = 0; i < judging->stack->n_entries; i++) {
        const struct pamstack_entry *by = &judging->stack->entries[i];
        char *what = NULL;
        if (!skipped[i] || is_condition(by))
            continue;
        if (asprintf(&what, "this line may not be asked: %s:%u can let in before. Write it " PLACED_WELL,
                     by->file->path, by->line->number) >= 0)
            tell(judging, &judging->stack->entries[judging->ours], what);
        free(what);
        return;
    }
}

/* Whether those get in whom we have no say about. */
static bool judge_exempt(struct judging *judging)
{
    struct pamstack_outlook outlook = {0};
    if (pamstack_explore(judging->stack, judging->stack->n_entries, exempt_answer, judging, &outlook) < 0)
        return false;
    free(outlook.skipped);
    if (outlook.asked || outlook.unasked)
        return true;
    if (judging->stumbles)
        return false;
    tell(judging, &judging->stack->entries[judging->ours],
         "this line refuses root, and with mode=report everybody. Write: " OUR_LINE
         ", and keep another account module, such as pam_unix, below it");
    return false;
}

/* Nobody is behind root's own su but its target, as where a script of the system becomes a service's user. */
static void judge_su(struct judging *judging, const unsigned char *skipped)
{
    for (size_t i = 0; i < judging->ours; i++)
        if (skipped[i] && is_condition(&judging->stack->entries[i]))
            return;
    tell(judging, &judging->stack->entries[judging->ours],
         "this line judges root's own su by its target, and so refuses scripts of the system. Write right "
         "above it: account [success=1 default=ignore] pam_rootok.so");
}

static void judge_place(struct judging *judging, const struct gate_options *options)
{
    struct pamstack_outlook outlook = {0};
    if (explore(judging, BIT(PAM_PERM_DENIED), &outlook) < 0)
        return;
    judge_before(judging, outlook.skipped);
    if (strcmp(judging->service, "su") == 0 && !options->enforce_for_root)
        judge_su(judging, outlook.skipped);
    if (judge_exempt(judging))
        judge_jumps(judging, outlook.skipped);
    free(outlook.skipped);
}

/* Where the line and its module are, whatever they do. */
static void judge_file(struct judging *judging)
{
    const struct pamstack_entry *const ours = &judging->stack->entries[judging->ours];
    const char *target = ours->line->target;
    const size_t prefix = strlen(judging->root);
    char path[4096];
    snprintf(path, sizeof(path), "%s%s", judging->root, target);
    if (*target == '/' && !strchr(target, '$') && access(path, F_OK) < 0 && errno == ENOENT)
        tell(judging, ours, "there is no module of this path, and so it refuses everybody. Write: " OUR_LINE);
    if (strncmp(ours->file->path + prefix, OF_PACKAGES "/", strlen(OF_PACKAGES "/")) == 0)
        tell(judging, ours,
             "the next upgrade overwrites this file. Copy it to " OF_HOST ", and write the line there");
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

static void note_guarded(struct judging *judging, const char *service, bool reports)
{
    for (size_t i = 0; i < N_PAIRS; i++) {
        judging->guards[i] |= strcmp(service, pairs[i].service) == 0;
        judging->guards_other[i] |= strcmp(service, pairs[i].other) == 0;
    }
    if (judging->guarded)
        findings_add(judging->guarded, "%s%s", service, reports ? " (mode=report)" : "");
}

static void judge_misspelt(struct judging *judging, const struct pamstack_entry *entry, const char *write)
{
    char *what = NULL;
    if (asprintf(&what, "this line is none of ours: its module is %s. Write: %s", pamd_module(entry->line),
                 write) >= 0)
        tell(judging, entry, what);
    free(what);
}

/* A line of ours. Whether it refuses whom it should. */
static bool judge_line(struct judging *judging, bool *reports)
{
    const struct gate_options options = judge_options(judging);
    judge_packages(judging, &options);
    judge_file(judging);
    if (judging->stack->uncertain || judging->stack->given_up)
        return false;
    const bool good = judge_refusal(judging);
    if (good)
        *reports &= options.report;
    judge_place(judging, &options);
    return good;
}

/* Whether the account phase has a line of ours. What libpam stumbles over elsewhere is its owner's business. */
static bool judge_account(struct judging *judging, const char *service)
{
    judging->service = service;
    struct pamstack stack = {0};
    struct findings stumbles = {0};
    bool wired = false, refuses = false, reports = true;
    if (pamstack_load(judging->root, service, PAMD_ACCOUNT, &stumbles, &stack) == 0) {
        judging->stack = &stack;
        judging->stumbles = stumbles.count > 0;
        for (judging->ours = 0; judging->ours < stack.n_entries; judging->ours++) {
            const struct pamstack_entry *entry = &stack.entries[judging->ours];
            const bool misspelt = is_meant_for_ours(entry);
            if (misspelt)
                judge_misspelt(judging, entry, OUR_LINE);
            else if (is_ours(entry))
                refuses |= judge_line(judging, &reports);
            wired |= misspelt || is_ours(entry);
        }
        pamstack_deinit(&stack);
    }
    for (size_t i = 0; wired && i < stumbles.count; i++)
        tell_once(judging, stumbles.items[i]);
    findings_deinit(&stumbles);
    if (refuses)
        note_guarded(judging, service, reports);
    return wired;
}

/* In the session's phase the module says what ends soon, whatever it is asked for. */
static void judge_session(struct judging *judging, const char *service)
{
    struct pamstack stack = {0};
    struct findings stumbles = {0};
    if (pamstack_load(judging->root, service, PAMD_SESSION, &stumbles, &stack) == 0) {
        judging->stack = &stack;
        for (judging->ours = 0; judging->ours < stack.n_entries; judging->ours++)
            if (is_ours(&stack.entries[judging->ours]))
                judge_options(judging);
            else if (is_meant_for_ours(&stack.entries[judging->ours]))
                judge_misspelt(judging, &stack.entries[judging->ours], "session optional " OUR_MODULE);
        pamstack_deinit(&stack);
    }
    findings_deinit(&stumbles);
}

/* It has no say in the others. */
static void judge_phase(struct judging *judging, const char *service, enum pamd_type phase)
{
    struct pamstack stack = {0};
    struct findings stumbles = {0};
    if (pamstack_load(judging->root, service, phase, &stumbles, &stack) == 0) {
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
static void judge_other(struct judging *judging)
{
    struct pamstack stack = {0};
    struct findings stumbles = {0};
    if (pamstack_load(judging->root, THE_OTHER, PAMD_ACCOUNT, &stumbles, &stack) == 0) {
        if (pamstack_run(&stack, ignored_answer, NULL) == PAM_SUCCESS)
            findings_add(
                judging->findings,
                "%s/etc/pam.d/other: it lets in without an access package where the file of a service is "
                "missing or cannot be read. Write there: account required pam_deny.so",
                judging->root);
        pamstack_deinit(&stack);
    }
    findings_deinit(&stumbles);
}

static void judge_pairs(struct judging *judging)
{
    char path[4096];
    for (size_t i = 0; i < N_PAIRS; i++) {
        snprintf(path, sizeof(path), "%s" OF_HOST "/%s", judging->root, pairs[i].other);
        if (judging->guards[i] && !judging->guards_other[i] && access(path, F_OK) == 0)
            findings_add(
                judging->findings,
                "%s: it does not ask for an access package, and %s does: whoever runs \"%s\" passes by "
                "that. Write the line of %s here, too",
                path, pairs[i].service, pairs[i].when, pairs[i].service);
    }
}

/*
 * Not what an editor, a package manager or a careful person left beside a file, nor what libpam never opens: it asks for
 * names in small letters. Debian's common-* are no services: their lines count where they are included.
 */
static int is_service(const struct dirent *entry)
{
    static const char *const copies[] = {"~",     ".dpkg-", ".ucf-", ".rpm",     ".bak",
                                         ".orig", ".old",   ".save", ".disabled"};
    const char *name = entry->d_name;
    bool is_copy = *name == '.' || *name == '#';
    for (size_t i = 0; i < sizeof(copies) / sizeof(copies[0]); i++)
        is_copy |= strstr(name, copies[i]) != NULL;
    return !is_copy && strcspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == strlen(name) &&
           strcmp(name, THE_OTHER) != 0 && strncmp(name, "common-", strlen("common-")) != 0;
}

/* Whether a service has a line of ours. */
static bool judge_service(struct judging *judging, const char *service)
{
    const bool wired = judge_account(judging, service);
    judge_session(judging, service);
    judge_phase(judging, service, PAMD_AUTH);
    judge_phase(judging, service, PAMD_PASSWORD);
    return wired;
}

/* The services of a folder, less those that `before` has: libpam looks there first. 0 or -errno. */
static int judge_folder(struct judging *judging, const char *folder, const char *before, bool *ret_wired)
{
    struct dirent **entries = NULL;
    char path[4096];
    snprintf(path, sizeof(path), "%s%s", judging->root, folder);
    const int count = scandir(path, &entries, is_service, alphasort);
    if (count < 0)
        return -errno;
    for (int i = 0; i < count; i++) {
        snprintf(path, sizeof(path), "%s%s/%s", judging->root, before ? before : "", entries[i]->d_name);
        if (!before || access(path, F_OK) < 0)
            *ret_wired |= judge_service(judging, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    return 0;
}

int pamcheck(const char *root, pamcheck_is_package *is_package, void *data, struct findings *findings,
             struct findings *guarded)
{
    struct judging judging = {
        .root = root, .is_package = is_package, .data = data, .findings = findings, .guarded = guarded};
    bool wired = false;
    const int r = judge_folder(&judging, OF_HOST, NULL, &wired);
    if (r < 0)
        return r;
    judge_folder(&judging, OF_PACKAGES, OF_HOST, &wired);
    judge_pairs(&judging);
    judging.guarded = NULL; /* the other one is no service */
    if (wired && !judge_account(&judging, THE_OTHER))
        judge_other(&judging);
    return 0;
}
