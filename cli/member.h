/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Members of what the bus sent; "" and 0 where one is missing or of another type. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

const char *member_text(const json_t *object, const char *member);
int64_t member_integer(const json_t *object, const char *member);
bool member_true(const json_t *object, const char *member);

/* Whether what this tells of is held and has no end: the bus then sends none. */
bool member_endless(const json_t *object);
