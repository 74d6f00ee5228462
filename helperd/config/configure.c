/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Checks the configuration and writes the allow-list; no other file writes that. Must write it whole or not at all, and
 * never from a configuration with an error.
 */
#include "helperd/config/configure.h"

#include "common/cleanup.h"
#include "common/config.h"
#include "common/grantdir.h"
#include "common/inifile.h"
#include "common/names.h"
#include "common/nscd.h"
#include "common/nsswitch.h"
#include "common/pamcheck.h"
#include "common/pamwire.h"
#include "common/pathlink.h"
#include "common/paths.h"
#include "helperd/config/configure_chain.h"
#include "helperd/config/configure_gates.h"
#include "helperd/config/packages_allow.h"

#include <errno.h>
#include <limits.h>
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

/* "FOLDER/a.conf:2: error: ...", so that editors and build logs find the place. */
static void print_places(const struct configure_place *place, const struct problems *problems, FILE *out)
{
    char folder[4 * PATH_MAX];
    text_visible(place->packages, folder, sizeof(folder));
    for (size_t i = 0; i < problems->count; i++) {
        const char *text = problems->items[i].text;
        const char *kind = problems->items[i].error ? "error" : "warning";
        const char *colon = strstr(text, ": ");
        if (!colon) /* it is about all of them */
            fprintf(out, "%s: %s: %s\n", folder, kind, text);
        else if (strncmp(text, folder, strlen(folder)) == 0)
            fprintf(out, "%.*s: %s%s\n", (int)(colon - text), text, kind, colon);
        else
            fprintf(out, "%s/%.*s: %s%s\n", folder, (int)(colon - text), text, kind, colon);
    }
}

static void print_summary(const struct problems *problems, const struct packages *packages, FILE *out)
{
    const size_t warnings = problems->count > problems->errors ? problems->count - problems->errors : 0;
    if (packages && problems->errors == 0)
        fprintf(out, "%zu package%s, %zu warning%s\n", packages->count, plural(packages->count), warnings,
                plural(warnings));
    else
        fprintf(out, "%zu error%s, %zu warning%s; mend the errors, then run this again\n", problems->errors,
                plural(problems->errors), warnings, plural(warnings));
}

/* Checks the files without looking up names. 0 or -errno; -EINVAL and -ENOENT stand for errors in *problems. *ret
 * may stay NULL. *ret_files: membership = files. */
static int check_files(const struct configure_place *place, struct packages **ret, bool *ret_files,
                       struct problems *problems)
{
    struct config config;
    const int config_rc = place->config ? config_load(place->config, place->owner, &config, problems) : 0;
    *ret_files = place->config && config_rc == 0 && config.membership == CONFIG_MEMBERSHIP_FILES;
    const uid_t owner = place->apart ? INIFILE_ANY_OWNER : place->owner;
    const int rc = packages_load_draft(place->packages, owner, place->draft, ret, problems);
    return rc == 0 ? config_rc : rc;
}

static bool is_reported(int rc)
{
    return rc == -EINVAL || rc == -ENOENT;
}

/* Checks files and names. 0, also when *problems has errors; -errno when the check itself failed. */
static int check_configuration(const struct configure_place *place, struct packages **ret,
                               struct problems *problems)
{
    bool files = false;
    int rc = check_files(place, ret, &files, problems);
    if (*ret && (rc == 0 || is_reported(rc))) {
        struct packages_allowed allowed = {0};
        const bool readable = packages_read_allowed(place->state, &allowed) == 0;
        const int names_rc = place->lookup ? configure_names_check(*ret, files, readable ? &allowed : NULL,
                                                                   place->lookup, problems)
                                           : configure_chain_check(*ret, NULL, problems);
        packages_allowed_deinit(&allowed);
        rc = names_rc < 0 ? names_rc : rc;
    }
    return is_reported(rc) ? 0 : rc;
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

/* Checks nsswitch.conf, nscd and pam.d: do logins get our groups, do our lines guard? */
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
    pamwire_check(place->root, &findings);
    pamcheck(place->root, is_package, packages, &findings, NULL);
    configure_gates_check(place, packages, &findings);
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
    const int rc = check_configuration(place, &packages, &problems);
    check_host(place, packages, &problems);
    if (place->apart)
        print_places(place, &problems, out);
    else
        print_problems(&problems, out);
    if (rc == -ENOMEM)
        fputs("error: there is not enough memory for this; nothing was changed\n", out);
    print_summary(&problems, packages, out);
    const int code = place->apart ? rc < 0 || problems.errors > 0 : exit_code(rc, &problems);
    packages_free(packages);
    problems_deinit(&problems);
    return code;
}

