/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See the header. Leaves out columns until the least widths fit, then shares what is left by rank. */
#include "cli/layout.h"

static size_t least_width(const struct layout_column *columns, size_t n_columns)
{
    size_t width = 0;

    for (size_t i = 0; i < n_columns; i++)
        if (!columns[i].left_out)
            width += columns[i].least + (width > 0);
    return width;
}

/* The last of the highest rank; NULL: none may be left out. */
static struct layout_column *least_important(struct layout_column *columns, size_t n_columns)
{
    struct layout_column *found = NULL;

    for (size_t i = 0; i < n_columns; i++)
        if (!columns[i].left_out && columns[i].rank > 0 && (!found || columns[i].rank >= found->rank))
            found = &columns[i];
    return found;
}

/* Widens the columns of the rank in turns. Returns what is left of `spare`. */
static size_t widen(struct layout_column *columns, size_t n_columns, unsigned rank, size_t spare)
{
    bool widened = true;

    while (widened && spare > 0) {
        widened = false;
        for (size_t i = 0; i < n_columns && spare > 0; i++)
            if (!columns[i].left_out && columns[i].rank == rank && columns[i].width < columns[i].natural) {
                columns[i].width++;
                spare--;
                widened = true;
            }
    }
    return spare;
}

unsigned layout_highest_rank(const struct layout_column *columns, size_t n_columns)
{
    unsigned highest = 0;

    for (size_t i = 0; i < n_columns; i++)
        highest = columns[i].rank > highest ? columns[i].rank : highest;
    return highest;
}

bool layout_fit(struct layout_column *columns, size_t n_columns, size_t width)
{
    const unsigned highest = layout_highest_rank(columns, n_columns);
    struct layout_column *out;

    while (least_width(columns, n_columns) > width) {
        out = least_important(columns, n_columns);
        if (!out)
            return false;
        out->left_out = true;
    }
    for (size_t i = 0; i < n_columns; i++)
        columns[i].width = columns[i].least;
    size_t spare = width - least_width(columns, n_columns);
    for (unsigned rank = 0; rank <= highest; rank++)
        spare = widen(columns, n_columns, rank, spare);
    return true;
}
