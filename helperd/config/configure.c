/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The one writer of the allow-list, and the check that comes before it. An allow-list is written whole or not at
 * all, and never from a configuration that has an error.
 */
#include "helperd/config/configure.h"

#include "common/config.h"
#include "common/grantdir.h"
#include "common/names.h"
#include "common/nscd.h"
#include "common/nsswitch.h"
#include "common/pamcheck.h"
#include "common/paths.h"
#include "helperd/config/configure_chain.h"
#include "helperd/config/packages_allow.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

static const struct configure_place host = {
    .config = PATH_CONFIG,
    .packages = PATH_PACKAGES,
    .state = PATH_STATE,
    .owner = 0,
    .lookup = &configure_lookup_host,
    .root = "",
};

static const char *plural(size_t n)
{
    return n == 1 ? "" : "s";
}

static void print_problems(const struct problems *problems, FILE *out)
{
    for (size_t i = 0; i < problems->count; i++)
        fprintf(out, "%s: %s\n", problems->items[i].error ? "error" : "warning", problems->items[i].text);
}

static void print_summary(const struct problems *problems, const struct packages *packages, FILE *out)
{
    const size_t told = problems->count > problems->errors ? problems->count - problems->errors : 0;
    if (packages && problems->errors == 0)
        fprintf(out, "%zu package%s, %zu warning%s\n", packages->count, plural(packages->count), told,
                plural(told));
    else
        fprintf(out, "%zu error%s, %zu warning%s; mend the errors, then run this again\n", problems->errors,
                plural(problems->errors), told, plural(told));
}

/* What the files say by themselves. 0 or -errno; -EINVAL and -ENOENT stand for errors in *problems. *ret may stay NULL.
 * *ret_files: membership = files. */
static int check_files(const struct configure_place *place, struct packages **ret, bool *ret_files,
                       struct problems *problems)
{
    struct config config;
    const int config_rc = config_load(place->config, place->owner, &config, problems);
    *ret_files = config_rc == 0 && config.membership == CONFIG_MEMBERSHIP_FILES;
    int rc = packages_load(place->packages, place->owner, ret, problems);
    if (rc == 0)
        rc = configure_chain_check(*ret, problems);
    return rc == 0 ? config_rc : rc;
}

static bool is_told(int rc)
{
    return rc == -EINVAL || rc == -ENOENT;
}

/* The names in them, too. 0 or -errno; what is wrong with the configuration is in *problems only. */
static int check(const struct configure_place *place, struct packages **ret, struct problems *problems)
{
    bool files = false;
    int rc = check_files(place, ret, &files, problems);
    if (*ret && (rc == 0 || is_told(rc))) {
        struct packages_allowed allowed = {0};
        const bool readable = packages_read_allowed(place->state, &allowed) == 0;
        const int names_rc =
            configure_names_check(*ret, files, readable ? &allowed : NULL, place->lookup, problems);
        packages_allowed_deinit(&allowed);
        rc = names_rc < 0 ? names_rc : rc;
    }
    return is_told(rc) ? 0 : rc;
}

static int exit_code(int rc, const struct problems *problems)
{
    if (rc < 0)
        return 1;
    return problems->errors > 0 ? EX_CONFIG : 0;
}

static bool is_package(const char *name, void *data)
{
    return packages_find(data, name) != NULL;
}

/* What the host makes of us: whether logins get our groups, whether our lines in pam.d guard. */
static void check_host(const struct configure_place *place, struct packages *packages,
                       struct problems *problems)
{
    struct findings findings = {0};
    struct problems unsaid = {0};
    struct config config;
    char path[4096];
    if (!place->root || !packages)
        return;
    snprintf(path, sizeof(path), "%s/etc/nsswitch.conf", place->root);
    if (config_load(place->config, place->owner, &config, &unsaid) == 0 &&
        config.membership == CONFIG_MEMBERSHIP_NSS) {
        nsswitch_check(path, &findings);
        nscd_check(place->root, &findings);
    }
    pamcheck(place->root, is_package, packages, &findings, NULL);
    for (size_t i = 0; i < findings.count; i++) {
        char visible[2048];
        problems_add(problems, false, "%s", text_visible(findings.items[i], visible, sizeof(visible)));
    }
    findings_deinit(&findings);
    problems_deinit(&unsaid);
}

