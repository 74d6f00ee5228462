/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fills a file that is new and has no name yet that anybody reads; the caller renames it. */
#pragma once

#include <sys/stat.h>

/* Writes the text; gives the file the owner and mode of `like`, and of the file `attributes` (NULL: none) SELinux's label and
 * access lists. On stable storage when this returns 0; -errno. */
int newfile_fill(int fd, const char *text, const struct stat *like, const char *attributes);
