/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who may decide in somebody's name: rule 5 over every pair of identities that must not meet. */
#include "helperd/policy/policy.h"
#include "tests/support/suite.h"

#include <stdlib.h>

static char *nothing[] = {NULL};
static char *leads_group[] = {(char *)"dba-leads", NULL};
static char *leads[] = {(char *)"%dba-leads", NULL};
static char *managers[] = {(char *)"carol", NULL};
static struct subject dave = {
    .name = (char *)"dave", .uid = 14, .may_log_in = true, .groups = nothing, .all_groups = true};
static struct subject bob = {.name = (char *)"bob",
                             .uid = 12,
                             .may_log_in = true,
                             .groups = leads_group,
                             .all_groups = true,
                             .account = {.state = ACCOUNT_OPEN}};
static struct subject carol = {.name = (char *)"carol",
                               .uid = 13,
                               .may_log_in = true,
                               .groups = nothing,
                               .all_groups = true,
                               .account = {.state = ACCOUNT_OPEN}};
static const struct identity alice = {11, 111};

static const struct stage stage = {.number = 1,
                                   .quorum = 2,
                                   .approvers = leads,
                                   .fallback_approvers = managers,
                                   .escalate_after = 100,
                                   .entered = 1000};

static struct policy_decider for_bob(void)
{
    return (struct policy_decider){
        .subject = &dave, .identity = {14, 114}, .delegators = {{&bob, {12, 112}}}, .n_delegators = 1};
}

static enum policy_decide_verdict ask(const struct policy_decider *decider, const struct decision *decisions,
                                      size_t n, int64_t now, const struct policy_delegator **ret_for)
{
    *ret_for = (const struct policy_delegator *)&stage; /* to see that it is written, or left alone */
    const struct policy_pending pending = {
        .stage = &stage, .requestor = &alice, .decisions = decisions, .n_decisions = n};
    return policy_decide_as(&pending, decider, now, ret_for);
}

START_TEST(test_in_whose_name)
{
    const struct policy_delegator *for_whom = NULL;
    struct policy_decider decider = for_bob();
    ck_assert_int_eq(ask(&decider, NULL, 0, 1000, &for_whom), POLICY_DECIDE_ALLOWED);
    ck_assert_ptr_eq(for_whom, &decider.delegators[0]);

    /* Without the delegation: nobody. */
    decider.n_delegators = 0;
    ck_assert_int_eq(ask(&decider, NULL, 0, 1000, &for_whom), POLICY_DECIDE_NOT_APPROVER);
    ck_assert_ptr_eq(for_whom, &stage);

    /* Who is an approver in their own right acts as themselves. */
    decider = (struct policy_decider){
        .subject = &bob, .identity = {12, 112}, .delegators = {{&bob, {12, 112}}}, .n_delegators = 1};
    ck_assert_int_eq(ask(&decider, NULL, 0, 1000, &for_whom), POLICY_DECIDE_ALLOWED);
    ck_assert_ptr_null(for_whom);

    /* A fallback approver's delegate comes in with the fallback approver. */
    decider = for_bob();
    decider.delegators[0] = (struct policy_delegator){&carol, {13, UID_UNSET}};
    ck_assert_int_eq(ask(&decider, NULL, 0, 1099, &for_whom), POLICY_DECIDE_NOT_APPROVER);
    ck_assert_int_eq(ask(&decider, NULL, 0, 1100, &for_whom), POLICY_DECIDE_ALLOWED);
    ck_assert_ptr_eq(for_whom, &decider.delegators[0]);
}
END_TEST

START_TEST(test_who_must_be_able_to_log_in)
{
    const struct policy_delegator *for_whom = NULL;
    struct subject locked_bob = bob;
    struct subject locked_dave = dave;
    struct policy_decider decider = for_bob();
    locked_bob.may_log_in = locked_dave.may_log_in = false;
    decider.delegators[0].subject = &locked_bob;
    ck_assert(!policy_asks(leads, &decider));
    ck_assert_int_eq(ask(&decider, NULL, 0, 1000, &for_whom), POLICY_DECIDE_NOT_APPROVER);
    decider = for_bob();
    ck_assert(policy_asks(leads, &decider));
    decider.subject = &locked_dave;
    ck_assert_int_eq(ask(&decider, NULL, 0, 1000, &for_whom), POLICY_DECIDE_NO_LOGIN);
}
END_TEST

