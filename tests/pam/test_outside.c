/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who is named to a refused person, of approvers whom the same line of sshd's keeps out: the real module and the real
 * accesspkg-submit, in front of a service that answers what the test says. Whom nothing keeps out for sure is named.
 */
#include "common/grantdir.h"
#include "common/monotonic.h"
#include "common/paths.h"
#include "tests/pam/submission.h"
#include "tests/support/live.h"
#include "tests/support/live_directory.h"
#include "tests/support/suite.h"

#include <time.h>

#define BOB                1002
#define OURS               "account required pam_accesspkg.so package=db-admins\n"
#define GROUP(line, group) "account [success=" line "] pam_succeed_if.so quiet user ingroup " group "\n" OURS
#define NONE               ", none of whom can get in by sshd either"

static const char *asked, *open_to;
static int quorum;

static struct gate_bus_reply answer_asked(const json_t *arguments, uid_t uid)
{
    json_t *request = pending(json_array_size(arguments) == 1);
    (void)uid;
    json_object_set_new(request, "approvers", json_loads(asked, 0, NULL));
    json_object_set_new(request, "quorum", json_integer(quorum));
    if (open_to)
        json_object_set_new(request, "open_to", json_loads(open_to, 0, NULL));
    return reply_with(request);
}

static void write_pam(const char *service, const char *text)
{
    char path[64];
    snprintf(path, sizeof(path), "/etc/pam.d/%s", service);
    FILE *file = fopen(path, "we");
    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    ck_assert_int_eq(fclose(file), 0);
}

static void setup_sshd(void)
{
    setup();
    pam_host_service("sshd", OURS);
    pam_host_service("login", OURS);
    write_pam("sshd", OURS);
    quorum = 1;
    open_to = "[]";
    asked = "[\"bob\"]";
}

static void teardown_sshd(void)
{
    teardown();
    pam_host_grant_text("bob", NULL);
}

static struct pam_host_outcome come_by(const char *service)
{
    return pam_host_try(&(struct pam_host_login){.service = service, .user = "alice", .rhost = "192.0.2.7"});
}

static void check_said(const struct pam_host_outcome *outcome, const char *waits_for)
{
    char text[1024];
    const char *second = strstr(waits_for, " either") ? "Please tell an administrator. " THEN : THEN;
    snprintf(text, sizeof(text),
             "db-admins on demohost: request 17 waits for %s (until Sun 2025-11-23 22:12 UTC).\n%s",
             waits_for, second);
    check_refused(outcome, PAM_PERM_DENIED, "request=17", text);
}