static int look_up_gid(const struct configure_place *place, const char *group, gid_t *ret_gid)
{
    strv members = NULL;
    const int rc = place->lookup->group(group, place->lookup->data, ret_gid, &members);
    strv_free(members);
    return rc;
}

/* The new list. Its names are borrowed from `groups` and `now`, and `entries` has room for all of them. */
struct draft {
    const struct configure_place *place;
    FILE *out;
    strv groups; /* of all packages */
    struct packages_allowed now;
    struct allow_entry *entries;
    size_t count;
    strv absent, unknown; /* of the groups: not found, not looked up */
};

static bool draft_has(const struct draft *draft, gid_t gid)
{
    for (size_t i = 0; i < draft->count; i++)
        if (draft->entries[i].gid == gid)
            return true;
    return false;
}

static void draft_add(struct draft *draft, const struct allow_entry *entry)
{
    if (!draft_has(draft, entry->gid))
        draft->entries[draft->count++] = *entry;
}

/* 0; 78, with the errors on `out`, when the configuration has some; -errno. */
static int draft_init(struct draft *draft, const struct configure_place *place, FILE *out)
{
    struct problems problems = {0};
    struct packages *packages = NULL;
    bool files = false;
    *draft = (struct draft){.place = place, .out = out};
    int rc = check_files(place, &packages, &files, &problems);
    if (packages && (rc == 0 || is_reported(rc))) {
        const int chain_rc = configure_chain_check(packages, NULL, &problems);
        rc = chain_rc < 0 ? chain_rc : rc;
    }
    if (is_reported(rc) || problems.errors > 0) {
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

/* Writes the list if rc is 0, and releases the draft. Returns an exit code. */
static int draft_finish(struct draft *draft, int rc)
{
    if (rc == 0)
        rc = grantdir_write_allow(draft->place->state, draft->entries, draft->count);
    char link[PATH_MAX] = "";
    if (rc == -ENOTDIR)
        path_find_link(draft->place->state, link, sizeof(link));
    if (rc < 0)
        fprintf(draft->out,
                "error: the allow-list in %s could not be written: %s%s; groups may be missing from it until "
                "`pkg-admin reload` succeeds\n",
                draft->place->state, *link ? link : strerrordesc_np(-rc),
                *link ? " is a symbolic link, which nothing of ours follows: put the folder itself there"
                      : "");
    strv_free(draft->groups);
    strv_free(draft->absent);
    strv_free(draft->unknown);
    packages_allowed_deinit(&draft->now);
    free(draft->entries);
    return rc < 0 ? 1 : rc;
}

/* ---- the whole list ---- */

/* True when another group has the entry's gid now. */
static bool is_taken(const struct draft *draft, const struct allow_entry *entry)
{
    char *name = NULL;
    const int rc = draft->place->lookup->name_of(entry->gid, draft->place->lookup->data, &name);
    const bool taken = rc == 0 && strcmp(name, entry->name) != 0;
    free(name);
    return taken;
}

/*
 * A group that is not found keeps its entry, unless another group has its gid now. Otherwise a reload would end the
 * access of its holders during an outage, when a directory may answer as if it had no such group.
 */
static int draft_keep_unfound(struct draft *draft, const char *group, bool absent)
{
    const struct allow_entry *before = packages_allowed_group(&draft->now, group);
    if (before && !draft_has(draft, before->gid) && !(absent && is_taken(draft, before))) {
        draft_add(draft, before);
        fprintf(draft->out, "kept: the group %s, which %s just now\n", group,
                absent ? "is not found" : "could not be looked up");
    }
    return strv_add(absent ? &draft->absent : &draft->unknown, group);
}

/* Adds the groups that are found first: if two names have one gid, the found one counts. 0 or -ENOMEM. */
static int draft_add_named(struct draft *draft)
{
    int r = 0;
    int *codes = calloc(strv_length(draft->groups) + 1, sizeof(*codes));
    if (!codes)
        return -ENOMEM;
    for (size_t i = 0; draft->groups[i]; i++) {
        struct allow_entry entry = {.name = draft->groups[i]};
        codes[i] = look_up_gid(draft->place, entry.name, &entry.gid);
        if (codes[i] == 0)
            draft_add(draft, &entry);
    }
    for (size_t i = 0; r == 0 && draft->groups[i]; i++)
        if (codes[i] < 0)
            r = draft_keep_unfound(draft, draft->groups[i], codes[i] == -ENOENT);
    free(codes);
    return r;
}

/* Keeps entries of held groups. Not if name and gid belong to different groups now: then no user holds it. */
static void draft_add_held(struct draft *draft, const gid_t *held, size_t n_held)
{
    for (size_t i = 0; i < n_held; i++) {
        const struct allow_entry *before = packages_allowed_gid(&draft->now, held[i]);
        gid_t now = 0;
        const int rc = before ? look_up_gid(draft->place, before->name, &now) : 0;
        if (before && (rc == 0 ? now == held[i] : rc != -ENOENT || !is_taken(draft, before)))
            draft_add(draft, before);
    }
}

/* "3, all found"; "3, not found: web, could not be looked up: db". New memory; NULL: no memory. */
static char *draft_sum_up(const struct draft *draft)
{
    const size_t count = strv_length(draft->groups);
    _cleanup_free_ char *absent = strv_join(draft->absent, ", "), *unknown = strv_join(draft->unknown, ", ");
    const bool any_absent = strv_length(draft->absent) > 0, any_unknown = strv_length(draft->unknown) > 0;
    char *text = NULL;
    if (count == 0)
        return strdup("none");
    if (asprintf(&text, "%zu%s%s%s%s%s", count, any_absent || any_unknown ? "" : ", all found",
                 any_absent ? ", not found: " : "", any_absent && absent ? absent : "",
                 any_unknown ? ", could not be looked up: " : "", any_unknown && unknown ? unknown : "") < 0)
        return NULL;
    return text;
}

int configure_write_allow_list_at(const struct configure_place *place, const gid_t *held, size_t n_held,
                                  FILE *out)
{
    struct draft draft;
    int rc = draft_init(&draft, place, out);
    if (rc == 0)
        rc = draft_add_named(&draft);
    if (rc == 0)
        draft_add_held(&draft, held, n_held);
    _cleanup_free_ char *summary = rc == 0 ? draft_sum_up(&draft) : NULL;
    const int code = draft_finish(&draft, rc);
    if (code == 0)
        fprintf(out, "Groups that packages may give: %s.\n",
                summary ? summary : "not counted, for want of memory");
    return code;
}

/* ---- new entries only ---- */

/* For groups that have no entry only: a start must not wait for a directory that it does not need. */
static void draft_add_new(struct draft *draft, const char *group)
{
    struct allow_entry entry = {.name = group};
    const int rc = look_up_gid(draft->place, group, &entry.gid);
    if (rc == 0 && entry.gid != 0 && !draft_has(draft, entry.gid)) {
        draft_add(draft, &entry);
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
            draft_add(&draft, &draft.now.entries[i]);
        for (char *const *group = draft.groups; *group; group++)
            if (!packages_allowed_group(&draft.now, *group))
                draft_add_new(&draft, *group);
    }
    return draft_finish(&draft, rc);
}

/* ---- on this host ---- */

static int require_root(FILE *out)
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

int configure_check_draft(const char *package, FILE *out)
{
    struct configure_place place = host;
    place.draft = package;
    return configure_check_at(&place, out);
}

/* membership = files bounds the groups only where this host's names count. */
int configure_check_folder(const char *folder, bool look_up, FILE *out)
{
    const struct configure_place place = {
        .config = look_up ? PATH_CONFIG : NULL,
        .packages = folder,
        .state = PATH_STATE,
        .lookup = look_up ? &configure_lookup_host : NULL,
        .apart = true,
    };
    return configure_check_at(&place, out);
}

int configure_extend_allow_list(FILE *out)
{
    const int code = require_root(out);
    return code ? code : configure_extend_allow_list_at(&host, out);
}

int configure_write_allow_list(const gid_t *held, size_t n_held, FILE *out)
{
    const int code = require_root(out);
    return code ? code : configure_write_allow_list_at(&host, held, n_held, out);
}
