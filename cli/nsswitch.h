/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The host's nsswitch.conf, as far as it is about us. */
#pragma once

#include <stdbool.h>

/*
 * Whether look-ups of groups ask us: the line group: does, and initgroups:, where there is one. Without it the gates open
 * and the groups stay away, which nothing else would tell.
 */
bool nsswitch_names_us(void);
