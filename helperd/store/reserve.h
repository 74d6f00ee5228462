/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The store's reserve, see reserve.c. Included by store/ only. */
#pragma once

#include <sqlite3.h>

/* Outside a transaction. See store_keep_reserve; nothing for a store in memory. */
int reserve_keep(sqlite3 *database);
/* Closes it; its log keeps its length. NULL: nothing. */
void reserve_close(sqlite3 *database);
