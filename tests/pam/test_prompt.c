/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The real module, asking the person for a reason, in front of a service that wants one: who is asked and who never is,
 * what is taken for a reason, what the request carries. Rule 1: no answer lets anybody in.
 */
#include "dbus/contract.h"
#include "tests/pam/submission.h"
#include "tests/support/suite.h"

#include <fcntl.h>
#include <pty.h>
#include <time.h>
#include <unistd.h>

#define ASKED "Reason for access to db-admins: \n"

/* As accesspkgd with `justification = asked`. */
static struct gate_bus_reply answer_wanting(const json_t *arguments, uid_t uid)
{
    const json_t *options = json_array_get(arguments, 2);
    if (!json_is_true(json_object_get(options, "can_ask")))
        return answer_filed(arguments, uid);
    return reply_with(json_pack("{s:s, s:b}", "package", "db-admins", "justification_wanted", 1));
}

/* A person with these answers, in turn; then none. */
static const char *const *answers;

static const char *type(const char *prompt, void *data)
{
    (void)prompt, (void)data;
    return *answers ? *answers++ : NULL;
}

static struct pam_host_outcome log_in_by_ssh(int flags)
{
    return pam_host_try(
        &(struct pam_host_login){.user = "alice", .tty = "ssh", .answer = type, .flags = flags});
}

#define CALLED(more)                                                                                         \
    "[\"alice\",[\"db-admins\"],{\"gate\":true," more "\"service\":\"gate\",\"tty\":\"ssh\"},0]"

START_TEST(carried)
{
    static const char *const reasons[] = {"ticket 4711: Gr\xc3\xbc\xc3\x9f\x65 \"%s\"", NULL};
    answers = reasons;
    gate_bus_start(answer_wanting);
    const struct pam_host_outcome outcome = log_in_by_ssh(0);
    check_refused(&outcome, PAM_PERM_DENIED, "request=17 why=\"a request was filed, Pending approval\"",
                  WAITS THEN);
    ck_assert_str_eq(outcome.asked, ASKED);
    ck_assert_str_eq(gate_bus_last_call(),
                     CALLED("\"justification\":\"ticket 4711: Gr\xc3\xbc\xc3\x9f\x65 \\\"%s\\\"\","));
    ck_assert_int_eq(gate_bus_calls(), 2);
}
END_TEST

/* A key, a password: sshd has nobody to ask then. Filed all the same, without a reason. */
START_TEST(cannot_be_asked)
{
    gate_bus_start(answer_wanting);
    const struct pam_host_outcome outcome =
        pam_host_try(&(struct pam_host_login){.user = "alice", .tty = "ssh"});
    check_refused(&outcome, PAM_PERM_DENIED, "request=17", WAITS THEN);
    ck_assert_str_eq(outcome.asked, ASKED);
    ck_assert_str_eq(gate_bus_last_call(), CALLED(""));
}
END_TEST

/* The policy decides who is asked at all, and so does what is open already. */
START_TEST(no_reason_wanted)
{
    static const char *const none[] = {NULL};
    answers = none;
    gate_bus_start(answer_filed);
    const struct pam_host_outcome outcome = log_in_by_ssh(0);
    check_refused(&outcome, PAM_PERM_DENIED, "request=17", WAITS THEN);
    ck_assert_int_eq(outcome.n_prompts, 0);
    ck_assert_int_eq(gate_bus_calls(), 1);
}
END_TEST

static char most[BUS_TEXT_MAX + 1], too_much[BUS_TEXT_MAX + 2], a_megabyte[1 << 20];

/* What cannot be a reason is asked for once more; then the request is filed without one. Rule 10. */
static const struct {
    const char *answers[3];
    int prompts;
    const char *carried; /* NULL: no reason */
} typed[] = {
    {{"", "why not", NULL}, 2, "why not"},
    {{"   ", "why not", NULL}, 2, "why not"},
    {{"\033[2J", "why not", NULL}, 2, "why not"},
    {{"two\nlines", "why not", NULL}, 2, "why not"},
    {{"tab\there", "why not", NULL}, 2, "why not"},
    {{"\xff\xfe", "why not", NULL}, 2, "why not"},
    {{"caf\xe9", "why not", NULL}, 2, "why not"},
    {{"\xe2\x80\xaegnirts", "why not", NULL}, 2, "why not"},
    {{too_much, "why not", NULL}, 2, "why not"},
    {{a_megabyte, "why not", NULL}, 2, "why not"},
    {{most, "never asked", NULL}, 1, most},
    {{"", "", "never asked"}, 2, NULL},
    {{"\x7f", a_megabyte, "never asked"}, 2, NULL},
    {{NULL}, 1, NULL},
    {{"", NULL}, 2, NULL},
    {{"alice", "never asked", NULL}, 1, NULL}, /* a program that answers every prompt with the name */
};

