/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Watches files that other programs may change: users and groups of the host, grant files, the allow-list. Uses inotify
 * on their folders, so that it notices a file replaced by rename like an edited one. Reports that a file changed, not
 * how: the callee reads it and compares. Our own writes are reported, too.
 *
 * Nothing is polled. A folder that is removed or replaced is watched again when it reappears, which its parent's watch
 * reports; then everything in it counts as changed. After an overflow of the kernel's queue everything counts as
 * changed.
 */
#pragma once

#include <ev.h>
#include <stdbool.h>

struct watch;

/* In the order of the reports. */
enum watch_set {
    WATCH_GRANT_USER, /* grants/user: each file at once, before calls that arrived at the same time */
    WATCH_SHADOW,     /* at once, too; it is not read here */
    WATCH_LOCKS,      /* locks: at once, too */
    WATCH_PASSWD, /* this and the following: the whole set, after a pause, as one command writes several files */
    WATCH_GROUP,
    WATCH_NSSWITCH,
    WATCH_ALLOW,
    WATCH_PAM, /* pam.d */
    WATCH_SETS
};

/* `name` is the file's name in its folder (a grant file's is encoded); NULL: any file of the set. */
typedef void (*watch_changed)(enum watch_set set, const char *name, void *data);

struct watch_folders {
    const char *etc;   /* has passwd, shadow, group, nsswitch.conf and pam.d/: PATH_ETC */
    const char *state; /* has grants/, allow/ and locks/: PATH_STATE */
};

/* 0; -errno (logged) when inotify is not available. Logs a folder that cannot be watched, and watches the others. */
int watch_new(struct ev_loop *loop, const struct watch_folders *top, watch_changed changed, void *data,
              struct watch **ret);
/* Tries again to watch folders that could not be watched. True when all are watched now. */
bool watch_renew(struct watch *watch);
void watch_free(struct watch *watch);
