/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Decides which columns of a table a terminal has room for, and how wide each is. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct layout_column {
    size_t natural; /* the columns of the terminal that all of it takes */
    size_t least;   /* with its text wrapped or cut */
    unsigned rank;  /* 0: is always there; the highest goes first */
    bool left_out;  /* ret */
    size_t width;   /* ret */
};

unsigned layout_highest_rank(const struct layout_column *columns, size_t n_columns);

/* False if there is no room for the columns of rank 0. One blank stands between columns. */
bool layout_fit(struct layout_column *columns, size_t n_columns, size_t width);
