/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads the header of a message of D-Bus and nothing behind it (D-Bus Specification, "Message Format"). For server_sieve.c. */
#pragma once

#include "dbus/server.h"

enum { HEADER_FIXED = 16 /* bytes that each begins with */ };

/* What the header takes, by its first HEADER_FIXED bytes. */
uint64_t header_size(const unsigned char *data);

/*
 * Of a message, `have` bytes are there. HEADER_E_MORE: its header is not all there. HEADER_E_ODD: it has fields as none of
 * ours would; or 0. Then, and with ODD, *ret_size is what the whole message takes.
 */
enum { HEADER_E_MORE = 1, HEADER_E_ODD };
int header_read(const unsigned char *data, size_t have, struct bus_header *ret, uint64_t *ret_size);
