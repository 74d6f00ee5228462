/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/support/blank_store.h"

#include "helperd/store/sql.h"

static struct store *blank; /* never written to; NULL: it could not be made, and each store climbs */

/* Before main: Check runs each test in a process of its own, which inherits it. SQLite without locks and statistics takes
 * a seventh less; no suite has threads that use it. */
__attribute__((constructor)) static void make_blank(void)
{
    bool newborn = false;
    sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    (void)store_open(":memory:", &blank, &newborn);
}

/* SQLite calls this for each connection that it opens. */
static int copy_blank(sqlite3 *database, char **error, const struct sqlite3_api_routines *routines)
{
    (void)error, (void)routines;
    sqlite3_backup *backup = sqlite3_backup_init(database, "main", blank->database, "main");
    if (!backup)
        return sqlite3_errcode(database);
    sqlite3_backup_step(backup, -1);
    return sqlite3_backup_finish(backup);
}

int blank_store_open(struct store **ret, bool *ret_newborn)
{
    if (!blank)
        return store_open(":memory:", ret, ret_newborn);
    sqlite3_auto_extension((void (*)(void))copy_blank);
    const int r = store_open(":memory:", ret, ret_newborn);
    sqlite3_cancel_auto_extension((void (*)(void))copy_blank);
    return r;
}
