/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A system bus of the test's own, with an org.accesspkg1.Manager on it that answers what the test says, and the
 * real commands run against it. One thread: the bus is served while a command runs. Checks with Check's macros.
 */
#pragma once

#include <dbus/dbus.h>
#include <jansson.h>
#include <stdbool.h>
#include <sys/types.h>

/* What the fake answers a call with. Zero: nothing at all. */
struct fake_reply {
    const char *signature; /* of values; NULL: an error or silence */
    json_t *values;        /* owned by the receiver */
    const char *error;     /* a full error name */
    const char *message;
};

typedef struct fake_reply fake_answer(const char *method, const json_t *arguments, void *data);

struct fake_manager {
    char folder[64];
    pid_t bus;
    int programs; /* the build folder */
    DBusConnection *connection;
    fake_answer *answer;
    void *data;
    /* Once what a command wrote has this in it: what is to be typed is typed, or the bus ends. NULL: nothing. */
    const char *cue;
    bool cue_ends_bus;
    unsigned short columns; /* of the terminal; 0: 80 */
    int64_t signals;        /* the number of a RequestChanged that goes out before the next answer; 0: none */
};

/* Something about this request changed. */
void fake_manager_signal(struct fake_manager *fake, int64_t id);

/* Starts the bus and points DBUS_SYSTEM_BUS_ADDRESS at it; with `own`, takes the name org.accesspkg1. */
void fake_manager_start(struct fake_manager *fake, bool own, fake_answer *answer, void *data);
void fake_manager_stop(struct fake_manager *fake);

struct fake_run {
    int code;  /* the exit code; 128 + the signal that ended it */
    char *out; /* on a terminal everything is here */
    char *err;
};

enum fake_where {
    FAKE_PIPES,
    FAKE_TERMINAL,
    FAKE_FULL_STDOUT,
    FAKE_CLOSED_STDOUT,
    FAKE_BROKEN_PIPE,
    FAKE_NOBODY
};

/* Runs a program of the build folder with these words; as nobody when it is to be nobody and we are root. On a terminal
 * (24 lines) the next line of `typed` is written each time that it asks for something (a text without a
 * line break that ends in ": " or "] "); NULL types nothing. Release with fake_run_free. */
void fake_manager_run(struct fake_manager *fake, const char *const words[], enum fake_where where,
                      const char *typed, struct fake_run *ret);
void fake_run_free(struct fake_run *run);
