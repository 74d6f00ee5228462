/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A state folder of a test's own below the temporary folder, for the suites of what stands in it. */
#pragma once

#include "tests/support/folder.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char state[FOLDER_MAX];
static char path_buffer[512];

/* state/PATH, until the next call. */
static const char *in_state(const char *path)
{
    snprintf(path_buffer, sizeof(path_buffer), "%s/%s", state, path);
    return path_buffer;
}

static void put_text(const char *path, const char *text)
{
    folder_write(in_state(path), text);
}

static void state_setup(void)
{
    static const char *const folders[] = {"grants", "grants/user", "allow"};
    folder_make(state);
    for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++) {
        ck_assert_int_eq(mkdir(in_state(folders[i]), 0755), 0);
        ck_assert_int_eq(chmod(in_state(folders[i]), 0755), 0);
    }
}

static void state_teardown(void)
{
    folder_remove(state);
}
