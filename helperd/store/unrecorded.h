/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A file beside state.db for ends that hold already and that state.db could not take (rule 13): of a fixed size, made while
 * there is room, its slots overwritten in place. A slot that was cut off while it was written is none, and was never
 * acknowledged. Owned by the engine, which records what stands here at a start and as soon as state.db can be written.
 */
#pragma once

#include "common/names.h"
#include "dbus/contract.h"

#include <stdint.h>

enum { UNRECORDED_SLOTS = 128 };

struct unrecorded {
    int64_t assignment;    /* 0: none */
    int64_t request;       /* that is withdrawn; 0: none */
    int64_t start;         /* the assignment's: numbers begin anew in a new store */
    int64_t at;            /* when it ended */
    int64_t uid, loginuid; /* the actor's */
    char user[NAME_ENCODED_MAX + 1];
    char package[NAME_PACKAGE_MAX + 1];
    char actor[NAME_ENCODED_MAX + 1];
    char reason[BUS_TEXT_MAX + 1]; /* "": none was given */
};

struct unrecorded_file;

/* Makes the file where there is none. 0 or -errno. */
int unrecorded_open(const char *state, struct unrecorded_file **ret);
void unrecorded_close(struct unrecorded_file *file);
/* The slot that it is in, durably; -ENOSPC when all are taken; -errno. */
int unrecorded_put(struct unrecorded_file *file, const struct unrecorded *what);
void unrecorded_clear(struct unrecorded_file *file, int slot);
/* Whether there is something whole in it. */
bool unrecorded_get(struct unrecorded_file *file, int slot, struct unrecorded *ret);
