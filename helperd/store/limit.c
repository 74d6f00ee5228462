/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whether a user has filed too much. Each Submit asks, and counting takes the longer the more there is: so the store
 * remembers of those who filed lately what they have at most (struct filer).
 */
#include "helperd/store/request.h"
#include "helperd/store/sql.h"

static struct filer *filer_of(struct store *store, uid_t uid)
{
    struct filer *filer = &store->filers[uid % STORE_FILERS];
    if (filer->uid != uid)
        *filer = (struct filer){.uid = uid};
    return filer;
}

void sql_note_filed(struct store *store, uid_t uid)
{
    struct filer *filer = filer_of(store, uid);
    filer->open += filer->open > 0;
    filer->ever += filer->ever > 0 && filer->ever < INT64_MAX;
}

int store_find_too_many_open(struct store *store, uid_t uid, int64_t most, int64_t *ret)
{
    struct filer *filer = filer_of(store, uid);
    if (filer->open == 0 || filer->open >= most) {
        /* SQLite would go through all that the user ever filed. */
        const int r = FIND_NUMBER(
            store, &filer->open,
            "SELECT count(*) FROM request INDEXED BY request_open WHERE uid = ? AND " SQL_PENDING, "u", uid);
        if (r < 0)
            return r;
    }
    *ret = filer->open;
    return filer->open >= most ? 0 : STORE_E_NONE;
}

/* Beyond `most` it does not matter by how many. */
static int count_ever(struct store *store, uid_t uid, int64_t most, int64_t *ret)
{
    const int r = FIND_NUMBER(
        store, ret,
        "SELECT count(*) FROM (SELECT 1 FROM request INDEXED BY request_uid WHERE uid = ? LIMIT ?)", "ui",
        uid, most);
    if (r == 0 && *ret >= most)
        *ret = INT64_MAX;
    return r;
}

int store_find_filed_since(struct store *store, uid_t uid, int64_t since, int64_t now, int64_t most)
{
    struct filer *filer = filer_of(store, uid);
    const int r = filer->ever == 0 ? count_ever(store, uid, most, &filer->ever) : 0;
    if (r < 0)
        return r;
    if (filer->ever < most)
        return STORE_E_NONE;
    /* By their ids, of which the index has all: going through their times would read a row of the table for each. */
    return FIND_NUMBER(store, &(int64_t){0},
                       "SELECT 1 FROM (SELECT submitted FROM request INDEXED BY request_uid WHERE uid = ?"
                       " ORDER BY id DESC LIMIT 1 OFFSET ?) WHERE submitted > ? AND submitted <= ?",
                       "uiii", uid, most - 1, since, now);
}
