/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The part of the daemon that follows what others change on this host: hears of it through watch.h, looks up what has
 * to be known, and hands both to the engine, in small steps. Without inotify the hourly walk over users and groups
 * stays.
 */
#pragma once

#include "helperd/engine/engine.h"
#include "helperd/host/lookup.h"

struct daemon_watch;

struct daemon_watch_hooks {
    void (*retries)(void *data);   /* something may be due to be tried again */
    void (*directory)(void *data); /* users or groups may have changed: of this host, or an hour passed */
    void *data;
};

/* After the engine's start. 0 or -ENOMEM. */
int daemon_watch_new(struct ev_loop *loop, struct engine *engine, struct lookup *lookup,
                     const struct daemon_watch_hooks *hooks, struct daemon_watch **ret);
/* Looks at every user and group concerned, now and from then on every hour. */
void daemon_watch_walk(struct daemon_watch *watch);
/* After the lookup was freed, or with no look-up of ours under way. */
void daemon_watch_free(struct daemon_watch *watch);
