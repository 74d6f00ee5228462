/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Rule 11: a host sees nothing of the program that is run in it, whatever it does about children of its own, and
 * nothing is left of that, whoever dies. Each test has a process of its own (Check forks).
 */
#include "tests/support/suite.h"
#include "tests/support/trace.h"
#include "tests/unit/spawned.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static char fifo[96];

static void setup(void)
{
    make_question();
    snprintf(fifo, sizeof(fifo), "%s/fifo", folder);
    ck_assert_int_eq(mkfifo(fifo, 0600), 0);
}

/* Every way in which an exchange can end: with an answer, without one, at the deadline. */
static void ask_in_each_way(void)
{
    for (int i = 0; i < 10; i++) {
        ck_assert_int_eq(ask("cat >/dev/null; printf 'verdict=filed\\0'", 10), 0);
        ck_assert_str_eq(answered(), "verdict=filed");
    }
    ck_assert_int_eq(ask("exit 7", 10), 0);
    ck_assert_str_eq(answered(), "ended=7");
    ck_assert_int_eq(spawn_ask("/nonexistent/program", &question, 10, &answer), 0);
    ck_assert_str_eq(answered(), "failed=execve errno=2");
    for (int i = 0; i < 10; i++)
        ck_assert_int_eq(ask("kill -STOP $$", 0), -ETIME); /* wherever it is by then */
}

static void ask_in_vain(void)
{
    ck_assert_int_eq(ask("kill -STOP $$", 1), -ETIME);
}

/* No child is left, of any kind. */
static void check_childless(void)
{
    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG | __WALL), -1);
    ck_assert_int_eq(errno, ECHILD);
}

/* ---- what hosts do about their children ------------------------------------------------------------------------- */

static volatile sig_atomic_t handled, reaped;

static void reap_and_block(int number)
{
    const int saved = errno;
    (void)number;
    handled = handled + 1;
    while (waitpid(-1, NULL, 0) > 0)
        reaped = reaped + 1;
    errno = saved;
}

static void reap_what_is_dead(int number)
{
    const int saved = errno;
    (void)number;
    handled = handled + 1;
    while (waitpid(-1, NULL, WNOHANG) > 0)
        reaped = reaped + 1;
    errno = saved;
}

static void notice(int number)
{
    (void)number;
    handled = handled + 1;
}

static const struct sigaction dispositions[] = {
    {.sa_handler = SIG_DFL},
    {.sa_handler = SIG_IGN},
    {.sa_handler = SIG_DFL, .sa_flags = SA_NOCLDWAIT},
    {.sa_handler = notice, .sa_flags = SA_NOCLDWAIT | SA_RESTART},
    {.sa_handler = notice, .sa_flags = SA_NOCLDSTOP},
    {.sa_handler = reap_what_is_dead},
    {.sa_handler = reap_and_block},
    {.sa_handler = reap_and_block, .sa_flags = SA_NODEFER},
};
enum { N_DISPOSITIONS = sizeof(dispositions) / sizeof(dispositions[0]) };

START_TEST(signal_of_children)
{
    sigaction(SIGCHLD, &dispositions[_i], NULL);
    char *before = trace_take();
    ask_in_each_way();
    ask_in_vain();
    trace_compare(before);
    check_childless();
    ck_assert_int_eq(handled, 0);
}
END_TEST

START_TEST(signal_blocked)
{
    sigset_t blocked, pending;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGCHLD);
    sigaction(SIGCHLD, &dispositions[_i], NULL);
    sigprocmask(SIG_BLOCK, &blocked, NULL);
    char *before = trace_take();
    ask_in_each_way();
    trace_compare(before);
    sigpending(&pending);
    ck_assert(!sigismember(&pending, SIGCHLD));
    check_childless();
}
END_TEST

