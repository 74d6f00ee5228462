/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Long answers on a terminal, paged as git does: by ACCESSPKG_PAGER, else PAGER, else `less -FRX`; a name that is
 * empty or "cat" pages nothing. Under sudo only less, with its commands that start others switched off: who may run
 * `sudo pkg-admin audit` is not thereby to have root's shell. Only what fills the terminal is paged.
 */
#pragma once

#include "cli/output.h"

/* From here on the output is held back; does nothing without a terminal, or with --json. */
void pager_begin(struct output *output);

/* What it holds has the newest last: less begins there, unless LESS in the environment says otherwise. */
void pager_from_end(struct output *output);

/* Shows what was held back, and waits until it was read. May be called again. */
void pager_end(struct output *output);
