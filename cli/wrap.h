/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Breaks visible text into lines for terminals. Counts columns, not bytes or characters. Breaks at blanks and beside
 * wide characters (CJK, which has no blanks); inside a word only if the word alone is wider than the line.
 */
#pragma once

#include <stddef.h>

/* The columns that the longest line of the text takes. */
size_t wrap_columns(const char *text);

/* The columns of the longest piece that is not broken. */
size_t wrap_longest_word(const char *text);

/* The text with line breaks, so that no line takes more than `width` columns; new memory. */
char *wrap_text(const char *text, size_t width);

/* The words that fit into `width` columns, and "..." or its one character if some do not; new memory. */
char *wrap_cut(const char *text, size_t width);
