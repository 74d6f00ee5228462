/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the suites of the store share: a store in a file of a test's own, or in memory. */
#pragma once

#include "helperd/store/store.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[64];
static char path[96];
static struct store *store;

static void open_store(bool expect_newborn)
{
    bool newborn = !expect_newborn;
    ck_assert_int_eq(store_open(path, &store, &newborn), 0);
    ck_assert(newborn == expect_newborn);
}

static void setup(void)
{
    strcpy(folder, "/tmp/accesspkg-store-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/state.db", folder);
}

static void teardown(void)
{
    char command[128];
    store_close(store);
    store = NULL;
    snprintf(command, sizeof(command), "rm -rf %s", folder);
    ck_assert_int_eq(system(command), 0);
}
