/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "common/problems.h"

#include "common/cleanup.h"
#include "common/names.h"

#include <stdarg.h>
#include <string.h>

void problems_add(struct problems *problems, bool error, const char *format, ...)
{
    problems->errors += error;

    _cleanup_free_ char *text = NULL;
    va_list arguments;
    va_start(arguments, format);
    const int length = vasprintf(&text, format, arguments);
    va_end(arguments);
    if (length < 0) {
        text = NULL; /* undefined after a failed vasprintf */
        return;
    }

    const size_t size = (size_t)length * 4 + 1; /* every byte may become \xNN */
    _cleanup_free_ char *visible = malloc(size);
    struct problem *items = reallocarray(problems->items, problems->count + 1, sizeof(*items));
    if (items)
        problems->items = items;
    if (!items || !visible)
        return;
    text_visible(text, visible, size);
    items[problems->count++] = (struct problem){.error = error, .text = steal_ptr(visible)};
}

static unsigned long problem_line(const struct problem *problem, const char *file)
{
    const size_t length = strlen(file);
    const bool has_line = strncmp(problem->text, file, length) == 0 && problem->text[length] == ':';
    return has_line ? strtoul(problem->text + length + 1, NULL, 10) : 0;
}

void problems_order(struct problems *problems, size_t first, const char *file)
{
    for (size_t i = first; i < problems->count; i++) {
        const struct problem moved = problems->items[i];
        size_t at = i;
        for (; at > first && problem_line(&problems->items[at - 1], file) > problem_line(&moved, file); at--)
            problems->items[at] = problems->items[at - 1];
        problems->items[at] = moved;
    }
}

void problems_deinit(struct problems *problems)
{
    for (size_t i = 0; i < problems->count; i++)
        free(problems->items[i].text);
    free(problems->items);
    *problems = (struct problems){0};
}