/* It collects orphans, and so would see one of ours. */
START_TEST(subreaper)
{
    sigaction(SIGCHLD, &dispositions[_i], NULL);
    ck_assert_int_eq(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
    ask_in_each_way();
    if (_i == 0)
        ask_in_vain();
    check_childless();
    ck_assert_int_eq(handled, 0);
}
END_TEST

static void *wait_for_any(void *data)
{
    int status = 0;
    *(pid_t *)data = waitpid(-1, &status, 0);
    return NULL;
}

/* They get the host's own child once it ends, and nothing before. */
START_TEST(threads_that_wait)
{
    enum { THREADS = 3 };
    pthread_t threads[THREADS];
    pid_t got[THREADS] = {0};
    int good = 0;
    const pid_t own = fork();
    if (own == 0)
        for (;;)
            pause();
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, wait_for_any, &got[i]);
    ask_in_each_way();
    ask_in_vain();
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(*(volatile pid_t *)&got[i], 0);
    kill(own, SIGKILL);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        ck_assert(got[i] == own || got[i] == -1);
        good += got[i] == own;
    }
    ck_assert_int_eq(good, 1);
}
END_TEST

/* Children of the host that end meanwhile reach its handler, each once. */
START_TEST(own_children)
{
    enum { OWN = 20 };
    const struct sigaction action = {.sa_handler = reap_what_is_dead};
    sigaction(SIGCHLD, &action, NULL);
    for (int i = 0; i < OWN; i++) {
        if (fork() == 0)
            _exit(i);
        ck_assert_int_eq(ask("cat >/dev/null; printf 'verdict=filed\\0'", 10), 0);
    }
    while (waitpid(-1, NULL, 0) > 0)
        reaped = reaped + 1;
    ck_assert_int_eq(reaped, OWN);
}
END_TEST

/* A host that asks for every kind of child takes ours away; it is answered all the same. */
START_TEST(thread_that_waits_for_every_kind)
{
    pthread_t thread;
    pid_t got = 0;
    const pid_t own = fork();
    if (own == 0)
        for (;;)
            pause();
    ck_assert_int_eq(pthread_create(&thread, NULL, wait_for_any, &got), 0);
    while (waitpid(-1, NULL, WNOHANG | __WALL) > 0)
        continue;
    ask_in_each_way();
    kill(own, SIGKILL);
    pthread_join(thread, NULL);
    ck_assert_int_eq(got, own);
}
END_TEST

/* ---- hosts that may do little ----------------------------------------------------------------------------------- */

/* Refuses clone3(2), as RestrictNamespaces= does, and every clone(2) that makes a namespace. */
static void refuse_clone3(void)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone3, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x7e020000, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog of = {sizeof(filter) / sizeof(filter[0]), filter};
    ck_assert_int_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
    ck_assert_int_eq(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &of), 0);
}

START_TEST(no_clone3)
{
    refuse_clone3();
    ck_assert_int_eq(syscall(SYS_clone3, NULL, 0), -1);
    ck_assert_int_eq(errno, ENOSYS);
    ask_in_each_way();
    check_childless();
}
END_TEST

/* One process too many at each of the two steps: it is said, and nothing is left. */
START_TEST(few_processes)
{
    const uid_t somebody = 54321; /* who has no other process */
    if (geteuid() != 0)
        return;
    ck_assert_int_eq(chown(folder, somebody, somebody), 0);
    ck_assert_int_eq(chown(fifo, somebody, somebody), 0);
    ck_assert_int_eq(setresgid(somebody, somebody, somebody) | setresuid(somebody, somebody, somebody), 0);
    for (rlim_t most = 1; most <= 2; most++) {
        const struct rlimit limit = {most, 3};
        setrlimit(RLIMIT_NPROC, &limit);
        char *before = trace_take();
        ck_assert_int_eq(ask("exit 0", 10), 0);
        ck_assert_str_eq(answered(), "failed=clone errno=11");
        trace_compare(before);
        check_childless();
    }
    const struct rlimit enough = {3, 3};
    setrlimit(RLIMIT_NPROC, &enough);
    ck_assert_int_eq(ask("exit 0", 10), 0);
    ck_assert_str_eq(answered(), "ended=0");
}
END_TEST

