/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A service of nsswitch.conf that answers what NSS_DOWN says, and knows nobody's groups. */
#include <errno.h>
#include <nss.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

enum nss_status _nss_down_initgroups_dyn(const char *user, gid_t group, long *start, long *size,
                                         gid_t **groups, long limit, int *error);

enum nss_status _nss_down_initgroups_dyn(const char *user, gid_t group, long *start, long *size,
                                         gid_t **groups, long limit, int *error)
{
    const char *answer = getenv("NSS_DOWN");
    (void)user, (void)group, (void)start, (void)size, (void)groups, (void)limit;
    *error = EAGAIN;
    if (answer && strcmp(answer, "TRYAGAIN") == 0)
        return NSS_STATUS_TRYAGAIN;
    return answer && strcmp(answer, "UNAVAIL") == 0 ? NSS_STATUS_UNAVAIL : NSS_STATUS_NOTFOUND;
}
