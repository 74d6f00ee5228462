/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Finds the user to judge: the person who started a set-uid program (su, sudo), else PAM_USER. Never PAM_RUSER, which
 * the application can set to anything, nor the environment.
 */
#pragma once

#include <security/pam_modules.h>
#include <stdbool.h>
#include <sys/types.h>

struct judged {
    const char *name; /* belongs to the handle; not canonical yet; PAM_USER may be any text */
    bool is_real;     /* the real user of a set-uid program: the name must lead to this uid */
    uid_t uid;        /* 0 unless is_real */
};

/*
 * Says whether a process with these ids runs a set-uid program for its real user. `secure` is the kernel's AT_SECURE,
 * set when exec changed the ids. Without it, a daemon that switches its uids looks the same for a moment, though it
 * asks about its PAM_USER.
 */
bool judge_is_set_uid(bool secure, uid_t real, uid_t effective);

/* `pam_user`: judge PAM_USER even in a set-uid program (judge=user). 0; USER_E_NONE of user.h when there is no user to
 * judge; -errno when the look-up failed. */
int judge_find(pam_handle_t *pamh, bool pam_user, struct judged *ret);
