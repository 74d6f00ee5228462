/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See the header. Must say CHECK_HOLDS for nothing but a file that grantdir_read_user trusts. */
#include "pam_module/check.h"

#include "common/grantdir.h"
#include "pam_module/user.h"

#include <string.h>

static const struct grant_package *find_held(const struct grant_user *file, const char *package, int64_t now)
{
    for (size_t i = 0; i < file->n_packages; i++)
        if (strcmp(file->packages[i].name, package) == 0 && grant_span_holds(&file->packages[i].span, now))
            return &file->packages[i];
    return NULL;
}

/* One name: its file, then its user. Whether the file is that user's; *ret_canonical is another name where theirs is. */
static bool read_name(pam_handle_t *pamh, const char *state, const char *name, int64_t now,
                      struct grant_user *ret_file, struct check *ret, const char **ret_canonical)
{
    struct grant_user file;
    const int r = grantdir_read_user(state, name, now, &file);
    const struct passwd *user;
    const int answer = user_by_name(pamh, name, &user);
    bool theirs = r == 0 && user && strcmp(user->pw_name, name) == 0;
    *ret = (struct check){0};
    if (answer < 0)
        *ret = (struct check){.outcome = CHECK_UNANSWERED, .error = -answer};
    *ret_canonical = user ? user->pw_name : name;
    if (user) {
        *ret = (struct check){.outcome = CHECK_NONE, .name = user->pw_name, .uid = user->pw_uid};
        ret->fault = r < 0 ? grantdir_fault(r) : NULL;
    }
    if (theirs && file.uid != user->pw_uid) {
        ret->fault = "the grant file was written for another uid";
        theirs = false;
    }
    if (theirs)
        *ret_file = file;
    else if (r == 0)
        grant_user_deinit(&file);
    return theirs;
}

/* Who is judged has another name, or is somebody else, than was found: nothing is known of them. */
static bool forget(bool has_file, struct grant_user *file, struct check *check)
{
    if (has_file)
        grant_user_deinit(file);
    *check = (struct check){0};
    return false;
}

bool check_file(pam_handle_t *pamh, const char *state, const struct judged *judged, int64_t now,
                struct grant_user *ret_file, struct check *ret)
{
    const char *canonical;
    bool has_file = read_name(pamh, state, judged->name, now, ret_file, ret, &canonical);
    if (strcmp(canonical, judged->name) != 0) {
        const char *again;
        has_file = read_name(pamh, state, canonical, now, ret_file, ret, &again);
        if (strcmp(again, canonical) != 0)
            has_file = forget(has_file, ret_file, ret);
    }
    if (judged->is_real && ret->outcome != CHECK_UNANSWERED && ret->uid != judged->uid)
        has_file = forget(has_file, ret_file, ret);
    return has_file;
}

void check_grant(pam_handle_t *pamh, const char *state, const struct judged *judged,
                 const struct gate_options *options, int64_t now, struct check *ret)
{
    struct grant_user file;
    if (!check_file(pamh, state, judged, now, &file, ret))
        return;
    const struct grant_package *held = NULL;
    for (size_t i = 0; i < options->n_packages && !held; i++)
        held = find_held(&file, options->packages[i], now);
    if (held) {
        ret->outcome = CHECK_HOLDS;
        ret->assignment = held->assignment;
    }
    grant_user_deinit(&file);
}
