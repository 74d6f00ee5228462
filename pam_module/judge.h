/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who is judged: in a set-uid program (su, sudo) the real user, else PAM_USER. Never PAM_RUSER, which is whatever
 * the application says, nor the environment.
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

/* Whether a process with these ids runs a set-uid program on behalf of its real user. */
bool judge_is_set_uid(uid_t real, uid_t effective);

/* 0, or -ENOENT when there is no name to judge. */
int judge_find(pam_handle_t *pamh, struct judged *ret);
