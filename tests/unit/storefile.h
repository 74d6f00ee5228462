/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the suites of the store share: a store in a file of a test's own, or in memory. */
#pragma once

#include "helperd/store/store.h"
#include "tests/support/folder.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[FOLDER_MAX];
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
    folder_make(folder);
    snprintf(path, sizeof(path), "%s/state.db", folder);
}

static void teardown(void)
{
    store_close(store);
    store = NULL;
    folder_remove(folder);
}
