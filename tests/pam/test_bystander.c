/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Rule 11: the real module leaves the application as it found it, refused or let in, once or two thousand times; and
 * whatever is wrong with the bus, one deadline covers it.
 */
#include "tests/support/gate_bus.h"
#include "tests/support/pam_host.h"
#include "tests/support/suite.h"
#include "tests/support/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <security/pam_appl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* A quarter of the times, but in `make check-load`, which finds smaller leaks. Chunks that malloc itself keeps for the next
 * time count as used: some kilobytes, however often. */
enum { TRANSACTIONS = 2000, REFUSALS = 200, GROWTH_KIB = 256, HEAP_BYTES = 4096 };

/* The address sanitizer keeps what was freed, so memory cannot be measured under it. */
#ifndef __has_feature
#define __has_feature(feature) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
enum { MEMORY_TELLS = false };
#else
enum { MEMORY_TELLS = true };
#endif

static void setup(void)
{
    pam_host_setup();
    pam_host_line("package=db-admins");
    pam_host_grant("alice", PAM_HOST_ALICE, "db-admins", 100, time(NULL) + 3600);
}

static void teardown(void)
{
    pam_host_grant_text("alice", NULL);
    unlink("/run/dbus/system_bus_socket");
}

/* From a terminal like ssh's, when there is a person. */
static const char *(*person)(const char *prompt, void *data);

static void expect(const char *user, int code)
{
    const struct pam_host_outcome outcome =
        pam_host_try(&(struct pam_host_login){.user = user, .tty = person ? "ssh" : NULL, .answer = person});
    ck_assert_msg(outcome.code == code, "%s: %d %s", user, outcome.code, outcome.said);
}

/* ---- many times ------------------------------------------------------------------------------------------------- */

static void many(const char *user, int code, int times)
{
    /* What libpam and libc keep from the first time on is theirs. */
    for (int i = 0; i < 20; i++)
        expect(user, code);
    char *before = trace_take();
    const long memory = trace_memory();
    const size_t heap = mallinfo2().uordblks;
    for (int i = times / suite_load(4, 1); i > 0; i--)
        expect(user, code);
    if (MEMORY_TELLS)
        ck_assert_int_le(trace_memory() - memory, GROWTH_KIB);
    ck_assert_uint_le(mallinfo2().uordblks, heap + HEAP_BYTES);
    trace_compare(before);
}

START_TEST(many_holders)
{
    many("alice", PAM_SUCCESS, TRANSACTIONS);
}
END_TEST

START_TEST(many_refused)
{
    many("bob", PAM_AUTHINFO_UNAVAIL, REFUSALS);
}
END_TEST

START_TEST(many_refused_without_submission)
{
    pam_host_line("package=db-admins submit=no");
    many("bob", PAM_PERM_DENIED, TRANSACTIONS);
}
END_TEST

static struct gate_bus_reply answer_two_wait(const json_t *arguments, uid_t uid)
{
    (void)arguments, (void)uid;
    return (struct gate_bus_reply){"aa{sv}b", json_pack("[[{s:i}, {s:i}], b]", "id", 1, "id", 2, 0), true,
                                   NULL, NULL};
}

static void begin_session(void)
{
    const struct pam_host_outcome outcome =
        pam_host_try(&(struct pam_host_login){.user = "alice", .tty = "ssh", .session = true});
    ck_assert_int_eq(outcome.code, PAM_SUCCESS);
    ck_assert_int_eq(outcome.n_errors, 2);
}

/* The session phase: what ends, and what waits. */
START_TEST(many_sessions)
{
    gate_bus_start(answer_two_wait);
    for (int i = 0; i < 20; i++)
        begin_session();
    char *before = trace_take();
    const long memory = trace_memory();
    const size_t heap = mallinfo2().uordblks;
    for (int i = REFUSALS / suite_load(4, 1); i > 0; i--)
        begin_session();
    if (MEMORY_TELLS)
        ck_assert_int_le(trace_memory() - memory, GROWTH_KIB);
    ck_assert_uint_le(mallinfo2().uordblks, heap + HEAP_BYTES);
    trace_compare(before);
    gate_bus_stop();
}
END_TEST

/* ---- prompting -------------------------------------------------------------------------------------------------- */

