/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Answers a question (accesspkg-lookup.c), line by line (say.h). */
#pragma once

#include <jansson.h>

void answer_question(const json_t *question);
