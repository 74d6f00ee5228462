/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the C library has for texts, again, for pam_accesspkg.so alone: it is loaded and unloaded in each transaction, and for
 * each symbol that it imports the loader searches the program and all its libraries, in memory that is in no cache by then.
 * The texts are short. See docs/decisions/019-modules-load-quickly.md. Nothing else may be linked with this.
 */
#include <stddef.h>

/* Not <string.h>, which may have them as inline functions. */
size_t strlen(const char *text);
void *memcpy(void *restrict to, const void *restrict from, size_t size);
int memcmp(const void *a, const void *b, size_t size);
void *memchr(const void *bytes, int c, size_t size);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t size);
char *strchr(const char *text, int c);
size_t strspn(const char *text, const char *of);
char *stpcpy(char *restrict to, const char *restrict from);
char *strcpy(char *restrict to, const char *restrict from);

/* Else a compiler sees what a loop does, and has it call the function that it is in. */
#define NO_IDIOM(pointer) __asm__("" : "+r"(pointer))

size_t strlen(const char *text)
{
    const char *end = text;
    for (; *end; end++)
        NO_IDIOM(end);
    return (size_t)(end - text);
}

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
    char *out = to;
    for (const char *in = from; size > 0; size--) {
        NO_IDIOM(out);
        *out++ = *in++;
    }
    return to;
}

int memcmp(const void *a, const void *b, size_t size)
{
    for (const unsigned char *left = a, *right = b; size > 0; size--, left++, right++)
        if (*left != *right)
            return *left - *right;
    return 0;
}

void *memchr(const void *bytes, int c, size_t size)
{
    for (const unsigned char *at = bytes; size > 0; size--, at++)
        if (*at == (unsigned char)c)
            return (void *)at;
    return NULL;
}

int strncmp(const char *a, const char *b, size_t size)
{
    for (; size > 0; size--, a++, b++)
        if (*a != *b || !*a)
            return (unsigned char)*a - (unsigned char)*b;
    return 0;
}

int strcmp(const char *a, const char *b)
{
    while (*a && *a == *b)
        a++, b++;
    return (unsigned char)*a - (unsigned char)*b;
}

char *strchr(const char *text, int c)
{
    for (; *text != (char)c; text++)
        if (!*text)
            return NULL;
    return (char *)text;
}

size_t strspn(const char *text, const char *of)
{
    const char *end = text;
    while (*end && strchr(of, *end))
        end++;
    return (size_t)(end - text);
}

char *stpcpy(char *restrict to, const char *restrict from)
{
    while ((*to = *from++)) {
        to++;
        NO_IDIOM(to);
    }
    return to;
}

char *strcpy(char *restrict to, const char *restrict from)
{
    char *out = to;
    while ((*out = *from++)) {
        out++;
        NO_IDIOM(out);
    }
    return to;
}
