/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helperd/bus/turns.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

enum { BUCKETS = 256 };

enum ring { RING_GATE, RING_OTHERS, RING_SLOW, RINGS };

/* Calls and bytes of several users together. */
struct total {
    size_t calls, bytes;
};

/* A user with calls. In the ring while one of them may begin. */
struct turns_account {
    struct turns_account *next; /* in its bucket */
    struct turns_account *after, *before;
    turns_who who;
    size_t calls, bytes, begun;
    size_t begun_max;
    bool slow;
    struct turn *first, *last; /* those that wait */
};

struct turns {
    struct turns_limits root, others;
    struct total gate_total, others_total;
    struct turns_account *buckets[BUCKETS];
    struct turns_account *rings[RINGS]; /* whose turn is next; NULL: nobody's */
    struct turns_account *first;        /* Uid 0 */
    bool root_had_turn, gate_had_turn;
};

static bool is_gate(turns_who who)
{
    return who >= TURNS_AT_GATE;
}

turns_who turns_at_gate(const char *user)
{
    uint32_t hash = 2166136261; /* FNV-1a */
    for (; *user; user++)
        hash = (hash ^ (unsigned char)*user) * 16777619;
    return TURNS_AT_GATE | hash;
}

struct turns *turns_new(const struct turns_limits *root, const struct turns_limits *others)
{
    struct turns *turns = calloc(1, sizeof(*turns));
    if (turns)
        *turns = (struct turns){.root = *root, .others = *others};
    return turns;
}

void turns_free(struct turns *turns)
{
    for (size_t i = 0; turns && i < BUCKETS; i++)
        assert(!turns->buckets[i]);
    free(turns);
}

static struct turns_account **find_account(const struct turns *turns, turns_who who)
{
    struct turns_account *const *account = &turns->buckets[who % BUCKETS];
    while (*account && (*account)->who != who)
        account = &(*account)->next;
    return (struct turns_account **)account;
}

/* ---- whose turn it is ---- */

static struct turns_account **ring_of(struct turns *turns, const struct turns_account *account)
{
    return &turns->rings[account->slow ? RING_SLOW : is_gate(account->who) ? RING_GATE : RING_OTHERS];
}

static void ring_add(struct turns *turns, struct turns_account *account)
{
    struct turns_account **ring = ring_of(turns, account);
    if (account->who == 0) {
        turns->first = account;
    } else if (!*ring) {
        *ring = account->after = account->before = account;
    } else { /* behind all others */
        account->after = *ring;
        account->before = (*ring)->before;
        account->before->after = account->after->before = account;
    }
}

static void ring_remove(struct turns *turns, struct turns_account *account)
{
    struct turns_account **ring = ring_of(turns, account);
    if (account->who == 0) {
        turns->first = NULL;
        return;
    }
    if (*ring == account)
        *ring = account->after == account ? NULL : account->after;
    account->after->before = account->before;
    account->before->after = account->after;
    account->after = account->before = NULL;
}

static bool is_in_ring(const struct turns *turns, const struct turns_account *account)
{
    return turns->first == account || account->after;
}

/* After each change of what waits and has begun. */
static void place_in_ring(struct turns *turns, struct turns_account *account)
{
    const bool wanted = account->first && account->begun < account->begun_max;
    if (wanted && !is_in_ring(turns, account))
        ring_add(turns, account);
    else if (!wanted && is_in_ring(turns, account))
        ring_remove(turns, account);
}

void turns_slow_down(struct turns *turns, turns_who who)
{
    struct turns_account *account = *find_account(turns, who);
    if (!account || account->slow || who == 0)
        return;
    if (is_in_ring(turns, account))
        ring_remove(turns, account);
    account->slow = true;
    place_in_ring(turns, account);
}

