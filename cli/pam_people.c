/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/pam_people.h"

#include "cli/calls.h"
#include "cli/lock_parts.h"
#include "cli/pam_escape.h"
#include "common/cleanup.h"
#include "common/entrance.h"
#include "common/identity.h"
#include "common/strv.h"

#include <grp.h>
#include <pwd.h>
#include <string.h>

enum { PEOPLE_MAX = 32, GROUPS_MAX = 1024 };

struct check {
    struct invocation *invocation;
    const char *service;
    struct findings *missing, *notes;
    strv free, bound; /* people who get in without anybody's approval, and who do not */
};

/* ---- who gets in ------------------------------------------------------------------------------------------------ */

static int explain(struct invocation *invocation, const char *package, const char *user, json_t **ret,
                   struct client_error *ret_error)
{
    return calls_call(invocation, client_message("Explain", "ss", json_pack("[s, s]", package, user)),
                      JSON_OBJECT, ret, ret_error);
}

static bool is_exempt(const struct invocation *invocation, const char *user)
{
    const struct passwd *account = getpwnam(user);
    const struct group *group = invocation->exempt_group ? getgrnam(invocation->exempt_group) : NULL;
    gid_t gids[GROUPS_MAX];
    int count = GROUPS_MAX;

    if (!account)
        return false;
    if (account->pw_uid == 0)
        return true;
    if (!group || getgrouplist(user, account->pw_gid, gids, &count) < 0)
        return false;
    for (int i = 0; i < count; i++)
        if (gids[i] == group->gr_gid)
            return true;
    return false;
}

/* By a package of the line that needs no approval. */
static bool gets_in(struct invocation *invocation, const char *user)
{
    bool gets = is_exempt(invocation, user);
    for (size_t i = 0; i < invocation->n_packages && !gets; i++) {
        struct client_error error;
        json_t *explanation = NULL;
        if (explain(invocation, invocation->packages[i], user, &explanation, &error) == 0)
            gets = member_true(explanation, "may_request") && !member_true(explanation, "approval");
        json_decref(explanation);
    }
    return gets;
}

/* Looks at a person once. */
static bool is_free(struct check *check, const char *user)
{
    if (strv_contains(check->free, user) || strv_contains(check->bound, user))
        return strv_contains(check->free, user);
    const bool free = gets_in(check->invocation, user);
    if (strv_add(free ? &check->free : &check->bound, user) < 0)
        output_no_memory();
    return free;
}

/* ---- a package -------------------------------------------------------------------------------------------------- */

/* The people of a stage, at most PEOPLE_MAX. How many of them get in. */
static int64_t count_free(struct check *check, const json_t *stage, strv *ret_bound)
{
    static const char *const members[] = {"people", "fallback_people"};
    int64_t count = 0;
    size_t i, seen = 0;
    json_t *name;

    for (size_t m = 0; m < 2; m++)
        json_array_foreach(json_object_get(stage, members[m]), i, name)
        {
            const char *user = json_string_value(name);
            if (!user || seen++ >= PEOPLE_MAX)
                continue;
            if (is_free(check, user))
                count++;
            else if (strv_add(ret_bound, user) < 0)
                output_no_memory();
        }
    return count;
}

static void check_stage(struct check *check, const char *package, const json_t *stage)
{
    const char *reach = member_text(stage, "reach");
    strv bound = NULL;

    if (strcmp(reach, "approvers") != 0 && strcmp(reach, "fallback") != 0) {
        findings_add(
            check->missing, "%s: %s", package,
            strcmp(reach, "nobody") == 0
                ? member_text(stage, "why")
                : "who can approve is not known just now, for not all users and groups could be looked up");
        return;
    }
    if (!entrance_find(check->service)->login)
        return;
    const bool enough = count_free(check, stage, &bound) >= member_integer(stage, "quorum");
    _cleanup_free_ char *names = strv_join(bound, ", ");
    if (!enough)
        findings_add(
            check->missing,
            "%s: those who approve it (%s) would themselves need an approval to log in at %s. Add a package "
            "for them that needs none (README.md, \"Guard ssh: approvers first\"), or --exempt-group",
            package, names ? names : "", check->service);
    else if (strv_length(bound) > 0)
        findings_add(check->notes, "%s: %s may approve but cannot get in by %s without an approval%s",
                     package, names ? names : "", check->service,
                     strcmp(check->service, "cockpit") == 0
                         ? ", nor open the page there on which approvers decide: leave cockpit without it"
                         : "");
    strv_free(bound);
}

static void check_group(struct check *check, const char *package, const json_t *group)
{
    const char *name = member_text(group, "name");

    if (!member_true(group, "allowed"))
        findings_add(check->notes, "%s: its group %s cannot be given: %s", package, name,
                     member_text(group, "problem"));
    if (strcmp(check->service, "sshd") == 0 && pam_escape_sshd_names("allowgroups", name))
        findings_add(
            check->missing,
            "%s: sshd has AllowGroups %s, which the package gives: it refuses before the line is asked, and "
            "no request is ever filed. Take the group out there",
            package, name);
}

static void check_explained(struct check *check, const char *package, const json_t *explanation)
{
    size_t i;
    json_t *item;

    json_array_foreach(json_object_get(explanation, "groups"), i, item)
    {
        check_group(check, package, item);
    }
    json_array_foreach(json_object_get(explanation, "accounts"), i, item)
    {
        findings_add(check->notes, "%s: %s", package, json_string_value(item));
    }
    if (!member_true(explanation, "approval"))
        return;
    json_array_foreach(json_object_get(explanation, "stages"), i, item)
    {
        check_stage(check, package, item);
    }
}

static int check_package(struct check *check, const char *package)
{
    struct client_error error;
    json_t *explanation = NULL;

    if (explain(check->invocation, package, "", &explanation, &error) < 0) {
        const int code = calls_report(check->invocation, &error);
        if (error.code == BUS_ERROR_NO_SUCH_PACKAGE)
            output_message(
                check->invocation->program->name,
                "Nothing was changed. If its file in packages.d is new, first run: pkg-admin reload");
        return code;
    }
    check_explained(check, package, explanation);
    json_decref(explanation);
    return 0;
}

/* ---- whoever runs it -------------------------------------------------------------------------------------------- */

static void check_caller(struct check *check)
{
    const uid_t login = lock_own_login();
    if (login == UID_UNSET || login == 0)
        return;
    _cleanup_free_ char *name = lock_user_name(login);
    if (!is_free(check, name))
        findings_add(check->notes, "%s, as whom you logged in, passes %s only with an approval", name,
                     check->service);
}

int pam_people_check(struct invocation *invocation, const char *service, struct findings *missing,
                     struct findings *notes)
{
    struct check check = {invocation, service, missing, notes, NULL, NULL};
    int code = 0;

    for (size_t i = 0; i < invocation->n_packages && code == 0; i++)
        code = check_package(&check, invocation->packages[i]);
    if (code == 0)
        check_caller(&check);
    strv_free(check.free);
    strv_free(check.bound);
    return code;
}
