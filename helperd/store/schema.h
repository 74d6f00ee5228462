/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The shape of state.db: a ladder of steps on PRAGMA user_version. A step, once released, is never edited; a
 * change is a new step. Only store.c calls this.
 */
#pragma once

#include <sqlite3.h>

/* Climbs to the newest step inside one transaction. 0; -EPROTO when it was written by a newer version; -EIO (logged)
 * otherwise. */
int schema_climb(sqlite3 *database);
