/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Answers the names of a question (accesspkg-lookup.c): which user or group each principal is, local ones first. */
#pragma once

#include <jansson.h>

void named_answer_names(const json_t *question);
