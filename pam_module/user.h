/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Looks up users. Keeps "no such user" apart from "no answer": a directory that is down must not make an existing user
 * look unknown.
 */
#pragma once

#include <pwd.h>
#include <security/pam_modules.h>

enum { USER_E_NONE = 1 }; /* every directory answered, and none has such a user */

struct user {
    const char
        *name; /* canonical: the one asked for, or one that belongs to the handle; NULL: no user was found */
    uid_t uid;
};

/* 0 with *ret, whose entry belongs to the handle. Otherwise USER_E_NONE, or -errno when there was no answer. */
int user_by_name(pam_handle_t *pamh, const char *name, struct user *ret);
/* The same. *ret is NULL when there is none. */
int user_by_uid(pam_handle_t *pamh, uid_t uid, const struct passwd **ret);
