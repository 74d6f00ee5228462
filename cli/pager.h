/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Pages output that fills the terminal, as git does: with ACCESSPKG_PAGER, else PAGER, else `less -FRX`; "" or "cat"
 * pages nothing. Under sudo only with less in its secure mode: a user who may run `sudo pkg-admin audit` must not get a
 * root shell from the pager.
 */
#pragma once

#include "cli/output.h"

/* Holds back the output from now on. Does nothing without a terminal, or with --json. */
void pager_begin(struct output *output);

/* Makes less start at the end, where the newest is, unless LESS is set in the environment. */
void pager_from_end(struct output *output);

/* Shows what was held back, and waits until the pager ends. Does nothing without pager_begin. */
void pager_end(struct output *output);
