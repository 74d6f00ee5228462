/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The one question that the module answers: which groups a user's session gets beside those of the other services. The
 * state folder is an argument so that a test can use one of its own; libnss_accesspkg.c passes PATH_STATE, and nothing
 * can change that at run time. It behaves as glibc expects of an initgroups_dyn, and:
 *
 * SUCCESS   with what holds at this moment by the clock. errno is left as it was.
 * NOTFOUND  the user holds nothing now, is another one than the file was written for, or the file is not to be
 *           believed: nothing is added. *errnop is ENOENT.
 * UNAVAIL   the process has run out of memory or descriptors, or the user could not be looked up: we cannot tell, so
 *           nothing is added, and a cache must not remember it.
 *
 * There is no getgrnam, getgrgid or getgrent on purpose: programs that administer groups read a group through them and
 * write its members back, and so would make a member for good of everybody who has the group for an hour.
 */
#pragma once

#include <grp.h>
#include <nss.h>

enum nss_status groups_initgroups(const char *state, const char *user, gid_t primary, long int *start,
                                  long int *size, gid_t **groups, long int limit, int *errnop);
