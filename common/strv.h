/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* NULL-terminated arrays of strings, array and strings owned together. NULL counts as empty when reading. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

typedef char **strv;

size_t strv_length(char *const *list);
bool strv_contains(char *const *list, const char *item);
void strv_free(strv list);

/* Splits at blanks; an empty text gives an empty list. Joins with `separator`. NULL when there is no memory. */
strv strv_split(const char *text);
char *strv_join(char *const *list, const char *separator);
strv strv_copy(char *const *list);
