/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The lines that a person reads at the gate: their memory, times in the host's zone, text of others in one line. */
#pragma once

#include "pam_module/protocol.h"

#include <stdint.h>

enum { WORDS_WHEN_MAX = 64, WORDS_LINE_MAX = 700 };

/* Text that is cut at its bound, never beyond. Zeroed memory is an empty one. */
struct words {
    char text[PROTOCOL_MESSAGE_MAX + 1];
    size_t used;
};

__attribute__((format(printf, 2, 3))) void words_say(struct words *words, const char *format, ...);

/* "14:05 CET", "14:05 CET tomorrow", "14:05 CET on Friday", "14:05 CET on 2026-12-03". Times in seconds since the epoch.
 * Returns ret. */
const char *words_when(int64_t time, int64_t now, char ret[WORDS_WHEN_MAX]);

/* Puts everything into one visible line (rule 10), cut to this size. */
void words_one_line(const char *message, char *ret, size_t size);