/* Rule 9: nobody decides for an account that has expired or is locked, or of which that is not known. */
START_TEST(test_accounts)
{
    static const enum account_state barring[] = {ACCOUNT_UNKNOWN, ACCOUNT_INACTIVE, ACCOUNT_EXPIRED,
                                                 ACCOUNT_LOCKED};
    const struct policy_delegator *for_whom = NULL;
    struct subject barred_bob = bob;
    struct policy_decider decider = for_bob();
    decider.delegators[0].subject = &barred_bob;
    for (size_t i = 0; i < sizeof(barring) / sizeof(barring[0]); i++) {
        barred_bob.account.state = barring[i];
        ck_assert_int_eq(ask(&decider, NULL, 0, 1000, &for_whom), POLICY_DECIDE_ACCOUNT);
        ck_assert_ptr_eq(for_whom, &decider.delegators[0]);
        decider.any_account = true;
        ck_assert_int_eq(ask(&decider, NULL, 0, 1000, &for_whom), POLICY_DECIDE_ALLOWED);
        decider.any_account = false;
    }
    /* Another delegator may: after the barred one, or before. */
    decider.delegators[1] = (struct policy_delegator){&carol, {13, UID_UNSET}};
    decider.n_delegators = 2;
    ck_assert_int_eq(ask(&decider, NULL, 0, 1099, &for_whom), POLICY_DECIDE_ACCOUNT);
    ck_assert_int_eq(ask(&decider, NULL, 0, 1100, &for_whom), POLICY_DECIDE_ALLOWED);
    ck_assert_ptr_eq(for_whom, &decider.delegators[1]);
    barred_bob.account.state = ACCOUNT_ABSENT;
    ck_assert_int_eq(ask(&decider, NULL, 0, 1100, &for_whom), POLICY_DECIDE_ALLOWED);
    ck_assert_ptr_eq(for_whom, &decider.delegators[0]);
}
END_TEST

/* What follows from being in no group waits until all groups are known, and all delegators. */
START_TEST(test_what_is_not_known)
{
    const struct policy_delegator *for_whom = NULL;
    struct subject half_dave = dave, half_bob = bob;
    struct policy_decider decider = {.subject = &half_dave, .identity = {14, 114}};
    half_dave.all_groups = false;
    ck_assert_int_eq(ask(&decider, NULL, 0, 1000, &for_whom), POLICY_DECIDE_UNKNOWN);
    ck_assert(!policy_asks(leads, &decider) && policy_may_ask(leads, &decider));
    ck_assert(!policy_may_ask(managers, &decider)); /* nobody is carol for a group */
    decider = (struct policy_decider){.subject = &dave, .identity = {14, 114}, .delegators_unknown = true};
    ck_assert_int_eq(ask(&decider, NULL, 0, 1000, &for_whom), POLICY_DECIDE_UNKNOWN);
    decider = for_bob();
    half_bob.groups = nothing;
    half_bob.all_groups = false;
    decider.delegators[0].subject = &half_bob;
    ck_assert_int_eq(ask(&decider, NULL, 0, 1000, &for_whom), POLICY_DECIDE_UNKNOWN);
    half_bob.may_log_in = false;
    ck_assert_int_eq(ask(&decider, NULL, 0, 1000, &for_whom), POLICY_DECIDE_NOT_APPROVER);
    /* What is known is enough. */
    half_bob = bob;
    half_bob.all_groups = false;
    ck_assert_int_eq(ask(&decider, NULL, 0, 1000, &for_whom), POLICY_DECIDE_ALLOWED);
}
END_TEST

