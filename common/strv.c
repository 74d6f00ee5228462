/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "common/strv.h"

#include "common/cleanup.h"

#include <errno.h>
#include <string.h>

size_t strv_length(char *const *list)
{
    size_t n = 0;
    while (list && list[n])
        n++;
    return n;
}

bool strv_contains(char *const *list, const char *item)
{
    for (; list && *list; list++)
        if (strcmp(*list, item) == 0)
            return true;
    return false;
}

void strv_free(strv list)
{
    for (char **item = list; item && *item; item++)
        free(*item);
    free(list);
}

strv strv_split(const char *text)
{
    _cleanup_free_ char *copy = strdup(text);
    strv list = calloc(strlen(text) / 2 + 2, sizeof(*list));
    if (!copy || !list) {
        free(list);
        return NULL;
    }
    size_t n = 0;
    char *rest = NULL;
    for (char *word = strtok_r(copy, " \t\n", &rest); word; word = strtok_r(NULL, " \t\n", &rest)) {
        list[n] = strdup(word);
        if (!list[n++]) {
            strv_free(list);
            return NULL;
        }
    }
    return list;
}

char *strv_join(char *const *list, const char *separator)
{
    size_t size = 1;
    for (size_t i = 0; list && list[i]; i++)
        size += strlen(list[i]) + strlen(separator);
    char *text = calloc(1, size);
    char *end = text;
    for (size_t i = 0; text && list && list[i]; i++) {
        if (i)
            end = stpcpy(end, separator);
        end = stpcpy(end, list[i]);
    }
    return text;
}

strv strv_copy(char *const *list)
{
    size_t n = strv_length(list);
    strv copy = calloc(n + 1, sizeof(*copy));
    for (size_t i = 0; copy && i < n; i++) {
        copy[i] = strdup(list[i]);
        if (!copy[i]) {
            strv_free(copy);
            return NULL;
        }
    }
    return copy;
}

int strv_add(strv *list, const char *item)
{
    const size_t n = strv_length(*list);
    strv grown = reallocarray(*list, n + 2, sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    *list = grown;
    grown[n] = strdup(item);
    grown[n + 1] = NULL;
    return grown[n] ? 0 : -ENOMEM;
}
