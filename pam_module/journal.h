/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Logs from inside the host process: its descriptors stay untouched (rule 11), quoted text is visible (rule 10). */
#pragma once

#include <security/pam_modules.h>

enum { JOURNAL_WORD_MAX = 512 };

/* Makes a text from outside (NULL: "") fit between double quotes: visible, without a double quote. Returns ret. */
const char *journal_quoted(const void *text, char ret[JOURNAL_WORD_MAX]);

__attribute__((format(printf, 3, 4))) void journal_line(pam_handle_t *pamh, int priority, const char *format,
                                                        ...);

/* Logs an argument that was refused; a gate_options_complain whose `data` is the handle. */
void journal_argument(const char *argument, const char *why, void *data);
