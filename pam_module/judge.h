/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who is judged: in a set-uid program that a person started (su, sudo) that person, else PAM_USER. Never PAM_RUSER, which
 * is whatever the application says, nor the environment.
 */
#pragma once

#include <security/pam_modules.h>
#include <stdbool.h>
#include <sys/types.h>

struct judged {
    const char *name; /* belongs to the handle; not canonical yet, may be any text where it is PAM_USER */
    bool is_real;     /* the kernel named the user: whoever the name leads to must have this uid */
    uid_t uid;
};

/*
 * Whether a process with these ids runs a set-uid program on behalf of its real user. `secure` is the kernel's AT_SECURE,
 * set where exec changed the ids: a daemon that switches its uids by itself has such ids for a moment, too, and asks
 * about its PAM_USER.
 */
bool judge_is_set_uid(bool secure, uid_t real, uid_t effective);

/* `user_alone`: PAM_USER whatever the ids are, for set-uid programs that ask about others (judge=user). 0;
 * USER_E_NONE of user.h when there is nobody to judge; -errno when that could not be looked up. */
int judge_find(pam_handle_t *pamh, bool user_alone, struct judged *ret);