/* One who may not be acted for does not stand in the way of one who may. */
START_TEST(test_several_delegators)
{
    const struct policy_delegator *for_whom = NULL;
    struct policy_decider decider = for_bob();
    struct subject alice_lead = {
        .name = (char *)"alice", .uid = 11, .may_log_in = true, .groups = leads_group};
    decider.delegators[0] = (struct policy_delegator){&alice_lead, alice};
    ck_assert_int_eq(ask(&decider, NULL, 0, 1000, &for_whom), POLICY_DECIDE_DELEGATORS_REQUEST);
    decider.delegators[1] = (struct policy_delegator){&bob, {12, 112}};
    decider.n_delegators = 2;
    ck_assert_int_eq(ask(&decider, NULL, 0, 1000, &for_whom), POLICY_DECIDE_ALLOWED);
    ck_assert_ptr_eq(for_whom, &decider.delegators[1]);
}
END_TEST

/* The four ids of one decision. */
enum { SLOTS = 4 };
struct ids {
    uid_t of[SLOTS]; /* decider: uid, login; delegator: uid, login */
};

static struct policy_decider decider_of(const struct ids *ids)
{
    struct policy_decider decider = for_bob();
    decider.identity = (struct identity){ids->of[0], ids->of[1]};
    decider.delegators[0].identity = (struct identity){ids->of[2], ids->of[3]};
    return decider;
}

/* Rule 5: neither the decider nor the delegator is the requestor, by account or by login. */
START_TEST(test_every_meeting_with_the_requestor)
{
    const uid_t requestor[] = {alice.uid, alice.loginuid};
    const struct policy_delegator *for_whom = NULL;
    for (size_t slot = 0; slot < SLOTS; slot++)
        for (size_t i = 0; i < 2; i++) {
            struct ids ids = {{14, 114, 12, 112}};
            ids.of[slot] = requestor[i];
            const struct policy_decider decider = decider_of(&ids);
            const enum policy_decide_verdict verdict = ask(&decider, NULL, 0, 1000, &for_whom);
            ck_assert_msg(verdict ==
                              (slot < 2 ? POLICY_DECIDE_OWN_REQUEST : POLICY_DECIDE_DELEGATORS_REQUEST),
                          "slot %zu, of the requestor %zu: %d", slot, i, (int)verdict);
        }
    /* What is unset equals nothing. */
    const struct policy_decider unset = decider_of(&(struct ids){{14, UID_UNSET, 12, UID_UNSET}});
    const struct identity by_cron = {11, UID_UNSET};
    const struct policy_pending pending = {.stage = &stage, .requestor = &by_cron};
    ck_assert_int_eq(policy_may_decide(&pending, &unset, 1000), POLICY_DECIDE_ALLOWED);
}
END_TEST

static struct decision decision_of(int64_t number, const struct ids *ids, bool delegated)
{
    return (struct decision){
        .stage = number,
        .approved = true,
        .identity = {ids->of[0], ids->of[1]},
        .for_user = delegated ? (char *)"somebody" : NULL,
        .for_identity = {ids->of[2], ids->of[3]},
    };
}

/* Nobody twice in a quorum: none of the four of one decision equals any of the four of another one of the request. */
START_TEST(test_every_meeting_with_an_earlier_decision)
{
    const struct policy_delegator *for_whom = NULL;
    for (size_t slot = 0; slot < SLOTS; slot++)
        for (size_t earlier = 0; earlier < SLOTS; earlier++) {
            const struct ids now = {{14, 114, 12, 112}};
            struct ids before = {{21, 121, 22, 122}};
            before.of[earlier] = now.of[slot];
            const struct policy_decider decider = decider_of(&now);
            const struct decision here = decision_of(1, &before, true);
            const struct decision elsewhere = decision_of(2, &before, true);
            const struct decision alone = decision_of(1, &before, false);
            ck_assert_msg(ask(&decider, &here, 1, 1000, &for_whom) == POLICY_DECIDE_TWICE,
                          "slot %zu, earlier %zu", slot, earlier);
            ck_assert_int_eq(ask(&decider, &elsewhere, 1, 1000, &for_whom),
                             POLICY_DECIDE_OTHER_STAGE); /* rule 4 */
            /* Where nobody was decided for, what stands there counts for nothing. */
            ck_assert_int_eq(ask(&decider, &alone, 1, 1000, &for_whom),
                             earlier < 2 ? POLICY_DECIDE_TWICE : POLICY_DECIDE_ALLOWED);
        }
    const struct policy_decider decider = for_bob();
    const struct decision other = decision_of(1, &(struct ids){{21, UID_UNSET, 22, UID_UNSET}}, true);
    ck_assert_int_eq(ask(&decider, &other, 1, 1000, &for_whom), POLICY_DECIDE_ALLOWED);
}
END_TEST

