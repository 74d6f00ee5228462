/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/support/folder.h"

#include <check.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void folder_make(char ret_path[FOLDER_MAX])
{
    const char *parent = getenv("TMPDIR"); /* in memory, when tests/run runs us */
    if (!parent)
        parent = P_tmpdir;
    ck_assert_int_lt(snprintf(ret_path, FOLDER_MAX, "%s/accesspkg-test-XXXXXX", parent), FOLDER_MAX);
    ck_assert_ptr_nonnull(mkdtemp(ret_path));
    ck_assert_int_eq(chmod(ret_path, 0755), 0);
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    (void)status, (void)kind, (void)walk;
    return remove(path);
}

void folder_remove(const char *path)
{
    nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

void folder_write_bytes(const char *path, const char *bytes, size_t size)
{
    unlink(path);
    FILE *out = fopen(path, "we");
    ck_assert_ptr_nonnull(out);
    ck_assert_uint_eq(fwrite(bytes, 1, size, out), size);
    ck_assert_int_eq(fchmod(fileno(out), 0644), 0);
    ck_assert_int_eq(fclose(out), 0);
}

void folder_write(const char *path, const char *text)
{
    folder_write_bytes(path, text, strlen(text));
}

void folder_shell(const char *path, const char *format, ...)
{
    char script[1024], command[2048];
    va_list values;
    va_start(values, format);
    vsnprintf(script, sizeof(script), format, values);
    va_end(values);
    snprintf(command, sizeof(command), "cd %s && %s", path, script);
    ck_assert_msg(system(command) == 0, "%s", script);
}