START_TEST(what_is_a_reason)
{
    char expected[BUS_TEXT_MAX + 64];
    memset(most, 'a', sizeof(most) - 1);
    memset(too_much, 'a', sizeof(too_much) - 1);
    memset(a_megabyte, 'a', sizeof(a_megabyte) - 1);
    answers = typed[_i].answers;
    gate_bus_start(answer_wanting);
    const struct pam_host_outcome outcome = log_in_by_ssh(0);
    check_refused(&outcome, PAM_PERM_DENIED, "request=17", WAITS THEN);
    ck_assert_int_eq(outcome.n_prompts, typed[_i].prompts);
    ck_assert_int_eq(gate_bus_calls(), 2);
    snprintf(expected, sizeof(expected), "\"justification\":\"%s\"",
             typed[_i].carried ? typed[_i].carried : "");
    ck_assert_ptr_null(strstr(gate_bus_last_call(), "can_ask"));
    if (typed[_i].carried)
        ck_assert_ptr_nonnull(strstr(gate_bus_last_call(), expected));
    else
        ck_assert_ptr_null(strstr(gate_bus_last_call(), "justification"));
}
END_TEST

START_TEST(second_prompt)
{
    static const char *const empty[] = {"", "", NULL}, *const odd[] = {"\033", "", NULL};
    gate_bus_start(answer_wanting);
    answers = empty;
    ck_assert_str_eq(log_in_by_ssh(0).asked,
                     ASKED "Reason for access to db-admins (Enter again asks without one): \n");
    answers = odd;
    ck_assert_str_eq(
        log_in_by_ssh(0).asked,
        ASKED "Reason for access to db-admins (one line of plain text; Enter alone asks without one): \n");
}
END_TEST

/* ---- who is never asked ----------------------------------------------------------------------------------------- */

static const struct {
    const char *line, *user, *tty;
    int flags, code;
} unasked[] = {
    {"package=db-admins wait=9", "alice", "ssh", PAM_SILENT, PAM_PERM_DENIED},
    {"package=db-admins wait=9 quiet", "alice", "ssh", 0, PAM_PERM_DENIED},
    {"package=db-admins wait=9 submit=no", "alice", "ssh", 0, PAM_PERM_DENIED},
    {"package=db-admins wait=9 mode=report", "alice", "ssh", 0, PAM_IGNORE},
    {"package=db-admins wait=9", "alice", NULL, 0, PAM_PERM_DENIED},
    {"package=db-admins wait=9", "alice", "", 0, PAM_PERM_DENIED},
    {"package=db-admins wait=9", "alice", "ftp", 0, PAM_PERM_DENIED},
    {"package=db-admins wait=9", "alice", "cron", 0, PAM_PERM_DENIED},
    {"package=db-admins wait=9", "alice", "pts/0", 0,
     PAM_PERM_DENIED}, /* stdin is none: a script's, a program's */
    {"package=db-admins wait=9", "root", "ssh", 0, PAM_IGNORE},
    {"package=db-admins wait=9", "bob", "ssh", 0, PAM_SUCCESS}, /* holds it */
};

START_TEST(never_asked)
{
    static const char *const reasons[] = {"never asked", NULL};
    answers = reasons;
    const int null = open("/dev/null", O_RDONLY);
    dup2(null, STDIN_FILENO);
    gate_bus_start(answer_wanting);
    pam_host_grant("bob", PAM_HOST_BOB, "db-admins", 100, time(NULL) + 3600);
    pam_host_line(unasked[_i].line);
    const struct pam_host_outcome outcome = pam_host_try(&(struct pam_host_login){
        .user = unasked[_i].user, .tty = unasked[_i].tty, .flags = unasked[_i].flags, .answer = type});
    ck_assert_int_eq(outcome.code, unasked[_i].code);
    ck_assert_int_eq(outcome.n_prompts, 0);
    ck_assert(!strstr(gate_bus_last_call(), "can_ask") || strstr(gate_bus_last_call(), "dry_run"));
    ck_assert_int_le(gate_bus_calls(), 1);
    pam_host_grant_text("bob", NULL);
}
END_TEST

/* login, su: the application names a terminal, and has it. */
START_TEST(at_a_terminal)
{
    static const char *const reasons[] = {"ticket 9", NULL};
    int ours, theirs;
    ck_assert_int_eq(openpty(&ours, &theirs, NULL, NULL, NULL), 0);
    dup2(theirs, STDIN_FILENO);
    answers = reasons;
    gate_bus_start(answer_wanting);
    const struct pam_host_outcome outcome =
        pam_host_try(&(struct pam_host_login){.user = "alice", .tty = "pts/0", .answer = type});
    check_refused(&outcome, PAM_PERM_DENIED, "request=17", WAITS THEN);
    ck_assert_str_eq(outcome.asked, ASKED);
    ck_assert_ptr_nonnull(strstr(gate_bus_last_call(), "\"justification\":\"ticket 9\""));
}
END_TEST

