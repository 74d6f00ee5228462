/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/support/trace.h"

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void list_descriptors(FILE *out)
{
    DIR *folder = opendir("/proc/self/fd");
    ck_assert_ptr_nonnull(folder);
    fprintf(out, "descriptors:");
    for (struct dirent *entry = readdir(folder); entry; entry = readdir(folder)) {
        char path[PATH_MAX] = "";
        if (entry->d_name[0] == '.' || atoi(entry->d_name) == dirfd(folder))
            continue;
        ck_assert_int_ge(readlinkat(dirfd(folder), entry->d_name, path, sizeof(path) - 1), 0);
        fprintf(out, " %s=%s", entry->d_name, path);
    }
    closedir(folder);
}

static void list_signals(FILE *out)
{
    sigset_t mask;
    sigprocmask(SIG_SETMASK, NULL, &mask);
    fprintf(out, "\nsignals:");
    for (int number = 1; number < NSIG; number++) {
        struct sigaction action;
        if (sigaction(number, NULL, &action) == 0)
            fprintf(out, " %d=%p/%x/%d", number, (void *)(intptr_t)action.sa_handler, action.sa_flags,
                    sigismember(&mask, number));
    }
}

static int count_entries(const char *path)
{
    DIR *folder = opendir(path);
    int count = 0;
    ck_assert_ptr_nonnull(folder);
    while (readdir(folder))
        count++;
    closedir(folder);
    return count;
}

char *trace_take(void)
{
    char *text = NULL, cwd[PATH_MAX];
    size_t size;
    FILE *out = open_memstream(&text, &size);
    ck_assert_ptr_nonnull(out);
    list_descriptors(out);
    list_signals(out);
    fprintf(out, "\nenvironment:");
    for (char **variable = environ; *variable; variable++)
        fprintf(out, " %s", *variable);
    const mode_t mask = umask(0);
    umask(mask);
    siginfo_t info;
    const int children = waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 ? -errno : 0;
    fprintf(out, "\nthreads: %d umask: %o folder: %s children: %d\n", count_entries("/proc/self/task"), mask,
            getcwd(cwd, sizeof(cwd)), children);
    fclose(out);
    return text;
}

void trace_compare(char *before)
{
    char *after = trace_take();
    ck_assert_str_eq(before, after);
    free(before);
    free(after);
}

long trace_memory(void)
{
    long size, resident, shared;
    FILE *file = fopen("/proc/self/statm", "r");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fscanf(file, "%ld %ld %ld", &size, &resident, &shared), 3);
    fclose(file);
    return (resident - shared) * (sysconf(_SC_PAGESIZE) / 1024);
}