int configure_check_at(const struct configure_place *place, FILE *out)
{
    struct problems problems = {0};
    struct packages *packages = NULL;
    const int rc = check(place, &packages, &problems);
    check_host(place, packages, &problems);
    print_problems(&problems, out);
    if (rc == -ENOMEM)
        fputs("error: there is not enough memory for this; nothing was changed\n", out);
    print_summary(&problems, packages, out);
    const int code = exit_code(rc, &problems);
    packages_free(packages);
    problems_deinit(&problems);
    return code;
}

static int ask(const struct configure_place *place, const char *group, gid_t *ret_gid)
{
    strv members = NULL;
    const int rc = place->lookup->group(group, place->lookup->data, ret_gid, &members);
    strv_free(members);
    return rc;
}

/* The list to be: borrowed names, and room for all that may come. */
struct draft {
    const struct configure_place *place;
    FILE *out;
    strv groups; /* that packages name */
    struct packages_allowed now;
    struct allow_entry *entries;
    size_t count;
};

static bool is_listed(const struct draft *draft, gid_t gid)
{
    for (size_t i = 0; i < draft->count; i++)
        if (draft->entries[i].gid == gid)
            return true;
    return false;
}

static void list(struct draft *draft, const struct allow_entry *entry)
{
    if (!is_listed(draft, entry->gid))
        draft->entries[draft->count++] = *entry;
}

/* 0; 78 with words on `out` when packages.d has an error; -errno. */
static int draft_init(struct draft *draft, const struct configure_place *place, FILE *out)
{
    struct problems problems = {0};
    struct packages *packages = NULL;
    bool files = false;
    *draft = (struct draft){.place = place, .out = out};
    int rc = check_files(place, &packages, &files, &problems);
    if (is_told(rc) || problems.errors > 0) {
        print_problems(&problems, out);
        rc = EX_CONFIG;
    }
    if (rc == 0 && !(draft->groups = packages_groups(packages)))
        rc = -ENOMEM;
    if (rc == 0)
        rc = packages_read_allowed(place->state, &draft->now);
    if (rc == 0) {
        draft->entries = calloc(strv_length(draft->groups) + draft->now.count + 1, sizeof(*draft->entries));
        rc = draft->entries ? 0 : -ENOMEM;
    }
    packages_free(packages);
    problems_deinit(&problems);
    return rc;
}

/* Writes it when rc is 0. An exit code. */
static int draft_finish(struct draft *draft, int rc)
{
    if (rc == 0)
        rc = grantdir_write_allow(draft->place->state, draft->entries, draft->count);
    if (rc < 0)
        fprintf(draft->out,
                "error: the allow-list in %s could not be written: %s; groups may be missing from it until "
                "`pkg-admin reload` succeeds\n",
                draft->place->state, strerrordesc_np(-rc));
    strv_free(draft->groups);
    packages_allowed_deinit(&draft->now);
    free(draft->entries);
    return rc < 0 ? 1 : rc;
}

/* ---- whole ---- */

/* Whether another group has the number by now. */
static bool is_taken(const struct draft *draft, const struct allow_entry *entry)
{
    char *name = NULL;
    const int rc = draft->place->lookup->name_of(entry->gid, draft->place->lookup->data, &name);
    const bool taken = rc == 0 && strcmp(name, entry->name) != 0;
    free(name);
    return taken;
}

/*
 * A group that is not found keeps the entry that it had, or a reload during an outage would take access from those who
 * hold it: a directory that is away may look like one without the group. Unless its number is another group's by now.
 */
static bool list_unfound(struct draft *draft, const char *group, bool absent)
{
    const struct allow_entry *before = packages_allowed_group(&draft->now, group);
    if (!before || is_listed(draft, before->gid) || (absent && is_taken(draft, before)))
        return false;
    list(draft, before);
    fprintf(draft->out, "kept: the group %s, which %s just now\n", group,
            absent ? "is not found" : "could not be looked up");
    return true;
}

