/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Package files: what they may say. */
#include "common/cleanup.h"
#include "tests/support/suite.h"
#include "tests/unit/packagesd.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

static void assert_list(char *const *list, const char *wanted)
{
    _cleanup_free_ char *joined = strv_join(list, " ");
    ck_assert_str_eq(joined, wanted);
}

START_TEST(names_in_quotes)
{
    const struct package *package = load_one(
        "[package]\n"
        "description = a \"5\\1\" disk \xe2\x9a\xa0\xef\xb8\x8f\n" /* quotes are text where no list stands */
        "groups = \"domain admins\" CORP\\ops  \"a ; b\" ; \"comment\"\n"
        "[policy]\n"
        "requestors = \"%domain users@corp.example.com\" \"say \\\"hi\\\"\" \"CORP\\\\an dy\"\n"
        "  \"#1, a=b\"\t\"bob\" ; comment\n"
        "  \"o'hara\"\n"
        "[stage 1]\n"
        "approvers = \"%domain admins@corp.example.com\" bob\n"
        "fallback_approvers = \"the boss\"\n"
        "escalate_after = 1h\n");
    ck_assert_str_eq(package->description, "a \"5\\1\" disk \xe2\x9a\xa0\xef\xb8\x8f");
    const struct {
        char *const *list;
        const char *const names[8];
    } wanted[] = {
        {package->groups, {"domain admins", "CORP\\ops", "a ; b"}},
        {package->requestors,
         {"%domain users@corp.example.com", "say \"hi\"", "CORP\\an dy", "#1, a=b", "bob", "o'hara"}},
        {package->stages[0].approvers, {"%domain admins@corp.example.com", "bob"}},
        {package->stages[0].fallback_approvers, {"the boss"}},
    };
    for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++) {
        ck_assert_uint_eq(strv_length(wanted[i].list), strv_length((char *const *)wanted[i].names));
        for (size_t k = 0; wanted[i].names[k]; k++)
            ck_assert_str_eq(wanted[i].list[k], wanted[i].names[k]);
    }
}
END_TEST

#define HEAD                                                                                                 \
    "[package]\n"                                                                                            \
    "description = Production database administrators\n"                                                     \
    "groups = dbadmins backup\n"                                                                             \
    "\n"                                                                                                     \
    "[policy]\n"                                                                                             \
    "requestors = %staff carol        ; who may ask; default: everybody\n"                                   \
    "justification = required         ; optional | asked | required\n"                                       \
    "duration = 4h                    ; when the request names none\n"                                       \
    "max_duration = 12h\n"                                                                                   \
    "extension = approval             ; no | allowed | approval\n"                                           \
    "approval = required              ; required | none\n"
#define SHORT                                                                                                \
    "approvers = alice %dba-leads     ; short for one [stage 1]\n"                                           \
    "approval_timeout = 24h\n"
#define STAGE                                                                                                \
    "\n"                                                                                                     \
    "[stage 1]                        ; up to as many stages as wanted, in order\n"                          \
    "approvers = %team-leads\n"                                                                              \
    "quorum = 1\n"                                                                                           \
    "timeout = 4h\n"                                                                                         \
    "escalate_after = 2h\n"                                                                                  \
    "fallback_approvers = %managers\n"

static void assert_head(const struct package *package)
{
    ck_assert_str_eq(package->name, "one");
    ck_assert_str_eq(package->description, "Production database administrators");
    assert_list(package->groups, "dbadmins backup");
    assert_list(package->requestors, "%staff carol");
    ck_assert(package->justification_required && package->justification_at_gate);
    ck_assert(package->approval_required);
    ck_assert_int_eq(package->extension, PACKAGE_EXTENSION_APPROVAL);
    ck_assert_int_eq(package->duration, 4 * 3600);
    ck_assert_int_eq(package->max_duration, 12 * 3600);
    ck_assert_uint_eq(package->n_stages, 1);
}

START_TEST(emergencies)
{
    static const struct {
        const char *text;
        const char *who;
        int64_t duration;
    } table[] = {
        {"duration = 2h\n", "", 2 * 3600},
        {"duration = 2h\nemergency = %oncall bob\n", "%oncall bob", 2 * 3600},
        {"duration = 7d\nemergency = %oncall\n", "%oncall", 24 * 3600},
        {"duration = 2h\nemergency = %oncall\nemergency_duration = 2d\n", "%oncall", 48 * 3600},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
        _cleanup_free_ char *text = NULL;
        ck_assert_int_gt(
            asprintf(&text, "[package]\ngroups = a\n[policy]\napprovers = carol\n%s", table[i].text), 0);
        const struct package *package = load_one(text);
        assert_list(package->emergency, table[i].who);
        ck_assert_int_eq(package->emergency_duration, table[i].duration);
    }
}
END_TEST

