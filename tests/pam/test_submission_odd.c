/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * As test_submission.c, with what never happens while all is well: answers that accesspkgd never gives, questions that
 * the module never asks, users whom no bus could carry. Rules 1 and 10.
 */
#include "tests/pam/submission.h"
#include "tests/support/suite.h"

#include <sys/wait.h>
#include <time.h>

/* Claims that libdbus would end the process over arrive as text. */
START_TEST(odd_claims)
{
    gate_bus_start(answer_filed);
    const struct pam_host_outcome outcome =
        pam_host_try(&(struct pam_host_login){.user = "alice", .rhost = "\xff\033x", .tty = "\xc3"});
    ck_assert_int_eq(outcome.code, PAM_PERM_DENIED);
    ck_assert_ptr_nonnull(strstr(gate_bus_last_call(), "\"host\":\"\\\\xff\\\\x1bx\""));
    ck_assert_ptr_nonnull(strstr(gate_bus_last_call(), "\"tty\":\"\\\\xc3\""));
}
END_TEST

static struct gate_bus_reply answer_odd(const json_t *arguments, uid_t uid)
{
    static int calls;
    (void)arguments, (void)uid;
    switch (calls++) {
    case 0:
        return (struct gate_bus_reply){.signature = "s", .value = json_string("granted")};
    case 1:
        return reply_with(json_object());
    case 2:
        return reply_with(json_pack("{s:s, s:s, s:b}", "package", "../x\n", "state", "fulfilled", "held", 1));
    case 3:
        return reply_with(
            json_pack("{s:s, s:s, s:b}", "package", "db-admins", "state", "open sesame", "held", 1));
    default:
        return reply_with(
            json_pack("{s:s, s:i, s:s, s:b}", "id", "17", "package", 5, "state", "fulfilled", "held", 1));
    }
}

START_TEST(odd_answers)
{
    gate_bus_start(answer_odd);
    for (int i = 0; i < 5; i++) {
        const struct pam_host_outcome outcome = pam_host_alice();
        check_refused(&outcome, PAM_AUTHINFO_UNAVAIL, "request=none", NOT_FOUND_OUT);
    }
}
END_TEST

static json_t *huge(void)
{
    json_t *request = pending(false), *approvers = json_array();
    char name[2000];
    memset(name, 'x', sizeof(name));
    name[sizeof(name) - 1] = '\0';
    for (int i = 0; i < 1000; i++)
        json_array_append_new(approvers, json_string(name));
    json_object_set_new(request, "approvers", approvers);
    return request;
}

static struct gate_bus_reply answer_huge(const json_t *arguments, uid_t uid)
{
    (void)arguments, (void)uid;
    return reply_with(huge());
}

START_TEST(huge_answer)
{
    gate_bus_start(answer_huge);
    const struct pam_host_outcome outcome = pam_host_alice();
    ck_assert_int_eq(outcome.code, PAM_PERM_DENIED);
    ck_assert_int_le((int)strlen(outcome.said), 2049);
    ck_assert_ptr_nonnull(strstr(outcome.said, "... or 996 others (until"));
    ck_assert_ptr_nonnull(strstr(outcome.said, THEN));
}
END_TEST

static struct gate_bus_reply answer_escapes(const json_t *arguments, uid_t uid)
{
    json_t *request = pending(false);
    (void)arguments, (void)uid;
    json_object_set_new(request, "approvers", json_pack("[s, s]", "\033[2Jbob\nroot", "%x\r"));
    return reply_with(request);
}

/* Rule 10 */
START_TEST(escapes)
{
    gate_bus_start(answer_escapes);
    const struct pam_host_outcome outcome = pam_host_alice();
    ck_assert_ptr_nonnull(strstr(outcome.said, "by \\x1b[2Jbob\\x0aroot or a member of x\\x0d (until"));
}
END_TEST

/* Asked, it says nothing, and the bus stays connected. */
static struct gate_bus_reply answer_nothing(const json_t *arguments, uid_t uid)
{
    (void)arguments, (void)uid;
    return (struct gate_bus_reply){0};
}

START_TEST(mute_service)
{
    struct timespec begun, ended;
    gate_bus_start(answer_nothing);
    pam_host_line("package=db-admins timeout=1");
    clock_gettime(CLOCK_MONOTONIC, &begun);
    const struct pam_host_outcome outcome = pam_host_alice();
    clock_gettime(CLOCK_MONOTONIC, &ended);
    check_refused(&outcome, PAM_AUTHINFO_UNAVAIL, "no answer came within 1 s", NOT_FOUND_OUT);
    ck_assert_int_le(ended.tv_sec - begun.tv_sec, 2);
}
END_TEST

