/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What sshd's settings come to, as `sshd -T` says. Runs it; for commands of administrators alone. */
#pragma once

#include <stdbool.h>

enum { SSHD_COMPLAINT_MAX = 256 };

/*
 * The settings for a login by this user from elsewhere: a login from this host itself needs one before. New memory, "" where
 * sshd does not say; then *complaint is what it says instead, "" for nothing. NULL: no memory.
 */
char *sshd_ask(const char *user, char complaint[SSHD_COMPLAINT_MAX]);

/* In such a text, below the line `at`: the next value of this setting, up to its line's end. NULL: none. */
const char *sshd_next(const char *at, const char *setting);
/* The first value: new memory; NULL: none. */
char *sshd_setting(const char *settings, const char *setting);
bool sshd_is(const char *settings, const char *setting, const char *wanted);