START_TEST(the_design_s_sample_with_its_short_form)
{
    const struct package *package = load_one(HEAD SHORT);
    assert_head(package);
    assert_list(package->stages[0].approvers, "alice %dba-leads");
    assert_list(package->stages[0].fallback_approvers, "");
    ck_assert_int_eq(package->stages[0].quorum, 1);
    ck_assert_int_eq(package->stages[0].timeout, 24 * 3600);
    ck_assert_int_eq(package->stages[0].escalate_after, 0);
    ck_assert_uint_eq(problems.count, 0);
}
END_TEST

START_TEST(the_design_s_sample_with_its_stage)
{
    const struct package *package = load_one(HEAD STAGE);
    assert_head(package);
    assert_list(package->stages[0].approvers, "%team-leads");
    assert_list(package->stages[0].fallback_approvers, "%managers");
    ck_assert_int_eq(package->stages[0].quorum, 1);
    ck_assert_int_eq(package->stages[0].timeout, 4 * 3600);
    ck_assert_int_eq(package->stages[0].escalate_after, 2 * 3600);
    ck_assert_uint_eq(problems.count, 0);
}
END_TEST

/* The sample shows every key there is; the short form and a stage exclude each other. */
START_TEST(the_design_s_sample_whole_names_its_one_contradiction)
{
    put("one.conf", HEAD SHORT STAGE);
    ck_assert_int_eq(load(), -EINVAL);
    ck_assert_ptr_null(packages);
    ck_assert_uint_eq(problems.errors, 2);
    ck_assert(told(true, "one.conf:12: [policy] approvers is short for one [stage 1]"));
    ck_assert(told(true, "one.conf:13: [policy] approval_timeout is short for one [stage 1]"));
}
END_TEST

START_TEST(defaults)
{
    const struct package *package = load_one("[package]\ngroups=g\n[policy]\napprovers=bob\n");
    ck_assert_str_eq(package->description, "one");
    assert_list(package->requestors, "");
    ck_assert(!package->justification_required);
    ck_assert_int_eq(package->extension, PACKAGE_EXTENSION_NO);
    ck_assert(!package->drift_repair);
    ck_assert_int_eq(package->duration, 8 * 3600);
    ck_assert_int_eq(package->max_duration, 8 * 3600);
    ck_assert_int_eq(package->stages[0].timeout, 24 * 3600);
}
END_TEST

START_TEST(drift_is_reported_or_repaired)
{
    const struct package *package =
        load_one(_i ? "[package]\ngroups=g\n[policy]\napprovers=bob\ndrift=repair\n"
                    : "[package]\ngroups=g\n[policy]\napprovers=bob\ndrift=report\n");
    ck_assert_int_eq(package->drift_repair, _i);
}
END_TEST

START_TEST(a_short_maximum_shortens_the_default_duration)
{
    const struct package *package =
        load_one("[package]\ngroups=g\n[policy]\napprovers=bob\nmax_duration=30m\n");
    ck_assert_int_eq(package->duration, 1800);
    ck_assert_int_eq(package->max_duration, 1800);
}
END_TEST

/* A day counts to its end, in the zone of the host. */
START_TEST(ends_by_the_calendar)
{
    setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
    tzset();
    const struct package *package = load_one(
        "[package]\ngroups = g\n[policy]\nnot_after = 2026-12-31\nextension = allowed\nmax_total = 30d\n"
        "extend_window = 48h\nemergency = eve\nreview_within = 24h\napprovers = bob\n");
    ck_assert_int_eq(package->not_after, INT64_C(1798758000));
    ck_assert_int_eq(package->extend_window, 48 * 3600);
    ck_assert_int_eq(package->review_within, 24 * 3600);
    package = load_one("[package]\ngroups = g\n[policy]\nnot_after = 2026-12-31 18:00\napprovers = bob\n");
    ck_assert_int_eq(package->not_after, INT64_C(1798736400));
    package = load_one("[package]\ngroups = g\n[policy]\nnot_after = 2026-12-31T18:00Z\napprovers = bob\n");
    ck_assert_int_eq(package->not_after, INT64_C(1798740000));
    package = load_one("[package]\ngroups = g\n[policy]\napprovers = bob\n");
    ck_assert_int_eq(package->not_after + package->extend_window + package->review_within, 0);
}
END_TEST

