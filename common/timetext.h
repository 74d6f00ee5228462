/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A time for logs and other hosts: ISO 8601 with its zone, so that it is unambiguous. */
#pragma once

#include <stdint.h>

enum { TIME_TEXT_MAX = 32 };

/* "2026-11-24 10:45:00 +0100", in the process's zone; the number itself when it is no valid time. Returns ret. */
char *time_text(int64_t time, char ret[TIME_TEXT_MAX]);