/* Under su the real user is at the terminal, and could stop or kill whatever carries their uid. */
START_TEST(nothing_of_the_real_user)
{
    if (geteuid() != 0)
        return;
    ck_assert_int_eq(setresuid(54321, 0, 0), 0);
    ck_assert_int_eq(
        ask("cat >/dev/null\nprintf 'uids=%s\\0' \"$(sed -n 's/^Uid:[[:blank:]]*//p' /proc/$$/status "
            "/proc/$PPID/status | tr '\\t\\n' '  ')\"",
            10),
        0);
    ck_assert_str_eq(answered(), "uids=0 0 0 0 0 0 0 0 ");
    ck_assert_uint_eq(getuid(), 54321);
}
END_TEST

/* ---- deaths ------------------------------------------------------------------------------------------------------ */

/* The keeper is the program's parent. */
START_TEST(keeper_dies)
{
    ck_assert_int_eq(ask("kill -KILL $PPID; while :; do :; done", 10), -ENODATA);
    ck_assert_int_eq(ask("kill -STOP $PPID; while :; do :; done", 1), -ETIME);
    check_childless();
}
END_TEST

/* Whoever answers and then hangs, or is stopped, does not keep the host. */
START_TEST(answers_and_stays)
{
    const char *const bodies[] = {"printf 'verdict=filed\\0'; kill -STOP $$",
                                  "printf 'verdict=filed\\0'; trap '' TERM HUP; while :; do :; done"};
    for (size_t i = 0; i < 2; i++) {
        ck_assert_int_eq(ask(bodies[i], 10), 0);
        ck_assert_str_eq(answered(), "verdict=filed");
    }
    check_childless();
}
END_TEST

/* Nothing outlives a host that is killed: this process collects what would. */
START_TEST(host_dies)
{
    char body[160], byte;
    ck_assert_int_eq(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
    snprintf(body, sizeof(body), "echo >%s; kill -STOP $$", fifo);
    const pid_t host = fork();
    if (host == 0)
        _exit(ask(body, 60) != -ETIME);
    const int runs = open(fifo, O_RDONLY);
    ck_assert_int_eq(read(runs, &byte, 1), 1);
    close(runs);
    ck_assert_int_eq(kill(host, SIGKILL), 0);
    while (waitpid(-1, NULL, __WALL) > 0)
        continue;
    check_childless();
}
END_TEST

/* Static: a sanitizer takes what a cancelled thread leaves on its stack for a fault. */
static void *ask_slowly(void *data)
{
    static char body[160];
    snprintf(body, sizeof(body), "echo >%s; kill -STOP $$", fifo);
    *(int *)data = ask(body, 1);
    pthread_testcancel();
    *(int *)data = 1;
    return NULL;
}

static void *idle(void *data)
{
    return data;
}

/* A thread that is cancelled while it asks is cancelled afterwards. */
START_TEST(cancelled)
{
    pthread_t thread;
    int result = 0;
    char byte;
    /* The C library loads what unwinds at the first cancellation, and keeps it. */
    pthread_create(&thread, NULL, idle, NULL);
    pthread_join(thread, NULL);
    char *before = trace_take();
    pthread_create(&thread, NULL, ask_slowly, &result);
    const int runs = open(fifo, O_RDONLY);
    ck_assert_int_eq(read(runs, &byte, 1), 1);
    close(runs);
    pthread_cancel(thread);
    pthread_join(thread, NULL);
    ck_assert_int_eq(result, -ETIME);
    trace_compare(before);
    check_childless();
}
END_TEST

int main(void)
{
    suite_case("hosts", setup, teardown);
    suite_timeout(30);
    suite_loop(signal_of_children, 0, N_DISPOSITIONS);
    suite_loop(signal_blocked, 0, N_DISPOSITIONS);
    suite_loop(subreaper, 0, N_DISPOSITIONS);
    suite_add(threads_that_wait, own_children, thread_that_waits_for_every_kind, no_clone3, few_processes,
              nothing_of_the_real_user, keeper_dies, host_dies, answers_and_stays, cancelled);
    return suite_run();
}
