/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One file of packages.d: its table of keys and every rule that a single package must keep. Only packages.c and
 * tests come here. */
#pragma once

#include "common/inifile.h"
#include "helperd/config/packages.h"

/* *ret (owned; package_deinit) is usable exactly when no error was added to the file's problems. 0 or -ENOMEM,
 * then *ret is untouched. */
int packages_file_check(struct inifile *file, const char *name, struct package *ret);

void package_deinit(struct package *package);
