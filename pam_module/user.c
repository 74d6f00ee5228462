/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See the header. Called by check.c and judge.c. */
#include "pam_module/user.h"

#include <errno.h>
#include <security/pam_modutil.h>
#include <stddef.h>

enum { BUFFER = 1024 }; /* ERANGE is an answer, too: the user exists */

/* libpam does not say why it found no user, so the same look-up is made again. Its result becomes ours. */
static int explain_absence(int error, const struct passwd *found)
{
    if (error == 0 && !found)
        return USER_E_NONE;
    return error > 0 && error != ERANGE ? -error : -EAGAIN;
}

int user_by_name(pam_handle_t *pamh, const char *name, const struct passwd **ret)
{
    char buffer[BUFFER];
    struct passwd user, *found = NULL;
    *ret = pam_modutil_getpwnam(pamh, name);
    return *ret ? 0 : explain_absence(getpwnam_r(name, &user, buffer, sizeof(buffer), &found), found);
}

int user_by_uid(pam_handle_t *pamh, uid_t uid, const struct passwd **ret)
{
    char buffer[BUFFER];
    struct passwd user, *found = NULL;
    *ret = pam_modutil_getpwuid(pamh, uid);
    return *ret ? 0 : explain_absence(getpwuid_r(uid, &user, buffer, sizeof(buffer), &found), found);
}
