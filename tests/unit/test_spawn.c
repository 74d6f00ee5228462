/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Rule 11: asking a program from inside somebody else's process, whatever that process is like. Each test has a
 * process of its own (Check forks); the programs asked are small shell scripts.
 */
#include "tests/support/suite.h"
#include "tests/support/trace.h"
#include "tests/unit/spawned.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ANSWERS "cat >/dev/null; printf 'verdict=filed\\0'"

/* The answer's only record, less its key. */
static const char *answered_alone(void)
{
    const char *key = "", *value = "";
    size_t at = 0;
    ck_assert(protocol_next(&answer, &at, &key, &value));
    return value;
}

static double seconds_now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

START_TEST(asks_and_answers)
{
    char *before = trace_take();
    ck_assert_int_eq(ask("q=$(tr '\\0' ' '); printf 'echo=%s\\0' \"$q\"", 10), 0);
    ck_assert_str_eq(answered_alone(), "user=alice ");
    trace_compare(before);
}
END_TEST

/* Everything that can be wrong with the other side ends in an error, in time, and leaves nothing. */
START_TEST(faults)
{
    static const struct {
        const char *body;
        int result;
    } cases[] = {
        {"kill -KILL $PPID; while :; do :; done", -ENODATA},
        {"cat >/dev/null; printf 'verdict=granted'", -EBADMSG},
        {"cat >/dev/null; dd bs=8193 count=1 </dev/zero", -EBADMSG},
        {"kill -STOP $$", -ETIME},
        {"trap '' TERM INT HUP; cat >/dev/null; while :; do :; done", -ETIME},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *before = trace_take();
        const double begun = seconds_now();
        const int r = ask(cases[i].body, 1);
        ck_assert_msg(r == cases[i].result, "%s: %d", cases[i].body, r);
        ck_assert(seconds_now() - begun < 2.5);
        trace_compare(before);
    }
}
END_TEST

