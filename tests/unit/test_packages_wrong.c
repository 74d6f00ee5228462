/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Package files: every way of writing one wrong. */
#include "tests/support/suite.h"
#include "tests/unit/packagesd.h"

#include <errno.h>
#include <stdlib.h>

#define STAGE_1 PACKAGE "[stage 1]\napprovers = bob\n"
#define X1000   X50 X50 X50 X50 X50 X50 X50 X50 X50 X50 X50 X50 X50 X50 X50 X50 X50 X50 X50 X50
#define X50     "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define AE30                                                                                                 \
    "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"                       \
    "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"                       \
    "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"

static const struct bad {
    const char *text;
    const char *error; /* with file and line */
} bad[] = {
    /* lines */
    {POLICY "nonsense\n", "one.conf:5: this is neither KEY = VALUE nor [SECTION]; write one, or start"},
    {POLICY "= 1\n", "one.conf:5: this is neither"},
    {POLICY "a ; b = c\n", "one.conf:5: this is neither"},
    {"groups = g\n", "one.conf:1: a key before the first section"},
    {"  groups = g\n", "one.conf:1: a line that starts with a blank continues"},
    {POLICY "  duration = 4h\n", "one.conf:5: a line that starts with a blank continues"},
    {POLICY "\n\n  [stage 1]\n", "one.conf:7: a line that starts with a blank continues"},
    {POLICY "[stage 1\n", "one.conf:5: this is no section"},
    {POLICY "[]\n", "one.conf:5: this is no section"},
    {POLICY "[stage 1] quorum = 1\n", "one.conf:5: this is no section"},
    {PACKAGE "description = a\x1b[31mb\n", "one.conf:3: holds control characters or is not UTF-8; take out "
                                           "what is shown as \\x: description = a\\x1b[31mb"},
    {PACKAGE "description = \xff\n", "one.conf:3: holds control characters or is not UTF-8"},
    {PACKAGE "description = a\rb\n", "one.conf:3: holds control characters or is not UTF-8"},
    {PACKAGE "description = \xe2\x80\xae\n", "one.conf:3: holds control characters or is not UTF-8"},
    {"[package]\ngroups = g\xff\n", "one.conf:2: holds control characters or is not UTF-8"},
    {PACKAGE "description = " X1000 "\n", "one.conf:3: longer than"},
    /* sections and keys */
    {POLICY "[Stage 1]\n", "one.conf:5: there is no section [Stage 1]"},
    {POLICY "[polic]\n", "one.conf:5: there is no section [polic]"},
    {POLICY "[ package ]\n", "one.conf:5: there is no section [ package ]"},
    {POLICY "[stage 0]\n", "one.conf:5: there is no section [stage 0]"},
    {POLICY "[stage 01]\n", "one.conf:5: there is no section [stage 01]"},
    {POLICY "[stage 17]\n", "one.conf:5: there is no section [stage 17]"},
    {POLICY "[stage 4294967297]\n", "one.conf:5: there is no section"},
    {POLICY "[stage 1 ]\n", "one.conf:5: there is no section"},
    {POLICY "[" X50 X50 "]\n", "one.conf:5: there is no section [" X50 X50 "]"},
    {POLICY "[policy]\n", "one.conf:5: section [policy] comes twice (first in line 3)"},
    {STAGE_1 "[stage 1]\n", "one.conf:5: section [stage 1] comes twice"},
    {POLICY "aprovers = x\n", "one.conf:5: [policy] has no key aprovers"},
    {POLICY "Approvers = x\n", "one.conf:5: [policy] has no key Approvers"},
    {POLICY "groups = x\n", "one.conf:5: groups does not belong in [policy] but in [package]"},
    {POLICY "quorum = 2\n", "one.conf:5: quorum does not belong in [policy] but in [stage N]"},
    {POLICY "duration = 1h\nduration = 2h\n", "one.conf:6: duration is given twice (first in line 5)"},
    {POLICY "duration =\n", "one.conf:5: duration has no value"},
    {POLICY "duration = ; later\n", "one.conf:5: duration has no value"},
    {POLICY "requestors =\n", "one.conf:5: requestors has no value"},
    /* times */
    {POLICY "not_after = tomorrow\n", "one.conf:5: not_after = tomorrow: write a day, as 2026-12-31, which "
                                      "counts to its end, or a time, as 2026-12-31 18:00"},
    {POLICY "not_after = 2026-02-30\n", "one.conf:5: not_after = 2026-02-30: write a day"},
    {POLICY "not_after = +2d\n", "one.conf:5: not_after = +2d: write a day"},
    {POLICY "not_after = 1999-12-31 24:01\n", "one.conf:5: not_after = 1999-12-31 24:01: write a day"},
    {POLICY "extend_window = 48h\n",
     "one.conf:5: extend_window needs extension = allowed or approval; write it, or take this away"},
    {POLICY "extension = allowed\nextend_window = never\n",
     "one.conf:6: extend_window = never: write a duration"},
    {POLICY "review_within = 24h\n", "one.conf:5: review_within needs emergency: name who may use it"},
    {POLICY "emergency = bob\nreview_within = 10s\n",
     "one.conf:6: review_within = 10s: shorter than allowed here; at least 1m"},
    /* groups */
    {"[policy]\napprovers = bob\n", "one.conf: [package] groups is missing"},
    {"[package]\n[policy]\napprovers = bob\n", "one.conf:1: [package] groups is missing"},
    {"", "one.conf: [package] groups is missing"},
    {"[package]\ngroups = root\n[policy]\napprovers = bob\n",
     "one.conf:2: groups: no package can give the group root"},
    {"[package]\ngroups = a b a\n", "one.conf:2: groups names a twice"},
    {"[package]\ngroups = %a\n", "one.conf:2: groups: \"%a\": plain names stand here; leave the % away"},
    {"[package]\ngroups = a, b\n", "one.conf:2: groups: \"a,\": separate names by blanks"},
    {"[package]\ngroups = \"a:b\"\n",
     "one.conf:2: groups: \"a:b\": no name of a user or a group holds a colon"},
    {"[package]\ngroups = \"\"\n", "one.conf:2: groups: \"\": a name is missing"},
    {"[package]\ngroups = a \"b\" \"b\"\n", "one.conf:2: groups names b twice"},
    {"[package]\ngroups = \"%a b\"\n", "one.conf:2: groups: \"%a b\": plain names stand here"},
    {"[package]\ngroups = \"a\n", "one.conf:2: groups: \"a: the quote is not closed in this line"},
    {"[package]\ngroups = \"\n", "one.conf:2: groups: \": the quote is not closed in this line"},
    {"[package]\ngroups = \"a ; b\n", "one.conf:2: groups: \"a: the quote is not closed in this line"},
    {"[package]\ngroups = \"a\\\"\n", "one.conf:2: groups: \"a\\\": the quote is not closed in this line"},
    {"[package]\ngroups = x\n y\n\n # why\n \"a\n b\" c\n",
     "one.conf:6: groups: \"a: the quote is not closed"},
    {"[package]\ngroups = \"CORP\\a\"\n",
     "one.conf:2: groups: \"CORP\\a\": a backslash in quotes stands before"},
    {"[package]\ngroups = \"a\"b\n",
     "one.conf:2: groups: \"a\": separate names by blanks, also behind a quote"},
    {"[package]\ngroups = a\"b c\"\n",
     "one.conf:2: groups: \"a\"b\": a quote stands before and behind the whole"},
    {"[package]\ngroups = a b'c\n",
     "one.conf:2: groups: \"b'c\": separate names by blanks; a name that holds"},
    {POLICY "requestors = %\"domain admins\"\n",
     "one.conf:5: requestors: \"%\"domain\": a quote stands before"},
    {POLICY "requestors = \"%\"\n", "one.conf:5: requestors: \"%\": a name is missing behind the %"},
    {POLICY "requestors = bo\xe2\x80\x8b"
            "b\n",
     "one.conf:5: requestors: \"bo\\xe2\\x80\\x8bb\": it holds an invisible"},
    {POLICY "requestors = \"!a b\"\n", "one.conf:5: requestors: \"!a b\": a list cannot leave anybody out"},
    {"[package]\ngroups = a # why\n", "one.conf:2: groups: \"#\": a comment behind a value starts"},
    {"[package]\ngroups = a;b\n", "one.conf:2: groups: \"a;b\": separate names by blanks"},
    {"[package]\ngroups = " AE30 AE30 "\n", "the name is too long"},
    /* policy */
    {POLICY "duration = 4 hours\n", "one.conf:5: duration = 4 hours: write a duration"},
    {POLICY "duration = 0\n", "one.conf:5: duration = 0: write a duration"},
    {POLICY "duration = -1h\n", "one.conf:5: duration = -1h: write a duration"},
    {POLICY "max_duration = 99999w\n", "one.conf:5: max_duration = 99999w: longer than allowed"},
    {POLICY "duration = 13h\nmax_duration = 12h\n", "one.conf:5: duration is longer than max_duration"},
    {POLICY "duration = forever\n", "one.conf:5: duration = forever needs max_duration = forever"},
    {POLICY "duration = forever\nmax_duration = 4h\n", "one.conf:5: duration is longer than max_duration"},
    {POLICY "max_duration = forever\nmax_total = 1d\n",
     "one.conf:6: max_total contradicts max_duration = forever"},
    {POLICY "max_total = forever\n", "one.conf:5: max_total = forever: write a duration"},
    {POLICY "cooldown = forever\n", "one.conf:5: cooldown = forever: write a duration"},
    {POLICY "on_removed = remove\n", "one.conf:5: on_removed = remove: write one of: keep, revoke"},
    {POLICY "justification = yes\n",
     "one.conf:5: justification = yes: write one of: optional, asked, required"},
    {POLICY "drift = mend\n", "one.conf:5: drift = mend: write one of: report, repair"},
    {POLICY "extension = none\n", "one.conf:5: extension = none: write one of: no, allowed, approval"},
    {POLICY "approval = no\n", "one.conf:5: approval = no: write one of: required, none"},
    {POLICY "requestors = bob %\n", "one.conf:5: requestors: \"%\": a name is missing"},
    {POLICY "requestors = %staff !bob\n",
     "one.conf:5: requestors: \"!bob\": a list cannot leave anybody out"},
    {POLICY "requestors = %staff %!x\n", "one.conf:5: requestors: \"%!x\": a list cannot leave anybody out"},
    /* approval */
    {POLICY "approval = none\n", "one.conf:4: approvers contradicts approval = none"},
    {"[package]\ngroups = a\n[policy]\napproval = none\nemergency = %oncall\n",
     "one.conf:5: emergency contradicts approval = none"},
    {POLICY "emergency_duration = 1h\n", "one.conf:5: emergency_duration needs emergency"},
    {POLICY "emergency = %oncall a:b\n", "one.conf:5: "},
    {PACKAGE "[policy]\napproval = none\napproval_timeout = 1h\n",
     "one.conf:5: approval_timeout contradicts"},
    {STAGE_1 "[policy]\napproval = none\n", "one.conf:3: [stage 1] contradicts approval = none"},
    {PACKAGE, "one.conf: nobody can approve this package"},
    {PACKAGE "[policy]\napproval = required\n", "one.conf:4: nobody can approve this package"},
    {POLICY "[stage 1]\napprovers = x\n", "one.conf:4: [policy] approvers is short for one [stage 1]"},
    {STAGE_1 "[policy]\napproval_timeout = 1h\n", "one.conf:6: [policy] approval_timeout is short"},
    {PACKAGE "[policy]\napprovers = bob bob\n", "one.conf:4: approvers names bob twice"},
    /* stages */
    {PACKAGE "[stage 2]\napprovers = bob\n", "one.conf:3: [stage 2] has no [stage 1] before it"},
    {STAGE_1 "[stage 3]\napprovers = bob\n[stage 4]\napprovers = x\n",
     "one.conf:5: [stage 3] has no [stage 2]"},
    {PACKAGE "[stage 1]\nquorum = 1\n", "one.conf:3: [stage 1] has no approvers"},
    {PACKAGE "[stage 1]\n", "one.conf:3: [stage 1] has no approvers"},
    {STAGE_1 "quorum = 0\n", "one.conf:5: quorum = 0: write a whole number from 1 to 64"},
    {STAGE_1 "quorum = -1\n", "one.conf:5: quorum = -1: write a whole number"},
    {STAGE_1 "quorum = 65\n", "one.conf:5: quorum = 65: write a whole number"},
    {STAGE_1 "quorum = 18446744073709551617\n",
     "one.conf:5: quorum = 18446744073709551617: write a whole number"},
    {STAGE_1 "quorum = 1x\n", "one.conf:5: quorum = 1x: write a whole number"},
    {STAGE_1 "quorum = 2\n", "one.conf:5: quorum = 2 cannot be reached with 1 named"},
    {STAGE_1 "timeout = 1h\nescalate_after = 1h\nfallback_approvers = x\n",
     "one.conf:6: escalate_after comes no sooner"},
    {STAGE_1 "escalate_after = 25h\nfallback_approvers = x\n", "one.conf:5: escalate_after comes no sooner"},
    {STAGE_1 "escalate_after = 1h\n", "one.conf:5: escalate_after needs fallback_approvers"},
};

