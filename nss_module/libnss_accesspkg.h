/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What libnss_accesspkg.so.2 exports: the one function that glibc looks for by name in a service "accesspkg". */
#pragma once

#include <grp.h>
#include <nss.h>

enum nss_status _nss_accesspkg_initgroups_dyn(const char *user, gid_t group, long int *start, long int *size,
                                              gid_t **groupsp, long int limit, int *errnop);
