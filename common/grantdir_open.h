/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Shared by the readers (grantdir.c) and writers (grantdir_write.c) of the contract on disk, and private to them: opens
 * its folders with the checks of MUST 1 and 2, and names its entries.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>
#include <unistd.h>

#define GRANTDIR_ALLOW_PREFIX "gid-"

enum { GRANTDIR_ALLOW_NAME_MAX = 16 }; /* "gid-4294967295" and its zero byte fit */

struct grantdir_folder {
    int fd; /* -1: none */
    uid_t owner;
};

static inline void cleanup_folder(struct grantdir_folder *folder)
{
    if (folder->fd >= 0)
        close(folder->fd);
}

#define _cleanup_folder_ __attribute__((cleanup(cleanup_folder)))

/* Opens a folder that has none of the `forbidden` mode bits. 0; -EPERM when it has; other -errno. */
int grantdir_open_folder(int at, const char *path, mode_t forbidden, struct grantdir_folder *ret);

/* Open allow/ and grants/user/ below the state folder. Results as above. */
int grantdir_open_allow(const char *state, struct grantdir_folder *ret);
int grantdir_open_users(const char *state, struct grantdir_folder *ret);

/* "gid-<gid>", the name of an entry of allow/. Returns ret. */
const char *grantdir_allow_name(gid_t gid, char ret[GRANTDIR_ALLOW_NAME_MAX]);
