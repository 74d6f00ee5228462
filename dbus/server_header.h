/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads the header of a message of D-Bus and nothing behind it (D-Bus Specification, "Message Format"). For server_sieve.c. */
#pragma once

#include "dbus/server.h"

enum { HEADER_FIXED = 16 /* bytes that each begins with */ };

/* How many bytes the header takes, by its first HEADER_FIXED ones, which must be there. Anything up to 4 GiB. */
uint64_t header_size(const unsigned char *data);

/*
 * Reads the header of a message of which `have` bytes are there. 0, and *ret points into `data`; HEADER_E_MORE: the header
 * is not all there; HEADER_E_ODD: it has fields as none of ours would. *ret_size, with 0 and ODD: bytes of the whole message.
 */
enum { HEADER_E_MORE = 1, HEADER_E_ODD };
int header_read(const unsigned char *data, size_t have, struct bus_header *ret, uint64_t *ret_size);
