/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A line of the answer (accesspkg-lookup.c says which there are). */
#pragma once

#include <jansson.h>

/* Takes the line over. Without memory, or without anybody who reads it, there is no answer: the process ends. */
void say(json_t *line);
