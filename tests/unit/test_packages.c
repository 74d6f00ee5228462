/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* packages.d: what a package file may say, every way of saying it wrong, and whose files are believed. Each test
 * has a folder of its own. */
#include "common/cleanup.h"
#include "helperd/config/packages.h"
#include "tests/support/suite.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <string.h>
#include <sys/stat.h>

static char folder[64];
static struct problems problems;
static struct packages *packages;

static void make_folder(void)
{
    snprintf(folder, sizeof(folder), "/tmp/accesspkg-packages-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    ck_assert_int_eq(chmod(folder, 0755), 0);
    problems = (struct problems){0};
    packages = NULL;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static void remove_folder(void)
{
    packages_free(packages);
    problems_deinit(&problems);
    nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static char *path_of(const char *name, char ret[256])
{
    snprintf(ret, 256, "%s/%s", folder, name);
    return ret;
}

static void put_bytes(const char *name, const char *text, size_t size)
{
    char path[256];
    FILE *file = fopen(path_of(name, path), "we");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(text, 1, size, file), size);
    ck_assert_int_eq(fchmod(fileno(file), 0644), 0);
    ck_assert_int_eq(fclose(file), 0);
}

static void put(const char *name, const char *text)
{
    put_bytes(name, text, strlen(text));
}

static int load(void)
{
    return packages_load(folder, getuid(), &packages, &problems);
}

static bool told(bool error, const char *fragment)
{
    for (size_t i = 0; i < problems.count; i++)
        if (problems.items[i].error == error && strstr(problems.items[i].text, fragment))
            return true;
    return false;
}

static void print_problems(void)
{
    for (size_t i = 0; i < problems.count; i++)
        fprintf(stderr, "  %s\n", problems.items[i].text);
}

static void assert_list(char *const *list, const char *wanted)
{
    _cleanup_free_ char *joined = strv_join(list, " ");
    ck_assert_str_eq(joined, wanted);
}

static const struct package *load_one(const char *text)
{
    put("one.conf", text);
    const int rc = load();
    if (rc != 0)
        print_problems();
    ck_assert_int_eq(rc, 0);
    ck_assert_uint_eq(packages->count, 1);
    return packages_find(packages, "one");
}

/* ---- what is right ------------------------------------------------------------------------------------------- */

#define HEAD                                                                                                 \
    "[package]\n"                                                                                            \
    "description = Production database administrators\n"                                                     \
    "groups = dbadmins backup\n"                                                                             \
    "\n"                                                                                                     \
    "[policy]\n"                                                                                             \
    "requestors = %staff carol        ; who may ask; default: everybody\n"                                   \
    "justification = required         ; required | optional\n"                                               \
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
    ck_assert(package->justification_required);
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
        packages_free(packages);
        packages = NULL;
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

/* The odd corners of the format: each either works, or is in the table of
 * errors below. */
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

/* ---- what is wrong --------------------------------------------------------------------------------------------- */

#define PACKAGE "[package]\ngroups = g\n"
#define POLICY  PACKAGE "[policy]\napprovers = bob\n"
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
    /* groups */
    {"[policy]\napprovers = bob\n", "one.conf: [package] groups is missing"},
    {"[package]\n[policy]\napprovers = bob\n", "one.conf:1: [package] groups is missing"},
    {"", "one.conf: [package] groups is missing"},
    {"[package]\ngroups = root\n[policy]\napprovers = bob\n",
     "one.conf:2: groups: no package can give the group root"},
    {"[package]\ngroups = a b a\n", "one.conf:2: groups names a twice"},
    {"[package]\ngroups = %a\n", "one.conf:2: groups: \"%a\": plain names stand here; leave the % away"},
    {"[package]\ngroups = a, b\n", "one.conf:2: groups: \"a,\": no name holds"},
    {"[package]\ngroups = \"a\"\n", "one.conf:2: groups: \"\"a\"\": no name holds"},
    {"[package]\ngroups = a # why\n", "one.conf:2: groups: \"#\": a comment behind a value starts"},
    {"[package]\ngroups = a;b\n", "one.conf:2: groups: \"a;b\": no name holds"},
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
    {POLICY "justification = yes\n", "one.conf:5: justification = yes: write one of: optional, required"},
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
enum { N_BAD = sizeof(bad) / sizeof(*bad) };

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

START_TEST(an_incompatible_stranger_is_a_warning)
{
    put("a.conf", POLICY "incompatible = b nosuch\n");
    put("b.conf", POLICY);
    ck_assert_int_eq(load(), 0);
    ck_assert_uint_eq(problems.count, 1);
    ck_assert(told(false, "a.conf: incompatible names nosuch, but there is no such package"));
}
END_TEST

/* ---- the folder ------------------------------------------------------------------------------------------------ */

START_TEST(many_files_are_found_by_name)
{
    for (int i = 0; i < 300; i++) {
        char name[32];
        snprintf(name, sizeof(name), "p%d.conf", i);
        put(name, POLICY);
    }
    put("a.conf", POLICY);
    put("a-b.conf", POLICY);
    put("a.b.conf", POLICY);
    ck_assert_int_eq(load(), 0);
    ck_assert_uint_eq(packages->count, 303);
    for (size_t i = 1; i < packages->count; i++)
        ck_assert(strcmp(packages->items[i - 1].name, packages->items[i].name) < 0);
    ck_assert_str_eq(packages_find(packages, "p123")->name, "p123");
    ck_assert_str_eq(packages_find(packages, "a")->name, "a");
    ck_assert_str_eq(packages_find(packages, "a-b")->name, "a-b");
    ck_assert_str_eq(packages_find(packages, "a.b")->name, "a.b");
    ck_assert_ptr_null(packages_find(packages, "p300"));
    ck_assert_ptr_null(packages_find(NULL, "a"));
}
END_TEST

START_TEST(what_editors_leave_behind_is_passed_over)
{
    char path[256];
    put("one.conf", POLICY);
    put("one.conf~", "nonsense");
    put(".one.conf.swp", "nonsense");
    put("one.conf.bak", "nonsense");
    put("README", "nonsense");
    ck_assert_int_eq(symlink("alice@host.1", path_of(".#one.conf", path)), 0);
    ck_assert_int_eq(mkdir(path_of("old.conf", path), 0777), 0);
    ck_assert_int_eq(load(), 0);
    ck_assert_uint_eq(packages->count, 1);
    ck_assert_uint_eq(problems.count, 0);
}
END_TEST

START_TEST(a_name_that_is_no_package_s)
{
    put("Foo.conf", POLICY);
    put("-x.conf", POLICY);
    put("a b.conf", POLICY);
    put("\x1b[31m.conf", POLICY);
    ck_assert_int_eq(load(), -EINVAL);
    ck_assert_uint_eq(problems.errors, 4);
    ck_assert(told(true, "Foo.conf: the file's name is the package's: lower-case letters"));
    ck_assert(told(true, "\\x1b[31m.conf: the file's name")); /* rule 10 */
}
END_TEST

START_TEST(an_empty_folder_is_a_warning)
{
    ck_assert_int_eq(load(), 0);
    ck_assert_uint_eq(packages->count, 0);
    ck_assert_ptr_null(packages_find(packages, "a"));
    ck_assert(told(false, "no package is defined"));
}
END_TEST

START_TEST(a_missing_folder)
{
    ck_assert_int_eq(packages_load("/nonexistent/packages.d", 0, &packages, &problems), -ENOENT);
    ck_assert(told(true, "/nonexistent/packages.d: there is no such folder; create it"));
}
END_TEST

/* ---- whose files are believed: rule 1 --------------------------------------------------------------------------- */

START_TEST(a_link_is_refused)
{
    char path[256];
    put("target", POLICY);
    ck_assert_int_eq(symlink("target", path_of("one.conf", path)), 0);
    ck_assert_int_eq(load(), -EINVAL);
    ck_assert(told(true, "one.conf: is a symbolic link"));
}
END_TEST

START_TEST(a_fifo_is_refused_and_hangs_nobody)
{
    char path[256];
    ck_assert_int_eq(mkfifo(path_of("one.conf", path), 0644), 0);
    ck_assert_int_eq(load(), -EINVAL);
    ck_assert(told(true, "one.conf: is no regular file"));
}
END_TEST

START_TEST(a_file_that_others_may_write_is_refused)
{
    static const mode_t modes[] = {0664, 0646, 0666};
    char path[256];
    put("one.conf", POLICY);
    ck_assert_int_eq(chmod(path_of("one.conf", path), modes[_i]), 0);
    ck_assert_int_eq(load(), -EINVAL);
    ck_assert(told(true, "one.conf: others than its owner may write to it"));
}
END_TEST

/* ... where root checks it; the daemon itself fails to open it. */
START_TEST(a_file_that_root_alone_may_read_is_refused)
{
    char path[256];
    put("one.conf", POLICY);
    ck_assert_int_eq(chown(path_of("one.conf", path), 0, 0), 0);
    ck_assert_int_eq(chmod(path, 0640), 0);
    ck_assert_int_eq(load(), -EINVAL);
    ck_assert(told(true, "one.conf: root alone may read it (mode 0640)"));
    ck_assert_int_eq(chown(path, 0, 990), 0);
    problems_deinit(&problems);
    problems = (struct problems){0};
    ck_assert_int_eq(load(), 0);
}
END_TEST

START_TEST(a_folder_that_others_may_write_is_refused)
{
    put("one.conf", POLICY);
    ck_assert_int_eq(chmod(folder, 0775), 0);
    ck_assert_int_eq(load(), -EINVAL);
    ck_assert(told(true, "others than its owner may write to it (mode 0775)"));
}
END_TEST

START_TEST(a_folder_that_root_alone_may_read_is_refused)
{
    static const mode_t modes[] = {0700, 0711, 0744, 0750};
    put("one.conf", POLICY);
    ck_assert_int_eq(chmod(folder, modes[_i]), 0);
    ck_assert_int_eq(load(), -EINVAL);
    ck_assert(told(true, "root alone may read it"));
}
END_TEST

START_TEST(a_folder_behind_a_link_is_refused)
{
    char path[256];
    ck_assert_int_eq(symlink(folder, path_of("link", path)), 0);
    ck_assert_int_lt(packages_load(path, getuid(), &packages, &problems), 0);
    ck_assert_uint_eq(problems.errors, 1);
}
END_TEST

START_TEST(somebody_else_s_folder_is_refused)
{
    put("one.conf", POLICY);
    ck_assert_int_eq(packages_load(folder, getuid() + 1, &packages, &problems), -EINVAL);
    ck_assert(told(true, "belongs to uid"));
}
END_TEST

START_TEST(somebody_else_s_file_is_refused)
{
    char path[256];
    put("one.conf", POLICY);
    ck_assert_int_eq(chown(path_of("one.conf", path), 1, (gid_t)-1), 0);
    ck_assert_int_eq(load(), -EINVAL);
    ck_assert(told(true, "one.conf: belongs to uid 1, and only uid 0"));
}
END_TEST

START_TEST(a_file_that_is_too_large_is_refused)
{
    char path[256];
    put("one.conf", POLICY);
    ck_assert_int_eq(truncate(path_of("one.conf", path), 1024 * 1024 + 1), 0);
    ck_assert_int_eq(load(), -EINVAL);
    ck_assert(told(true, "one.conf: larger than 1024 KiB"));
}
END_TEST

int main(void)
{
    suite_case("what is right", make_folder, remove_folder);
    suite_add(emergencies, the_design_s_sample_with_its_short_form, the_design_s_sample_with_its_stage,
              the_design_s_sample_whole_names_its_one_contradiction, defaults);
    suite_loop(drift_is_reported_or_repaired, 0, 2);
    suite_add(a_short_maximum_shortens_the_default_duration, no_approval_means_no_stage,
              stages_in_order_whatever_the_file_s_order, fallback_approvers_count_towards_a_quorum,
              the_format_s_corners, names_that_directories_use, as_many_as_allowed);
    suite_case("what is wrong", make_folder, remove_folder);
    suite_loop(each_error_has_its_line, 0, N_BAD);
    suite_add(a_zero_byte, a_line_of_any_length_is_whole_or_an_error, every_error_of_every_file_is_told,
              problems_are_in_the_order_of_their_lines, a_file_of_nothing_but_errors_is_cut_short, too_many,
              fallback_approvers_need_no_time, an_extension_that_nobody_approves_is_a_warning,
              an_incompatible_stranger_is_a_warning);
    suite_case("the folder", make_folder, remove_folder);
    suite_add(many_files_are_found_by_name, what_editors_leave_behind_is_passed_over,
              a_name_that_is_no_package_s, an_empty_folder_is_a_warning, a_missing_folder, a_link_is_refused,
              a_fifo_is_refused_and_hangs_nobody);
    suite_loop(a_file_that_others_may_write_is_refused, 0, 3);
    suite_add(a_folder_that_others_may_write_is_refused, a_folder_behind_a_link_is_refused,
              somebody_else_s_folder_is_refused);
    if (getuid() == 0) {
        suite_add(somebody_else_s_file_is_refused, a_file_that_root_alone_may_read_is_refused);
        suite_loop(a_folder_that_root_alone_may_read_is_refused, 0, 4);
    }
    suite_add(a_file_that_is_too_large_is_refused);
    return suite_run();
}
