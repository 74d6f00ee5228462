/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table in memory in which triggers count what changes; figures.c answers from it. Included by files of store/ only. */
#pragma once

#include <sqlite3.h>

/* As a store is opened; in tally_count_live what is held is counted once, as a start does not wait for that. 0 or -EIO
 * (logged). */
int tally_begin(sqlite3 *database);
int tally_count_live(sqlite3 *database);
