/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whose call is next (rule 15): round and round by user, uid 0 first; what a user may hold, alone and with all others. */
#include "helperd/bus/turns.h"
#include "tests/support/suite.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { TURNS = 64, ROOT = 0, ALICE = 1001, BOB = 1002, CAROL = 1003, ALIKE = ALICE + 256 };

static const struct turns_limits root_limits = {6, 600, 6};
static const struct turns_limits others_limits = {10, 1000, 0};
static const struct turns_limits each = {4, 250, 2};

static struct turns *turns;
static struct turn pool[TURNS];
static size_t used;

static void setup(void)
{
    turns = turns_new(&root_limits, &others_limits);
    used = 0;
}

static void teardown(void)
{
    for (size_t i = 0; i < used; i++)
        if (pool[i].account)
            turns_leave(turns, &pool[i]);
    turns_free(turns);
}

static struct turn *join(turns_who who, size_t bytes)
{
    if (!turns_have_room(turns, who, &each, bytes))
        return NULL;
    struct turn *turn = &pool[used++];
    turn->bytes = bytes;
    ck_assert_int_eq(turns_join(turns, who, &each, turn), 0);
    return turn;
}

static bool begins(const struct turn *expected)
{
    return turns_begin_next(turns, TURNS_SLOW) == expected;
}

/* Who came first with many waits for who came last with one. */
START_TEST(test_by_user)
{
    struct turn *alice[] = {join(ALICE, 1), join(ALICE, 1), join(ALICE, 1), join(ALICE, 1)};
    struct turn *bob[] = {join(BOB, 1), join(BOB, 1)};
    struct turn *carol = join(CAROL, 1);
    ck_assert(begins(alice[0]) && begins(bob[0]) && begins(carol));
    ck_assert(begins(alice[1]) && begins(bob[1]));
    turns_leave(turns, alice[0]);
    ck_assert(begins(alice[2]));
}
END_TEST

/* Uid 0 goes first, whoever waits; while it goes on calling, every other turn is somebody else's. */
START_TEST(test_root_first)
{
    struct turn *alice[] = {join(ALICE, 1), join(ALICE, 1)};
    struct turn *bob = join(BOB, 1);
    struct turn *root[] = {join(ROOT, 1), join(ROOT, 1), join(ROOT, 1), join(ROOT, 1)};
    ck_assert(begins(root[0]) && begins(alice[0]));
    ck_assert(begins(root[1]) && begins(bob));
    ck_assert(begins(root[2]) && begins(alice[1]));
    ck_assert(begins(root[3]) && begins(NULL));
}
END_TEST

/* What the gate asks for a user is not uid 0's: that user alone waits for it, and no other's calls take its room. */
START_TEST(test_gate)
{
    const turns_who alice = turns_at_gate("alice"), bob = turns_at_gate("bob");
    ck_assert(alice >= TURNS_AT_GATE && bob >= TURNS_AT_GATE && alice != bob);
    ck_assert(turns_at_gate("alice") == alice);
    struct turn *logins[] = {join(alice, 1), join(alice, 1), join(alice, 1), join(alice, 1)};
    ck_assert_ptr_null(join(alice, 1));
    struct turn *login = join(bob, 1);
    struct turn *own[] = {join(ALICE, 1), join(ALICE, 1)};
    struct turn *root[] = {join(ROOT, 1), join(ROOT, 1)};
    ck_assert(begins(root[0]) && begins(logins[0]) && begins(root[1]) && begins(own[0]));
    ck_assert(begins(login) && begins(own[1]) && begins(logins[1]) && begins(NULL));
    turns_leave(turns, logins[0]);
    ck_assert_ptr_eq(turns_begin_next(turns, TURNS_ROOT), logins[2]);
}
END_TEST

