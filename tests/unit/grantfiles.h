/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the two suites of grantdir.h share: a file of alice, and what reading it gives. */
#pragma once

#include "common/grantdir.h"
#include "tests/unit/statedir.h"

#include <dirent.h>

#define NOW 1763940000

#define ALICE                                                                                                \
    "accesspkg-grants 1\nuser alice 1001\nwritten 1763940000\npackage db-admins 1763935940 1763950340 12\n"  \
    "group 2001 dbadmins 1763935940 1763950340\nend\n"

/* What reading alice's file gives; a good result is given back at once. */
static inline int read_alice(void)
{
    struct grant_user file = {.uid = 77};
    const int r = grantdir_read_user(state, "alice", NOW, &file);
    ck_assert_uint_eq(file.uid, r == 0 ? 1001 : 77);
    if (r == 0)
        grant_user_deinit(&file);
    return r;
}

static inline int count_entries(const char *folder)
{
    DIR *entries = opendir(in_state(folder));
    ck_assert_ptr_nonnull(entries);
    int count = -2; /* "." and ".." */
    while (readdir(entries))
        count++;
    closedir(entries);
    return count;
}
