/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The schema of state.db: a list of steps, counted in PRAGMA user_version. A step that was released must never be
 * edited; a change is a new step. Called by store.c; main.c says which format is the newest.
 */
#pragma once

#include <sqlite3.h>

/* The newest format that this version knows, which it brings a store to. */
int schema_newest(void);

/* Takes the missing steps inside one transaction. The file's header says the new format from then on, for whoever reads
 * that without SQLite. 0; -EPROTO: written by a newer version, or damaged; -EIO (both logged). */
int schema_climb(sqlite3 *database);