/* What is found comes first: of two groups with one number it is the one. 0 or -ENOMEM. */
static int list_named(struct draft *draft, size_t *ret_listed)
{
    size_t listed = 0;
    int *codes = calloc(strv_length(draft->groups) + 1, sizeof(*codes));
    if (!codes)
        return -ENOMEM;
    for (size_t i = 0; draft->groups[i]; i++) {
        struct allow_entry entry = {.name = draft->groups[i]};
        codes[i] = ask(draft->place, entry.name, &entry.gid);
        if (codes[i] == 0)
            list(draft, &entry);
        listed += codes[i] == 0;
    }
    for (size_t i = 0; draft->groups[i]; i++)
        listed += codes[i] < 0 && list_unfound(draft, draft->groups[i], codes[i] == -ENOENT);
    free(codes);
    *ret_listed = listed;
    return 0;
}

/* What somebody holds still, of what root allowed once. A group that has another number by now, or whose number is
 * another group's, nobody holds. */
static void list_held(struct draft *draft, const gid_t *held, size_t n_held)
{
    for (size_t i = 0; i < n_held; i++) {
        const struct allow_entry *before = packages_allowed_gid(&draft->now, held[i]);
        gid_t now = 0;
        const int rc = before ? ask(draft->place, before->name, &now) : 0;
        if (before && (rc == 0 ? now == held[i] : rc != -ENOENT || !is_taken(draft, before)))
            list(draft, before);
    }
}

int configure_write_allow_list_at(const struct configure_place *place, const gid_t *held, size_t n_held,
                                  FILE *out)
{
    struct draft draft;
    size_t named = 0;
    int rc = draft_init(&draft, place, out);
    if (rc == 0)
        rc = list_named(&draft, &named);
    if (rc == 0)
        list_held(&draft, held, n_held);
    const size_t wanted = draft.groups ? strv_length(draft.groups) : 0;
    const int code = draft_finish(&draft, rc);
    if (code == 0)
        fprintf(out, "The allow-list has %zu of %zu group%s.\n", named, wanted, plural(wanted));
    return code;
}

/* ---- more alone ---- */

/* A group that is on the list is not looked up: a start must not wait for a directory that it does not need. */
static void list_missing(struct draft *draft, const char *group)
{
    struct allow_entry entry = {.name = group};
    const int rc = ask(draft->place, group, &entry.gid);
    if (rc == 0 && entry.gid != 0 && !is_listed(draft, entry.gid)) {
        list(draft, &entry);
        fprintf(draft->out, "The group %s (gid %u) is on the allow-list now.\n", group, entry.gid);
        return;
    }
    fprintf(draft->out,
            "warning: the group %s is not put on the allow-list: %s; `pkg-admin reload` tries again\n", group,
            rc == -ENOENT    ? "there is no such group on this host"
            : rc < 0         ? "it could not be looked up"
            : entry.gid == 0 ? "its gid is 0, which no package may give"
                             : "its gid is on the list by another name");
}

int configure_extend_allow_list_at(const struct configure_place *place, FILE *out)
{
    struct draft draft;
    const int rc = draft_init(&draft, place, out);
    if (rc == 0) {
        for (size_t i = 0; i < draft.now.count; i++)
            list(&draft, &draft.now.entries[i]);
        for (char *const *group = draft.groups; *group; group++)
            if (!packages_allowed_group(&draft.now, *group))
                list_missing(&draft, *group);
    }
    return draft_finish(&draft, rc);
}

/* ---- on this host ---- */

static int refuse_unless_root(FILE *out)
{
    if (geteuid() == 0)
        return 0;
    fputs("error: only root may write the allow-list; run this with sudo, or as root\n", out);
    return EX_NOPERM;
}

int configure_check(FILE *out)
{
    return configure_check_at(&host, out);
}

int configure_extend_allow_list(FILE *out)
{
    const int code = refuse_unless_root(out);
    return code ? code : configure_extend_allow_list_at(&host, out);
}

int configure_write_allow_list(const gid_t *held, size_t n_held, FILE *out)
{
    const int code = refuse_unless_root(out);
    return code ? code : configure_write_allow_list_at(&host, held, n_held, out);
}
