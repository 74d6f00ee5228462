/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a person can do about a disk that took no more: in one sentence, which names the disk. */
#pragma once

#include <stdbool.h>

enum { DISK_ADVICE_MAX = 256 };

/* Whether -errno is one that a disk answers with: no room, over quota, an error of its own, mounted read-only. */
bool disk_blamed(int error);
/* The same without EIO, which is said of other faults, too: it takes no more, but what is there can be read. */
bool disk_is_shut(int error);
/* "The disk of /var/lib/accesspkg is full. Make room on it, see: df -h /var/lib/accesspkg". `path` is one of ours. */
const char *disk_advice(int error, const char *path, char ret[DISK_ADVICE_MAX]);