/* Who says nothing is told of: how it ended, whether it read the question or not. */
START_TEST(ends_without_an_answer)
{
    static const char *const cases[][2] = {
        {"exit 0", "ended=0"},
        {"cat >/dev/null; exit 71", "ended=71"},
        {"exit 255", "ended=255"},
        {"kill -KILL $$", "killed=9"},
        {"cat >/dev/null; kill -TERM $$", "killed=15"},
        {"exec 0<&- 1>&- 2>&-", "ended=0"},
        {"printf 'verdict=filed\\0'; exit 3", "verdict=filed"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *before = trace_take();
        ck_assert_int_eq(ask(cases[i][0], 10), 0);
        ck_assert_str_eq(answered(), cases[i][1]);
        trace_compare(before);
    }
}
END_TEST

/* What cannot be run is told of: which call failed, and how. */
START_TEST(cannot_be_run)
{
    char *before = trace_take();
    ck_assert_int_eq(spawn_ask("/nonexistent/program", &question, 10, &answer), 0);
    ck_assert_str_eq(answered(), "failed=execve errno=2");
    write_program("exit 0");
    ck_assert_int_eq(chmod(program, 0644), 0);
    ck_assert_int_eq(spawn_ask(program, &question, 10, &answer), 0);
    ck_assert_str_eq(answered(), "failed=execve errno=13");
    ck_assert_int_eq(truncate(program, 0) | chmod(program, 0755), 0);
    ck_assert_int_eq(spawn_ask(program, &question, 10, &answer), 0);
    ck_assert_str_eq(answered(), "failed=execve errno=8");
    trace_compare(before);
}
END_TEST

START_TEST(clean_environment)
{
    setenv("LD_PRELOAD", "", 1);
    setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/tmp/evil", 1);
    ck_assert_int_eq(ask("cat >/dev/null; printf 'e=%s\\0' \"$(tr '\\0' ' ' </proc/$$/environ)\"", 10), 0);
    ck_assert_str_eq(answered_alone(), "PATH=/usr/sbin:/usr/bin:/sbin:/bin ");
}
END_TEST

START_TEST(clean_descriptors)
{
    ck_assert_int_eq(dup2(STDOUT_FILENO, 77), 77);
    ck_assert_int_eq(ask("cat >/dev/null; [ -e /proc/$$/fd/77 ] && exit 1\n"
                         "printf 'fds=%s %s\\0' \"$(readlink /proc/$$/fd/2)\" \"$(ls /proc/$$/fd | wc -l)\"",
                         10),
                     0);
    /* 0, 1, 2 and the shell's own: its script, and the pipe that it reads ls from. */
    ck_assert_str_eq(answered_alone(), "/dev/null 5");
}
END_TEST

START_TEST(clean_signals)
{
    sigset_t blocked;
    signal(SIGUSR1, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTERM);
    sigprocmask(SIG_BLOCK, &blocked, NULL);
    char *before = trace_take();
    ck_assert_int_eq(
        ask("cat >/dev/null; s=$(sed -n 's/^Sig\\(Blk\\|Ign\\)://p' /proc/$$/status | tr -d '\\t\\n')\n"
            "printf 's=%s\\0' $s",
            10),
        0);
    /* 32 and 33 are the C library's own: no sigaction() may touch them, and a starter such as make may ignore them. */
    const unsigned long long of_libc = 3ULL << 31;
    unsigned long long blocked_there = 1;
    unsigned long long ignored_there = 1;
    ck_assert_int_eq(sscanf(answered_alone(), "%16llx%16llx", &blocked_there, &ignored_there), 2);
    ck_assert_uint_eq(blocked_there, 0);
    ck_assert_uint_eq(ignored_there & ~of_libc, 0);
    trace_compare(before);
}
END_TEST

/* Children of the host are the host's to wait for. */
START_TEST(leaves_other_children)
{
    const pid_t other = fork();
    siginfo_t info;
    if (other == 0)
        _exit(7);
    ck_assert_int_eq(waitid(P_PID, (id_t)other, &info, WEXITED | WNOWAIT), 0);
    ck_assert_int_eq(ask(ANSWERS, 10), 0);
    int status;
    ck_assert_int_eq(waitpid(other, &status, 0), other);
    ck_assert_int_eq(WEXITSTATUS(status), 7);
}
END_TEST

static atomic_bool stop_threads;
static pthread_mutex_t held = PTHREAD_MUTEX_INITIALIZER;

static void prepare_fork(void)
{
    pthread_mutex_lock(&held);
}

static void *allocate(void *data)
{
    /* Through a volatile: a compiler may leave out what it sees to be of no use. */
    while (!stop_threads) {
        void *volatile memory = malloc(100);
        free(memory);
    }
    return data;
}

/* Another thread holds locks all the time, and the host's own fork handlers would wait for one for ever. */
START_TEST(host_has_threads)
{
    pthread_t threads[2];
    pthread_atfork(prepare_fork, NULL, NULL);
    pthread_mutex_lock(&held);
    for (int i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, allocate, NULL);
    char *before = trace_take();
    write_program(ANSWERS);
    for (int i = 0; i < 50; i++)
        ck_assert_int_eq(spawn_ask(program, &question, 10, &answer), 0);
    trace_compare(before);
    stop_threads = true;
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
}
END_TEST

START_TEST(host_closed_standard_descriptors)
{
    write_program("[ \"$(readlink /proc/$$/fd/2)\" = /dev/null ] || exit 1\n" ANSWERS);
    const int saved[3] = {fcntl(0, F_DUPFD, 50), fcntl(1, F_DUPFD, 50), fcntl(2, F_DUPFD, 50)};
    int results[8];
    /* Every set of closed ones. */
    for (int closed = 0; closed < 8; closed++) {
        for (int fd = 0; fd < 3; fd++)
            if (closed & (1 << fd))
                close(fd);
        results[closed] = spawn_ask(program, &question, 10, &answer);
        for (int fd = 0; fd < 3; fd++) {
            if ((closed & (1 << fd)) && fcntl(fd, F_GETFD) >= 0)
                results[closed] = -EBUSY;
            dup2(saved[fd], fd);
        }
    }
    for (int closed = 0; closed < 8; closed++)
        ck_assert_msg(results[closed] == 0, "closed %d: %d", closed, results[closed]);
}
END_TEST

/* With so few descriptors left that one step after the other fails: an error each time, and nothing is left. */
START_TEST(host_has_few_descriptors)
{
    struct rlimit limit;
    write_program(ANSWERS);
    char *before = trace_take();
    getrlimit(RLIMIT_NOFILE, &limit);
    const rlim_t enough = limit.rlim_cur;
    const int lowest = fcntl(0, F_DUPFD, 3);
    int good = 0;
    close(lowest);
    for (int left = 0; left < 20; left++) {
        limit.rlim_cur = (rlim_t)(lowest + left);
        setrlimit(RLIMIT_NOFILE, &limit);
        const int r = spawn_ask(program, &question, 10, &answer);
        limit.rlim_cur = enough;
        setrlimit(RLIMIT_NOFILE, &limit);
        const char *said = answered();
        ck_assert_msg(r == 0 && *said, "%d left: %d", left, r);
        ck_assert_msg(strstr(said, "verdict=filed") || strstr(said, "errno=24") || strstr(said, "ended="),
                      "%d left: %s", left, said);
        good += strcmp(said, "verdict=filed") == 0;
    }
    trace_compare(before);
    ck_assert_int_gt(good, 0);
    ck_assert_int_lt(good, 20);
}
END_TEST

/* The program is gone before it reads: no SIGPIPE reaches the host, whose disposition is the default. */
START_TEST(no_sigpipe)
{
    signal(SIGPIPE, SIG_DFL);
    for (int i = 0; i < 50; i++)
        ck_assert_int_eq(spawn_ask("/nonexistent/program", &question, 10, &answer), 0);
}
END_TEST

static void no_answer(int number)
{
    (void)number;
}

/* Signals that interrupt every wait do not make it longer. */
START_TEST(interrupted_waits)
{
    const struct sigaction action = {.sa_handler = no_answer};
    const struct itimerval often = {{0, 2000}, {0, 2000}}, never = {{0, 0}, {0, 0}};
    write_program("kill -STOP $$");
    sigaction(SIGALRM, &action, NULL);
    const double begun = seconds_now();
    setitimer(ITIMER_REAL, &often, NULL);
    const int r = spawn_ask(program, &question, 1, &answer);
    setitimer(ITIMER_REAL, &never, NULL);
    ck_assert_int_eq(r, -ETIME);
    ck_assert(seconds_now() - begun < 2.0);
    ck_assert_int_eq(waitpid(-1, NULL, 0), -1);
}
END_TEST

int main(void)
{
    suite_case("a program", make_question, teardown);
    suite_timeout(30);
    suite_add(asks_and_answers, faults, ends_without_an_answer, cannot_be_run, clean_environment,
              clean_descriptors, clean_signals);
    suite_case("hosts", make_question, teardown);
    suite_timeout(30);
    suite_add(leaves_other_children, host_has_threads, host_closed_standard_descriptors,
              host_has_few_descriptors, no_sigpipe, interrupted_waits);
    return suite_run();
}
