/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The entry point that glibc calls: binds groups.c to the one state folder. Cancellation is off meanwhile, as a
 * cancelled thread would leave a descriptor open in its process.
 */
#include "nss_module/libnss_accesspkg.h"

#include "common/paths.h"
#include "nss_module/groups.h"

#include <pthread.h>

#define EXPORT __attribute__((visibility("default")))

static void restore_cancelling(const int *state)
{
    pthread_setcancelstate(*state, NULL);
}

#define NOT_CANCELLED                                                                                        \
    __attribute__((cleanup(restore_cancelling))) int cancelling = PTHREAD_CANCEL_ENABLE;                     \
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancelling)

EXPORT enum nss_status _nss_accesspkg_initgroups_dyn(const char *user, gid_t group, long int *start,
                                                     long int *size, gid_t **groupsp, long int limit,
                                                     int *errnop)
{
    NOT_CANCELLED;
    return groups_initgroups(PATH_STATE, user, group, start, size, groupsp, limit, errnop);
}
