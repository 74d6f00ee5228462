/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copies the store into a file that root has opened, in steps between which other calls are served. */
#include "helperd/engine/internal.h"

#include "common/cleanup.h"
#include "helperd/store/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

static int refuse_failed(struct reply *reply, int error)
{
    return engine_refuse(reply, BUS_ERROR_UNAVAILABLE, "The backup could not be written: %s.",
                         strerrordesc_np(-error));
}

static const char *find_obstacle(int file)
{
    struct stat st;
    const int flags = fcntl(file, F_GETFL);
    if (file < 0 || flags < 0 || fstat(file, &st) < 0 || !S_ISREG(st.st_mode))
        return "A backup goes into a regular file, open for reading and writing.";
    if ((flags & O_ACCMODE) != O_RDWR || flags & O_APPEND)
        return "The file of a backup has to be open for reading and writing, and not for appending.";
    return st.st_size == 0 ? NULL : "The file of a backup has to be empty.";
}

/* On record before it is made: so it is the last entry of the copy, too. */
static int record_backup(const struct call *call)
{
    struct txn txn;
    txn_begin(&txn, call->engine);
    txn_audit(&txn, engine_caller_act(call, NULL), AUDIT_BACKUP, 0, 0);
    return txn_commit(&txn);
}

int engine_begin_backup(const struct call *call, int file)
{
    struct engine *engine = call->engine;
    const char *obstacle = find_obstacle(file);
    if (obstacle)
        return engine_refuse(call->reply, BUS_ERROR_INVALID_ARGUMENT, "%s", obstacle);
    if (engine->backup)
        return engine_refuse(call->reply, BUS_ERROR_LIMIT_EXCEEDED,
                             "A backup is being made already. Please try again in a moment.");
    int r = engine_end(engine, engine_begin_call(engine, call->facts));
    if (r == 0)
        r = record_backup(call);
    if (r == 0 && (r = store_backup_begin(engine->store, file, &engine->backup)) < 0)
        return refuse_failed(call->reply, r);
    return r;
}

static int describe(const struct call *call)
{
    struct store_numbers numbers = {0};
    _cleanup_free_ char *epoch = NULL;
    int r = store_get_numbers(call->engine->store, &numbers);
    if (r == 0)
        r = store_get_epoch(call->engine->store, &epoch);
    if (r != 0)
        return r < 0 ? r : -EIO;
    call->reply->value = json_pack("{s:I, s:s*}", "entries", (json_int_t)numbers.audit, "epoch", epoch);
    return call->reply->value ? 0 : -ENOMEM;
}

int engine_step_backup(const struct call *call)
{
    struct engine *engine = call->engine;
    const int r = store_backup_step(engine->backup);
    if (r > 0)
        return ENGINE_E_MORE;
    engine_end_backup(engine);
    return r < 0 ? refuse_failed(call->reply, r) : describe(call);
}

void engine_end_backup(struct engine *engine)
{
    store_backup_end(engine->backup);
    engine->backup = NULL;
}
