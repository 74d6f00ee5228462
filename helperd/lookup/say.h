/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Says the answer (see accesspkg-lookup.c): on stdout, or to who asked in the same process. */
#pragma once

#include <jansson.h>

/* Who takes over each line from now on; NULL is one that there was no memory for. */
void say_to(void (*hear)(json_t *line, void *data), void *data);

/* Adds a line, and takes it over; NULL: no memory. On stdout that ends the process, as it does when nothing reads there. */
void say_line(json_t *line);
/* Sends the lines so far: before what may take long, and at the end. */
void say_all(void);