START_TEST(no_approval_means_no_stage)
{
    const struct package *package = load_one("[package]\ngroups=g\n[policy]\napproval=none\n");
    ck_assert(!package->approval_required);
    ck_assert_uint_eq(package->n_stages, 0);
}
END_TEST

START_TEST(stages_in_order_whatever_the_file_s_order)
{
    const struct package *package = load_one("[stage 2]\napprovers = carol dave\nquorum = 2\n"
                                             "[stage 1]\napprovers = bob\n"
                                             "[package]\ngroups = g\n");
    ck_assert_uint_eq(package->n_stages, 2);
    assert_list(package->stages[0].approvers, "bob");
    assert_list(package->stages[1].approvers, "carol dave");
    ck_assert_int_eq(package->stages[1].quorum, 2);
}
END_TEST

START_TEST(fallback_approvers_count_towards_a_quorum)
{
    const struct package *package =
        load_one("[package]\ngroups = g\n[stage 1]\napprovers = bob carol\nquorum = 3\n"
                 "escalate_after = 1h\nfallback_approvers = dave bob\n");
    ck_assert_int_eq(package->stages[0].quorum, 3);
}
END_TEST

/* The odd corners of the format: each either works, or is in the table of test_packages_wrong.c. */
START_TEST(the_format_s_corners)
{
    const struct package *package = load_one("\xef\xbb\xbf; a byte order mark, and a comment\r\n"
                                             "# another, with bytes of an old encoding: \xe4\r\n"
                                             "   ; an indented one\r\n"
                                             "[package] # behind a section too\r\n"
                                             "description: R\xc3\xa9seau = 1 # text;text ; comment\r\n"
                                             "groups\t=\tone\ttwo\r\n"
                                             "\r\n"
                                             "  three four   ; comment\r\n"
                                             "\tfive\r\n"
                                             "[policy]\r\n"
                                             "approval = none");
    ck_assert_str_eq(package->description, "R\xc3\xa9seau = 1 # text;text");
    assert_list(package->groups, "one two three four five");
}
END_TEST

START_TEST(names_that_directories_use)
{
    const struct package *package = load_one("[package]\ngroups = DOM\\admins R\xc3\xa9seau\n"
                                             "[policy]\napprovers = DOM\\bob %DOM\\leads bob@example.org\n");
    assert_list(package->groups, "DOM\\admins R\xc3\xa9seau");
    assert_list(package->stages[0].approvers, "DOM\\bob %DOM\\leads bob@example.org");
}
END_TEST

START_TEST(as_many_as_allowed)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    fprintf(out, "[package]\ngroups =");
    for (int i = 0; i < PACKAGE_GROUPS_MAX; i++)
        fprintf(out, "\n group-%d", i);
    for (int stage = 1; stage <= PACKAGE_STAGES_MAX; stage++) {
        fprintf(out, "\n[stage %d]\nquorum = %d\napprovers =", stage, PACKAGE_PRINCIPALS_MAX);
        for (int i = 0; i < PACKAGE_PRINCIPALS_MAX; i++)
            fprintf(out, "%suser-%d", i % 8 ? " " : "\n ", i);
    }
    fclose(out);
    const struct package *package = load_one(text);
    free(text);
    ck_assert_uint_eq(strv_length(package->groups), PACKAGE_GROUPS_MAX);
    ck_assert_uint_eq(package->n_stages, PACKAGE_STAGES_MAX);
    ck_assert_uint_eq(strv_length(package->stages[15].approvers), PACKAGE_PRINCIPALS_MAX);
    ck_assert_str_eq(package->stages[15].approvers[63], "user-63");
}
END_TEST

int main(void)
{
    suite_case("what is right", make_folder, remove_folder);
    suite_add(names_in_quotes, emergencies, the_design_s_sample_with_its_short_form,
              the_design_s_sample_with_its_stage, the_design_s_sample_whole_names_its_one_contradiction,
              defaults);
    suite_loop(drift_is_reported_or_repaired, 0, 2);
    suite_add(a_short_maximum_shortens_the_default_duration, ends_by_the_calendar, no_approval_means_no_stage,
              stages_in_order_whatever_the_file_s_order, fallback_approvers_count_towards_a_quorum,
              the_format_s_corners, names_that_directories_use, as_many_as_allowed);
    return suite_run();
}
