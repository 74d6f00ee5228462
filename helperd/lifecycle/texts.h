/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* JSON arrays of strings, as notices and views have them. */
#pragma once

#include <jansson.h>
#include <stdbool.h>

/* A new array of these strings (NULL: none). NULL: no memory, or a string that is not UTF-8. */
json_t *texts_new(char *const *list);
bool texts_contain(const json_t *texts, const char *text);
/* Adds the text unless the array has it. Leaves out one that is not UTF-8. */
void texts_add(json_t *texts, const char *text);
void texts_add_all(json_t *texts, char *const *list);
