/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of the process share. Included by files of daemon/ only. */
#pragma once

#include "common/config.h"
#include "dbus/server_door.h"
#include "dbus/server_uplink.h"
#include "helperd/bus/chores.h"
#include "helperd/bus/manager.h"
#include "helperd/config/packages.h"
#include "helperd/daemon/follow.h"
#include "helperd/daemon/keeping.h"
#include "helperd/daemon/survey.h"
#include "helperd/engine/engine.h"
#include "helperd/host/hostkey.h"
#include "helperd/host/lookup.h"

#include <ev.h>
#include <limits.h>

enum { RETRIES_AT_ONCE = 8 };

/* A retry that waits for its look-up. */
struct retry {
    struct daemon *daemon; /* NULL: none */
    int64_t assignment;
};

struct daemon {
    struct ev_loop *loop;
    struct config config;
    struct packages *packages;
    struct packages *before; /* during the start: the policy of the last run; NULL: unknown */
    struct store *store;
    struct engine engine;
    struct lookup *lookup;
    struct bus_uplink *uplink;
    struct bus *bus;       /* the uplink's; NULL: not yet, or no more */
    struct bus_door *door; /* NULL: no socket was passed */
    struct bus_manager *manager;
    struct bus_chores *chores;
    ev_periodic deadline;
    ev_timer due;      /* starts chores */
    ev_timer written;  /* grant files await a sync */
    ev_timer steps;    /* of a call that is done in steps */
    ev_idle ready;     /* nothing else is to be done: calls that are ready are run */
    ev_timer ready_by; /* or they have waited long enough */
    bool ready_late;   /* they have waited for others */
    ev_timer parked;   /* the longest wait of parked answers has passed */
    ev_idle verify;
    ev_timer verify_again; /* goes on with it */
    struct daemon_follow *follow;
    ev_signal stop[2];
    double wake_at; /* 0: no deadline */
    double ticked;  /* when the engine has last done what was due */
    double seen;    /* the clock at the last look, to notice that it was set back */
    struct retry retries[RETRIES_AT_ONCE];
    struct daemon_survey survey;
    struct daemon_keeping keeping;
    char host_name[HOST_NAME_MAX + 1];
    char *host_key;                      /* its fingerprint; NULL: none */
    struct hostkey_reading *key_reading; /* during the start: it is being read */
    int lock;
    int64_t started;
    int64_t policy_loaded;
    char *policy_problem; /* why the last good packages.d or settings are in use; NULL: today's are */
};

/* accesspkg.conf and packages.d at the start, or else the last good ones, logged loudly. 0 or -errno. */
int daemon_load_config(struct daemon *daemon);
int daemon_load_policy(struct daemon *daemon);
/* Puts the policy of the start into force in place of the last run's. 0 or -errno. */
int daemon_replace_former_policy(struct daemon *daemon);
/* Reload, Diff, and what GetStatus says of the process (bus_manager_hooks). */
int daemon_reload_policy(const struct call *asked, void *data);
int daemon_diff_policy(int folder, struct reply *reply, void *data);
int daemon_add_status(json_t *status, void *data);
/* Logs what the allow-list lacks. */
void daemon_log_allow_list(struct daemon *daemon);

/* Starts the look-ups of retries that are due, some at a time. */
void daemon_start_retries(struct daemon *daemon);
