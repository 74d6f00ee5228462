/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the readers (grantdir.c) and the writers (grantdir_write.c) of the contract on disk share, and nobody else
 * includes: opening its folders with the checks of MUST 1 and 2, and the names of its entries.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>
#include <unistd.h>

enum { GRANTDIR_ID_NAME_MAX = 16 }; /* "gid-4294967295" and its zero byte fit */

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

/* Below the state folder `state`: allow/, and grants/<kind>/. As above. */
int grantdir_open_allow(const char *state, struct grantdir_folder *ret);
int grantdir_open_grants(const char *state, const char *kind, struct grantdir_folder *ret);

/* "<prefix><id>"; the prefix has at most four characters. Returns ret. */
const char *grantdir_id_name(const char *prefix, uint32_t id, char ret[GRANTDIR_ID_NAME_MAX]);

/* Reads what grantdir_id_name("", gid) writes. 0, or -EBADMSG for any other text, gid 0 and gid -1. */
int grantdir_parse_gid(const char *text, gid_t *ret);