/* Together they have as much as uid 0, and all others may have taken all of theirs. */
START_TEST(test_gate_together)
{
    for (uid_t uid = ALICE; uid < ALICE + others_limits.calls; uid++)
        ck_assert_ptr_nonnull(join(uid, 1));
    ck_assert_ptr_null(join(BOB + 100, 1));
    for (char user[] = "a"; *user < 'a' + (char)root_limits.calls; ++*user)
        ck_assert_ptr_nonnull(join(turns_at_gate(user), 1));
    ck_assert_ptr_null(join(turns_at_gate("z"), 1));
    ck_assert_ptr_nonnull(join(ROOT, 1));
}
END_TEST

START_TEST(test_root_alone)
{
    struct turn *alice = join(ALICE, 1);
    ck_assert_ptr_null(turns_begin_next(turns, TURNS_ROOT));
    struct turn *root[] = {join(ROOT, 1), join(ROOT, 1)};
    ck_assert_ptr_eq(turns_begin_next(turns, TURNS_ROOT), root[0]);
    ck_assert_ptr_eq(turns_begin_next(turns, TURNS_ROOT), root[1]);
    ck_assert_ptr_null(turns_begin_next(turns, TURNS_ROOT));
    ck_assert(begins(alice));
}
END_TEST

/* Who asked for more than there is room for has a turn when nobody else wants one, until they have no calls any more. */
START_TEST(test_slow)
{
    struct turn *alice[] = {join(ALICE, 1), join(ALICE, 1), join(ALICE, 1)};
    struct turn *bob[] = {join(BOB, 1), join(BOB, 1)};
    struct turn *carol = join(CAROL, 1);
    turns_slow_down(turns, ALICE);
    turns_slow_down(turns, ALICE);
    turns_slow_down(turns, ROOT); /* who is not, and has no calls either */
    ck_assert(begins(bob[0]) && begins(carol) && begins(bob[1]));
    ck_assert(!turns_is_slow(carol) && !turns_wait(turns));
    ck_assert_ptr_null(turns_begin_next(turns, TURNS_OTHERS));
    ck_assert(begins(alice[0]) && turns_is_slow(alice[0]));
    turns_slow_down(turns, CAROL);
    struct turn *last = join(CAROL, 1);
    ck_assert(begins(alice[1]) && begins(last) && begins(NULL));
    for (size_t i = 0; i < 3; i++)
        turns_leave(turns, alice[i]);
    alice[0] = join(ALICE, 1);
    ck_assert_ptr_eq(turns_begin_next(turns, TURNS_OTHERS), alice[0]);
}
END_TEST

/* A few at a time, so that a user's calls do not fill what all of them need. */
START_TEST(test_begun)
{
    struct turn *alice[] = {join(ALICE, 1), join(ALICE, 1), join(ALICE, 1), join(ALICE, 1)};
    ck_assert(begins(alice[0]) && begins(alice[1]) && begins(NULL));
    struct turn *bob = join(BOB, 1);
    ck_assert(begins(bob) && begins(NULL));
    turns_leave(turns, alice[1]);
    ck_assert(begins(alice[2]) && begins(NULL));
    turns_leave(turns, alice[3]); /* which had not begun */
    turns_leave(turns, alice[0]);
    ck_assert(begins(NULL));
}
END_TEST

/* Calls and bytes, those that have begun too; others do not use them up, not even of a uid in the same bucket. */
START_TEST(test_bounds_of_one)
{
    struct turn *alice[] = {join(ALICE, 1), join(ALICE, 1), join(ALICE, 1), join(ALICE, 1)};
    ck_assert_ptr_null(join(ALICE, 1));
    ck_assert(begins(alice[0]));
    ck_assert_ptr_null(join(ALICE, 1));
    ck_assert_ptr_nonnull(join(ALIKE, 1));
    turns_leave(turns, alice[0]);
    ck_assert_ptr_nonnull(join(ALICE, 1));
    ck_assert_ptr_nonnull(join(BOB, 100));
    struct turn *large = join(BOB, 150);
    ck_assert_ptr_nonnull(large);
    ck_assert_ptr_null(join(BOB, 1));
    turns_leave(turns, large);
    ck_assert_ptr_null(join(BOB, 151));
    ck_assert_ptr_nonnull(join(BOB, 150));
    ck_assert(!turns_have_room(turns, CAROL, &each, 251) && !turns_have_room(turns, CAROL, &each, SIZE_MAX));
}
END_TEST

