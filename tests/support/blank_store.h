/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An empty store in memory, as store_open(":memory:") makes it, by a copy: the ladder of formats is climbed once per
 * program, not once per test. */
#pragma once

#include "helperd/store/store.h"

/* As store_open() does. */
int blank_store_open(struct store **ret, bool *ret_newborn);
