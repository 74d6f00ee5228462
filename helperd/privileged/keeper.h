/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Ends noted memberships at their time, whatever became of accesspkgd and its store: a timer by the wall clock, and a
 * worker that takes out what is due. The service gives the worker its turn among the calls about members.
 */
#pragma once

#include "common/child_loop.h"

#include <stdbool.h>
#include <stdint.h>

struct keeper {
    struct ev_loop *loop;
    ev_periodic due;
    ev_timer retry;
    struct child *worker;
    int64_t next;                /* when the next note is due, or earlier; 0: none is */
    unsigned fails;              /* ends that failed in a row */
    bool looked;                 /* the first turn is over */
    bool yields;                 /* a call goes before the next turn */
    bool wanted;                 /* a turn is due */
    void (*changed)(void *data); /* a turn is due, or over */
    void *data;
};

/* The first turn is due at once: an interrupted addition is looked at, and what ended meanwhile is taken out. */
void keeper_init(struct keeper *keeper, struct ev_loop *loop, void (*changed)(void *data), void *data);
void keeper_deinit(struct keeper *keeper);

/* A note ends at this time. */
void keeper_expect(struct keeper *keeper, int64_t until);
/* An end failed: it is tried again after a while. */
void keeper_retry(struct keeper *keeper);
/* Begins the turn that is due. */
void keeper_begin(struct keeper *keeper);
/* Whether there is, or will be, something to end. */
bool keeper_stays(const struct keeper *keeper);

/* One turn, in this process; for a start without a bus. */
void keeper_run_once(void);

/* In this process, at once and without a bus: ends what is noted of this name, or of this uid (-1: of the name alone). 0;
 * 1: not all could be ended (logged), and counts as due from now on; -errno. */
int keeper_end_user(const char *user, uid_t uid);
