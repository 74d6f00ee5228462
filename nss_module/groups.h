/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The three questions of the module, with the state folder as an argument so that a test can use one of its own;
 * libnss_accesspkg.c passes PATH_STATE, and nothing can change that at run time. They behave as glibc expects of
 * the functions of their name, and:
 *
 * SUCCESS   with what holds at this moment by the clock. errno is left as it was.
 * NOTFOUND  nobody holds the group (the user holds none) now, it is none of ours, or its files are not to be
 *           believed: then we add nothing, and an entry that `files` has stands, merged or not. *errnop is ENOENT.
 * TRYAGAIN  with ERANGE: the buffer is too small. Nothing else is answered so.
 * UNAVAIL   the process has run out of memory or descriptors: we cannot tell, so a cache must not remember it.
 *           `files` stands here too, for [UNAVAIL=continue] is the default.
 */
#pragma once

#include <grp.h>
#include <nss.h>

enum nss_status groups_initgroups(const char *state, const char *user, gid_t primary, long int *start,
                                  long int *size, gid_t **groups, long int limit, int *errnop);
enum nss_status groups_by_name(const char *state, const char *name, struct group *ret, char *buffer,
                               size_t size, int *errnop);
enum nss_status groups_by_gid(const char *state, gid_t gid, struct group *ret, char *buffer, size_t size,
                              int *errnop);
