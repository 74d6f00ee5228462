/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The store's delegations. */
#include "helperd/store/sql.h"

#include <errno.h>
#include <stdlib.h>

void delegation_deinit(struct delegation *delegation)
{
    free(delegation->user);
    free(delegation->delegate);
    free(delegation->reason);
    *delegation = (struct delegation){0};
}

void store_free_delegations(struct delegation *delegations, size_t count)
{
    for (size_t i = 0; i < count; i++)
        delegation_deinit(&delegations[i]);
    free(delegations);
}

int store_add_delegation(struct store *store, struct delegation *delegation)
{
    const int r =
        sql_run(store,
                "INSERT INTO delegation (user, uid, loginuid, delegate, delegate_uid, reason, since, until,"
                " revoked, local, delegate_local) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?)",
                "tuututiiii", delegation->user, delegation->identity.uid, delegation->identity.loginuid,
                delegation->delegate, delegation->delegate_uid, delegation->reason, delegation->since,
                delegation->until, (int64_t)delegation->local, (int64_t)delegation->delegate_local);
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

static int read_delegation(sqlite3_stmt *s, void *ret)
{
    bool oom = false;
    struct delegation delegation = {
        .id = sqlite3_column_int64(s, 0),
        .user = sql_text(s, 1, &oom),
        .identity = {sql_uid(s, 2), sql_uid(s, 3)},
        .delegate = sql_text(s, 4, &oom),
        .delegate_uid = sql_uid(s, 5),
        .reason = sql_text(s, 6, &oom),
        .since = sqlite3_column_int64(s, 7),
        .until = sqlite3_column_int64(s, 8),
        .local = sqlite3_column_int(s, 9),
        .delegate_local = sqlite3_column_int(s, 10),
    };
    if (oom) {
        delegation_deinit(&delegation);
        return -ENOMEM;
    }
    *(struct delegation *)ret = delegation;
    return 0;
}

/* By their ends, so that each is answered from its index in this order. */
#define COLUMNS                                                                                              \
    "SELECT id, user, uid, loginuid, delegate, delegate_uid, reason, since, until, local, delegate_local"    \
    " FROM delegation"

static sqlite3_stmt *take_delegations(struct store *store, enum store_delegations which, uid_t uid,
                                      int64_t now)
{
    switch (which) {
    case STORE_DELEGATIONS_GIVEN:
        return sql_take(store, COLUMNS " WHERE uid = ? AND revoked = 0 AND until > ? ORDER BY until", "ui",
                        uid, now);
    case STORE_DELEGATIONS_RECEIVED:
        return sql_take(store, COLUMNS " WHERE delegate_uid = ? AND revoked = 0 AND until > ? ORDER BY until",
                        "ui", uid, now);
    case STORE_DELEGATIONS_ALL:
        return sql_take(store, COLUMNS " WHERE revoked = 0 AND until > ? ORDER BY until", "i", now);
    }
    return NULL;
}

int store_get_delegations(struct store *store, enum store_delegations which, uid_t uid, int64_t now,
                          struct delegation **ret, size_t *ret_count)
{
    sqlite3_stmt *s = take_delegations(store, which, uid, now);
    struct delegation *delegations = NULL;
    size_t count = 0;
    int r = s ? 0 : -EIO;
    while (r >= 0 && s && (r = sql_step(store, s)) > 0) {
        struct delegation *grown = reallocarray(delegations, count + 1, sizeof(*delegations));
        if (!grown) {
            r = -ENOMEM;
            break;
        }
        delegations = grown;
        r = read_delegation(s, &delegations[count]);
        count += r == 0;
    }
    if (s)
        sql_release(store, s);
    if (r < 0) {
        store_free_delegations(delegations, count);
        return r;
    }
    *ret = delegations;
    *ret_count = count;
    return 0;
}

static int read_one(struct store *store, sqlite3_stmt *statement, struct delegation *ret)
{
    return sql_read_one(store, statement, read_delegation, ret);
}

int store_find_delegation_of_gone(struct store *store, const char *user, int64_t now, struct delegation *ret)
{
    static const char given[] =
        COLUMNS " WHERE user = ?1 AND local = 1 AND revoked = 0 AND until > ?2 LIMIT 1";
    static const char received[] =
        COLUMNS " WHERE delegate = ?1 AND delegate_local = 1 AND revoked = 0 AND until > ?2 LIMIT 1";
    const int r = read_one(store, sql_take(store, given, "ti", user, now), ret);
    return r == STORE_E_NONE ? read_one(store, sql_take(store, received, "ti", user, now), ret) : r;
}

int store_find_stale_delegation(struct store *store, const char *user, uid_t uid, int64_t now,
                                struct delegation *ret)
{
    static const char given[] =
        COLUMNS " WHERE user = ?1 AND uid <> ?2 AND revoked = 0 AND until > ?3 LIMIT 1";
    static const char received[] =
        COLUMNS " WHERE delegate = ?1 AND delegate_uid <> ?2 AND revoked = 0 AND until > ?3 LIMIT 1";
    const int r = read_one(store, sql_take(store, given, "tui", user, uid, now), ret);
    return r == STORE_E_NONE ? read_one(store, sql_take(store, received, "tui", user, uid, now), ret) : r;
}

int store_delegated_since(struct store *store, uid_t uid, int64_t since, int64_t most, int64_t *ret)
{
    sqlite3_stmt *s = sql_take(store,
                               "SELECT count(*) FROM (SELECT since FROM delegation WHERE uid = ?"
                               " ORDER BY id DESC LIMIT ?) WHERE since > ?",
                               "uii", uid, most, since);
    if (!s)
        return -EIO;
    const int r = sql_step(store, s);
    if (r > 0)
        *ret = sqlite3_column_int64(s, 0);
    sql_release(store, s);
    return r < 0 ? r : 0;
}
