/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Stands between the socket of the bus and libdbus, which reads each message into memory and checks all of it before
 * anybody can say that it is not wanted (rule 15). Reads the header of a message alone, asks, and skips what is not
 * wanted, or has a header as none of ours would; all else passes as it came. For server.c.
 */
#pragma once

#include "dbus/server.h"

struct sieve;

/* fd: a connected socket that nothing was read from or written to. libdbus has the other end of a pair in its
 * place then. wanted: as in struct bus_hooks. 0 or -errno. */
int sieve_new(struct ev_loop *loop, int fd, bool (*wanted)(const struct bus_header *header, void *data),
              void *data, struct sieve **ret);
/* Does what the loop would do when something comes, or can be sent, within so many milliseconds. */
void sieve_wait(struct sieve *sieve, int timeout);
/* libdbus has written something: it goes on to the bus before the loop waits again. full: it could not write all of it, so
 * at once, for it would try with each message more. */
void sieve_send_soon(struct sieve *sieve, bool full);
/* Asks for no message any more whether it is wanted; what libdbus writes goes on to the bus. */
void sieve_stop_reading(struct sieve *sieve);
/* Whether something that libdbus wrote is not with the bus yet. */
bool sieve_holds_back(const struct sieve *sieve);
void sieve_free(struct sieve *sieve);

/* After a message that is not wanted, before more is read: else the bus would wake us for each message of a flood. */
enum { SIEVE_REST_US = 100 };
