/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "common/canonical.h"

#include <inttypes.h>
#include <sha256.h>
#include <stdbool.h>
#include <string.h>

static bool is_plain(unsigned char byte)
{
    return byte >= 0x20 && byte <= 0x7e && byte != '%';
}

static void put_value(FILE *out, const char *value)
{
    for (; *value; value++) {
        const char *const begin = value;
        while (is_plain((unsigned char)*value))
            value++;
        fwrite(begin, 1, (size_t)(value - begin), out);
        if (!*value)
            break;
        fprintf(out, "%%%02X", (unsigned char)*value);
    }
    fputc('\n', out);
}

void canonical_text(FILE *out, const char *key, const char *value)
{
    if (!value || !*value)
        return;
    fprintf(out, "%s ", key);
    put_value(out, value);
}

void canonical_number(FILE *out, const char *key, int64_t value)
{
    fprintf(out, "%s %" PRId64 "\n", key, value);
}

void canonical_list(FILE *out, const char *key, char *const *values)
{
    for (; values && *values; values++)
        canonical_text(out, key, *values);
}

void canonical_numbered(FILE *out, const char *key, int64_t number, const char *value)
{
    if (number < 0)
        fprintf(out, "%s - ", key);
    else
        fprintf(out, "%s %" PRId64 " ", key, number);
    put_value(out, value);
}

char *canonical_digest(const char *text, char ret[CANONICAL_DIGEST_MAX])
{
    return SHA256Data((const uint8_t *)text, strlen(text), ret);
}
