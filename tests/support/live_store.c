/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/support/live_store.h"

#include "common/cleanup.h"
#include "common/paths.h"
#include "helperd/store/store.h"

#include <check.h>
#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

#define BLANK "/run/live-blank.db"

static void make_blank(void)
{
    struct store *store = NULL;
    bool newborn = false;
    ck_assert_int_eq(store_open(BLANK, &store, &newborn), 0);
    store_close(store);
    unlink(BLANK "-wal"); /* what it had is in the file */
    unlink(BLANK "-shm");
}

void live_place_store(void)
{
    _cleanup_close_ int blank = open(BLANK, O_RDONLY | O_CLOEXEC);
    if (blank < 0) {
        make_blank();
        return;
    }
    struct stat status;
    ck_assert_int_eq(fstat(blank, &status), 0);
    _cleanup_close_ int store = open(PATH_STORE, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    ck_assert_int_ge(store, 0);
    ck_assert_int_eq(sendfile(store, blank, NULL, (size_t)status.st_size), status.st_size);
    ck_assert_int_eq(fchown(store, 990, 990), 0);
}