/* Who was decided for does not decide once more themselves. */
START_TEST(test_after_one_s_delegate)
{
    const struct policy_delegator *for_whom = NULL;
    const struct policy_decider himself = {.subject = &bob, .identity = {12, UID_UNSET}};
    const struct decision by_dave = decision_of(1, &(struct ids){{14, 114, 12, 112}}, true);
    ck_assert_int_eq(ask(&himself, &by_dave, 1, 1000, &for_whom), POLICY_DECIDE_TWICE);
    ck_assert_int_eq(ask(&himself, NULL, 0, 1000, &for_whom), POLICY_DECIDE_ALLOWED);
}
END_TEST

/* An emergency is reviewed by whoever decides in a stage of the package; its fallback approvers need not wait. */
START_TEST(test_review)
{
    char *only_eve[] = {(char *)"eve", NULL};
    struct package_stage stages[] = {
        {.approvers = only_eve, .fallback_approvers = nothing},
        {.approvers = leads, .fallback_approvers = managers, .escalate_after = 100}};
    const struct package package = {.stages = stages, .n_stages = 2};
    const struct package unasked = {0};
    const struct policy_delegator *for_whom = NULL;
    struct request emergency = {.requestor = alice, .submitted = 1000, .emergency = true};
    struct policy_decider decider = {.subject = &bob, .identity = {12, 112}};
    ck_assert_int_eq(policy_may_review(&package, &emergency, &decider, &for_whom), POLICY_DECIDE_ALLOWED);
    ck_assert_int_eq(policy_may_review(&unasked, &emergency, &decider, &for_whom),
                     POLICY_DECIDE_NOT_APPROVER);
    ck_assert(policy_reviews(&package, &decider));
    ck_assert(!policy_reviews(&unasked, &decider));
    ck_assert(!policy_reviews(NULL, &decider));
    emergency.requestor = (struct identity){112, UID_UNSET}; /* by bob's login */
    ck_assert_int_eq(policy_may_review(&package, &emergency, &decider, &for_whom), POLICY_DECIDE_OWN_REQUEST);
    emergency.requestor = alice;
    decider = (struct policy_decider){.subject = &carol, .identity = {13, 113}};
    ck_assert_int_eq(policy_may_review(&package, &emergency, &decider, &for_whom), /* a fallback approver's */
                     POLICY_DECIDE_ALLOWED);
    ck_assert_ptr_null(for_whom);
    decider = for_bob();
    ck_assert_int_eq(policy_may_review(&package, &emergency, &decider, &for_whom), POLICY_DECIDE_ALLOWED);
    ck_assert_ptr_eq(for_whom, &decider.delegators[0]);
    emergency.requestor = (struct identity){12, 111};
    ck_assert_int_eq(policy_may_review(&package, &emergency, &decider, &for_whom),
                     POLICY_DECIDE_DELEGATORS_REQUEST);
}
END_TEST

int main(void)
{
    suite_case("policy_delegates", NULL, NULL);
    suite_add(test_in_whose_name, test_who_must_be_able_to_log_in, test_accounts, test_what_is_not_known,
              test_several_delegators, test_every_meeting_with_the_requestor,
              test_every_meeting_with_an_earlier_decision, test_after_one_s_delegate, test_review);
    return suite_run();
}
