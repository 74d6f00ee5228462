/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lines for the journal from inside somebody else's process: rule 11 for its descriptors, rule 10 for what is quoted. */
#pragma once

#include <security/pam_modules.h>

enum { JOURNAL_WORD_MAX = 512 };

/* A text from outside (NULL: none) as one word of a line: visible, and unable to end the quotes it stands in. */
const char *journal_quoted(const void *text, char ret[JOURNAL_WORD_MAX]);

__attribute__((format(printf, 3, 4))) void journal_line(pam_handle_t *pamh, int priority, const char *format,
                                                        ...);

/* A gate_options_complain: `data` is the handle. */
void journal_argument(const char *argument, const char *why, void *data);
