/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The one writer of the allow-list, and the check that comes before it. An allow-list is written whole or not at
 * all, and never from a configuration that has an error.
 */
#include "helperd/configure.h"

#include "common/cleanup.h"
#include "common/grantdir.h"
#include "common/paths.h"
#include "helperd/config.h"
#include "helperd/configure_chain.h"
#include "helperd/packages_allow.h"
#include "helperd/packages_kept.h"

#include <errno.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

static const struct configure_place host = {
    .config = PATH_CONFIG,
    .packages = PATH_PACKAGES,
    .state = PATH_STATE,
    .owner = 0,
    .lookup = &configure_lookup_host,
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

/* 0 or -errno; what is wrong with the configuration is in *problems only. *ret may stay NULL. */
static int check(const struct configure_place *place, struct packages **ret, struct problems *problems)
{
    struct config config;
    const int config_rc = config_load(place->config, place->owner, &config, problems);
    int rc = packages_load(place->packages, place->owner, ret, problems);
    if (rc == 0)
        rc = configure_chain_check(*ret, problems);
    if (rc == 0)
        rc = configure_names_check(*ret, place->lookup, problems);
    if (rc == 0 || rc == -EINVAL)
        rc = config_rc;
    return rc == -EINVAL || rc == -ENOENT ? 0 : rc;
}

static int exit_code(int rc, const struct problems *problems)
{
    if (rc < 0)
        return 1;
    return problems->errors > 0 ? EX_CONFIG : 0;
}

int configure_check_at(const struct configure_place *place, FILE *out)
{
    struct problems problems = {0};
    struct packages *packages = NULL;
    const int rc = check(place, &packages, &problems);
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

static bool is_listed(const struct allow_entry *entries, size_t count, gid_t gid)
{
    for (size_t i = 0; i < count; i++)
        if (entries[i].gid == gid)
            return true;
    return false;
}

/*
 * A group that does not exist loses its entry: its gid may be another group's by now. Where the directory does not
 * answer, what was allowed before stays, or a reload during an outage would take access from those who hold it.
 */
static size_t collect_entries(const struct configure_place *place, strv groups, const char **unanswered,
                              struct allow_entry *entries)
{
    size_t count = 0;
    size_t n_unanswered = 0;
    for (char *const *group = groups; *group; group++) {
        const int rc = ask(place, *group, &entries[count].gid);
        if (rc == 0)
            entries[count++].name = *group;
        else if (rc != -ENOENT)
            unanswered[n_unanswered++] = *group;
    }
    for (size_t i = 0; i < n_unanswered; i++) {
        gid_t gid = 0;
        if (grantdir_allowed_gid(place->state, unanswered[i], &gid) == 0 && !is_listed(entries, count, gid))
            entries[count++] = (struct allow_entry){.gid = gid, .name = unanswered[i]};
    }
    return count;
}

/* A group that does not exist, or has another gid by now, is held by nobody any more. */
static bool is_gone(const struct configure_place *place, const char *group, gid_t gid)
{
    gid_t now = 0;
    const int rc = ask(place, group, &now);
    return rc == -ENOENT || (rc == 0 && now != gid);
}

/* Adds to the entries those of the old list that somebody holds still. How many there are then. */
static size_t keep_entries(const struct configure_place *place, strv groups, strv old,
                           struct allow_entry *entries, size_t count, FILE *out)
{
    for (char *const *group = old; *group; group++) {
        struct packages_kept kept;
        char until[PACKAGES_UNTIL_MAX];
        if (strv_contains(groups, *group))
            continue;
        const int rc = packages_find_kept(place->state, *group, time(NULL), &kept);
        if (rc < 0 && rc != -ENOENT)
            fprintf(out,
                    "warning: the group %s, which no package gives any more, is taken off; who holds it "
                    "cannot be read: %s\n",
                    *group, grantdir_fault(rc));
        if (rc < 0 || is_listed(entries, count, kept.gid) || is_gone(place, *group, kept.gid))
            continue;
        entries[count++] = (struct allow_entry){.gid = kept.gid, .name = *group};
        fprintf(out,
                "kept: the group %s, which no package gives any more: %zu hold%s it, %s; `pkg-admin revoke` "
                "ends that\n",
                *group, kept.holders, kept.holders == 1 ? "s" : "", packages_until(kept.until, until));
    }
    return count;
}

static int write_groups(const struct configure_place *place, strv groups, strv old, FILE *out)
{
    const size_t wanted = strv_length(groups);
    _cleanup_free_ const char **unanswered = calloc(wanted + 1, sizeof(*unanswered));
    _cleanup_free_ struct allow_entry *entries = calloc(wanted + strv_length(old) + 1, sizeof(*entries));
    if (!unanswered || !entries)
        return -ENOMEM;
    const size_t count = collect_entries(place, groups, unanswered, entries);
    const size_t all = keep_entries(place, groups, old, entries, count, out);
    const int rc = grantdir_write_allow(place->state, entries, all);
    if (rc == 0)
        fprintf(out, "The allow-list has %zu of %zu group%s.\n", count, wanted, plural(wanted));
    return rc;
}

static int write_allow_list(const struct configure_place *place, const struct packages *packages, FILE *out)
{
    strv groups = packages_groups(packages);
    strv old = NULL;
    int rc = groups ? packages_allowed_groups(place->state, &old) : -ENOMEM;
    if (rc == -ENOENT) /* the first list */
        rc = (old = calloc(1, sizeof(*old))) ? 0 : -ENOMEM;
    if (rc == 0)
        rc = write_groups(place, groups, old, out);
    strv_free(groups);
    strv_free(old);
    if (rc < 0)
        fprintf(out,
                "error: the allow-list in %s could not be written: %s; groups may be missing from it until "
                "`pkg-admin reload` succeeds\n",
                place->state, strerrordesc_np(-rc));
    return rc;
}

int configure_write_allow_list_at(const struct configure_place *place, FILE *out)
{
    struct problems problems = {0};
    struct packages *packages = NULL;
    int rc = check(place, &packages, &problems);
    print_problems(&problems, out);
    if (rc == -ENOMEM)
        fputs("error: there is not enough memory for this; nothing was changed\n", out);
    if (rc == 0 && packages && problems.errors == 0)
        rc = write_allow_list(place, packages, out);
    print_summary(&problems, packages, out);
    const int code = exit_code(rc, &problems);
    packages_free(packages);
    problems_deinit(&problems);
    return code;
}

int configure_check(FILE *out)
{
    return configure_check_at(&host, out);
}

int configure_write_allow_list(FILE *out)
{
    if (geteuid() != 0) {
        fputs("error: only root may write the allow-list; run this with sudo, or as root\n", out);
        return EX_NOPERM;
    }
    return configure_write_allow_list_at(&host, out);
}
