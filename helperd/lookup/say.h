/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writes a line of the answer (see accesspkg-lookup.c). */
#pragma once

#include <jansson.h>

/* Takes over the line. Ends the process when it is NULL (no memory) or nothing reads the answer. */
void say_line(json_t *line);
