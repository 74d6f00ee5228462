/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Programs in notify.d, and what became of notices: for suites that run accesspkg-notify (live.h). */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#define NOTICES_FOLDER "/etc/accesspkg/notify.d/"

enum { NOTICES_WAIT_MS = 20000 };

/* Writes a program anew. */
void notices_write_hook(const char *name, const char *text, mode_t mode);

/* How many wait. */
int64_t notices_waiting(void);
/* Until so many wait. */
void notices_wait_for(int64_t count);
/* Until `pkg-admin status` says this. */
void notices_wait_for_failure(const char *says);
