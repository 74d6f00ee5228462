/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See the header. Called by pam_accesspkg.c, gate.c and session.c. */
#include "pam_module/judge.h"

#include "pam_module/user.h"

#include <sys/auxv.h>
#include <unistd.h>

bool judge_is_set_uid(bool secure, uid_t real, uid_t effective)
{
    return secure && effective == 0 && real != 0;
}

static int find_real_user(pam_handle_t *pamh, uid_t uid, struct judged *ret)
{
    const struct passwd *user;
    const int r = user_by_uid(pamh, uid, &user);
    if (r == 0)
        *ret = (struct judged){.name = user->pw_name, .is_real = true, .uid = uid};
    return r;
}

int judge_find(pam_handle_t *pamh, bool pam_user, struct judged *ret)
{
    const void *name = NULL;
    const bool secure = getauxval(AT_SECURE) != 0; /* no system call, and false in most programs */
    if (!pam_user && secure && judge_is_set_uid(secure, getuid(), geteuid()))
        return find_real_user(pamh, getuid(), ret);
    /* Not pam_get_user(): it would prompt, which an account phase should not. */
    if (pam_get_item(pamh, PAM_USER, &name) != PAM_SUCCESS || !name || !*(const char *)name)
        return USER_E_NONE;
    *ret = (struct judged){.name = name};
    return 0;
}
