/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * See the header. Walks each phase as libpam would, with every answer that our module may give, rather than compare
 * lines with patterns. Only reads; runs no module. Called by helperd/config/configure.c and cli/status.c.
 */
#include "common/pamcheck.h"

#include "common/pamcheck_line.h"

#include <dirent.h>
#include <errno.h>
#include <security/_pam_types.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define THE_OTHER "other"

/* Programs that use another service with an option: an administrator who guards one usually means both. */
static const struct {
    const char *service, *other, *when;
} pairs[] = {{"sudo", "sudo-i", "sudo -i"}, {"su", "su-l", "su -l"}};

/* ---- a service -------------------------------------------------------------------------------------------------- */

/* True when the account phase has a line of ours; only then reports libpam's errors. */
static bool judge_account(struct pamcheck_judging *judging, const char *service)
{
    judging->service = service;
    struct pamstack stack = {0};
    struct findings stumbles = {0};
    bool wired = false, refuses = false, reports = true;
    if (pamstack_load_at(judging->at, service, PAMD_ACCOUNT, &stumbles, &stack) == 0) {
        judging->stack = &stack;
        judging->stumbles = stumbles.count > 0;
        for (judging->ours = 0; judging->ours < stack.n_entries; judging->ours++) {
            const struct pamstack_entry *entry = &stack.entries[judging->ours];
            const bool misspelt = pamcheck_is_misspelt(entry);
            if (misspelt)
                pamcheck_tell_misspelt(judging, entry, PAMCHECK_LINE);
            else if (pamcheck_is_ours(entry))
                refuses |= pamcheck_line(judging, &reports);
            wired |= misspelt || pamcheck_is_ours(entry);
        }
        pamstack_deinit(&stack);
    }
    for (size_t i = 0; wired && i < stumbles.count; i++)
        pamcheck_tell_once(judging, stumbles.items[i]);
    findings_deinit(&stumbles);
    if (refuses && judging->guarded)
        findings_add(judging->guarded, "%s%s", service, reports ? " (mode=report)" : "");
    return wired;
}

/* The session phase refuses no one, so only the options are checked. */
static void judge_session(struct pamcheck_judging *judging, const char *service)
{
    struct pamstack stack = {0};
    struct findings stumbles = {0};
    if (pamstack_load_at(judging->at, service, PAMD_SESSION, &stumbles, &stack) == 0) {
        judging->stack = &stack;
        for (judging->ours = 0; judging->ours < stack.n_entries; judging->ours++)
            if (pamcheck_is_ours(&stack.entries[judging->ours]))
                pamcheck_options(judging);
            else if (pamcheck_is_misspelt(&stack.entries[judging->ours]))
                pamcheck_tell_misspelt(judging, &stack.entries[judging->ours],
                                       "session optional " PAMCHECK_MODULE);
        pamstack_deinit(&stack);
    }
    findings_deinit(&stumbles);
}

/* Our module belongs in no other phase. */
static void judge_phase(struct pamcheck_judging *judging, const char *service, enum pamd_type phase)
{
    struct pamstack stack = {0};
    struct findings stumbles = {0};
    if (pamstack_load_at(judging->at, service, phase, &stumbles, &stack) == 0) {
        for (size_t i = 0; i < stack.n_entries; i++)
            if (pamcheck_is_ours(&stack.entries[i]))
                pamcheck_tell(
                    judging, &stack.entries[i],
                    "this line refuses everybody: pam_accesspkg.so judges in the account phase alone. "
                    "Write: " PAMCHECK_LINE);
        pamstack_deinit(&stack);
    }
    findings_deinit(&stumbles);
}

/* libpam uses the service "other" for services without a file, and for every service when memory is short. */
static void judge_other(struct pamcheck_judging *judging)
{
    struct pamstack stack = {0};
    struct findings stumbles = {0};
    if (pamstack_load_at(judging->at, THE_OTHER, PAMD_ACCOUNT, &stumbles, &stack) == 0) {
        if (pamstack_run(&stack, pamcheck_ignored_answer, NULL) == PAM_SUCCESS)
            findings_add(
                judging->findings,
                "%s/etc/pam.d/other: it lets in without an access package where the file of a service is "
                "missing or cannot be read. Write there: account required pam_deny.so",
                judging->root);
        pamstack_deinit(&stack);
    }
    findings_deinit(&stumbles);
}

