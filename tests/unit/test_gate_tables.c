/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The gate's tables and pure parts: options, verdicts, who is judged, and what an answer of accesspkg-submit (or of
 * whatever ran in its place) amounts to. Rule 1: nothing that is not understood lets anybody in.
 */
#include "common/gate_options.h"
#include "common/names.h"
#include "pam_module/judge.h"
#include "pam_module/submission.h"
#include "pam_module/verdict.h"
#include "tests/support/suite.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- options ------------------------------------------------------------------------------------------------ */

static char complaints[4096];

static void note(const char *argument, const char *why, void *data)
{
    const size_t used = strlen(complaints);
    ck_assert_ptr_nonnull(why);
    ck_assert_ptr_eq(data, complaints);
    snprintf(complaints + used, sizeof(complaints) - used, "%s;", argument);
}

static struct gate_options parse(int argc, const char **argv)
{
    struct gate_options options;
    complaints[0] = '\0';
    gate_options_parse(argc, argv, &options, note, complaints);
    return options;
}

START_TEST(option_defaults)
{
    const struct gate_options options = parse(0, NULL);
    ck_assert_uint_eq(options.n_packages, 0);
    ck_assert(!options.report && options.submit && !options.enforce_for_root && !options.quiet &&
              !options.debug);
    ck_assert_uint_eq(options.timeout, 3);
    ck_assert_uint_eq(options.wait, 0);
    ck_assert_str_eq(complaints, "");
}
END_TEST

START_TEST(option_each)
{
    const char *argv[] = {
        "package=db-admins", "mode=report", "submit=no", "timeout=60", "enforce_for_root", "quiet", "debug",
        "package=b",         "wait=60"};
    const struct gate_options options = parse(9, argv);
    ck_assert_str_eq(complaints, "");
    ck_assert_uint_eq(options.n_packages, 2);
    ck_assert_str_eq(options.packages[0], "db-admins");
    ck_assert_str_eq(options.packages[1], "b");
    ck_assert(options.report && !options.submit && options.enforce_for_root && options.quiet &&
              options.debug);
    ck_assert_uint_eq(options.timeout, 60);
    ck_assert_uint_eq(options.wait, 60);
    const char *off[] = {"wait=60", "wait=0"};
    ck_assert_uint_eq(parse(2, off).wait, 0);
}
END_TEST

/* Each is told, and leaves the default. */
START_TEST(option_misunderstood)
{
    static const char *const bad[] = {
        "",
        "packages=x",
        "Package=x",
        "package",
        "package=",
        "package=../x",
        "package=A",
        "package=x y",
        "mode=",
        "mode=Report",
        "mode=reports",
        "report",
        "mode=off",
        "submit=",
        "submit=maybe",
        "submit=NO",
        "timeout=",
        "timeout=0",
        "timeout=61",
        "timeout=-1",
        "timeout=3s",
        "timeout= 3",
        "timeout=4294967299",
        "wait",
        "wait=",
        "wait=61",
        "wait=-1",
        "wait=5s",
        "wait=4294967297",
        "enforce_for_root=no",
        "enforce_for_roots",
        "quiet=yes",
        "debugging",
        "\033[2J",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        const char *argv[] = {bad[i]};
        char expected[64];
        const struct gate_options options = parse(1, argv);
        snprintf(expected, sizeof(expected), "%s;", bad[i]);
        ck_assert_str_eq(complaints, expected);
        ck_assert_uint_eq(options.n_packages, 0);
        ck_assert(!options.report && options.submit && !options.enforce_for_root && !options.quiet);
        ck_assert_uint_eq(options.timeout, 3);
        ck_assert_uint_eq(options.wait, 0);
    }
}
END_TEST

START_TEST(option_too_many_packages)
{
    const char *argv[GATE_PACKAGES_MAX + 1];
    for (int i = 0; i <= GATE_PACKAGES_MAX; i++)
        argv[i] = i < GATE_PACKAGES_MAX ? "package=a" : "package=last";
    ck_assert_uint_eq(parse(GATE_PACKAGES_MAX + 1, argv).n_packages, GATE_PACKAGES_MAX);
    ck_assert_str_eq(complaints, "package=last;");
}
END_TEST

