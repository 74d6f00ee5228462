/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is heard in a loop of processes of ours, and what becomes of them and of those that they start. */
#include "common/child_loop.h"
#include "tests/support/suite.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void no_child_is_left(void)
{
    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
    ck_assert_int_eq(errno, ECHILD);
}

static struct ev_loop *loop;
static int calls;
static int life[2]; /* its end is read when none has it open any more who was given it */
static int status_told;
static bool timed_out;
static char said[2 * 1024 * 1024];
static size_t size_told;

static void on_done(const struct child_end *end, void *data)
{
    ck_assert_ptr_eq(data, &calls);
    calls++;
    status_told = end->status;
    timed_out = end->timed_out;
    size_told = end->size;
    ck_assert_uint_lt(end->size, sizeof(said));
    ck_assert_uint_eq(strlen(end->output), end->size);
    memcpy(said, end->output, end->size + 1);
}

static struct child *begin(int (*run)(void *data), size_t output_max, double deadline)
{
    const struct child_terms terms = {on_done, &calls, output_max, deadline};
    struct child *child = NULL;
    loop = ev_default_loop(EVFLAG_AUTO);
    ck_assert_int_eq(pipe2(life, O_CLOEXEC), 0);
    const struct child_plan plan = {.run = run, .fds = {CHILD_NULL, CHILD_OUTPUT, 2, life[1]}, .n_fds = 4};
    calls = 0;
    ck_assert_int_eq(child_run(loop, &plan, &terms, &child), 0);
    ck_assert_int_eq(calls, 0);
    close(life[1]);
    return child;
}

/* To the end of the loop, which is when nothing is waited for any more. */
static void run_loop(int (*run)(void *data), size_t output_max, double deadline)
{
    begin(run, output_max, deadline);
    ev_run(loop, 0);
    ck_assert_int_eq(calls, 1);
}

static bool all_are_gone(int ms)
{
    struct pollfd end = {.fd = life[0], .events = POLLIN};
    return poll(&end, 1, ms) == 1;
}

static int count_descriptors(void)
{
    int count = 0;
    for (int fd = 0; fd < 16; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

static int wait_for_signal(void *data)
{
    (void)data;
    while (pause())
        continue;
    return 0;
}

static int say_and_lead(void *data)
{
    (void)data;
    dprintf(1, "%d descriptors", count_descriptors());
    return getpgid(0) == getpid() ? 3 : 4;
}

static int say_nothing(void *data)
{
    (void)data;
    return 0;
}

static int die(void *data)
{
    (void)data;
    dprintf(1, "ouch");
    return raise(SIGTERM);
}

static int say_much(void *data)
{
    (void)data;
    static char text[1000];
    memset(text, 'x', sizeof(text));
    for (int i = 0; i < 1000; i++)
        if (write(1, text, sizeof(text)) != sizeof(text))
            return 1;
    return 0;
}

static int hang_silently(void *data)
{
    dprintf(1, "first");
    close(1);
    return wait_for_signal(data);
}

START_TEST(ends_in_a_loop)
{
    run_loop(say_and_lead, 100, 0);
    ck_assert_int_eq(WEXITSTATUS(status_told), 3);
    ck_assert_str_eq(said, "4 descriptors");
    ck_assert(!timed_out);
    run_loop(say_nothing, 100, 30);
    ck_assert_int_eq(status_told, 0);
    ck_assert_uint_eq(size_told, 0);
    run_loop(die, 100, 30);
    ck_assert(WIFSIGNALED(status_told));
    ck_assert_int_eq(WTERMSIG(status_told), SIGTERM);
    ck_assert(!timed_out);
    ck_assert_str_eq(said, "ouch");
    run_loop(hang_silently, 100, 0.05); /* its output ends before it does */
    ck_assert(timed_out);
    ck_assert_str_eq(said, "first");
}
END_TEST

/* It is not held up, and what is kept is what came first. */
START_TEST(output_over_the_bound)
{
    run_loop(say_much, 1500, 30);
    ck_assert_int_eq(status_told, 0);
    ck_assert_uint_eq(size_told, 1500);
    run_loop(say_much, 2000000, 30);
    ck_assert_uint_eq(size_told, 1000000);
}
END_TEST

static int leave_somebody(void *data)
{
    const pid_t pid = fork();
    if (pid == 0)
        return wait_for_signal(data);
    dprintf(1, "%d", pid);
    return 0;
}

static int hang_with_somebody(void *data)
{
    leave_somebody(data);
    return wait_for_signal(data);
}

START_TEST(deadline)
{
    run_loop(hang_with_somebody, 100, 0.05);
    ck_assert(timed_out);
    ck_assert_int_eq(WTERMSIG(status_told), SIGKILL);
    ck_assert_int_gt(atoi(said), 0);
    ck_assert(all_are_gone(10000)); /* the other too */
}
END_TEST

/* Neither its life nor its hold on the output is waited for. */
START_TEST(descendants_outlive)
{
    run_loop(leave_somebody, 100, 30);
    ck_assert_int_eq(status_told, 0);
    ck_assert(!timed_out);
    ck_assert(!all_are_gone(0));
    ck_assert_int_eq(kill(atoi(said), SIGKILL), 0);
    ck_assert(all_are_gone(10000));
}
END_TEST

/* Nobody is told, and it is collected: the loop ends by itself. */
START_TEST(is_killed)
{
    struct child *child = begin(hang_with_somebody, 100, 30);
    ev_run(loop, EVRUN_ONCE); /* it has said who the other is */
    child_kill(child);
    ev_run(loop, 0);
    ck_assert_int_eq(calls, 0);
    ck_assert(all_are_gone(10000));
}
END_TEST

START_TEST(nothing_to_run_in_a_loop)
{
    char *const argv[] = {(char *)"/nonexistent", NULL};
    const struct child_plan plan = {
        .argv = argv, .environment = argv + 1, .fds = {0, CHILD_OUTPUT, 2}, .n_fds = 3};
    const struct child_terms terms = {on_done, &calls, 100, 30};
    struct child *child = NULL;
    loop = ev_default_loop(EVFLAG_AUTO);
    const int next = dup(0);
    close(next);
    ck_assert_int_eq(child_run(loop, &plan, &terms, &child), -ENOENT);
    ck_assert_ptr_null(child);
    ck_assert_int_eq(dup(0), next); /* no descriptor is left behind */
    ev_run(loop, 0);
    ck_assert_int_eq(calls, 0);
}
END_TEST

int main(void)
{
    suite_case("child_loop", NULL, no_child_is_left);
    suite_timeout(30);
    suite_add(ends_in_a_loop, output_over_the_bound, deadline, descendants_outlive, is_killed,
              nothing_to_run_in_a_loop);
    return suite_run();
}