START_TEST(each_error_has_its_line)
{
    put("one.conf", bad[_i].text);
    const int rc = load();
    if (rc != -EINVAL || !told(true, bad[_i].error)) {
        fprintf(stderr, "wanted: %s\n", bad[_i].error);
        print_problems();
    }
    ck_assert_int_eq(rc, -EINVAL);
    ck_assert_ptr_null(packages);
    ck_assert(told(true, bad[_i].error));
}
END_TEST

START_TEST(a_zero_byte)
{
    static const char text[] = POLICY "duration\0 = 1h\n";
    put_bytes("one.conf", text, sizeof(text) - 1);
    ck_assert_int_eq(load(), -EINVAL);
    ck_assert(told(true, "one.conf:5: holds a zero byte"));
}
END_TEST

/* Shorter and longer than the longest: nothing is cut short without a word. */
START_TEST(a_line_of_any_length_is_whole_or_an_error)
{
    for (size_t length = 1; length < 1100; length++) {
        char text[1400] = POLICY "[package]\n";
        char *end = stpcpy(text, POLICY);
        end = stpcpy(end, "requestors = ");
        memset(end, 'x', length);
        stpcpy(end + length, "\n");
        put("one.conf", text);
        struct problems found = {0};
        struct packages *set = NULL;
        if (packages_load(folder, getuid(), &set, &found) == 0)
            ck_assert_uint_eq(strlen(set->items[0].requestors[0]), length);
        else
            ck_assert(strstr(found.items[0].text, "one.conf:5: ") != NULL);
        problems_deinit(&found);
        packages_free(set);
    }
}
END_TEST

