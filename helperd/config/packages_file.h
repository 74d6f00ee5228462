/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Checks one file of packages.d: its keys, and every rule for a single package. For packages.c and tests only. */
#pragma once

#include "common/inifile.h"
#include "helperd/config/packages.h"

/* 0 with *ret, to be released with package_deinit and usable only if no error was added to the file's problems;
 * -ENOMEM, with *ret untouched. */
int packages_file_check(struct inifile *file, const char *name, struct package *ret);

void package_deinit(struct package *package);