static const struct {
    const char *pam, *asked, *open_to; /* NULL: to everybody */
    int quorum;
    const char *says;
} cases[] = {
    {OURS, "[\"bob\"]", "[]", 1, "approval by bob, who cannot get in by sshd either"},
    {OURS, "[\"bob\", \"carol\"]", "[]", 1, "approval by bob or carol" NONE},
    {OURS, "[\"bob\", \"carol\"]", NULL, 1, "approval by bob or carol"},
    {OURS, "[\"bob\", \"carol\"]", "[\"carol\"]", 1, "approval by carol"},
    {OURS, "[\"bob\", \"carol\", \"dave\"]", "[\"%staff\"]", 1, "approval by carol or dave"},
    {OURS, "[\"bob\", \"carol\"]", "[\"carol\"]", 2, "2 approvals by bob or carol"},
    {OURS, "[\"bob\", \"carol\", \"dave\"]", "[\"%staff\"]", 2, "2 approvals by carol or dave"},
    {OURS, "[\"bob\", \"%staff\"]", "[\"dave\"]", 2, "2 approvals by a member of staff"},
    {OURS, "[\"bob\", \"carol\"]", "[]", 2, "2 approvals by bob or carol" NONE},
    {OURS, "[\"bob\", \"root\"]", "[]", 1, "approval by root"},
    /* Nobody of that name: nothing keeps them out. */
    {OURS, "[\"bob\", \"nosuch\"]", "[]", 1, "approval by nosuch"},
    {OURS, "[\"bob\"]", "[\"%nosuch\", \"nosuch\"]", 1, "approval by bob, who cannot get in by sshd either"},
    /* Groups: left out when all their members are; by primary group, too. */
    {OURS, "[\"%dba-leads\"]", "[]", 1, "approval by a member of dba-leads" NONE},
    {OURS, "[\"%dba-leads\", \"dave\"]", "[\"dave\"]", 1, "approval by dave"},
    {OURS, "[\"%dba-leads\", \"dave\"]", "[\"carol\"]", 1, "approval by a member of dba-leads"},
    {OURS, "[\"bob\", \"%carol\"]", "[\"bob\"]", 1, "approval by bob"},
    {OURS, "[\"bob\", \"%carol\"]", "[\"carol\"]", 1, "approval by a member of carol"},
    {OURS, "[\"bob\", \"%auditors\"]", "[]", 1, "approval by a member of auditors"},
    {OURS, "[\"bob\", \"%nosuch\"]", "[]", 1, "approval by a member of nosuch"},
    /* Lines above. */
    {GROUP("1 default=ignore", "dba-leads"), "[\"bob\", \"dave\"]", "[]", 1, "approval by bob"},
    {GROUP("1 default=ignore", "bob"), "[\"bob\", \"carol\"]", "[]", 1, "approval by bob"},
    {GROUP("1 default=ignore", "staff"), "[\"bob\", \"carol\"]", "[]", 1, "approval by carol"},
    {"account sufficient pam_succeed_if.so user ingroup staff\n" OURS, "[\"bob\", \"carol\"]", "[]", 1,
     "approval by carol"},
    {GROUP("ignore default=1", "dba-leads"), "[\"bob\", \"dave\"]", "[]", 1, "approval by bob or dave"},
    {"account sufficient pam_access.so\n" OURS, "[\"bob\", \"dave\"]", "[]", 1, "approval by bob or dave"},
    {"account required pam_nologin.so\n" OURS, "[\"bob\", \"dave\"]", "[\"bob\"]", 1, "approval by bob"},
    /* Lines that refuse nobody, or give other packages; no file. */
    {"account required pam_accesspkg.so package=db-admins mode=report\n", "[\"bob\"]", "[]", 1,
     "approval by bob"},
    {"account required pam_accesspkg.so package=web-ops\n", "[\"bob\"]", "[]", 1, "approval by bob"},
    {"account required pam_unix.so\n", "[\"bob\"]", "[]", 1, "approval by bob"},
    {OURS "account required", "[\"bob\"]", "[]", 1, "approval by bob, who cannot get in by sshd either"},
    /* More than are looked up. */
    {OURS, "[\"bob\", \"bob\", \"bob\", \"bob\", \"bob\", \"bob\", \"bob\", \"bob\", \"carol\"]", "[]", 1,
     "approval by carol"},
};

START_TEST(who_is_named)
{
    write_pam("sshd", cases[_i].pam);
    asked = cases[_i].asked;
    open_to = cases[_i].open_to;
    quorum = cases[_i].quorum;
    gate_bus_start(answer_asked);
    const struct pam_host_outcome outcome = come_by("sshd");
    check_said(&outcome, cases[_i].says);
}
END_TEST

START_TEST(who_holds_it_is_named)
{
    const time_t now = time(NULL);
    asked = "[\"bob\", \"carol\"]";
    gate_bus_start(answer_asked);
    pam_host_grant("bob", BOB, "db-admins", 100, now + 600);
    struct pam_host_outcome outcome = come_by("sshd");
    check_said(&outcome, "approval by bob");
    /* That of another account, of another package, and over. */
    pam_host_grant("bob", BOB + 1, "db-admins", 100, now + 600);
    outcome = come_by("sshd");
    check_said(&outcome, "approval by bob or carol" NONE);
    pam_host_grant("bob", BOB, "web-ops", 100, now + 600);
    outcome = come_by("sshd");
    check_said(&outcome, "approval by bob or carol" NONE);
    pam_host_grant("bob", BOB, "db-admins", 100, now - 1);
    outcome = come_by("sshd");
    check_said(&outcome, "approval by bob or carol" NONE);
}
END_TEST

/* Members of a group that a package gives come and go. */
START_TEST(a_group_that_packages_give)
{
    const struct allow_entry given = {2002, "dba-leads"};
    asked = "[\"bob\", \"%dba-leads\"]";
    gate_bus_start(answer_asked);
    ck_assert_int_eq(grantdir_write_allow(PATH_STATE, &given, 1), 0);
    const struct pam_host_outcome outcome = come_by("sshd");
    ck_assert_int_eq(grantdir_write_allow(PATH_STATE, NULL, 0), 0);
    check_said(&outcome, "approval by a member of dba-leads");
}
END_TEST

/* The words of a name are no names. */
START_TEST(a_name_with_a_blank)
{
    FILE *file = fopen("/etc/group", "ae");
    ck_assert_ptr_nonnull(file);
    fputs("the dave:x:2700:carol\n", file);
    ck_assert_int_eq(fclose(file), 0);
    asked = "[\"%the dave\", \"dave\"]";
    open_to = "[\"dave\"]";
    gate_bus_start(answer_asked);
    const struct pam_host_outcome outcome = come_by("sshd");
    check_said(&outcome, "approval by a member of the dave or dave");
}
END_TEST

