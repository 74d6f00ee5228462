/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helperd/lifecycle/texts.h"

#include <string.h>

json_t *texts_new(char *const *list)
{
    json_t *texts = json_array();
    for (; list && *list; list++) {
        if (json_array_append_new(texts, json_string(*list)) < 0) {
            json_decref(texts);
            return NULL;
        }
    }
    return texts;
}

bool texts_contain(const json_t *texts, const char *text)
{
    for (size_t i = 0; i < json_array_size(texts); i++)
        if (strcmp(json_string_value(json_array_get(texts, i)), text) == 0)
            return true;
    return false;
}

void texts_add(json_t *texts, const char *text)
{
    if (!texts_contain(texts, text))
        json_array_append_new(texts, json_string(text));
}

void texts_add_all(json_t *texts, char *const *list)
{
    for (; list && *list; list++)
        texts_add(texts, *list);
}
