/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Counts the keys that were missed, typed too much, mistaken or swapped: the optimal string alignment distance. */
#include "common/similar.h"

#include <string.h>

enum { LENGTH_MAX = 64, KEYS_PER_ERROR = 3 };

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* By rows of the table of distances between all beginnings of the two; three of them are needed at a time. */
static size_t measure(const char *a, size_t a_length, const char *b, size_t b_length)
{
    size_t rows[3][LENGTH_MAX + 1] = {0};
    for (size_t j = 0; j <= b_length; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= a_length; i++) {
        const size_t *before = rows[(i + 1) % 3], *above = rows[(i - 1) % 3];
        size_t *row = rows[i % 3];
        row[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            row[j] = least(least(above[j], row[j - 1]) + 1, above[j - 1] + (size_t)(a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = least(row[j], before[j - 2] + 1);
        }
    }
    return rows[a_length % 3][b_length];
}

void similar_try(struct similar *similar, const char *name)
{
    const size_t typed = strlen(similar->typed), length = strlen(name);
    const size_t most = typed / KEYS_PER_ERROR;
    if (typed > LENGTH_MAX || length > LENGTH_MAX || typed > length + most || length > typed + most)
        return;
    const size_t distance = measure(similar->typed, typed, name, length);
    if (distance > most || (similar->best && distance >= similar->distance))
        return;
    similar->best = name;
    similar->distance = distance;
}
