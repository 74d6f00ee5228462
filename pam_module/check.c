/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See the header. Must say CHECK_HOLDS for nothing but a file that grantdir_read_user trusts. */
#include "pam_module/check.h"

#include "common/grantdir.h"

#include <errno.h>
#include <security/pam_modutil.h>
#include <string.h>

static const struct {
    int error;
    const char *words;
} faults[] = {
    {ENOENT, NULL},
    {EPERM, "the grant file or its folder has the wrong owner, or others may write it"},
    {EBADMSG, "the grant file is malformed"},
    {ETIME, "the grant file was written in the future; is the clock right?"},
    {ELOOP, "the grant file or its folder is a symbolic link"},
    {ENOTDIR, "a folder of the grant files is none"},
    {ENAMETOOLONG, "the user's name is too long for a grant file"},
    {ENOMEM, "there was no memory to read the grant file"},
    {EMFILE, "no file could be opened to read the grant file"},
    {ENFILE, "no file could be opened to read the grant file"},
};

static const char *fault_words(int error)
{
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
        if (faults[i].error == -error)
            return faults[i].words;
    return "the grant file could not be read";
}

static bool holds_package(const struct grant_user *file, const char *package, int64_t now)
{
    for (size_t i = 0; i < file->n_packages; i++)
        if (strcmp(file->packages[i].name, package) == 0 && grant_span_holds(&file->packages[i].span, now))
            return true;
    return false;
}

static bool holds_any(const struct grant_user *file, const struct options *options, int64_t now)
{
    for (size_t i = 0; i < options->n_packages; i++)
        if (holds_package(file, options->packages[i], now))
            return true;
    return false;
}

/* What a trusted file says of the user that its name leads to now. */
static void weigh(const struct grant_user *file, const struct options *options, int64_t now,
                  struct check *check)
{
    if (file->uid != check->uid)
        check->fault = "the grant file was written for another uid";
    else if (holds_any(file, options, now))
        check->outcome = CHECK_HOLDS;
}

/* One name: its file, then its user. *ret_canonical is another name where the user's is another. */
static struct check check_name(pam_handle_t *pamh, const char *state, const char *name,
                               const struct options *options, int64_t now, const char **ret_canonical)
{
    struct check check = {0};
    struct grant_user file;
    const int r = grantdir_read_user(state, name, now, &file);
    const struct passwd *user = pam_modutil_getpwnam(pamh, name);
    *ret_canonical = user ? user->pw_name : name;
    if (user) {
        check = (struct check){.outcome = CHECK_NONE, .name = user->pw_name, .uid = user->pw_uid};
        if (r < 0)
            check.fault = fault_words(r);
        else if (strcmp(user->pw_name, name) == 0)
            weigh(&file, options, now, &check);
    }
    if (r == 0)
        grant_user_deinit(&file);
    return check;
}

void check_grant(pam_handle_t *pamh, const char *state, const struct judged *judged,
                 const struct options *options, int64_t now, struct check *ret)
{
    const char *canonical;
    struct check check = check_name(pamh, state, judged->name, options, now, &canonical);
    if (strcmp(canonical, judged->name) != 0) {
        const char *again;
        check = check_name(pamh, state, canonical, options, now, &again);
        if (strcmp(again, canonical) != 0)
            check = (struct check){0};
    }
    if (judged->is_real && check.uid != judged->uid)
        check = (struct check){0};
    *ret = check;
}
