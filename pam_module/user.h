/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Users, as the host's directories know them. Not answered is not absent: a directory that is away must not make
 * "there is no such user" of somebody.
 */
#pragma once

#include <pwd.h>
#include <security/pam_modules.h>

enum { USER_E_NONE = 1 }; /* every directory answered, and none knows such a user */

/* 0 with *ret, which belongs to the handle; else *ret is NULL: USER_E_NONE; -errno when it was not answered. */
int user_by_name(pam_handle_t *pamh, const char *name, const struct passwd **ret);
int user_by_uid(pam_handle_t *pamh, uid_t uid, const struct passwd **ret);
