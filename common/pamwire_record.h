/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is noted below PAMWIRE_FOLDER of the lines that we wrote. For pamwire.c. */
#pragma once

#include "common/pamwire.h"

#define RECORD_LINES  ".lines"
#define RECORD_BEFORE ".before"

/* The path of a service's file there; new memory, NULL: none. */
char *record_path(const char *root, const char *service, const char *which);

/* Both files, on stable storage: the one without our lines first. 0 or -errno. */
int record_write(const char *root, const struct pamwire *file, const char *lines);
