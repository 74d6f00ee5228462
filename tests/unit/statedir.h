/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A state folder of a test's own below the temporary folder, for the suites of what stands in it. */
#pragma once

#include <check.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char state[64];
static char path_buffer[512];

/* state/PATH, until the next call. */
static const char *in_state(const char *path)
{
    snprintf(path_buffer, sizeof(path_buffer), "%s/%s", state, path);
    return path_buffer;
}

static void put_text(const char *path, const char *text)
{
    unlink(in_state(path));
    const int fd = open(in_state(path), O_WRONLY | O_CREAT | O_EXCL, 0644);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    ck_assert_int_eq(fchmod(fd, 0644), 0);
    close(fd);
}

static void state_setup(void)
{
    static const char *const folders[] = {"", "grants", "grants/user", "allow"};
    snprintf(state, sizeof(state), "%s/accesspkg-test-XXXXXX", P_tmpdir);
    ck_assert_ptr_nonnull(mkdtemp(state));
    for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++) {
        ck_assert(mkdir(in_state(folders[i]), 0755) == 0 || *folders[i] == '\0');
        ck_assert_int_eq(chmod(in_state(folders[i]), 0755), 0);
    }
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
    (void)st, (void)kind, (void)where;
    return remove(path);
}

static void state_teardown(void)
{
    nftw(state, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}
