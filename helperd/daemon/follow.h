/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Follows changes that other programs make on this host: gets them from watch.h, looks up the users and groups
 * concerned, and hands both to the engine in small steps. Walks over all users and groups concerned every hour, also
 * without inotify.
 */
#pragma once

#include "helperd/engine/engine.h"
#include "helperd/host/lookup.h"

struct daemon_follow;

struct daemon_follow_hooks {
    void (*retries)(void *data);   /* retries may be due */
    void (*directory)(void *data); /* users or groups may have changed: a file did, or an hour passed */
    void (*accounts)(void *data);  /* passwd or shadow changed: accounts may be locked, or have another end */
    void *data;
};

/* Call it after engine_start(). 0 or -ENOMEM. */
int daemon_follow_new(struct ev_loop *loop, struct engine *engine, struct lookup *lookup,
                      const struct daemon_follow_hooks *hooks, struct daemon_follow **ret);
/* Looks at every user and group concerned, now and then every hour. */
void daemon_follow_walk(struct daemon_follow *watch);
/* Only after lookup_free(), or without a look-up of ours under way. */
void daemon_follow_free(struct daemon_follow *watch);