/* As accesspkgd, with `justification = asked` and approvers; see tests/pam/test_prompt.c, test_wait.c. */
static struct gate_bus_reply answer_wanting(const json_t *arguments, uid_t uid)
{
    const json_t *options = json_array_get(arguments, 2);
    (void)uid;
    json_t *value = json_is_true(json_object_get(options, "can_ask"))
                        ? json_pack("{s:s, s:b}", "package", "db-admins", "justification_wanted", 1)
                        : json_pack("{s:i, s:s, s:s, s:[s], s:i}", "id", 17, "package", "db-admins", "state",
                                    "pending-approval", "approvers", "bob", "quorum", 1);
    return (struct gate_bus_reply){.signature = "a{sv}", .value = value};
}

/* A reason of some length, or one that is not taken; then away from the prompt to look again. */
static const char *give_a_reason(const char *prompt, void *data)
{
    static char reason[2000];
    static int turn;
    (void)data;
    if (strncmp(prompt, "Reason", 6) != 0)
        return turn % 3 == 0 ? NULL : "q";
    memset(reason, turn++ % 2 ? '\t' : 'x', sizeof(reason) - 1);
    return reason;
}

START_TEST(many_prompted)
{
    gate_bus_start(answer_wanting);
    pam_host_line("package=db-admins wait=60");
    person = give_a_reason;
    many("bob", PAM_PERM_DENIED, REFUSALS);
    gate_bus_stop();
}
END_TEST

static const char *press_enter_once_approved(const char *prompt, void *data)
{
    (void)prompt, (void)data;
    pam_host_grant("bob", PAM_HOST_BOB, "db-admins", 100, time(NULL) + 3600);
    return "";
}

/* The place among those who wait is given back, also by a host that has its standard descriptors closed. */
START_TEST(let_in_after_waiting)
{
    gate_bus_start(answer_wanting);
    pam_host_line("package=db-admins wait=60");
    person = press_enter_once_approved;
    expect("bob", PAM_SUCCESS);
    char *before = trace_take();
    for (int i = 0; i < 7; i++) {
        pam_host_grant_text("bob", NULL);
        expect("bob", PAM_SUCCESS);
    }
    trace_compare(before);
    pam_host_grant_text("bob", NULL);
    const int saved = fcntl(0, F_DUPFD, 50);
    close(0);
    const int code =
        pam_host_try(&(struct pam_host_login){.user = "bob", .tty = "ssh", .answer = person}).code;
    const bool still_closed = fcntl(0, F_GETFD) < 0;
    dup2(saved, 0);
    ck_assert_int_eq(code, PAM_SUCCESS);
    ck_assert(still_closed);
    pam_host_grant_text("bob", NULL);
    gate_bus_stop();
}
END_TEST

/* ---- odd hosts -------------------------------------------------------------------------------------------------- */

static void reap_everything(int number)
{
    const int saved = errno;
    (void)number;
    while (waitpid(-1, NULL, WNOHANG) > 0)
        continue;
    errno = saved;
}

START_TEST(host_reaps_everything)
{
    const struct sigaction action = {.sa_handler = reap_everything};
    sigaction(SIGCHLD, &action, NULL);
    many("bob", PAM_AUTHINFO_UNAVAIL, 20);
}
END_TEST

START_TEST(host_ignores_children)
{
    signal(SIGCHLD, SIG_IGN);
    many("bob", PAM_AUTHINFO_UNAVAIL, 20);
}
END_TEST

static atomic_bool stop_thread;

static void *allocate(void *data)
{
    /* Through a volatile: a compiler may leave out what it sees to be of no use. */
    while (!stop_thread) {
        void *volatile memory = malloc(100);
        free(memory);
    }
    return data;
}

START_TEST(host_has_a_thread)
{
    pthread_t thread;
    pthread_create(&thread, NULL, allocate, NULL);
    for (int i = 0; i < 20; i++) {
        expect("alice", PAM_SUCCESS);
        expect("bob", PAM_AUTHINFO_UNAVAIL);
    }
    stop_thread = true;
    pthread_join(thread, NULL);
}
END_TEST

static void check_closed_standard_descriptors(void)
{
    int codes[2];
    const int saved[3] = {fcntl(0, F_DUPFD, 50), fcntl(1, F_DUPFD, 50), fcntl(2, F_DUPFD, 50)};
    for (int fd = 0; fd < 3; fd++)
        close(fd);
    codes[0] = pam_host_try(&(struct pam_host_login){.user = "alice"}).code;
    codes[1] = pam_host_try(&(struct pam_host_login){.user = "bob"}).code;
    bool still_closed = true;
    for (int fd = 0; fd < 3; fd++) {
        still_closed = still_closed && fcntl(fd, F_GETFD) < 0;
        dup2(saved[fd], fd);
    }
    ck_assert_int_eq(codes[0], PAM_SUCCESS);
    ck_assert_int_eq(codes[1], PAM_AUTHINFO_UNAVAIL);
    ck_assert(still_closed);
}

