/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * CSV as RFC 4180 has it: a row of names, then a row for each object; every cell in quotes, lines end with CR and LF. Text is
 * made visible as on a terminal (rule 10), and what a spreadsheet would run as a formula begins with an apostrophe.
 */
#pragma once

#include "cli/output.h"

/* `fields`: their labels are the names of the columns. */
void csv_print(struct output *output, const struct field *fields, size_t n_fields, const json_t *objects);
