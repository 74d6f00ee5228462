/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Names and text from outside: what may be a package's name, how a user's name becomes a file name, and how any
 * text becomes harmless on a terminal or in a log (rule 10). No allocation, no locale, no library: the PAM and
 * NSS modules use this inside other people's processes.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum {
    NAME_PACKAGE_MAX = 64,  /* bytes of a package's name */
    NAME_ENCODED_MAX = 255, /* bytes of an encoded name: NAME_MAX of every file system we meet */
    TEXT_WORD_MAX = 512,    /* bytes of a word for a shell, with its zero */
};

/* A package's name: [a-z0-9][a-z0-9._-]*, at most NAME_PACKAGE_MAX bytes. It is a file stem and a PAM option. */
bool name_is_package(const char *name);

/* Well-formed UTF-8 (no surrogates, no overlong forms, at most U+10FFFF). libdbus aborts on anything else. */
bool text_is_utf8(const char *text);

/*
 * Percent-encodes a user or group name into one file name component: [A-Za-z0-9_@+-] and a '.' that is not first
 * stand for themselves, every other byte is %XX (upper case). Never yields "", ".", ".." or a '/'.
 * size counts the terminating zero. 0; -EINVAL for an empty name; -ENAMETOOLONG when it does not fit in size or
 * exceeds NAME_ENCODED_MAX.
 */
int name_encode(const char *name, char *ret, size_t size);

/* The inverse. -EINVAL unless `encoded` is exactly what name_encode yields for some name. */
int name_decode(const char *encoded, char *ret, size_t size);

/*
 * Copies text so that a terminal, a log line or a mail can show it: control characters (C0, DEL, C1, also U+2028,
 * U+2029 and the bidirectional overrides U+202A-U+202E, U+2066-U+2069), backslashes left alone, and bytes that
 * are not UTF-8 become \xNN per byte; what does not fit is cut at a character's edge and ends in "...". Always
 * terminates. Returns ret, so that it can stand inside a printf call.
 */
char *text_visible(const char *text, char *ret, size_t size);

/*
 * A name as one word of a command that people are told to paste: visible, and in single quotes where a shell would make
 * something else of it ("CORP\\bob", "x;reboot"). What does not fit becomes "NAME". Returns ret.
 */
char *text_word(const char *text, char ret[TEXT_WORD_MAX]);
