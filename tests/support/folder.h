/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A folder of a test's own below the temporary folder, and files in it. Checks with Check's macros. */
#pragma once

#include <stddef.h>

enum { FOLDER_MAX = 64 };

/* Makes one that everybody may read; removes one with all that is in it. */
void folder_make(char ret_path[FOLDER_MAX]);
void folder_remove(const char *path);

/* Writes a file anew, which everybody may read. */
void folder_write(const char *path, const char *text);
void folder_write_bytes(const char *path, const char *bytes, size_t size);

/* A shell command there, which has to succeed. */
void folder_shell(const char *path, const char *format, ...) __attribute__((format(printf, 2, 3)));
