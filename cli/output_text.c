/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/output_text.h"

#include "common/names.h"

#include <langinfo.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

void output_no_memory(void)
{
    fputs("There is not enough memory to show this. Try again when other programs have ended.\n", stderr);
    exit(EX_OSERR);
}

char *output_format(const char *format, ...)
{
    va_list arguments;
    char *text;

    va_start(arguments, format);
    if (vasprintf(&text, format, arguments) < 0)
        output_no_memory();
    va_end(arguments);
    return text;
}

/* For a terminal with another character set, some bytes of UTF-8 are control characters. */
static void encode_high_bytes(const char *text, char *ret)
{
    for (; *text; text++)
        if ((unsigned char)*text < 0x80)
            *ret++ = *text;
        else
            ret += sprintf(ret, "\\x%02x", (unsigned char)*text);
    *ret = '\0';
}

char *output_visible(const char *text)
{
    size_t size = strlen(text) * 4 + 1;
    char *visible = malloc(size), *ascii;

    if (!visible)
        output_no_memory();
    text_visible(text, visible, size);
    if (strcmp(nl_langinfo(CODESET), "UTF-8") == 0)
        return visible;
    ascii = malloc(strlen(visible) * 4 + 1);
    if (!ascii)
        output_no_memory();
    encode_high_bytes(visible, ascii);
    free(visible);
    return ascii;
}
