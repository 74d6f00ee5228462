/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A store in a file that is put back, lost or exchanged while the daemon is stopped, with root's note of it. */
#pragma once

#include "common/grantdir.h"
#include "common/storenote.h"
#include "helperd/config/notestore.h"
#include "tests/support/folder.h"
#include "tests/support/suite.h"
#include "tests/unit/requests.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

static char store_path[160];
static char note_path[160];

static inline void open_and_start(void)
{
    bool newborn = false;
    ck_assert_int_eq(store_open(store_path, &fixture.engine.store, &newborn), 0);
    fixture.engine.store_note = note_path;
    fixture.engine.note_owner = geteuid();
    ck_assert_int_eq(engine_start(&fixture.engine, newborn), 0);
    while (engine_verify(&fixture.engine) != 0)
        ;
}

static inline void stop(void)
{
    engine_deinit(&fixture.engine);
    store_close(fixture.engine.store);
}

static inline void setup_file(void)
{
    setup();
    fixture_write_package(&fixture, "twin", SELF_SERVICE);
    fixture_write_package(&fixture, "repaired", SELF_SERVICE "drift = repair\n");
    fixture_reload(&fixture);
    stop();
    folder_shell(fixture.state, "rm -f grants/mark grants/user/*");
    snprintf(store_path, sizeof(store_path), "%s/state.db", fixture.state);
    snprintf(note_path, sizeof(note_path), "%s/note", fixture.folder);
    open_and_start();
    ck_assert_ptr_null(fixture.engine.unaccepted);
}

/* A copy as an administrator makes one; the daemon starts again. */
static inline void save_store(void)
{
    stop();
    folder_shell(fixture.state, "cp state.db ../kept.db");
    open_and_start();
}

static inline void restart(void)
{
    stop();
    open_and_start();
}

static inline void put_back(void)
{
    stop();
    folder_shell(fixture.state, "rm -f state.db-wal state.db-shm && cp ../kept.db state.db");
    open_and_start();
}

static inline void keep_note(void)
{
    const struct notestore_place place = {fixture.state, note_path};
    ck_assert_int_eq(notestore_keep_at(&place, stdout), 0);
}

static inline const char *problem(void)
{
    static char text[512];
    struct reply reply = {0};
    ck_assert_int_eq(engine_status(&fixture.engine, &(struct caller){0}, &reply), 0);
    const char *why = json_string_value(json_object_get(reply.value, "store_problem"));
    snprintf(text, sizeof(text), "%s", why ? why : "");
    json_decref(reply.value);
    return text;
}

static inline int accept_store(void)
{
    return fixture_answer(engine_accept_store(fixture_call(&fixture, "root", NULL)), NULL);
}

static inline int64_t count(const char *sql)
{
    return acts_count(&fixture, sql);
}
