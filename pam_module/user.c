/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See the header. Called by check.c and judge.c. */
#include "pam_module/user.h"

#include <errno.h>
#include <security/pam_modutil.h>
#include <stddef.h>
#include <string.h>

enum { BUFFER = 1024 }; /* ERANGE is an answer, too: the user exists */

/* libpam does not say why it found no user, so the same look-up is made again. Its result becomes ours. */
static int explain_absence(int error, const struct passwd *found)
{
    if (error == 0 && !found)
        return USER_E_NONE;
    return error > 0 && error != ERANGE ? -error : -EAGAIN;
}

/* Not libpam's look-up, which keeps each result under a name that it prints: a granted check would pay for that. */
int user_by_name(pam_handle_t *pamh, const char *name, struct user *ret)
{
    char buffer[BUFFER];
    struct passwd user, *found = NULL;
    const int error = getpwnam_r(name, &user, buffer, sizeof(buffer), &found);
    *ret = (struct user){0};
    if (!found && error != ERANGE)
        return explain_absence(error, found);
    if (found && strcmp(found->pw_name, name) == 0) {
        *ret = (struct user){name, found->pw_uid};
        return 0;
    }
    /* Another name, or a long entry: those have to be kept. */
    const struct passwd *kept = pam_modutil_getpwnam(pamh, name);
    if (!kept)
        return -EAGAIN;
    *ret = (struct user){kept->pw_name, kept->pw_uid};
    return 0;
}

int user_by_uid(pam_handle_t *pamh, uid_t uid, const struct passwd **ret)
{
    char buffer[BUFFER];
    struct passwd user, *found = NULL;
    *ret = pam_modutil_getpwuid(pamh, uid);
    return *ret ? 0 : explain_absence(getpwuid_r(uid, &user, buffer, sizeof(buffer), &found), found);
}
