/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Builds the lines that a person reads at the gate. */
#pragma once

#include "pam_module/protocol.h"

#include <stddef.h>

enum { WORDS_LINE_MAX = 700 };

/* Cut where it would overflow. Zeroed memory is an empty text. */
struct words {
    char text[PROTOCOL_MESSAGE_MAX + 1];
    size_t used;
};

__attribute__((format(printf, 2, 3))) void words_say(struct words *words, const char *format, ...);

/* Makes a message one visible line (rule 10), cut to this size. */
void words_one_line(const char *message, char *ret, size_t size);
