/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The schema of state.db: a list of steps, counted in PRAGMA user_version. A step that was released must never be
 * edited; a change is a new step. Called by store.c only.
 */
#pragma once

#include <sqlite3.h>

/* Takes the missing steps inside one transaction. 0; -EPROTO: written by a newer version, or damaged; -EIO (both
 * logged). */
int schema_climb(sqlite3 *database);
