/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A notice in words, for programs that show it as it is: from its members, by the tables of common/outbox.h and
 * words.c. What a user typed is made visible here (rule 10). Pure but for the time zone.
 */
#pragma once

#include <jansson.h>

/* Adds summary (one line), text (lines) and commands (an array of lines to paste). 0; -EINVAL when it has no event that
 * we know; -ENOMEM. */
int words_add(json_t *notice);
