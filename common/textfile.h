/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A small text file of the host, read whole. Waits for nobody: what is no regular file (a FIFO, say) is not read. */
#pragma once

#include <stddef.h>

enum { TEXTFILE_MAX = 1 << 20 }; /* bytes; no file that we read this way is larger */

/* 0 and a new text, a zero behind its `*ret_size` bytes; else -errno: -EFBIG, -EINVAL for what is no file, ... */
int textfile_read(const char *path, char **ret_text, size_t *ret_size);