/* ---- verdicts ------------------------------------------------------------------------------------------------ */

START_TEST(verdict_table)
{
    int ignored = 0, successes = 0;
    for (int v = 0; v < VERDICT_COUNT; v++) {
        const struct verdict_row *row = verdict_row((enum verdict)v);
        char visible[512];
        ignored += row->code == PAM_IGNORE;
        successes += row->code == PAM_SUCCESS;
        ck_assert(row->code == PAM_IGNORE || row->code == PAM_SUCCESS || row->code == PAM_PERM_DENIED ||
                  row->code == PAM_AUTHINFO_UNAVAIL);
        ck_assert_str_ne(row->why, "");
        /* Who is refused is told something, in one line; no other is. */
        ck_assert(!*row->text == (row->code == PAM_IGNORE || row->code == PAM_SUCCESS));
        ck_assert_str_eq(text_visible(row->text, visible, sizeof(visible)), row->text);
        ck_assert_int_eq(verdict_from_word(row->word), *row->word ? v : VERDICT_NO_ANSWER);
        /* No word of accesspkg-submit lets anybody in. */
        ck_assert(!*row->word || row->code == PAM_PERM_DENIED || row->code == PAM_AUTHINFO_UNAVAIL);
    }
    ck_assert_int_eq(ignored, 2);
    ck_assert_int_eq(successes, 1);
    ck_assert_int_eq(verdict_row(0)->code, PAM_AUTHINFO_UNAVAIL);
    ck_assert_int_eq(verdict_from_word("success"), VERDICT_NO_ANSWER);
}
END_TEST

START_TEST(who_is_judged)
{
    ck_assert(judge_is_set_uid(true, 1001, 0));
    ck_assert(!judge_is_set_uid(false, 1001, 0)); /* a daemon that switched its uids */
    ck_assert(!judge_is_set_uid(true, 0, 0));
    ck_assert(!judge_is_set_uid(true, 1001, 1001));
    ck_assert(!judge_is_set_uid(true, 0, 1001));
    ck_assert(!judge_is_set_uid(true, 1001, 990));
}
END_TEST

/* ---- answers ------------------------------------------------------------------------------------------------- */

static struct submission read_answer(const char *text, size_t size)
{
    struct protocol_message answer = {.size = size};
    struct submission submission;
    memcpy(answer.text, text, size);
    submission_read(&answer, &submission);
    return submission;
}

#define READ(text) read_answer(text, sizeof(text))

START_TEST(answer_whole)
{
    const struct submission submission =
        READ("verdict=filed\0request=17\0package=db-admins\0state=pending-approval\0"
             "message=first\nsecond\0why=because\0other=x\0waits=approval by bob");
    ck_assert_int_eq(submission.verdict, VERDICT_FILED);
    ck_assert_str_eq(submission.request, "17");
    ck_assert_str_eq(submission.package, "db-admins");
    ck_assert_str_eq(submission.state, "Pending approval");
    ck_assert_str_eq(submission.message, "first\nsecond");
    ck_assert_str_eq(submission.why, "because");
    ck_assert_str_eq(submission.waits, "approval by bob");
}
END_TEST

START_TEST(answer_without_verdict)
{
    ck_assert_int_eq(READ("").verdict, VERDICT_NO_ANSWER);
    ck_assert_int_eq(READ("request=17").verdict, VERDICT_NO_ANSWER);
    ck_assert_int_eq(READ("verdict=").verdict, VERDICT_NO_ANSWER);
    ck_assert_int_eq(READ("verdict=GRANTED").verdict, VERDICT_NO_ANSWER);
    ck_assert_int_eq(READ("verdict=granted\0no record").verdict, VERDICT_NO_ANSWER);
    ck_assert_int_eq(READ("verdict=granted\0\0").verdict, VERDICT_NO_ANSWER);
}
END_TEST

