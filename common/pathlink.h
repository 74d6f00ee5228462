/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Our folders and files are opened without following links, which the kernel then calls "Not a directory" or SQLite "unable
 * to open": finds the link, so that a message can name it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* The first part of the absolute path that is a symbolic link. False where there is none: *ret is "" then. */
bool path_find_link(const char *path, char *ret, size_t size);
