/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The store's delegations. */
#include "helperd/store/locked.h"
#include "helperd/store/sql.h"

#include <stdlib.h>

void delegation_deinit(struct delegation *delegation)
{
    free(delegation->user);
    free(delegation->delegate);
    free(delegation->reason);
    *delegation = (struct delegation){0};
}

#define DELEGATION_COLUMNS(F, N, S)                                                                          \
    F(S, NUMBER, id, id)                                                                                     \
    N(S, TEXT, user, user)                                                                                   \
    N(S, UID, uid, identity.uid)                                                                             \
    N(S, UID, loginuid, identity.loginuid)                                                                   \
    N(S, TEXT, delegate, delegate)                                                                           \
    N(S, UID, delegate_uid, delegate_uid)                                                                    \
    N(S, TEXT, reason, reason)                                                                               \
    N(S, NUMBER, since, since)                                                                               \
    N(S, NUMBER, until, until)                                                                               \
    N(S, BOOLEAN, local, local)                                                                              \
    N(S, BOOLEAN, delegate_local, delegate_local)
#define SELECT_DELEGATION "SELECT " SQL_NAMES(DELEGATION_COLUMNS) " FROM delegation"
static SQL_ROWS(delegations, struct delegation, DELEGATION_COLUMNS);

void store_free_delegations(struct delegation *array, size_t count)
{
    sql_free_all(&delegations, array, count);
}

int store_add_delegation(struct store *store, struct delegation *delegation)
{
    const int r = sql_write(store,
                            "INSERT INTO delegation (" SQL_NAMES(
                                DELEGATION_COLUMNS) ", revoked) VALUES (" SQL_NEW(DELEGATION_COLUMNS) ", 0)",
                            &delegations, delegation);
    if (r == 0)
        delegation->id = sqlite3_last_insert_rowid(store->database);
    return r;
}

int store_revoke_delegation(struct store *store, int64_t id, int64_t now)
{
    return sql_run(store, "UPDATE delegation SET revoked = ? WHERE id = ?", "ii", now, id);
}

int store_end_delegations(struct store *store, int64_t ended)
{
    return sql_run(store, "UPDATE delegation SET revoked = until WHERE revoked = 0 AND until <= ?", "i",
                   ended);
}

/* Ordered by their ends, as the indexes are. */
static sqlite3_stmt *take_delegations(struct store *store, enum store_delegations which, uid_t uid,
                                      int64_t now)
{
    switch (which) {
    case STORE_DELEGATIONS_GIVEN:
        return sql_take(store,
                        SELECT_DELEGATION " WHERE uid = ? AND revoked = 0 AND until > ? ORDER BY until", "ui",
                        uid, now);
    case STORE_DELEGATIONS_RECEIVED:
        return sql_take(
            store, SELECT_DELEGATION " WHERE delegate_uid = ? AND revoked = 0 AND until > ? ORDER BY until",
            "ui", uid, now);
    case STORE_DELEGATIONS_ALL:
        return sql_take(store, SELECT_DELEGATION " WHERE revoked = 0 AND until > ? ORDER BY until", "i", now);
    }
    return NULL;
}

int store_get_delegations(struct store *store, enum store_delegations which, uid_t uid, int64_t now,
                          struct delegation **ret, size_t *ret_count)
{
    return sql_read_all(store, take_delegations(store, which, uid, now), &delegations, ret, ret_count);
}

int store_find_delegation_of_gone(struct store *store, const char *user, int64_t now, struct delegation *ret)
{
    static const char given[] =
        SELECT_DELEGATION " WHERE user = ?1 AND local = 1 AND revoked = 0 AND until > ?2 LIMIT 1";
    static const char received[] = SELECT_DELEGATION
        " WHERE delegate = ?1 AND delegate_local = 1 AND revoked = 0 AND until > ?2 LIMIT 1";
    const int r = sql_read(store, sql_take(store, given, "ti", user, now), &delegations, ret);
    return r == STORE_E_NONE ? sql_read(store, sql_take(store, received, "ti", user, now), &delegations, ret)
                             : r;
}

int store_find_stale_delegation(struct store *store, const char *user, uid_t uid, int64_t now,
                                struct delegation *ret)
{
    static const char given[] =
        SELECT_DELEGATION " WHERE user = ?1 AND uid <> ?2 AND revoked = 0 AND until > ?3 LIMIT 1";
    static const char received[] = SELECT_DELEGATION
        " WHERE delegate = ?1 AND delegate_uid <> ?2 AND revoked = 0 AND until > ?3 LIMIT 1";
    const int r = sql_read(store, sql_take(store, given, "tui", user, uid, now), &delegations, ret);
    return r == STORE_E_NONE
               ? sql_read(store, sql_take(store, received, "tui", user, uid, now), &delegations, ret)
               : r;
}

int store_find_any_delegation(struct store *store, int64_t now, struct delegation *ret)
{
    return sql_read(
        store,
        sql_take(store, SELECT_DELEGATION " WHERE revoked = 0 AND until > ? ORDER BY id LIMIT 1", "i", now),
        &delegations, ret);
}

int store_find_delegation_of_either(struct store *store, const char *user, uid_t uid, int64_t now,
                                    struct delegation *ret)
{
    int r =
        sql_read(store,
                 sql_take(store, SELECT_DELEGATION " WHERE user = ?1 AND revoked = 0 AND until > ?2 LIMIT 1",
                          "ti", user, now),
                 &delegations, ret);
    if (r == STORE_E_NONE)
        r = sql_read(store,
                     sql_take(store,
                              SELECT_DELEGATION " WHERE delegate = ?1 AND revoked = 0 AND until > ?2 LIMIT 1",
                              "ti", user, now),
                     &delegations, ret);
    if (r == STORE_E_NONE)
        r = sql_read(store,
                     sql_take(store,
                              SELECT_DELEGATION " WHERE uid = ?1 AND revoked = 0 AND until > ?2 LIMIT 1",
                              "ui", uid, now),
                     &delegations, ret);
    if (r == STORE_E_NONE)
        r = sql_read(store,
                     sql_take(store,
                              SELECT_DELEGATION
                              " WHERE delegate_uid = ?1 AND revoked = 0 AND until > ?2 LIMIT 1",
                              "ui", uid, now),
                     &delegations, ret);
    return r;
}

int store_count_delegations_since(struct store *store, uid_t uid, int64_t since, int64_t most, int64_t *ret)
{
    return FIND_NUMBER(store, ret,
                       "SELECT count(*) FROM (SELECT since FROM delegation WHERE uid = ?"
                       " ORDER BY id DESC LIMIT ?) WHERE since > ?",
                       "uii", uid, most, since);
}
