/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Answers the one question of the module: which groups a user's session gets beside those of the other NSS services.
 * `state` is the state folder: libnss_accesspkg.c passes PATH_STATE, a test its own. Otherwise as glibc expects of an
 * initgroups_dyn; errno is left as it was:
 *
 * SUCCESS   added the groups that the user holds now.
 * NOTFOUND  added nothing: the user holds nothing now, the file was written for another uid, or it cannot be trusted.
 *           *errnop is ENOENT.
 * UNAVAIL   added nothing, because the answer is unknown: no memory, no descriptors, or the user's look-up failed. A
 *           cache must not keep this.
 *
 * There is no getgrnam, getgrgid or getgrent on purpose. Programs that administer groups read the members with these
 * and write them back, which would turn a user who has a group for an hour into a permanent member.
 */
#pragma once

#include <grp.h>
#include <nss.h>

enum nss_status groups_initgroups(const char *state, const char *user, gid_t primary, long int *start,
                                  long int *size, gid_t **groups, long int limit, int *errnop);
