/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Answers the principals of a question (accesspkg-lookup.c): writes lines with their people as they are found. */
#pragma once

#include <jansson.h>

void people_answer_principals(const json_t *question);
