/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Asking the real accesspkg-privileged, on a real bus, with the client that accesspkgd has. For suites that tests/run
 * starts through private-root.
 */
#pragma once

#include "helperd/bus/privileged.h"
#include "tests/support/live.h"

#include <check.h>

enum { ASKS_MAX = 64 };

enum ask_kind {
    ASK_NONE,
    ASK_ADD,
    ASK_NOTE,
    ASK_REMOVE,
    ASK_MEMBERS,
    ASK_NOTES,
    ASK_JUDGE,
    ASK_WARN,
    ASK_END
};

struct ask {
    enum ask_kind kind;
    const char *group;
    const char *user; /* or the text of a warning; NULL, to judge by uid */
    int64_t until;    /* 0: without an end */
    uid_t uid;
    const char *service; /* NULL: none */
    gid_t gids[2];
    size_t n_gids;
};

/* What came back, in the order of what was asked. */
struct outcome {
    bool told;
    int result;
    bool changed;
    char message[512];
    char lines[4096]; /* each ends in a line break; "locked 0 bob" of ASK_JUDGE */
    char more[4096];  /* the second list */
};
extern struct outcome *outcomes;

/* Fixtures: a bus and the service, /etc/passwd and /etc/group as they are at first, `package` and its allow-list. */
void ask_setup(const char *package);
void ask_teardown(void);

/* Asks all of these at once, from a process of accesspkgd's, and waits for the answers; the last is of no kind. */
pid_t ask_begin(const struct ask *asks);
void ask_all(const struct ask *asks);
struct outcome *ask_it(struct ask ask);

/* The connection of a process of accesspkgd's; NULL when there is none. */
struct bus *ask_open(struct ev_loop *events);

/* A shell command that must succeed, as root. */
void ask_root(const char *command);

#define ck_assert_changed(answer, expected)                                                                  \
    do {                                                                                                     \
        const struct outcome *got = (answer);                                                                \
        ck_assert_msg(got->result == 0, "%d: %s", got->result, got->message);                                \
        ck_assert_int_eq(got->changed, expected);                                                            \
    } while (0)

#define ck_assert_refused(answer, expected)                                                                  \
    do {                                                                                                     \
        const struct outcome *got = (answer);                                                                \
        ck_assert_msg(got->result == (int)(expected), "%d: %s", got->result, got->message);                  \
        ck_assert_str_ne(got->message, "");                                                                  \
    } while (0)