/* All users together have a bound, which uid 0 does not share. */
START_TEST(test_bounds_of_all)
{
    for (uid_t uid = 1; uid <= 10; uid++)
        ck_assert_ptr_nonnull(join(uid, 10));
    ck_assert_ptr_null(join(ALICE, 10));
    for (size_t i = 0; i < root_limits.calls; i++)
        ck_assert_ptr_nonnull(join(ROOT, 100));
    ck_assert_ptr_null(join(ROOT, 0));
    turns_leave(turns, &pool[3]);
    ck_assert_ptr_nonnull(join(ALICE, 10));
    ck_assert_ptr_null(join(BOB, 10));
}
END_TEST

START_TEST(test_bytes_of_all)
{
    for (uid_t uid = 1; uid <= 4; uid++)
        ck_assert_ptr_nonnull(join(uid, 240));
    ck_assert_ptr_null(join(ALICE, 41));
    ck_assert_ptr_nonnull(join(ALICE, 40));
    ck_assert_ptr_nonnull(join(ROOT, 600));
    ck_assert_ptr_null(join(ROOT, 1));
}
END_TEST

/*
 * Whatever comes and goes: who waits and may begin does so before anybody else has begun twice, their own calls in their
 * order, and nothing is lost.
 */
START_TEST(test_at_random)
{
    enum { USERS = 5, STEPS = 20000 };
    struct turn *waiting[USERS][4] = {{NULL}};
    struct turn *begun[USERS][2] = {{NULL}};
    size_t waits[USERS] = {0}, runs[USERS] = {0}, passed[USERS] = {0};
    static struct turn own[USERS][6];
    srand(7);
    for (int step = 0; step < STEPS; step++) {
        const size_t user = (size_t)rand() % USERS;
        if (rand() % 2 && turns_have_room(turns, (uid_t)(ALICE + user), &each, 1)) {
            struct turn *turn = own[user];
            while (turn->account)
                turn++;
            turn->bytes = 1;
            ck_assert_int_eq(turns_join(turns, (uid_t)(ALICE + user), &each, turn), 0);
            waiting[user][waits[user]++] = turn;
        } else if (runs[user] > 0 && rand() % 2) {
            turns_leave(turns, begun[user][--runs[user]]);
        }
        struct turn *turn = rand() % 2 ? turns_begin_next(turns, TURNS_SLOW) : NULL;
        for (size_t i = 0; turn && i < USERS; i++) {
            if (turn != waiting[i][0]) {
                passed[i] = waits[i] > 0 && runs[i] < each.begun ? passed[i] + 1 : 0;
                ck_assert_uint_lt(passed[i], USERS);
                continue;
            }
            passed[i] = 0;
            memmove(waiting[i], waiting[i] + 1, --waits[i] * sizeof(waiting[i][0]));
            waiting[i][waits[i]] = NULL;
            begun[i][runs[i]++] = turn;
        }
    }
    for (size_t i = 0; i < USERS; i++) {
        while (runs[i] > 0)
            turns_leave(turns, begun[i][--runs[i]]);
        for (size_t k = 0; k < waits[i]; k++)
            turns_leave(turns, waiting[i][k]);
    }
}
END_TEST

int main(void)
{
    suite_case("turns", setup, teardown);
    suite_add(test_by_user, test_root_first, test_gate, test_gate_together, test_root_alone, test_slow,
              test_begun, test_bounds_of_one, test_bounds_of_all, test_bytes_of_all, test_at_random);
    return suite_run();
}
