/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See the header. May say CHECK_HOLDS only of a file that grantdir_read_user trusts. */
#include "pam_module/check.h"

#include "common/grantdir.h"
#include "pam_module/user.h"

#include <errno.h>
#include <string.h>

static const struct grant_package *find_current_package(const struct grant_user *file, const char *package,
                                                        int64_t now)
{
    for (size_t i = 0; i < file->n_packages; i++)
        if (strcmp(file->packages[i].name, package) == 0 && grant_span_holds(&file->packages[i].span, now))
            return &file->packages[i];
    return NULL;
}

/*
 * Reads the file of this name, then looks up its user. True when the file is that user's. *ret_canonical is the name in
 * the user's entry, which may be another one.
 */
static bool read_name(const struct check_context *context, const char *name, struct grant_user *ret_file,
                      struct check *ret, const char **ret_canonical)
{
    struct grant_user file;
    const int r = grantdir_read_user(context->state, name, context->now, &file);
    struct user user;
    const int answer = user_by_name(context->pamh, name, &user);
    bool theirs = r == 0 && user.name && strcmp(user.name, name) == 0;
    *ret = (struct check){0};
    if (answer < 0)
        *ret = (struct check){.outcome = CHECK_UNANSWERED, .error = -answer};
    *ret_canonical = user.name ? user.name : name;
    if (user.name) {
        *ret = (struct check){.outcome = CHECK_NONE, .name = user.name, .uid = user.uid};
        ret->fault = r < 0 ? grantdir_fault(r) : NULL;
        ret->locked = r == -EISDIR;
    }
    if (theirs && file.uid != user.uid) {
        ret->fault = "the grant file was written for another uid";
        theirs = false;
    }
    if (theirs)
        *ret_file = file;
    else if (r == 0)
        grant_user_deinit(&file);
    return theirs;
}

/* Drops what was read, because it belongs to another user than the judged one. */
static bool discard_file(bool has_file, struct grant_user *file, struct check *check)
{
    if (has_file)
        grant_user_deinit(file);
    *check = (struct check){0};
    return false;
}

bool check_read_file(const struct check_context *context, const struct judged *judged,
                     struct grant_user *ret_file, struct check *ret)
{
    const char *canonical;
    bool has_file = read_name(context, judged->name, ret_file, ret, &canonical);
    if (strcmp(canonical, judged->name) != 0) {
        const char *again;
        has_file = read_name(context, canonical, ret_file, ret, &again);
        if (strcmp(again, canonical) != 0)
            has_file = discard_file(has_file, ret_file, ret);
    }
    if (judged->is_real && ret->outcome != CHECK_UNANSWERED && ret->uid != judged->uid)
        has_file = discard_file(has_file, ret_file, ret);
    return has_file;
}

void check_grant(const struct check_context *context, const struct judged *judged,
                 const struct gate_options *options, struct check *ret)
{
    struct grant_user file;
    if (!check_read_file(context, judged, &file, ret))
        return;
    const struct grant_package *held = NULL;
    for (size_t i = 0; i < options->n_packages && !held; i++)
        held = find_current_package(&file, options->packages[i], context->now);
    if (held) {
        ret->outcome = CHECK_HOLDS;
        ret->use = (struct usage_subject){held->assignment, held->span.start};
    }
    grant_user_deinit(&file);
}

enum verdict check_verdict(const struct check *check, const struct gate_options *options)
{
    if (check->outcome == CHECK_UNANSWERED)
        return VERDICT_NO_DIRECTORY;
    if (check->outcome == CHECK_UNKNOWN_USER)
        return VERDICT_INVALID_USER;
    if (check->uid == 0 && !options->enforce_for_root)
        return VERDICT_EXEMPT;
    if (check->outcome == CHECK_HOLDS)
        return VERDICT_HELD;
    return check->locked ? VERDICT_LOCKED : VERDICT_NO_GRANT;
}
