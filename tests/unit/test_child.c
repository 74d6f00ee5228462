/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Processes of ours: what they are given, and how long they are waited for. */
#include "common/child.h"
#include "tests/support/suite.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

enum { OPEN_MAX_TRIED = 512 };

static int output; /* what a program prints */

static void setup(void)
{
    const int text = child_text("");
    ck_assert_int_ge(text, 0);
    /* Not a standard stream's number, which it would have where stdin is closed. */
    output = fcntl(text, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    ck_assert_int_ge(output, 0);
    close(text);
}

static void teardown(void)
{
    close(output);
    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
    ck_assert_int_eq(errno, ECHILD);
}

static const char *printed(void)
{
    static char text[4096];
    const ssize_t n = pread(output, text, sizeof(text) - 1, 0);
    ck_assert_int_ge(n, 0);
    text[n] = '\0';
    return text;
}

/* Runs it to its end; its status. */
static int finish(const struct child_plan *plan)
{
    pid_t pid = 0;
    int status = -1;
    ck_assert_int_eq(child_start(plan, &pid), 0);
    ck_assert_int_eq(child_wait(pid, -1, &status), 0);
    return status;
}

static int exit_status(int (*run)(void *data), void *data)
{
    const int status = finish(&(struct child_plan){.run = run, .data = data, .fds = {0, 1, 2}, .n_fds = 3});
    ck_assert(WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* ---- what it is given ---- */

START_TEST(arguments_and_environment)
{
    char *const argv[] = {(char *)"/bin/sh", (char *)"-c",  (char *)"echo $1; exec /usr/bin/env",
                          (char *)"sh",      (char *)"a b", NULL};
    char *const environment[] = {(char *)"ONE=1", NULL};
    ck_assert_int_eq(setenv("TWO", "2", 1), 0);
    ck_assert_int_eq(
        finish(&(struct child_plan){
            .argv = argv, .environment = environment, .fds = {CHILD_NULL, output, output}, .n_fds = 3}),
        0);
    ck_assert_ptr_eq(strstr(printed(), "a b\n"), printed());
    ck_assert_ptr_nonnull(strstr(printed(), "ONE=1\n"));
    ck_assert_ptr_null(strstr(printed(), "TWO"));
}
END_TEST

static int count_descriptors(void *data)
{
    (void)data;
    int count = 0;
    for (int fd = 0; fd < OPEN_MAX_TRIED; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

START_TEST(no_descriptor_is_inherited)
{
    char *const argv[] = {(char *)"/bin/ls", (char *)"/proc/self/fd", NULL};
    char *const environment[] = {NULL};
    ck_assert_int_ge(dup(output), 0);
    ck_assert_int_eq(dup2(output, OPEN_MAX_TRIED - 1), OPEN_MAX_TRIED - 1);
    ck_assert_int_eq(exit_status(count_descriptors, NULL), 3);
    ck_assert_int_eq(
        finish(&(struct child_plan){
            .argv = argv, .environment = environment, .fds = {CHILD_NULL, output, output}, .n_fds = 3}),
        0);
    ck_assert_str_eq(printed(), "0\n1\n2\n3\n"); /* the last is ls's own */
}
END_TEST

/* The exit status says which descriptor is not the file that it should be. */
static int compare_descriptors(void *data)
{
    const struct stat *wanted = data;
    for (int fd = 0; fd < CHILD_FDS_MAX; fd++) {
        struct stat st;
        if (fstat(fd, &st) < 0 || st.st_ino != wanted[fd].st_ino || st.st_dev != wanted[fd].st_dev ||
            fcntl(fd, F_GETFD) != 0)
            return fd + 1;
    }
    return 0;
}

/* Each takes the place of another. */
START_TEST(descriptors_change_places)
{
    struct child_plan plan = {.run = compare_descriptors, .fds = {3, 0, 0, 1}, .n_fds = CHILD_FDS_MAX};
    struct stat wanted[CHILD_FDS_MAX];
    ck_assert_int_eq(dup2(child_text("stdin"), 0), 0);
    ck_assert_int_eq(dup2(child_text("stdout"), 1), 1);
    ck_assert_int_eq(dup2(child_text("third"), 3), 3);
    for (size_t i = 0; i < CHILD_FDS_MAX; i++)
        ck_assert_int_eq(fstat(plan.fds[i], &wanted[i]), 0);
    plan.data = wanted;
    ck_assert_int_eq(finish(&plan), 0);
}
END_TEST

static int is_null(int fd, int mode)
{
    struct stat null, st;
    return stat("/dev/null", &null) == 0 && fstat(fd, &st) == 0 && st.st_rdev == null.st_rdev &&
           (fcntl(fd, F_GETFL) & O_ACCMODE) == mode;
}

static int tell_nulls(void *data)
{
    (void)data;
    return is_null(0, O_RDONLY) + 2 * is_null(1, O_WRONLY) + 4 * is_null(2, O_WRONLY);
}

/* What child_start opens for itself gets their numbers, and is not handed on. */
static int start_with_closed(void *data)
{
    (void)data;
    pid_t pid = 0;
    int status = 0;
    const struct child_plan plan = {.run = tell_nulls, .fds = {0, 1, 2}, .n_fds = 3};
    close(STDIN_FILENO);
    close(STDOUT_FILENO);
    return child_start(&plan, &pid) == 0 && child_wait(pid, -1, &status) == 0 ? WEXITSTATUS(status) : 99;
}

START_TEST(closed_descriptors)
{
    const struct child_plan plan = {.run = tell_nulls, .fds = {CHILD_NULL, output, CHILD_NULL}, .n_fds = 3};
    ck_assert_int_eq(WEXITSTATUS(finish(&plan)), 5);
    const int status =
        finish(&(struct child_plan){.run = start_with_closed, .fds = {0, 1, output}, .n_fds = 3});
    ck_assert_int_eq(WEXITSTATUS(status), 3);
}
END_TEST

static void on_signal(int number)
{
    (void)number;
}

/* The number of the first that is not as it is by default. */
static int find_signal(void *data)
{
    (void)data;
    sigset_t mask;
    sigprocmask(SIG_SETMASK, NULL, &mask);
    for (int number = 1; number < NSIG; number++) {
        struct sigaction action = {0};
        sigaction(number, NULL, &action);
        if (action.sa_handler != SIG_DFL || sigismember(&mask, number) == 1)
            return number;
    }
    return 0;
}

START_TEST(signals_are_the_default)
{
    sigset_t blocked, after;
    signal(SIGPIPE, SIG_IGN);
    signal(SIGTERM, on_signal);
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR1);
    ck_assert_int_eq(sigprocmask(SIG_BLOCK, &blocked, NULL), 0);
    ck_assert_int_eq(exit_status(find_signal, NULL), 0);
    ck_assert_int_eq(sigprocmask(SIG_SETMASK, NULL, &after), 0);
    ck_assert_int_eq(sigismember(&after, SIGUSR1), 1);
    ck_assert_int_eq(sigismember(&after, SIGUSR2), 0);
}
END_TEST

static int tell_group(void *data)
{
    return getpgid(0) == (data ? *(pid_t *)data : getpid());
}

START_TEST(groups)
{
    pid_t ours = getpgid(0);
    ck_assert_int_eq(exit_status(tell_group, &ours), 1);
    const struct child_plan plan = {.run = tell_group, .leads = true, .fds = {0, 1, 2}, .n_fds = 3};
    ck_assert_int_eq(WEXITSTATUS(finish(&plan)), 1);
}
END_TEST

static const struct {
    const char *program;
    int error;
} no_programs[] = {{"/nonexistent", -ENOENT}, {"/etc/passwd", -EACCES}, {"/", -EACCES}};

/* teardown sees that nothing is left to be collected. */
START_TEST(programs_that_cannot_be_run)
{
    char *const argv[] = {(char *)no_programs[_i].program, NULL};
    const struct child_plan plan = {
        .argv = argv, .environment = argv + 1, .fds = {CHILD_NULL, 1, 2}, .n_fds = 3};
    pid_t pid = 1234;
    ck_assert_int_eq(child_start(&plan, &pid), no_programs[_i].error);
    ck_assert_int_eq(pid, 1234);
}
END_TEST

/* ---- waiting ---- */

static int wait_for_signal(void *data)
{
    (void)data;
    while (pause())
        continue;
    return 0;
}

START_TEST(waits_no_longer)
{
    const struct child_plan plan = {.run = wait_for_signal, .fds = {0, 1, 2}, .n_fds = 3};
    pid_t pid;
    int status = 0;
    ck_assert_int_eq(child_start(&plan, &pid), 0);
    ck_assert_int_eq(child_wait(pid, 0, &status), -ETIME);
    ck_assert_int_eq(child_wait(pid, 10, &status), -ETIME);
    ck_assert_int_eq(kill(pid, SIGTERM), 0);
    ck_assert_int_eq(child_wait(pid, 10000, &status), 0);
    ck_assert(WIFSIGNALED(status));
    ck_assert_int_eq(WTERMSIG(status), SIGTERM);
    ck_assert_int_eq(child_wait(pid, -1, &status), -ECHILD);
}
END_TEST

/* No pidfd can be had then; an hour would be the suite's end. */
START_TEST(waits_without_a_descriptor)
{
    const struct child_plan plan = {.run = wait_for_signal, .fds = {0, 1, 2}, .n_fds = 3};
    struct rlimit before, none;
    pid_t pid;
    int status = 0;
    ck_assert_int_eq(child_start(&plan, &pid), 0);
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = (struct rlimit){.rlim_cur = 0, .rlim_max = before.rlim_max};
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
    const int running = child_wait(pid, 10, &status);
    kill(pid, SIGTERM);
    const int ended = child_wait(pid, 3600 * 1000, &status);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
    ck_assert_int_eq(running, -ETIME);
    ck_assert_int_eq(ended, 0);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
}
END_TEST

static int ticks;
static int ends[2];

static void on_tick(int number)
{
    (void)number;
    if (++ticks == 5)
        close(ends[1]);
}

static int read_to_the_end(void *data)
{
    (void)data;
    char byte;
    return read(STDIN_FILENO, &byte, 1) == 0 ? 7 : 1;
}

START_TEST(is_killed_at_the_limit)
{
    const struct child_plan plan = {.run = wait_for_signal, .fds = {0, 1, 2}, .n_fds = 3};
    pid_t pid;
    int status = 0;
    ck_assert_int_eq(child_start(&plan, &pid), 0);
    ck_assert_int_eq(child_wait_or_kill(pid, 10, &status), -ETIME);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    ck_assert_int_eq(waitpid(pid, &status, WNOHANG), -1); /* it is reaped */
    ck_assert_int_eq(errno, ECHILD);
}
END_TEST

START_TEST(signals_do_not_end_the_wait)
{
    const struct sigaction action = {.sa_handler = on_tick};
    const struct itimerval often = {{0, 1000}, {0, 1000}}, never = {0};
    int status = 0;
    pid_t pid;
    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    const struct child_plan plan = {.run = read_to_the_end, .fds = {ends[0], 1, 2}, .n_fds = 3};
    ck_assert_int_eq(child_start(&plan, &pid), 0);
    ck_assert_int_eq(sigaction(SIGALRM, &action, NULL), 0);
    ck_assert_int_eq(setitimer(ITIMER_REAL, &often, NULL), 0);
    ck_assert_int_eq(child_wait(pid, 10000, &status), 0);
    ck_assert_int_eq(setitimer(ITIMER_REAL, &never, NULL), 0);
    ck_assert_int_eq(WEXITSTATUS(status), 7);
}
END_TEST

START_TEST(text_as_a_file)
{
    enum { SIZE = 200000 };
    char *text = malloc(SIZE + 1), *read_back = malloc(SIZE + 1);
    ck_assert(text && read_back);
    memset(text, 'x', SIZE);
    text[SIZE] = '\0';
    const int fd = child_text(text);
    ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
    ck_assert_int_eq(read(fd, read_back, SIZE + 1), SIZE);
    ck_assert_mem_eq(text, read_back, SIZE);
    close(fd);
    free(text);
    free(read_back);
}
END_TEST

int main(void)
{
    suite_case("child", setup, teardown);
    suite_timeout(30);
    suite_add(arguments_and_environment, no_descriptor_is_inherited, descriptors_change_places,
              closed_descriptors, signals_are_the_default, groups);
    suite_rows(programs_that_cannot_be_run, no_programs);
    suite_add(waits_no_longer, waits_without_a_descriptor, is_killed_at_the_limit,
              signals_do_not_end_the_wait, text_as_a_file);
    return suite_run();
}