START_TEST(every_error_of_every_file_is_told)
{
    put("a.conf", "[package]\ngroups = root\n[policy]\nduration = x\nnonsense\napproval = maybe\n");
    put("b.conf", POLICY);
    put("c.conf", "[package]\nnonsense\n");
    ck_assert_int_eq(load(), -EINVAL);
    ck_assert_ptr_null(packages);
    ck_assert(told(true, "a.conf:2: "));
    ck_assert(told(true, "a.conf:4: "));
    ck_assert(told(true, "a.conf:5: "));
    ck_assert(told(true, "a.conf:6: "));
    ck_assert(told(true, "c.conf:2: "));
    ck_assert_uint_eq(problems.errors, problems.count);
}
END_TEST

START_TEST(problems_are_in_the_order_of_their_lines)
{
    unsigned long last = 0;
    put("a.conf", "[package]\ndescription = x\n[policy]\nduration = 4h\nquorum = 1\n[policy]\n"
                  "max_duration = 2h\napprovers = a\n[stage 1]\nquorum = many\napprovers = b\n");
    ck_assert_int_eq(load(), -EINVAL);
    ck_assert_uint_ge(problems.count, 5); /* some are found while reading, some only with the whole */
    for (size_t i = 0; i < problems.count; i++) {
        const unsigned long line = strtoul(strchr(problems.items[i].text, ':') + 1, NULL, 10);
        ck_assert_uint_ge(line, last);
        last = line;
    }
}
END_TEST