START_TEST(host_closed_standard_descriptors)
{
    check_closed_standard_descriptors();
}
END_TEST

/* glibc opens the log on the lowest free descriptor, and keeps it. (libpam would open it, over a missing "other".) */
START_TEST(host_closed_standard_descriptors_and_logs)
{
    pam_host_service("other", "account required pam_deny.so\n");
    pam_host_journal_open();
    check_closed_standard_descriptors();
}
END_TEST

/* Rule 1: out of descriptors nobody gets in, and nothing is left open. */
START_TEST(host_has_few_descriptors)
{
    struct rlimit limit;
    char *before = trace_take();
    const int lowest = fcntl(0, F_DUPFD, 3);
    close(lowest);
    getrlimit(RLIMIT_NOFILE, &limit);
    const rlim_t enough = limit.rlim_cur;
    /* Below that libpam itself cannot load a module. */
    for (int left = 2; left < 14; left++) {
        limit.rlim_cur = (rlim_t)(lowest + left);
        setrlimit(RLIMIT_NOFILE, &limit);
        const int code =
            left < 2 ? PAM_PERM_DENIED : pam_host_try(&(struct pam_host_login){.user = "bob"}).code;
        limit.rlim_cur = enough;
        setrlimit(RLIMIT_NOFILE, &limit);
        ck_assert_msg(code != PAM_SUCCESS && code != PAM_IGNORE, "%d left: %d", left, code);
    }
    trace_compare(before);
}
END_TEST

static int deaf(int count, const struct pam_message **messages, struct pam_response **ret, void *data)
{
    (void)count, (void)messages, (void)ret, (void)data;
    return PAM_CONV_ERR;
}

/* Bytes of addresses that this process has. */
static rlim_t address_space(void)
{
    long pages;
    FILE *file = fopen("/proc/self/statm", "re");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fscanf(file, "%ld", &pages), 1);
    fclose(file);
    return (rlim_t)(pages * sysconf(_SC_PAGESIZE));
}

/* How a process ends whose login may take so many bytes of addresses more: 0, or 1 where it was let in. */
static int log_in_with(rlim_t more)
{
    const struct pam_conv conversation = {deaf, NULL};
    pam_handle_t *pamh = NULL;
    int status;
    const pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        const int begun = pam_start_confdir("gate", "bob", &conversation, pam_host_folder(), &pamh);
        const rlim_t most = address_space() + more;
        const struct rlimit limit = {most, most};
        if (begun != PAM_SUCCESS || setrlimit(RLIMIT_AS, &limit) < 0)
            _exit(2);
        const int code = pam_acct_mgmt(pamh, 0);
        _exit(code == PAM_SUCCESS || code == PAM_IGNORE || code == PAM_CRED_ERR);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return status;
}

/* Rules 1 and 11: the second module may not fit. Nobody gets in, and the host goes on. */
START_TEST(host_has_little_memory)
{
    for (rlim_t more = 0; MEMORY_TELLS && more < 1024 * 1024; more += 8 * 1024)
        ck_assert_int_eq(log_in_with(more), 0);
}
END_TEST

/* pam_putenv reaches the user's session. */
START_TEST(no_pam_environment)
{
    const struct pam_conv conversation = {NULL, NULL};
    pam_handle_t *pamh = NULL;
    pam_host_service("beside", "account required pam_accesspkg.so package=db-admins\n");
    ck_assert_int_eq(pam_start_confdir("beside", "alice", &conversation, pam_host_folder(), &pamh),
                     PAM_SUCCESS);
    ck_assert_int_eq(pam_acct_mgmt(pamh, 0), PAM_SUCCESS);
    char **environment = pam_getenvlist(pamh);
    ck_assert_ptr_null(environment[0]);
    free(environment);
    pam_end(pamh, PAM_SUCCESS);
}
END_TEST