/* Approvers need not come in by sudo. */
START_TEST(where_nobody_logs_in)
{
    gate_bus_start(answer_asked);
    write_pam("sudo", OURS);
    write_pam("login", OURS);
    pam_host_service("sudo", OURS);
    struct pam_host_outcome outcome = come_by("sudo");
    check_said(&outcome, "approval by bob");
    outcome = come_by("login");
    check_said(&outcome, "approval by bob, who cannot get in by login either");
}
END_TEST

/* A directory that does not answer keeps nobody out, and the answer is not late for it. */
START_TEST(a_directory_that_is_down)
{
    live_directory_start("files directory", "karl:x:5001:5000:Karl:/home/karl:/bin/sh\n",
                         "corp:x:5000:karl\n");
    asked = "[\"bob\", \"karl\", \"%corp\"]";
    gate_bus_start(answer_asked);
    struct pam_host_outcome outcome = come_by("sshd");
    check_said(&outcome, "approval by a member of corp");
    live_directory_set_mode("unavail passwd karl\n");
    outcome = come_by("sshd");
    check_said(&outcome, "approval by karl or a member of corp");
    live_directory_set_mode("hang passwd karl\n");
    const int64_t begun = monotonic_ms();
    outcome = come_by("sshd");
    ck_assert_int_lt(monotonic_ms() - begun,
                     2500); /* of the 3 s after which nothing would be said of the request */
    check_said(&outcome, "approval by bob, karl or a member of corp");
    live_directory_set_mode("");
    live_directory_stop();
}
END_TEST

/* Whether they are in a group is not known then. */
START_TEST(groups_that_are_not_answered)
{
    write_pam("sshd", GROUP("1 default=ignore", "staff"));
    live_directory_start("files directory", "", "corp:x:5000:\n");
    gate_bus_start(answer_asked);
    struct pam_host_outcome outcome = come_by("sshd");
    check_said(&outcome, "approval by bob, who cannot get in by sshd either");
    live_directory_set_mode("unavail initgroups\n");
    outcome = come_by("sshd");
    check_said(&outcome, "approval by bob");
    live_directory_set_mode("");
    live_directory_stop();
}
END_TEST

static const char *leave_at_third(const char *prompt, void *data)
{
    int *prompts = data;
    ck_assert_msg(strstr(prompt, "waiting for approval by carol. Enter") != NULL, "%s", prompt);
    return ++*prompts < 3 ? "" : "q";
}

/* Each look at the request that waits names the same. */
START_TEST(while_it_waits)
{
    int prompts = 0;
    asked = "[\"bob\", \"carol\"]";
    open_to = "[\"carol\"]";
    gate_bus_start(answer_asked);
    write_pam("sshd", "account required pam_accesspkg.so package=db-admins wait=30\n");
    pam_host_service("sshd", "account required pam_accesspkg.so package=db-admins wait=30\n");
    struct pam_host_outcome outcome = pam_host_try(&(struct pam_host_login){
        .service = "sshd", .user = "alice", .tty = "ssh", .answer = leave_at_third, .data = &prompts});
    ck_assert_int_eq(prompts, 3);
    ck_assert_str_eq(gate_bus_last_call(), "[17,0]");
    check_said(&outcome, "approval by carol");
}
END_TEST

static const char *leave(const char *prompt, void *data)
{
    (void)data;
    ck_assert_msg(strstr(prompt, "waiting for approval by bob, who cannot get in by sshd either. Enter"),
                  "%s", prompt);
    return "q";
}

START_TEST(nobody_to_wait_for)
{
    gate_bus_start(answer_asked);
    pam_host_service("sshd", "account required pam_accesspkg.so package=db-admins wait=30\n");
    const struct pam_host_outcome outcome = pam_host_try(
        &(struct pam_host_login){.service = "sshd", .user = "alice", .tty = "ssh", .answer = leave});
    ck_assert_int_eq(outcome.n_prompts, 1);
    check_said(&outcome, "approval by bob, who cannot get in by sshd either");
}
END_TEST

int main(void)
{
    suite_case("outside", setup_sshd, teardown_sshd);
    suite_timeout(30);
    suite_rows(who_is_named, cases);
    suite_add(who_holds_it_is_named, a_group_that_packages_give, a_name_with_a_blank, where_nobody_logs_in,
              a_directory_that_is_down, groups_that_are_not_answered, while_it_waits, nobody_to_wait_for);
    return suite_run();
}