START_TEST(a_file_of_nothing_but_errors_is_cut_short)
{
    char *text = malloc(200001);
    for (size_t i = 0; i < 100000; i++)
        memcpy(text + i * 2, "x\n", 2);
    put_bytes("one.conf", text, 200000);
    free(text);
    ck_assert_int_eq(load(), -EINVAL);
    ck_assert_uint_lt(problems.count, 60);
    ck_assert(told(true, "one.conf: more is wrong in this file"));
}
END_TEST

START_TEST(too_many)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    fprintf(out, "[package]\ngroups = g\n[policy]\napprovers =");
    for (int i = 0; i <= PACKAGE_PRINCIPALS_MAX; i++)
        fprintf(out, "\n user-%d", i);
    fclose(out);
    put("one.conf", text);
    free(text);
    ck_assert_int_eq(load(), -EINVAL);
    ck_assert(told(true, "one.conf:4: approvers has more than 64 names"));
}
END_TEST

START_TEST(fallback_approvers_need_no_time)
{
    load_one(STAGE_1 "fallback_approvers = carol\n");
    ck_assert_uint_eq(problems.count, 0); /* asked when the approvers cannot reach the quorum */
}
END_TEST

START_TEST(an_extension_that_nobody_approves_is_a_warning)
{
    load_one("[package]\ngroups = a\n[policy]\napproval = none\nextension = approval\n");
    ck_assert_uint_eq(problems.count, 1);
    ck_assert(told(false, "one.conf: extension = approval asks nobody where approval = none"));
}
END_TEST