/* Users that the directory knows and the bus could not carry, or no grant file could be called after. */
START_TEST(users_without_a_file)
{
    static const char long_name[] =
        "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"
        "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"
        "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"
        "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"
        "\xc3\xa9\xc3\xa9\xc3\xa9";
    static const char *const names[] = {"\xff\xfe", long_name};
    FILE *users = fopen("/etc/passwd", "a");
    ck_assert_ptr_nonnull(users);
    fprintf(users, "%s:x:1077:1077::/:/bin/sh\n%s:x:1078:1078::/:/bin/sh\n", names[0], names[1]);
    fclose(users);
    gate_bus_start(answer_filed);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const struct pam_host_outcome outcome = pam_host_try(&(struct pam_host_login){.user = names[i]});
        ck_assert_int_eq(outcome.code, PAM_PERM_DENIED);
        ck_assert_ptr_nonnull(strstr(pam_host_journal(NULL), "the user's name is too long or is not UTF-8"));
        ck_assert_ptr_nonnull(strstr(outcome.said, "the name of this account is too long or not UTF-8"));
    }
    ck_assert_int_eq(gate_bus_calls(), 0);
}
END_TEST

/* What no module of ours asks is answered with nothing, and nothing reaches the bus. */
START_TEST(odd_questions)
{
    static const struct {
        const char *words;
        int code;
    } cases[] = {
        {"", 65},
        {"user=alice", 65},
        {"user=alice\\0package=db-admins\\0timeout=3", 65},
        {"user=alice\\0package=db-admins\\0", 65},
        {"user=alice\\0package=db-admins\\0timeout=0\\0", 65},
        {"user=alice\\0package=db-admins\\0timeout=-1\\0", 65},
        {"user=alice\\0package=db-admins\\0timeout=3600\\0", 65},
        {"user=alice\\0package=../x\\0timeout=3\\0", 65},
        {"user=alice\\0package=db-admins\\0timeout=3\\0host=\\377\\0", 65},
        {"user=alice\\0package=db-admins\\0timeout=3\\0shell=/bin/sh\\0", 65},
        {"user=alice\\0package=db-admins\\0timeout=3\\0junk\\0", 65},
        {"user=alice\\0package=db-admins\\0timeout=3\\0can_ask=yes\\0", 65},
        {"user=alice\\0package=db-admins\\0timeout=3\\0report=1\\0justification=x\\0", 65},
        {"user=alice\\0package=db-admins\\0timeout=3\\0report=1\\0request=7\\0", 65},
        {"user=alice\\0package=db-admins\\0timeout=3\\0justification=\\0", 65},
        {"user=alice\\0package=db-admins\\0timeout=3\\0justification=\\377\\0", 65},
        {"user=alice\\0package=db-admins\\0timeout=3\\0can_ask=1\\0justification=x\\0", 65},
        {"user=alice\\0package=db-admins\\0timeout=3\\0justification=x\\0request=1\\0", 65},
        {"user=alice\\0package=db-admins\\0timeout=3\\0request=\\0", 65},
        {"user=alice\\0package=db-admins\\0timeout=3\\0request=0\\0", 65},
        {"user=alice\\0package=db-admins\\0timeout=3\\0request=-1\\0", 65},
        {"user=alice\\0package=db-admins\\0timeout=3\\0request=1x\\0", 65},
        {"user=alice\\0package=db-admins\\0timeout=3\\0request=9999999999999999999\\0", 65},
        {"user=alice\\0package=db-admins\\0timeout=3\\0outside=bob\\0", 65},
        {"user=alice\\0package=db-admins\\0timeout=3\\0request=1\\0outside=\\377\\0", 65},
        {"%09000d", 65},
        {"user=alice\\0package=db-admins\\0timeout=3\\0", 0},
    };
    gate_bus_start(answer_filed);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char command[512];
        snprintf(command, sizeof(command), "printf '%s' | /usr/libexec/accesspkg/accesspkg-submit >/dev/null",
                 cases[i].words);
        const int status = system(command);
        ck_assert_msg(WEXITSTATUS(status) == cases[i].code, "%s: %d", cases[i].words, status);
        ck_assert_int_eq(gate_bus_calls(), cases[i].code == 0);
    }
    ck_assert_int_eq(WEXITSTATUS(system("/usr/libexec/accesspkg/accesspkg-submit --help 2>/dev/null")), 64);
}
END_TEST

int main(void)
{
    suite_case("bus", setup, teardown);
    suite_timeout(30);
    suite_add(odd_claims, odd_answers, huge_answer, escapes, mute_service, users_without_a_file,
              odd_questions);
    return suite_run();
}
