/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The fingerprint of an ed25519 key, from its private half's file as ssh-keygen writes it (PROTOCOL.key of OpenSSH). */
#pragma once

enum { FINGERPRINT_KEY_MAX = 4096 };

/* "SHA256:..." of the public half, which is not encrypted, new; NULL: the key is of another kind or format, or damaged. */
char *fingerprint_of_key(const char *text);
