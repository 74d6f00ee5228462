/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Canonical texts: what a person decides about, or a policy says, as lines "key value" that are the same byte for byte
 * wherever they are made, so that a digest names them. The order of lines is the author's; what is not given has no
 * line. In a value each byte but printable ASCII, and each '%', is %XX (upper case): a line is one line, is harmless on
 * a terminal (rule 10), and depends on no table of characters that changes. Written to a stdio stream, whose errors the
 * author checks once, at the end.
 */
#pragma once

#include <stdint.h>
#include <stdio.h>

void canonical_text(FILE *out, const char *key, const char *value); /* NULL or "": no line */
void canonical_number(FILE *out, const char *key, int64_t value);
void canonical_list(FILE *out, const char *key, char *const *values); /* a line each; NULL: none */
/* "key NUMBER value", with "-" for a number below zero. */
void canonical_numbered(FILE *out, const char *key, int64_t number, const char *value);

enum { CANONICAL_DIGEST_MAX = 65 }; /* SHA-256 as hexadecimal digits, lower case, and a zero */
char *canonical_digest(const char *text, char ret[CANONICAL_DIGEST_MAX]);
