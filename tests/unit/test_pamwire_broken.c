/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Our lines in files of pam.d: what a kill between any two steps leaves, and a disk that takes no more. */
#include "tests/unit/pamwire.h"

#include <errno.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STEPS_MAX = 2000 };

/* Runs `act` in a process that is killed at this stop of a system call. False: it ended before. */
static bool killed_at(void (*act)(void), int step)
{
    int status = 0;
    const pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        ptrace(PTRACE_TRACEME, 0, NULL, NULL);
        raise(SIGSTOP);
        act();
        _exit(0);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    for (int i = 0; i < step; i++) {
        ck_assert_int_eq(ptrace(PTRACE_SYSCALL, pid, NULL, NULL), 0);
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        if (!WIFSTOPPED(status)) {
            ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%x", status);
            return false;
        }
    }
    ck_assert_int_eq(kill(pid, SIGKILL), 0);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return true;
}

static void act_enable(void)
{
    int lock = -1;
    if (pamwire_lock(root, &lock) < 0 || enable("svc", &plain_gate) != 0)
        _exit(1);
}

static void act_disable(void)
{
    struct pamwire file;
    bool removed;
    int lock = -1;
    if (pamwire_lock(root, &lock) < 0 || pamwire_read(root, "svc", &file) != 0 ||
        pamwire_remove(root, &file, &removed) != 0)
        _exit(1);
}

static const char without[] = "account required pam_time.so\n@include common-account\n";
static const char with[] = "account required pam_time.so\n" OURS "@include common-account\n";

/* Which of the two the file is: it is one of them, whole. */
static bool is_wired(void)
{
    const char *text = get("etc/pam.d/svc");
    ck_assert_ptr_nonnull(text);
    if (strcmp(text, with) == 0)
        return true;
    ck_assert_str_eq(text, without);
    return false;
}

START_TEST(killed_while_it_writes)
{
    int kills = 0, before = 0;
    for (int step = 1; step < STEPS_MAX; step++) {
        folder_shell(root, "rm -rf etc/accesspkg/pam etc/pam.d/.[a-z]*");
        put("svc", without);
        const bool killed = killed_at(act_enable, step);
        /* A line that stands is on record: it cannot vanish unseen. */
        if (is_wired())
            ck_assert_str_eq(get("etc/accesspkg/pam/svc.lines"), OURS);
        else
            before++;
        /* One that was never there did not vanish. */
        ck_assert_uint_eq(count_vanished(), 0);
        ck_assert_int_eq(enable("svc", &plain_gate), 0);
        ck_assert(is_wired());
        folder_shell(root, "test -z \"$(ls -A etc/pam.d | grep '^[.]')\"");
        disable("svc");
        ck_assert(!is_wired());
        ck_assert_uint_eq(count_vanished(), 0);
        if (!killed)
            break;
        kills++;
    }
    ck_assert_int_gt(before, 20);
    ck_assert_int_gt(kills, before);
}
END_TEST

START_TEST(killed_while_it_takes_out)
{
    int kills = 0, after = 0;
    for (int step = 1; step < STEPS_MAX; step++) {
        put("svc", without);
        ck_assert_int_eq(enable("svc", &plain_gate), 0);
        const bool killed = killed_at(act_disable, step);
        after += !is_wired();
        disable("svc");
        ck_assert(!is_wired());
        ck_assert_uint_eq(count_vanished(), 0);
        if (!killed)
            break;
        kills++;
    }
    ck_assert_int_gt(after, 1);
    ck_assert_int_gt(kills, after);
}
END_TEST

/* At each size at which a file may end: as on a disk that fills up then. */
START_TEST(a_disk_that_takes_no_more)
{
    struct rlimit limit;
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
    put("svc", without);
    for (size_t size = 0; size < sizeof(with) - 1; size++) {
        const struct rlimit small = {size, limit.rlim_max};
        ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
        ck_assert_int_eq(enable("svc", &plain_gate), -EFBIG);
        ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
        ck_assert(!is_wired());
        folder_shell(root, "test -z \"$(ls -A etc/pam.d etc/accesspkg/pam | grep '^[.]')\"");
    }
    ck_assert_int_eq(enable("svc", &plain_gate), 0);
}
END_TEST

int main(void)
{
    suite_case("broken off", setup, teardown);
    suite_timeout(60);
    suite_add(killed_while_it_writes, killed_while_it_takes_out, a_disk_that_takes_no_more);
    return suite_run();
}