START_TEST(an_extension_without_a_bound_is_a_warning)
{
    load_one(POLICY "duration = 1h\nmax_duration = 2h\nextension = allowed\n");
    ck_assert_uint_eq(problems.count, 1);
    ck_assert(told(false,
                   "one.conf: extension = allowed without max_total: with all its extensions access lasts "
                   "2 h (max_duration) at most"));
}
END_TEST

/* Its file is right, and stays in force for who holds it. */
START_TEST(an_end_that_has_passed_is_a_warning)
{
    load_one(POLICY "not_after = 2020-02-29\n");
    ck_assert_uint_eq(problems.count, 1);
    ck_assert(told(false, "one.conf: not_after has passed ("));
    load_one(POLICY "not_after = 2999-12-31\n");
    ck_assert_uint_eq(problems.count, 1); /* none more */
}
END_TEST

START_TEST(an_incompatible_stranger_is_a_warning)
{
    put("a.conf", POLICY "incompatible = b nosuch\n");
    put("b.conf", POLICY);
    ck_assert_int_eq(load(), 0);
    ck_assert_uint_eq(problems.count, 1);
    ck_assert(told(false, "a.conf: incompatible names nosuch, but there is no such package"));
}
END_TEST

int main(void)
{
    suite_case("what is wrong", make_folder, remove_folder);
    suite_rows(each_error_has_its_line, bad);
    suite_add(a_zero_byte, a_line_of_any_length_is_whole_or_an_error, every_error_of_every_file_is_told,
              problems_are_in_the_order_of_their_lines, a_file_of_nothing_but_errors_is_cut_short, too_many,
              fallback_approvers_need_no_time, an_extension_that_nobody_approves_is_a_warning,
              an_extension_without_a_bound_is_a_warning, an_end_that_has_passed_is_a_warning,
              an_incompatible_stranger_is_a_warning);
    return suite_run();
}
