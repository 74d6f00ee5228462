/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads a small text file of the host. Never blocks: reads regular files only. */
#pragma once

#include <stddef.h>

enum { TEXTFILE_MAX = 1 << 20 }; /* bytes */

/* 0 with new memory: *ret_size bytes and a zero. -EFBIG above TEXTFILE_MAX; -EISDIR; -EINVAL for no regular file; other
 * -errno. */
int textfile_read(const char *path, char **ret_text, size_t *ret_size);
