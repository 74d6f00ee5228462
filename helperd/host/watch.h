/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tells that files which others answer from were changed by somebody: users and groups of the host, grant files, the
 * allow-list. inotify on their folders, so that a file which is replaced by rename is seen like one that is edited.
 * It tells that, not what: who hears of it looks for himself, and compares; our own writes are told like others'.
 *
 * Nothing is polled. A folder that goes away or is replaced is watched again once it is there (its parent tells), and
 * then everything in it counts as changed; so does everything everywhere when the kernel's queue ran over.
 */
#pragma once

#include <ev.h>
#include <stdbool.h>

struct watch;

/* In the order in which they are told. */
enum watch_set {
    WATCH_GRANT_USER, /* grants/user: a file each, told at once, before calls that came in at the same time */
    WATCH_PASSWD,     /* from here on the whole set, after a short pause: one command writes several files */
    WATCH_GROUP,
    WATCH_NSSWITCH,
    WATCH_ALLOW,
    WATCH_SETS
};

/* `name`: of the file as it stands in its folder (for a grant file encoded); NULL: everything of this set. */
typedef void (*watch_changed)(enum watch_set set, const char *name, void *data);

/*
 * `etc` holds passwd, group and nsswitch.conf (PATH_ETC), `state` grants/ and allow/ (PATH_STATE). 0; -errno (logged)
 * when this machine gives no inotify. A folder that cannot be watched is logged, the others are watched.
 */
int watch_new(struct ev_loop *loop, const char *etc, const char *state, watch_changed changed, void *data,
              struct watch **ret);
/* Looks for folders that could not be watched before. Whether all are watched now. */
bool watch_renew(struct watch *watch);
void watch_free(struct watch *watch);
