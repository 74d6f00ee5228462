/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helperd/config/notestore.h"

#include "common/paths.h"
#include "common/storenote.h"

#include <errno.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

static bool is_same(const struct storenote *a, const struct storenote *b)
{
    return strcmp(a->machine, b->machine) == 0 && strcmp(a->host, b->host) == 0 &&
           strcmp(a->epoch, b->epoch) == 0 && a->audit == b->audit && a->request == b->request &&
           a->assignment == b->assignment;
}

/* Whether the mark may replace the note. One of another machine came with a copy of its /etc. */
static bool is_further(const struct storenote *mark, const struct storenote *note)
{
    char machine[STORENOTE_WORD_MAX];
    if (strcmp(note->machine, storenote_machine(machine)) != 0)
        return true;
    return mark->accepted && mark->audit >= note->audit && !is_same(mark, note);
}

/* A machine that was cloned has the other one's key. Told once: the daemon's next mark has this machine's id. */
static void warn_of_clone(const struct notestore_place *place, const struct storenote *mark, FILE *out)
{
    char machine[STORENOTE_WORD_MAX];
    if (strcmp(mark->machine, storenote_machine(machine)) != 0)
        fprintf(out,
                "warning: %s came with another machine (by its machine-id), and so did host_key. If that one "
                "goes "
                "on, two hosts have one key. To give this one its own: stop accesspkgd, remove "
                "%s/host_key, start it, and run: pkg-admin accept-store\n",
                place->state, place->state);
}

int notestore_keep_at(const struct notestore_place *place, FILE *out)
{
    struct storenote mark = {0}, note = {0};
    int r = storenote_read_mark(place->state, &mark);
    if (r < 0) {
        if (r != -ENOENT)
            fprintf(out, "warning: %s/grants/" STORENOTE_MARK " cannot be used: %s\n", place->state,
                    strerrordesc_np(-r));
        return 0;
    }
    warn_of_clone(place, &mark, out);
    /* What cannot be read is written anew; for the daemon it counts as none. */
    if (storenote_read(place->note, geteuid(), &note) == 0 ? !is_further(&mark, &note) : !mark.accepted)
        return 0;
    r = storenote_write(place->note, &mark);
    if (r == 0)
        return 0;
    fprintf(out,
            "warning: how far the store is could not be noted in %s: %s; a state.db that is lost or older "
            "than it "
            "was may not be noticed\n",
            place->note, strerrordesc_np(-r));
    return EX_CANTCREAT;
}

int notestore_keep(FILE *out)
{
    static const struct notestore_place host = {PATH_STATE, PATH_STORE_NOTE};
    if (geteuid() == 0)
        return notestore_keep_at(&host, out);
    fputs("error: only root may note how far the store is; run this with sudo, or as root\n", out);
    return EX_NOPERM;
}