static bool is_guarded(const struct pamcheck_judging *judging, const char *service)
{
    const size_t length = strlen(service);
    for (size_t i = 0; i < judging->guarded->count; i++) {
        const char *item = judging->guarded->items[i];
        if (strncmp(item, service, length) == 0 && (item[length] == '\0' || item[length] == ' '))
            return true;
    }
    return false;
}

static void judge_pairs(struct pamcheck_judging *judging)
{
    char path[4096];
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        snprintf(path, sizeof(path), "%s" PAMCHECK_HOST "/%s", judging->root, pairs[i].other);
        if (is_guarded(judging, pairs[i].service) && !is_guarded(judging, pairs[i].other) &&
            access(path, F_OK) == 0)
            findings_add(
                judging->findings,
                "%s: it does not ask for an access package, and %s does: whoever runs \"%s\" passes by "
                "that. Write the line of %s here, too",
                path, pairs[i].service, pairs[i].when, pairs[i].service);
    }
}

/*
 * Skips copies by editors, package managers and people, and names with capitals, which libpam never opens. Debian's
 * common-* are no services: their lines count where they are included.
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

/* True when the service has a line of ours. */
static bool judge_service(struct pamcheck_judging *judging, const char *service)
{
    const bool wired = judge_account(judging, service);
    judge_session(judging, service);
    judge_phase(judging, service, PAMD_AUTH);
    judge_phase(judging, service, PAMD_PASSWORD);
    return wired;
}

struct judging_all {
    struct pamcheck_judging judging;
    bool wired;
};

static void judge_each(const char *service, void *data)
{
    struct judging_all *all = data;
    all->wired |= judge_service(&all->judging, service);
}

int pamcheck(const char *root, pamcheck_is_package *is_package, void *data, struct findings *findings,
             struct findings *guarded)
{
    struct findings own = {0};
    const struct pamstack_place at = {.root = root};
    struct judging_all all = {.judging = {.root = root,
                                          .at = &at,
                                          .is_package = is_package,
                                          .data = data,
                                          .findings = findings,
                                          .guarded = guarded ? guarded : &own}};
    const int r = pamcheck_each_service(root, judge_each, &all);
    if (r < 0)
        return r;
    judge_pairs(&all.judging);
    findings_deinit(&own);
    all.judging.guarded = NULL; /* "other" is no service */
    if (all.wired && !judge_account(&all.judging, THE_OTHER))
        judge_other(&all.judging);
    return 0;
}

bool pamcheck_service(const struct pamstack_place *place, const char *service, struct findings *findings,
                      bool *ret_guarded)
{
    struct findings guarded = {0};
    struct pamcheck_judging judging = {
        .root = place->root, .at = place, .findings = findings, .guarded = &guarded};
    const bool wired = judge_account(&judging, service);
    *ret_guarded = guarded.count > 0;
    findings_deinit(&guarded);
    return wired;
}

int pamcheck_each_service(const char *root, pamcheck_visit *visit, void *data)
{
    static const char *const folders[] = {PAMCHECK_HOST, PAMCHECK_PACKAGES};
    for (size_t i = 0; i < 2; i++) {
        struct dirent **entries = NULL;
        char path[4096];
        snprintf(path, sizeof(path), "%s%s", root, folders[i]);
        const int count = scandir(path, &entries, is_service, alphasort);
        if (count < 0 && i == 0)
            return -errno;
        for (int j = 0; j < count; j++) {
            snprintf(path, sizeof(path), "%s" PAMCHECK_HOST "/%s", root, entries[j]->d_name);
            if (i == 0 || access(path, F_OK) < 0)
                visit(entries[j]->d_name, data);
            free(entries[j]);
        }
        free(entries);
    }
    return 0;
}
