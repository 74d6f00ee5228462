/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* NULL-terminated arrays of strings; the array owns its strings. When read, NULL counts as empty. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

typedef char **strv;

size_t strv_length(char *const *list);
bool strv_contains(char *const *list, const char *item);
void strv_free(strv list);

/* New memory; NULL: no memory. */
strv strv_split(const char *text); /* at blanks; an empty text gives an empty list */
char *strv_join(char *const *list, const char *separator);
strv strv_copy(char *const *list);

/* Appends a copy; a list that is NULL begins. 0; -ENOMEM, and the list is as before. */
int strv_add(strv *list, const char *item);