/* Rule 10: text that is not exactly what it looks like is dropped, and the rest counts. */
START_TEST(answer_texts)
{
    static const char *const messages[] = {
        "",     "\033]0;x\a", "a\nb\nc", "a\rb",          "\n", "a\n", "tab\there",
        "\xff", "\xc2\x9b",   "a\n\x7f", "\xe2\x80\xae!",
    };
    for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
        char text[256];
        const int size = snprintf(text, sizeof(text), "verdict=filed%cmessage=%s", 0, messages[i]);
        const struct submission submission = read_answer(text, (size_t)size + 1);
        ck_assert_int_eq(submission.verdict, VERDICT_FILED);
        ck_assert_msg(!*submission.message, "%zu: %s", i, submission.message);
    }
    const struct submission submission =
        READ("verdict=filed\0request=17x\0package=A "
             "b\0state=\"\0why=a\nb\0waits=\033[2J\0message=Gr\xc3\xbc\xc3\x9f!");
    ck_assert_str_eq(submission.request, "");
    ck_assert_str_eq(submission.package, "");
    ck_assert_str_eq(submission.state, "");
    ck_assert_str_eq(submission.why, "");
    ck_assert_str_eq(submission.waits, "");
    ck_assert_str_eq(submission.message, "Gr\xc3\xbc\xc3\x9f!");
    ck_assert_str_eq(READ("request=12345678901234567890").request, "");
    ck_assert_str_eq(READ("verdict=filed\0state=no-such-state").state, "");
}
END_TEST

START_TEST(answer_too_long)
{
    struct protocol_message answer = {.size = 0};
    struct submission submission;
    char text[PROTOCOL_MESSAGE_MAX + 2];
    memset(text, 'a', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    protocol_add(&answer, "message", text);
    protocol_add(&answer, "why", text);
    protocol_add(&answer, "verdict", "filed");
    submission_read(&answer, &submission);
    ck_assert_str_eq(submission.message, "");
    ck_assert_str_eq(submission.why, "");
    ck_assert_int_eq(submission.verdict, VERDICT_FILED);
}
END_TEST

/* What a call failed with decides what is advised, whichever call it was. */
START_TEST(answer_of_failures)
{
    static const struct {
        const char *call;
        int error;
        const char *advice; /* NULL: none */
    } failures[] = {
        {"clone", EAGAIN, "TasksMax="},
        {"clone", ENOMEM, "not enough memory"},
        {"clone", EMFILE, "RLIMIT_NOFILE"},
        {"clone", EPERM, "SystemCallFilter="},
        {"clone", ENOSYS, "SystemCallFilter="},
        {"socketpair", EMFILE, "RLIMIT_NOFILE"},
        {"socketpair", ENFILE, "on this host"},
        {"socketpair", EPERM, "SystemCallFilter="},
        {"socketpair", EAFNOSUPPORT, "AF_UNIX"},
        {"close_range", ENOSYS, "older than 5.9"},
        {"setresuid", EPERM, "SystemCallFilter="},
        {"setgroups", EPERM, "CAP_SETGID"},
        {"open /dev/null", ENOENT, "sees no usable /dev/null"},
        {"open /dev/null", EMFILE, "RLIMIT_NOFILE"},
        {"execve", ENOEXEC, NULL},
    };
    for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
        char text[128];
        const int size =
            snprintf(text, sizeof(text), "failed=%s%cerrno=%d", failures[i].call, 0, failures[i].error);
        const struct submission submission = read_answer(text, (size_t)size + 1);
        const char *advice = strstr(submission.why, "; ");
        ck_assert_msg(!advice == !failures[i].advice &&
                          (!advice || strstr(submission.why, failures[i].advice)),
                      "%s: %s", failures[i].call, submission.why);
    }
}
END_TEST

int main(void)
{
    suite_case("tables", NULL, NULL);
    suite_add(option_defaults, option_each, option_misunderstood, option_too_many_packages, verdict_table,
              who_is_judged, answer_whole, answer_without_verdict, answer_texts, answer_too_long,
              answer_of_failures);
    return suite_run();
}
