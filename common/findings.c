/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "common/findings.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void findings_add(struct findings *findings, const char *format, ...)
{
    char *text = NULL;
    va_list arguments;
    va_start(arguments, format);
    if (vasprintf(&text, format, arguments) < 0)
        text = NULL; /* undefined after a failed vasprintf */
    va_end(arguments);
    char **items = text ? reallocarray(findings->items, findings->count + 1, sizeof(*items)) : NULL;
    if (!items) {
        free(text);
        findings->lost = true;
        return;
    }
    findings->items = items;
    items[findings->count++] = text;
}

void findings_deinit(struct findings *findings)
{
    for (size_t i = 0; i < findings->count; i++)
        free(findings->items[i]);
    free(findings->items);
    *findings = (struct findings){0};
}
