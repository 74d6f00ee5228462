/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Looks up users. Keeps "no such user" apart from "no answer": a directory that is down must not make an existing user
 * look unknown.
 */
#pragma once

#include <pwd.h>
#include <security/pam_modules.h>

enum { USER_E_NONE = 1 }; /* every directory answered, and none has such a user */

/* 0 with *ret, which belongs to the handle. Otherwise *ret is NULL: USER_E_NONE, or -errno when there was no answer. */
int user_by_name(pam_handle_t *pamh, const char *name, const struct passwd **ret);
int user_by_uid(pam_handle_t *pamh, uid_t uid, const struct passwd **ret);
