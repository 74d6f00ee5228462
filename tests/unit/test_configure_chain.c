/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Packages that give what others are approved or asked for by: circles and chains. */
#include "helperd/config/configure_chain.h"
#include "tests/support/suite.h"
#include "tests/unit/packagesd.h"

static void check_chains(void)
{
    load_all();
    ck_assert_int_eq(configure_chain_check(packages, NULL, &problems), 0);
}

START_TEST(packages_that_do_not_touch)
{
    define("a", "ga", "%staff", "%leads");
    define("b", "gb", "%staff", "%leads gc ga");
    check_chains();
    ck_assert_uint_eq(problems.count, 0);
}
END_TEST

START_TEST(approving_one_s_own_package_is_an_error)
{
    define("a", "other ga", "%staff", "bob %ga");
    check_chains();
    ck_assert_uint_eq(problems.count, 1);
    ck_assert(told(true, "a.conf: who holds a is in ga and may approve a; they could keep each other in"));
}
END_TEST

START_TEST(approving_it_as_a_fallback_is_an_error_too)
{
    put("a.conf", "[package]\ngroups = ga\n[stage 1]\napprovers = bob\n[stage 2]\napprovers = carol\n"
                  "escalate_after = 1h\nfallback_approvers = %ga\n");
    check_chains();
    ck_assert_uint_eq(problems.errors, 1);
}
END_TEST

START_TEST(a_circle_of_approvals_is_told_once)
{
    define("a", "ga", NULL, "%gc");
    define("b", "gb", NULL, "%ga");
    define("c", "gc", NULL, "%gb");
    check_chains();
    ck_assert_uint_eq(problems.errors, 1);
    ck_assert(told(true,
                   "a.conf: who holds a is in ga and may approve b, who holds b is in gb and may approve c, "
                   "who holds c is in gc and may approve a; "));
}
END_TEST

/* The first package leads into a circle that it is no part of. */
START_TEST(a_circle_further_on_is_found)
{
    define("a", "ga", NULL, "bob");
    define("b", "gb", NULL, "%ga %gc");
    define("c", "gc", NULL, "%gb");
    check_chains();
    ck_assert_uint_eq(problems.errors, 1);
    ck_assert(told(
        true, "b.conf: who holds b is in gb and may approve c, who holds c is in gc and may approve b; "));
}
END_TEST

START_TEST(a_chain_is_a_warning_that_names_the_way)
{
    define("a", "ga", NULL, "bob");
    define("b", "gb", NULL, "%ga");
    define("c", "gc", "%gb", "bob");
    check_chains();
    ck_assert_uint_eq(problems.errors, 0);
    ck_assert_uint_eq(problems.count, 3);
    ck_assert(told(false, "a.conf: who holds a is in ga and may approve b; make sure"));
    ck_assert(told(
        false, "a.conf: who holds a is in ga and may approve b, who holds b is in gb and may request c; "));
    ck_assert(told(false, "b.conf: who holds b is in gb and may request c; "));
}
END_TEST

START_TEST(an_emergency_of_one_s_own_package_is_an_error)
{
    put("a.conf", "[package]\ngroups = ga\n[policy]\napprovers = bob\nemergency = %ga\n");
    check_chains();
    ck_assert_uint_eq(problems.count, 1);
    ck_assert(told(true, "a.conf: who holds a is in ga and may take, as an emergency, a; they could keep"));
}
END_TEST

START_TEST(a_circle_of_emergency_and_approval_is_an_error)
{
    put("a.conf", "[package]\ngroups = ga\n[policy]\napprovers = %gb\n");
    put("b.conf", "[package]\ngroups = gb\n[policy]\napprovers = bob\nemergency = %ga\n");
    check_chains();
    ck_assert_uint_eq(problems.errors, 1);
    ck_assert(told(true,
                   "a.conf: who holds a is in ga and may take, as an emergency, b, who holds b is in gb "
                   "and may approve a; "));
}
END_TEST

START_TEST(an_emergency_chain_is_a_warning)
{
    define("a", "ga", NULL, "bob");
    put("b.conf", "[package]\ngroups = gb\n[policy]\nrequestors = %ga\napprovers = bob\nemergency = %ga\n");
    check_chains();
    ck_assert_uint_eq(problems.errors, 0);
    ck_assert_uint_eq(problems.count, 1); /* the stronger of the two ways */
    ck_assert(told(false, "a.conf: who holds a is in ga and may take, as an emergency, b; make sure"));
}
END_TEST

START_TEST(requesting_one_s_own_package_is_a_warning)
{
    define("a", "ga", "%ga %staff", "bob");
    check_chains();
    ck_assert_uint_eq(problems.count, 1);
    ck_assert(told(false, "a.conf: who holds a is in ga and may request a; "));
}
END_TEST

START_TEST(a_circle_with_a_request_in_it_is_a_warning)
{
    define("a", "ga", "%gb", "bob");
    define("b", "gb", NULL, "%ga");
    check_chains();
    ck_assert_uint_eq(problems.errors, 0);
    ck_assert(told(false,
                   "a.conf: who holds a is in ga and may approve b, who holds b is in gb and may request a"));
}
END_TEST

START_TEST(very_many_chains_are_cut_short)
{
    for (int i = 0; i < 120; i++) {
        char name[16];
        snprintf(name, sizeof(name), "p%03d", i);
        define(name, i < 60 ? "first" : "second", NULL, i < 60 ? "bob" : "%first");
    }
    check_chains();
    ck_assert_uint_eq(problems.errors, 0);
    ck_assert_uint_eq(problems.count, CHAINS_TOLD_MAX + 1);
}
END_TEST

int main(void)
{
    suite_case("chains", make_folder, remove_folder);
    suite_add(packages_that_do_not_touch, approving_one_s_own_package_is_an_error,
              approving_it_as_a_fallback_is_an_error_too, a_circle_of_approvals_is_told_once,
              a_circle_further_on_is_found, a_chain_is_a_warning_that_names_the_way,
              an_emergency_of_one_s_own_package_is_an_error, a_circle_of_emergency_and_approval_is_an_error,
              an_emergency_chain_is_a_warning, requesting_one_s_own_package_is_a_warning,
              a_circle_with_a_request_in_it_is_a_warning, very_many_chains_are_cut_short);
    return suite_run();
}
