/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads members of objects from the bus; "" and 0 if one is missing or has another type. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

const char *member_text(const json_t *object, const char *member);
int64_t member_integer(const json_t *object, const char *member);
bool member_true(const json_t *object, const char *member);
bool member_has(const json_t *object, const char *member);

/* True when the object is a live assignment without an end: the bus sends no assignment_end then. */
bool member_endless(const json_t *object);
