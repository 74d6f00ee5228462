/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Names and text from outside: checks packages' names, turns a user's name into a file name, and makes any text
 * harmless on a terminal or in a log (rule 10). No allocation, no locale, no library: the modules use it inside any
 * process.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum {
    NAME_PACKAGE_MAX = 64,  /* bytes of a package's name */
    NAME_ENCODED_MAX = 255, /* bytes of an encoded name: NAME_MAX of the usual file systems */
    TEXT_WORD_MAX = 512,    /* bytes of a word for a shell, including its zero */
};

/* A package's name: [a-z0-9][a-z0-9._-]*, at most NAME_PACKAGE_MAX bytes. It is a file stem and a PAM option. */
bool name_is_package(const char *name);

/* Well-formed UTF-8 (no surrogates, no overlong forms, at most U+10FFFF). libdbus aborts on anything else. */
bool text_is_utf8(const char *text);

/*
 * Percent-encodes a user or group name as one file name: [A-Za-z0-9_@+-] and a '.' that is not first stay, any other
 * byte becomes %XX (upper case). Never yields "", ".", ".." or a '/'. `size` includes the zero. 0; -EINVAL for an empty
 * name; -ENAMETOOLONG when the result exceeds `size` or NAME_ENCODED_MAX.
 */
int name_encode(const char *name, char *ret, size_t size);

/* The inverse. 0; -EINVAL for what name_encode does not yield; -ENAMETOOLONG when the name exceeds `size`. */
int name_decode(const char *encoded, char *ret, size_t size);

/* One line of text that may be stored: UTF-8 without control characters (C0, DEL, C1, U+2028, U+2029, the bidirectional
 * overrides U+202A-U+202E and U+2066-U+2069). */
bool text_is_line(const char *text);

/* Nothing in it is to be seen: spaces of any kind and invisible characters, or empty. No such text is a reason. */
bool text_is_blank(const char *text);

/*
 * Copies text so that a terminal, a log line or a mail can show it. Control characters, invisible ones (U+200B and all
 * that Unicode calls default-ignorable, directional marks, tag characters) and bytes that are not UTF-8 become \xNN for
 * each byte; backslashes stay. A text that does not fit is cut between characters and ends in "...". Always terminates. Returns
 * ret, for use in a printf call.
 */
char *text_visible(const char *text, char *ret, size_t size);

/*
 * Makes a name one word of a shell command for people to paste: visible, and in single quotes if a shell would
 * interpret it ("CORP\\bob", "x;reboot"). "NAME" when it does not fit. Returns ret.
 */
char *text_word(const char *text, char ret[TEXT_WORD_MAX]);
