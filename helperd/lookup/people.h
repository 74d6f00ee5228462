/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whom the principals of a question stand for, said as they are found (say.h). */
#pragma once

#include <jansson.h>

void people_answer(const json_t *question);