/* Uid 0 goes first, then the gate, but neither past all others for as long as it calls. */
static struct turns_account *next_account(const struct turns *turns, enum turns_which which)
{
    struct turns_account *const gate = turns->rings[RING_GATE];
    struct turns_account *account = which >= TURNS_OTHERS ? turns->rings[RING_OTHERS] : NULL;
    if (!account && which == TURNS_SLOW)
        account = turns->rings[RING_SLOW];
    if (gate && !(account && turns->gate_had_turn))
        account = gate;
    return turns->first && !(account && turns->root_had_turn) ? turns->first : account;
}

struct turn *turns_begin_next(struct turns *turns, enum turns_which which)
{
    struct turns_account *account = next_account(turns, which);
    if (!account)
        return NULL;
    turns->root_had_turn = account == turns->first;
    if (!turns->root_had_turn) {
        turns->gate_had_turn = is_gate(account->who);
        *ring_of(turns, account) = account->after;
    }
    struct turn *turn = account->first;
    account->first = turn->next;
    if (!account->first)
        account->last = NULL;
    turn->next = NULL;
    turn->begun = true;
    account->begun++;
    place_in_ring(turns, account);
    return turn;
}

bool turns_wait(const struct turns *turns)
{
    return turns->first || turns->rings[RING_GATE] || turns->rings[RING_OTHERS];
}

bool turns_is_slow(const struct turn *turn)
{
    return turn->account->slow;
}

/* ---- coming and going ---- */

static bool fits(const struct turns_limits *limits, size_t calls, size_t bytes, size_t more)
{
    return calls < limits->calls && bytes <= limits->bytes && more <= limits->bytes - bytes;
}

bool turns_have_room(const struct turns *turns, turns_who who, const struct turns_limits *each, size_t bytes)
{
    const struct turns_account *account = *find_account(turns, who);
    const size_t calls = account ? account->calls : 0;
    const size_t held = account ? account->bytes : 0;
    if (who == 0)
        return fits(&turns->root, calls, held, bytes);
    const struct total *total = is_gate(who) ? &turns->gate_total : &turns->others_total;
    return fits(each, calls, held, bytes) &&
           fits(is_gate(who) ? &turns->root : &turns->others, total->calls, total->bytes, bytes);
}

/* Or takes off what is negative, modulo the range of size_t. */
static void add_to_total(struct turns *turns, turns_who who, size_t calls, size_t bytes)
{
    struct total *total = is_gate(who) ? &turns->gate_total : &turns->others_total;
    if (who == 0)
        return;
    total->calls += calls;
    total->bytes += bytes;
}

int turns_join(struct turns *turns, turns_who who, const struct turns_limits *each, struct turn *turn)
{
    struct turns_account **place = find_account(turns, who);
    struct turns_account *account = *place;
    if (!account) {
        account = *place = calloc(1, sizeof(*account));
        if (!account)
            return -ENOMEM;
        account->who = who;
    }
    account->begun_max = who == 0 ? turns->root.begun : each->begun;
    account->calls++;
    account->bytes += turn->bytes;
    add_to_total(turns, who, 1, turn->bytes);
    turn->account = account;
    turn->next = NULL;
    turn->begun = false;
    if (account->last)
        account->last->next = turn;
    else
        account->first = turn;
    account->last = turn;
    place_in_ring(turns, account);
    return 0;
}

static void stop_waiting(struct turns_account *account, struct turn *turn)
{
    struct turn *before = NULL;
    struct turn **place = &account->first;
    while (*place != turn) {
        before = *place;
        place = &before->next;
    }
    *place = turn->next;
    if (account->last == turn)
        account->last = before;
}

void turns_leave(struct turns *turns, struct turn *turn)
{
    struct turns_account *account = turn->account;
    if (turn->begun)
        account->begun--;
    else
        stop_waiting(account, turn);
    account->calls--;
    account->bytes -= turn->bytes;
    add_to_total(turns, account->who, (size_t)-1, -turn->bytes);
    turn->account = NULL;
    place_in_ring(turns, account);
    if (account->calls == 0) {
        *find_account(turns, account->who) = account->next;
        free(account);
    }
}