/* An application without a conversation is refused all the same, and lives. */
START_TEST(no_conversation)
{
    const struct pam_conv conversation = {NULL, NULL};
    pam_handle_t *pamh = NULL;
    pam_host_service("beside", "account required pam_accesspkg.so package=db-admins submit=no\n");
    ck_assert_int_eq(pam_start_confdir("beside", "bob", &conversation, pam_host_folder(), &pamh),
                     PAM_SUCCESS);
    ck_assert_int_eq(pam_acct_mgmt(pamh, 0), PAM_PERM_DENIED);
    pam_end(pamh, PAM_SUCCESS);
}
END_TEST

/* The module judges in the account phase and in no other: a line of another one shuts, not opens; but for the session's,
 * which has no say. */
START_TEST(other_phases)
{
    const struct pam_conv conversation = {NULL, NULL};
    pam_handle_t *pamh = NULL;
    pam_host_service("auth", "auth required pam_accesspkg.so package=db-admins\n"
                             "password required pam_accesspkg.so package=db-admins\n"
                             "session required pam_accesspkg.so package=db-admins\n");
    ck_assert_int_eq(pam_start_confdir("auth", "alice", &conversation, pam_host_folder(), &pamh),
                     PAM_SUCCESS);
    ck_assert_int_ne(pam_authenticate(pamh, 0), PAM_SUCCESS);
    ck_assert_int_ne(pam_chauthtok(pamh, 0), PAM_SUCCESS);
    ck_assert_int_ne(pam_setcred(pamh, 0), PAM_SUCCESS);
    ck_assert_int_eq(pam_open_session(pamh, 0), PAM_SUCCESS);
    ck_assert_int_eq(pam_close_session(pamh, 0), PAM_SUCCESS);
    pam_end(pamh, PAM_SUCCESS);
}
END_TEST

/* ---- a bus that does not answer --------------------------------------------------------------------------------- */

static int listen_mutely(int backlog)
{
    const struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "/run/dbus/system_bus_socket"};
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_ge(fd, 0);
    unlink(address.sun_path);
    ck_assert_int_eq(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    ck_assert_int_eq(listen(fd, backlog), 0);
    return fd;
}

/* Connects until nobody can any more. */
static void fill_backlog(void)
{
    const struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "/run/dbus/system_bus_socket"};
    for (;;) {
        const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        ck_assert_int_ge(fd, 0);
        if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
            ck_assert_int_eq(errno, EAGAIN);
            close(fd);
            return;
        }
    }
}

static void expect_deadline(const char *line, double seconds)
{
    struct timespec begun, ended;
    pam_host_line(line);
    char *before = trace_take();
    clock_gettime(CLOCK_MONOTONIC, &begun);
    expect("bob", PAM_AUTHINFO_UNAVAIL);
    clock_gettime(CLOCK_MONOTONIC, &ended);
    const double took = (double)(ended.tv_sec - begun.tv_sec) + (double)(ended.tv_nsec - begun.tv_nsec) / 1e9;
    ck_assert_msg(took >= seconds - 0.1 && took <= seconds + 1.0, "it took %.2f s", took);
    /* Who holds a grant does not wait. */
    expect("alice", PAM_SUCCESS);
    trace_compare(before);
}

START_TEST(mute_bus)
{
    listen_mutely(16);
    expect_deadline("package=db-admins timeout=1", 1);
    expect_deadline("package=db-admins timeout=2", 2);
    expect_deadline("package=db-admins", 3);
}
END_TEST

START_TEST(full_bus)
{
    listen_mutely(0);
    fill_backlog();
    expect_deadline("package=db-admins timeout=1", 1);
}
END_TEST

/* A socket that nobody listens at is found out at once. */
START_TEST(dead_bus)
{
    struct timespec begun, ended;
    close(listen_mutely(1));
    clock_gettime(CLOCK_MONOTONIC, &begun);
    expect("bob", PAM_AUTHINFO_UNAVAIL);
    clock_gettime(CLOCK_MONOTONIC, &ended);
    ck_assert_int_le(ended.tv_sec - begun.tv_sec, 1);
}
END_TEST

int main(void)
{
    suite_case("hosts", setup, teardown);
    suite_timeout(60);
    suite_add(many_holders, many_refused, many_sessions, many_prompted, let_in_after_waiting,
              many_refused_without_submission, host_reaps_everything, host_ignores_children,
              host_has_a_thread, host_closed_standard_descriptors, host_closed_standard_descriptors_and_logs,
              host_has_few_descriptors, host_has_little_memory, no_pam_environment, no_conversation,
              other_phases, mute_bus, full_bus, dead_bus);
    return suite_run();
}
