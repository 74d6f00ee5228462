/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Texts in new memory. Where there is none the program ends. */
#pragma once

/* Prints a message and exits with 71: a user must not decide by incomplete output. */
_Noreturn void output_no_memory(void);

/* asprintf() and text_visible() into new memory; never NULL. */
char *output_format(const char *format, ...) __attribute__((format(printf, 1, 2)));
char *output_visible(const char *text);
