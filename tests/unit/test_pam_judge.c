/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What lines of pam_succeed_if.so and pam_rootok.so say of a user: what pam_succeed_if(8) says, or that it is not known. */
#include "cli/pam_judge.h"
#include "tests/support/suite.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *line;
    int of_root, of_other;
} lines[] = {
    {"pam_succeed_if.so quiet user = root", 1, 0},
    {"pam_succeed_if.so user != root quiet_success", 0, 1},
    {"pam_succeed_if.so quiet user =~ r*t", 1, 0},
    {"pam_succeed_if.so quiet user !~ r*t", 0, 1},
    {"pam_succeed_if.so user in alice:root:bob", 1, 0},
    {"pam_succeed_if.so user in alice:bob", 0, 0},
    {"pam_succeed_if.so user notin alice:roo", 1, 1},
    {"pam_succeed_if.so user ingroup root", 1, 0},
    {"pam_succeed_if.so user ingroup nosuch:root", 1, 0},
    {"pam_succeed_if.so user notingroup nosuch", 1, 1},
    {"pam_succeed_if.so uid >= 1000 quiet_success", 0, 1},
    {"pam_succeed_if.so uid < 1000 use_uid debug", 1, 0},
    {"pam_succeed_if.so uid le 0", 1, 0},
    {"pam_succeed_if.so uid gt 0", 0, 1},
    {"pam_succeed_if.so uid eq 0", 1, 0},
    {"pam_succeed_if.so gid ne 0", 0, 1},
    {"pam_succeed_if.so uid = 0", 1, 0},
    {"pam_succeed_if.so service in crond:sshd", 1, 1},
    {"pam_succeed_if.so service notin sshd", 0, 0},
    {"pam_succeed_if.so uid >= 1000 user ingroup nosuch", 0, 0},
    {"pam_succeed_if.so uid >= 0 user = root", 1, 0},
    {"pam_succeed_if.so rhost = 10.0.0.1", -1, -1},
    {"pam_succeed_if.so uid >= 1000 rhost = 10.0.0.1", 0, -1},
    {"pam_succeed_if.so user root", -1, -1},
    {"pam_succeed_if.so quiet", -1, -1},
    {"pam_succeed_if.so uid >= many", -1, -1},
    {"pam_succeed_if.so user like root", -1, -1},
    {"/lib/security/pam_rootok.so", 1, 0},
    {"pam_access.so", -1, -1},
};

START_TEST(a_line_applies)
{
    const struct pam_person root = {"root", "sshd", 0, 0}, other = {"nosuchuser", "sshd", 12345, 12345};
    struct pamd_file file;
    char text[256];
    snprintf(text, sizeof(text), "account required %s\n", lines[_i].line);
    ck_assert_int_eq(pamd_parse("svc", text, strlen(text), &file), 0);
    ck_assert_int_eq(pam_judge_applies(&root, file.lines), lines[_i].of_root);
    ck_assert_int_eq(pam_judge_applies(&other, file.lines), lines[_i].of_other);
    pamd_deinit(&file);
}
END_TEST

int main(void)
{
    suite_case("judge", NULL, NULL);
    suite_rows(a_line_applies, lines);
    return suite_run();
}
