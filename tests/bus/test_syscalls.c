/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The installed NSS module inside a process whose seccomp filter kills it for a system call that glibc's own `files`
 * service does not make: a sandbox that lets a program look up its groups lets it do so with us. Which calls these are
 * is recorded first, with `files` alone, as it depends on the C library. In a private root.
 */
#include "common/grantdir.h"
#include "common/paths.h"
#include "tests/support/suite.h"

#include <grp.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pwd.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { CALLS_MAX = 1024, GROUPS_MAX = 32, ALICE = 1001, DBADMINS = 2001, BACKUP = 2500, DAEMON = 990 };

static const struct allow_entry allowed[] = {{DBADMINS, "dbadmins"}, {BACKUP, "vault"}};

/* As memory is had in any way that the allocator sees fit. */
static const long of_memory[] = {SYS_brk, SYS_mmap, SYS_munmap, SYS_mremap, SYS_madvise, SYS_futex};

static void write_nsswitch(const char *group)
{
    FILE *file = fopen("/etc/nsswitch.conf", "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fprintf(file, "passwd: files\ngroup: %s\n", group), 0);
    ck_assert_int_eq(fclose(file), 0);
}

static void give(const char *user, uid_t uid, int64_t start, int64_t end)
{
    struct grant_group groups[] = {{.gid = DBADMINS, .name = "dbadmins", .span = {start, end}},
                                   {.gid = BACKUP, .name = "vault", .span = {start, end}}};
    const struct grant_user file = {
        .user = user, .uid = uid, .written = start, .groups = groups, .n_groups = 2};
    ck_assert_int_eq(seteuid(DAEMON), 0);
    ck_assert_int_eq(grantdir_write_user(PATH_STATE, &file, false), 0);
    ck_assert_int_eq(seteuid(0), 0);
}

static void setup(void)
{
    const int64_t now = time(NULL);
    ck_assert_int_eq(grantdir_write_allow(PATH_STATE, allowed, 2), 0);
    give("alice", ALICE, now - 60, now + 3600);
    give("carol", ALICE + 2, now - 60, now - 30);
    give("dave", ALICE, now - 60, now + 3600); /* another one's uid */
}

/* Of the two groups. */
static int count_granted(const char *user)
{
    gid_t groups[GROUPS_MAX];
    int count = GROUPS_MAX, granted = 0;
    if (getgrouplist(user, 1, groups, &count) < 0)
        return -1;
    for (int i = 0; i < count; i++)
        granted += groups[i] == DBADMINS || groups[i] == BACKUP;
    return granted;
}

/* Look-ups of groups and users by the services of nsswitch.conf. The exit status: 0 when the groups are as expected. */
static int look_up(int expected)
{
    bool right = count_granted("alice") == expected;
    right &= count_granted("bob") == 0 && count_granted("carol") == 0 && count_granted("dave") == 0;
    right &= getpwnam("alice") != NULL;
    return right ? 0 : 1;
}

/* In a process that its parent traces from the stop on. */
static void be_traced(void)
{
    ptrace(PTRACE_TRACEME, 0, NULL, NULL);
    raise(SIGSTOP);
}

static void record_calls(pid_t pid, bool ret_called[CALLS_MAX])
{
    struct __ptrace_syscall_info info;
    int status = 0;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_msg(WIFSTOPPED(status), "status %x", status);
    ck_assert_int_eq(ptrace(PTRACE_SETOPTIONS, pid, NULL, (void *)PTRACE_O_TRACESYSGOOD), 0);
    for (;;) {
        ck_assert_int_eq(ptrace(PTRACE_SYSCALL, pid, NULL, NULL), 0);
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        if (!WIFSTOPPED(status))
            break;
        if (WSTOPSIG(status) != (SIGTRAP | 0x80))
            continue;
        ck_assert_int_gt((int)ptrace(PTRACE_GET_SYSCALL_INFO, pid, (void *)sizeof(info), &info), 0);
        if (info.op == PTRACE_SYSCALL_INFO_ENTRY && info.entry.nr < CALLS_MAX)
            ret_called[info.entry.nr] = true;
    }
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %x", status);
}

/* What look-ups by glibc's own services call, in a process that has made some before. */
static void record_files(bool ret_called[CALLS_MAX])
{
    write_nsswitch("files");
    const pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        look_up(0);
        be_traced();
        _exit(look_up(0));
    }
    record_calls(pid, ret_called);
    for (size_t i = 0; i < sizeof(of_memory) / sizeof(of_memory[0]); i++)
        ret_called[of_memory[i]] = true;
    ck_assert(ret_called[SYS_openat] && ret_called[SYS_exit_group] && !ret_called[SYS_openat2]);
}

/* From now on any other call kills the process. */
static bool let_only(const bool called[CALLS_MAX])
{
    static struct sock_filter rules[2 * CALLS_MAX + 2];
    unsigned short count = 0;
    rules[count++] =
        (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
    for (unsigned nr = 0; nr < CALLS_MAX; nr++) {
        if (!called[nr])
            continue;
        rules[count++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 1);
        rules[count++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    }
    rules[count++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
    const struct sock_fprog program = {.len = count, .filter = rules};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

static int end_of(pid_t pid)
{
    int status = 0;
    ck_assert_int_ge(pid, 0);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return status;
}

START_TEST(within_a_sandbox)
{
    bool called[CALLS_MAX] = {false};
    record_files(called);
    write_nsswitch("files accesspkg");
    const pid_t pid = fork();
    if (pid == 0)
        _exit(look_up(2) == 0 && let_only(called) ? look_up(2) : 2);
    const int status = end_of(pid);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %x", status);
}
END_TEST

/* The filter itself: one more call, and the process is dead. */
START_TEST(sandbox_kills)
{
    bool called[CALLS_MAX] = {false};
    record_files(called);
    const pid_t pid = fork();
    if (pid == 0) {
        if (let_only(called))
            syscall(SYS_openat2, -1, NULL, NULL, 0);
        _exit(0);
    }
    const int status = end_of(pid);
    ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS, "status %x", status);
}
END_TEST

int main(void)
{
    suite_case("syscalls", setup, NULL);
    suite_add(within_a_sandbox, sandbox_kills);
    return suite_run();
}