/* An application without a conversation, or without anybody who listens. */
START_TEST(nobody_there)
{
    const struct pam_conv conversation = {NULL, NULL};
    pam_handle_t *pamh = NULL;
    gate_bus_start(answer_wanting);
    ck_assert_int_eq(pam_start_confdir("gate", "alice", &conversation, pam_host_folder(), &pamh),
                     PAM_SUCCESS);
    ck_assert_int_eq(pam_set_item(pamh, PAM_TTY, "ssh"), PAM_SUCCESS);
    ck_assert_int_eq(pam_acct_mgmt(pamh, 0), PAM_PERM_DENIED);
    pam_end(pamh, PAM_SUCCESS);
    ck_assert_ptr_null(strstr(gate_bus_last_call(), "justification"));
    const struct pam_host_outcome outcome =
        pam_host_try(&(struct pam_host_login){.user = "alice", .tty = "ssh", .deaf = true});
    ck_assert_int_eq(outcome.code, PAM_PERM_DENIED);
    ck_assert_int_eq(gate_bus_calls(), 4);
}
END_TEST

/* A screen locker asks for its own user, whom accesspkgd lets ask with a reason alone. */
START_TEST(unprivileged_program)
{
    static const char *const reasons[] = {"ticket 9", NULL};
    answers = reasons;
    gate_bus_start(answer_wanting);
    const struct pam_host_outcome outcome =
        pam_host_try_as(PAM_HOST_ALICE, PAM_HOST_ALICE,
                        &(struct pam_host_login){.user = "alice", .tty = "ssh", .answer = type});
    ck_assert_str_eq(outcome.asked, ASKED);
    ck_assert_ptr_nonnull(strstr(gate_bus_last_call(), "\"justification\":\"ticket 9\""));
    ck_assert_ptr_nonnull(strstr(gate_bus_last_call(), ",1001]"));
}
END_TEST

static struct gate_bus_reply answer_insatiable(const json_t *arguments, uid_t uid)
{
    (void)arguments, (void)uid;
    return reply_with(json_pack("{s:s, s:b}", "package", "db-admins", "justification_wanted", 1));
}

START_TEST(insatiable_service)
{
    static const char *const reasons[] = {"ticket 9", "never asked", NULL};
    answers = reasons;
    gate_bus_start(answer_insatiable);
    const struct pam_host_outcome outcome = log_in_by_ssh(0);
    check_refused(&outcome, PAM_PERM_DENIED, "request=none why=\"a reason is wanted, and was not taken\"",
                  "db-admins on demohost: a reason is wanted for this. Please give one: pkg-request submit "
                  "db-admins -m 'REASON'\n");
    ck_assert_int_eq(outcome.n_prompts, 1);
    ck_assert_int_eq(gate_bus_calls(), 2);
}
END_TEST

/* ---- what is left of an answer -------------------------------------------------------------------------------- */

/* Long, so that some of a copy outlasts what later calls put over it. */
enum { SECRET = 4000, PIECE = 64 };
static char secret[SECRET + 1];

static char next_of(char byte)
{
    return (char)('A' + (byte - 'A' + 7) % 26);
}

static const char *type_secret(const char *prompt, void *data)
{
    (void)prompt, (void)data;
    secret[0] = 'A';
    for (int i = 1; i < SECRET; i++)
        secret[i] = next_of(secret[i - 1]);
    return secret;
}

/* Whether this memory has a piece of the secret, which is spelled nowhere else. */
static bool has_secret(const char *memory, size_t size)
{
    size_t length = 1;
    for (size_t at = 1; at < size && length < PIECE; at++) {
        const char before = memory[at - 1];
        length = before >= 'A' && before <= 'Z' && memory[at] == next_of(before) ? length + 1 : 1;
    }
    return length == PIECE;
}

/* In all memory that this process may write. */
static bool memory_has_secret(void)
{
    FILE *maps = fopen("/proc/self/maps", "r");
    const int memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
    char line[512], *piece = malloc(1 << 22);
    bool found = false;
    while (!found && fgets(line, sizeof(line), maps)) {
        unsigned long from, to;
        char mode[8];
        if (sscanf(line, "%lx-%lx %7s", &from, &to, mode) != 3 || mode[1] != 'w' || to - from > 1 << 22)
            continue;
        const ssize_t n = pread(memory, piece, to - from, (off_t)from);
        found = n > 0 && has_secret(piece, (size_t)n);
    }
    explicit_bzero(piece, 1 << 22);
    free(piece);
    close(memory);
    fclose(maps);
    return found;
}

START_TEST(wiped)
{
    gate_bus_start(answer_wanting);
    const struct pam_host_outcome outcome =
        pam_host_try(&(struct pam_host_login){.user = "alice", .tty = "ssh", .answer = type_secret});
    ck_assert_int_eq(outcome.n_prompts, 1);
    ck_assert(memory_has_secret()); /* the test's own, so that it can be found */
    explicit_bzero(secret, sizeof(secret));
    ck_assert_ptr_nonnull(strstr(gate_bus_last_call(), "\"justification\":\""));
    memset((char *)(uintptr_t)gate_bus_last_call(), 0, 8192);
    ck_assert(!memory_has_secret());
}
END_TEST

int main(void)
{
    suite_case("bus", setup, teardown);
    suite_timeout(30);
    suite_add(carried, cannot_be_asked, no_reason_wanted, second_prompt, at_a_terminal, nobody_there,
              unprivileged_program, insatiable_service, wiped);
    suite_rows(what_is_a_reason, typed);
    suite_rows(never_asked, unasked);
    return suite_run();
}
