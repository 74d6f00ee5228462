/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The rows of `pkg-admin status`, in their order, and how wide they are. */
#pragma once

#include "cli/field.h"

extern const struct field status_fields[];
extern const size_t status_fields_count;

/* Columns of a row beside its label; 0: no terminal, do not cut. */
size_t status_row_width(const struct output *output);
/* The text, cut to `width` columns (0: not cut). New memory. */
char *status_cut_to_row(const char *text, size_t width);
