/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A state.db that is put back, lost or exchanged among acts at random: nobody gets in who did not before (rule 13). */
#include "tests/unit/lineage.h"

static const char *const people[] = {"alice", "carol", "dave"};
static const char *const packages[] = {"self", "twin", "repaired", "db-admins"};

enum { PEOPLE = 3, PACKAGES = 4, ROUNDS = 60, ACTS = 12 };

static uint64_t chance_state = 20261129;

static unsigned chance(unsigned bound)
{
    chance_state = chance_state * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(chance_state >> 33) % bound;
}

/* A bit for each gate that opens. */
static unsigned who_gets_in(void)
{
    unsigned all = 0;
    for (int i = 0; i < PEOPLE * PACKAGES; i++)
        if (fixture_gate_opens(&fixture, people[i % PEOPLE], packages[i / PEOPLE]))
            all |= 1u << i;
    return all;
}

/* Refusals are as good as anything. */
static void act_at_random(void)
{
    const char *user = people[chance(PEOPLE)];
    char *package[] = {(char *)packages[chance(PACKAGES)], NULL};
    const struct submission later = {
        .packages = package, .justification = "x", .start = fixture.now + 30 + chance(300)};
    switch (chance(7)) {
    case 0:
        acts_revoke(&fixture, user, *package, "over");
        break;
    case 1:
        acts_return(&fixture, user, *package);
        break;
    case 2:
        acts_submit(&fixture, user, &later, NULL);
        break;
    case 3:
        fixture_decide(&fixture, "bob",
                       count("SELECT coalesce(max(id), 0) FROM request WHERE state = 'pending-approval'"),
                       chance(4), "x", NULL);
        break;
    case 4:
        acts_pass(&fixture, chance(200));
        break;
    default:
        fixture_submit(&fixture, user, *package, "x", NULL);
    }
}

static void do_retries(void)
{
    struct assignment due = {0};
    while (store_find_due_retry(fixture.engine.store, fixture.now, &due) == 0) {
        assignment_deinit(&due);
        acts_retry_due(&fixture, NULL);
    }
}

static int64_t count_entries(void)
{
    return count("SELECT max(id) FROM audit");
}

/* An older store, or none: *ret_told whether anything had happened since, so that it is told. */
static void change_store(bool *ret_told)
{
    save_store();
    const int64_t saved = count_entries();
    for (unsigned i = 1 + chance(ACTS); i > 0; i--)
        act_at_random();
    const bool lost = chance(4) == 0;
    *ret_told = lost || count_entries() > saved;
    const unsigned before = who_gets_in();
    if (!lost) {
        put_back();
    } else {
        stop();
        folder_shell(fixture.state, "rm -f state.db*");
        open_and_start();
    }
    ck_assert_uint_eq(who_gets_in(), before);
    ck_assert(!*ret_told || *problem() != '\0');
}

/* Time passes, and all is done that the daemon does by itself. */
static void let_it_run(void)
{
    fixture.now += chance(400);
    ck_assert_int_eq(engine_tick(&fixture.engine), 0);
    ck_assert_int_eq(engine_apply_policy(&fixture.engine), 0);
    ck_assert_int_eq(engine_retry_all(&fixture.engine), 0);
    do_retries();
    if (chance(2))
        restart();
}

/* Whatever was done before and after the copy: who got in gets in, and nobody else, until somebody asks anew. */
START_TEST(test_at_random)
{
    int64_t held = 0;
    for (int round = 0; round < ROUNDS; round++) {
        bool told = false;
        for (unsigned i = chance(ACTS); i > 0; i--)
            act_at_random();
        change_store(&told);
        const unsigned before = who_gets_in();
        let_it_run();
        ck_assert_msg(!told || !(who_gets_in() & ~before), "round %d: %x became %x", round, before,
                      who_gets_in());
        held += count("SELECT count(*) FROM assignment WHERE held = 1");
        if (*problem() && chance(2))
            ck_assert_int_eq(accept_store(), 0);
    }
    ck_assert_int_gt(held, 20); /* what the test is about has happened */
}
END_TEST

int main(void)
{
    suite_case("lineage at random", setup_file, fixture_teardown);
    suite_add(test_at_random);
    return suite_run();
}
