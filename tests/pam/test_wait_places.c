/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The real module with wait=: how many may wait on a host, where their places are, and what becomes of who finds none. */
#include "pam_module/waiters.h"
#include "tests/pam/wait.h"
#include "tests/support/suite.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#define CROWDED                                                                                              \
    PACKAGE_ON_HOST                                                                                          \
    "too many logins wait here already, or another one of yours, so this one does not. The request is "      \
    "filed.\n"

static const char *stay(const char *prompt, void *data)
{
    const int *ready = data;
    (void)prompt;
    if (write(*ready, "", 1) != 1)
        _exit(1);
    for (;;)
        pause();
}

static pid_t start_waiter(const char *user)
{
    int pipe_ends[2];
    char byte;
    ck_assert_int_eq(pipe(pipe_ends), 0);
    const pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        close(pipe_ends[0]);
        pam_host_try(
            &(struct pam_host_login){.user = user, .tty = "ssh", .answer = stay, .data = &pipe_ends[1]});
        _exit(1);
    }
    close(pipe_ends[1]);
    ck_assert_int_eq(read(pipe_ends[0], &byte, 1), 1); /* it shows its prompt */
    close(pipe_ends[0]);
    return pid;
}

static void end_waiter(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

static void check_crowded(void)
{
    const struct pam_host_outcome outcome = log_in(press_enter, NULL);
    check_refused(
        &outcome, PAM_PERM_DENIED,
        "request=17 why=\"a request is open; too many logins wait, or one of the user's, Pending approval\"",
        WAITS THEN CROWDED);
    ck_assert_int_eq(outcome.n_prompts, 0);
}

/* Five wait; the sixth is filed as ever, and told; a place is free as soon as its holder is dead. */
START_TEST(five_wait)
{
    static const char *const users[WAITERS_MAX] = {"bob", "carol", "dave", "erin", "root"};
    pid_t waiters[WAITERS_MAX];
    gate_bus_start(answer_slowly);
    pam_host_line("package=db-admins wait=30 enforce_for_root");
    for (int i = 0; i < WAITERS_MAX; i++)
        waiters[i] = start_waiter(users[i]);
    check_crowded();
    end_waiter(waiters[2]);
    const struct pam_host_outcome outcome = log_in(approve_meanwhile, NULL);
    check_let_in(&outcome);
    for (int i = 0; i < WAITERS_MAX; i++)
        if (i != 2)
            end_waiter(waiters[i]);
}
END_TEST

/* Nobody takes the places of others. */
START_TEST(once_each)
{
    gate_bus_start(answer_slowly);
    const pid_t first = start_waiter("alice"), other = start_waiter("bob");
    check_crowded();
    end_waiter(first);
    const struct pam_host_outcome outcome = log_in(approve_meanwhile, NULL);
    check_let_in(&outcome);
    end_waiter(other);
}
END_TEST

/* Where the places are is nobody's but root's; else nobody waits, and the journal says why. */
START_TEST(no_place_to_wait)
{
    static const char *const why[] = {"No such file or directory", "it is not root's alone",
                                      "Not a directory", "it is not root's alone"};
    char logged[256];
    gate_bus_start(answer_slowly);
    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(system("rm -rf " PATH_RUN), 0);
        if (i == 1)
            ck_assert_int_eq(mkdir(PATH_RUN, 0755) | chmod(PATH_RUN, 0777), 0);
        if (i == 2)
            ck_assert_int_eq(symlink("/tmp", PATH_RUN), 0);
        if (i == 3)
            ck_assert_int_eq(mkdir(PATH_RUN, 0755) | chown(PATH_RUN, PAM_HOST_BOB, 0), 0);
        const struct pam_host_outcome outcome = log_in(press_enter, NULL);
        snprintf(logged, sizeof(logged),
                 "; nobody could be kept waiting: /run/accesspkg: %s; run systemd-tmpfiles --create "
                 "accesspkg.conf",
                 why[i]);
        check_refused(&outcome, PAM_PERM_DENIED, logged, WAITS THEN);
        ck_assert_int_eq(outcome.n_prompts, 0);
    }
    ck_assert_int_eq(system("rm -rf " PATH_RUN), 0);
}
END_TEST

START_TEST(where_they_wait)
{
    int places[WAITERS_MAX];
    const uid_t last = (uid_t)-1;
    for (uid_t i = 0; i < WAITERS_MAX; i++) {
        places[i] = waiters_enter(PATH_RUN, last - i, false);
        ck_assert_int_gt(places[i], 2);
        ck_assert_int_eq(waiters_enter(PATH_RUN, last - i, false), -EBUSY);
    }
    ck_assert_int_eq(waiters_enter(PATH_RUN, 7, false), -EBUSY);
    close(places[3]);
    places[3] = waiters_enter(PATH_RUN, 7, false);
    ck_assert_int_gt(places[3], 2);
    ck_assert_int_eq(waiters_enter(PATH_RUN, 0, false), -EBUSY);
    for (int i = 0; i < WAITERS_MAX; i++)
        close(places[i]);
    /* Not a standard one, where the host has closed those. */
    close(0);
    const int place = waiters_enter(PATH_RUN, 0, false);
    ck_assert_int_gt(place, 2);
    ck_assert_int_lt(fcntl(0, F_GETFD), 0);
    close(place);
}
END_TEST

int main(int argc, char **argv)
{
    (void)argc;
    pam_host_begin_set_uid(argv);
    suite_case("bus", setup_wait, teardown);
    suite_timeout(30);
    suite_add(five_wait, once_each, no_place_to_wait, where_they_wait);
    return suite_run();
}
