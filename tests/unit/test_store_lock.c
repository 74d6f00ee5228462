/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The store's lock: a living holder is refused at once, a dying one is waited for. */
#include "helperd/store/store.h"
#include "tests/support/folder.h"
#include "tests/support/suite.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* The kernel takes a while to free this much memory, and closes a process's files only after that. */
enum { SLOW_TO_DIE = 512 << 20 };

static char folder[FOLDER_MAX];
static char path[96];
static int ready[2]; /* a holder says that it has the lock */
static int held[2];  /* what reads from it lives as long as the test */

static void setup(void)
{
    folder_make(folder);
    snprintf(path, sizeof(path), "%s/state.lock", folder);
    ck_assert_int_eq(pipe(ready), 0);
    ck_assert_int_eq(pipe(held), 0);
}

static void teardown(void)
{
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(rmdir(folder), 0);
}

/* A process that has the lock and memory, and calls `then` before it waits for its end; returns when it has both. */
static pid_t start_holder(size_t memory, void (*then)(void))
{
    char word = 'x';
    const pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        int fd = -1;
        if (memory > 0 && mmap(NULL, memory, PROT_READ | PROT_WRITE,
                               MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0) == MAP_FAILED)
            _exit(1);
        if (store_lock(path, &fd) < 0)
            _exit(2);
        if (then)
            then();
        if (write(ready[1], &word, 1) != 1)
            _exit(3);
        for (;;)
            pause();
    }
    ck_assert_int_eq(read(ready[0], &word, 1), 1);
    return pid;
}

static void end_holder(pid_t pid, int signal)
{
    int status = 0;
    kill(pid, signal);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFSIGNALED(status));
}

static double since(const struct timespec *began)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - began->tv_sec) + (double)(now.tv_nsec - began->tv_nsec) / 1e9;
}

START_TEST(test_living)
{
    const pid_t holder = start_holder(0, NULL);
    struct timespec began;
    int fd = -1;
    clock_gettime(CLOCK_MONOTONIC, &began);
    ck_assert_int_eq(store_lock(path, &fd), -EBUSY);
    ck_assert(since(&began) < 2);
    end_holder(holder, SIGKILL);
}
END_TEST

/* Stopped is not dying: it goes on where it was. */
START_TEST(test_stopped)
{
    const pid_t holder = start_holder(0, NULL);
    int fd = -1;
    int status = 0;
    ck_assert_int_eq(kill(holder, SIGSTOP), 0);
    ck_assert_int_eq(waitpid(holder, &status, WUNTRACED), holder);
    ck_assert_int_eq(store_lock(path, &fd), -EBUSY);
    end_holder(holder, SIGKILL);
}
END_TEST

START_TEST(test_dying)
{
    const pid_t holder = start_holder(SLOW_TO_DIE, NULL);
    int fd = -1;
    ck_assert_int_eq(kill(holder, SIGKILL), 0);
    ck_assert_int_eq(store_lock(path, &fd), 0);
    end_holder(holder, SIGKILL);
    close(fd);
}
END_TEST

static void leave_child(void)
{
    char word;
    if (fork() == 0) {
        close(held[1]);
        _exit(read(held[0], &word, 1) != 0);
    }
}

/* A child that had forked and not executed yet when its parent was killed has the parent's files open. */
START_TEST(test_child_that_outlives_it)
{
    int fd = -1;
    end_holder(start_holder(0, leave_child), SIGKILL);
    ck_assert_int_eq(store_lock(path, &fd), 0);
    close(fd);
}
END_TEST

int main(void)
{
    suite_case("store_lock", setup, teardown);
    suite_add(test_living, test_stopped, test_dying, test_child_that_outlives_it);
    return suite_run();
}
