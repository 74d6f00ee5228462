/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whose call is next (rule 15): a queue for each user, bounded in calls and bytes, from which one call after the other has
 * its turn, round and round by user, uid 0 first. What the gate asks for a user at root's own door is that user's, in a
 * queue of its own. Pure: knows neither bus nor loop. For admission.c. O(1) for each call.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct turns;
struct turns_account;

/* Whom a call counts against: a uid; or, for the gate, a user by name, of which it keeps a hash. */
typedef uint64_t turns_who;
#define TURNS_AT_GATE ((turns_who)1 << 32)
turns_who turns_at_gate(const char *user);

/* A call's place, in the caller's own struct. Of a user from turns_join to turns_leave. */
struct turn {
    struct turn *next;
    struct turns_account *account;
    size_t bytes;
    bool begun;
};

/* What a user's calls may be together, waiting and begun; and how many may be begun at a time. */
struct turns_limits {
    size_t calls;
    size_t bytes;
    size_t begun;
};

/* The gate's calls together have as much as uid 0; all others together have `others`; `begun` does not count there. NULL: no
 * memory. */
struct turns *turns_new(const struct turns_limits *root, const struct turns_limits *others);
/* All turns have left. */
void turns_free(struct turns *turns);

/* Whether one more may join, of so many bytes. `each`: for one user; uid 0 has its own. */
bool turns_have_room(const struct turns *turns, turns_who who, const struct turns_limits *each, size_t bytes);
/* After turns_have_room. 0 or -ENOMEM. */
int turns_join(struct turns *turns, turns_who who, const struct turns_limits *each, struct turn *turn);
/* Who asked for more than there is room for is slow, until they have no calls any more: they wait for all others. */
void turns_slow_down(struct turns *turns, turns_who who);
bool turns_is_slow(const struct turn *turn);

/* Uid 0 and the gate; all who are not slow; all. */
enum turns_which { TURNS_ROOT, TURNS_OTHERS, TURNS_SLOW };

/* The next one of these, which has begun then. NULL: none waits, or may begin before another has left. */
struct turn *turns_begin_next(struct turns *turns, enum turns_which which);
/* Whether one may begin at once, of those who are not slow. */
bool turns_wait(const struct turns *turns);
/* Whether it had begun or not. */
void turns_leave(struct turns *turns, struct turn *turn);
