/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writes the answer (see accesspkg-lookup.c). */
#pragma once

#include <jansson.h>

/* Adds a line, and takes it over. Ends the process when it is NULL (no memory) or nothing reads the answer. */
void say_line(json_t *line);
/* Sends the lines so far: before what may take long, and at the end. */
void say_all(void);
