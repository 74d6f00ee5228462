/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * grants/mark: how far the store is, written after each commit, so that an older store is noticed that is put back
 * (engine/lineage.c). Not synced: a power cut may leave an older mark, which raises no alarm.
 */
#include "helperd/lifecycle/publication.h"

#include "common/cleanup.h"
#include "common/log.h"
#include "common/storenote.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

struct mark {
    int fd;
    struct storenote note; /* as it was written last */
    bool failed;
};

static int write_mark(struct engine *engine, struct mark *mark)
{
    struct store_numbers numbers = {0};
    int r = store_get_numbers(engine->store, &numbers);
    if (r < 0 || numbers.audit == mark->note.audit)
        return r;
    mark->note.audit = numbers.audit;
    mark->note.request = numbers.request;
    mark->note.assignment = numbers.assignment;
    r = mark->fd < 0 ? mark->fd : storenote_put(mark->fd, &mark->note);
    if (r < 0)
        mark->note.audit = -1; /* again with the next commit */
    return r;
}

void engine_keep_mark(struct engine *engine)
{
    struct mark *mark = engine->mark;
    if (!mark)
        return;
    const int r = write_mark(engine, mark);
    if (r < 0 && !mark->failed)
        log_warning("grants/" STORENOTE_MARK " could not be written: %s. An older state.db that is put back "
                    "may not be noticed.",
                    strerror(-r));
    mark->failed = r < 0;
}

int engine_open_mark(struct engine *engine)
{
    _cleanup_free_ char *epoch = NULL;
    int r = store_get_epoch(engine->store, &epoch);
    if (r < 0)
        return r;
    struct mark *mark = engine->mark ? engine->mark : calloc(1, sizeof(*mark));
    if (!mark)
        return -ENOMEM;
    if (!engine->mark)
        mark->fd = storenote_open_mark(engine->state);
    engine->mark = mark;
    storenote_machine(mark->note.machine);
    snprintf(mark->note.host, sizeof(mark->note.host), "%s", engine->host_key ? engine->host_key : "-");
    snprintf(mark->note.epoch, sizeof(mark->note.epoch), "%s", epoch ? epoch : "-");
    mark->note.accepted = !engine->unaccepted;
    mark->note.audit = -1;
    engine_keep_mark(engine);
    return 0;
}

void engine_close_mark(struct engine *engine)
{
    if (engine->mark && engine->mark->fd >= 0)
        close(engine->mark->fd);
    free(engine->mark);
    engine->mark = NULL;
}
