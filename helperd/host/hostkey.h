/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The host's key: an Ed25519 key of accesspkg's own, by which others tell this host from one that has its name. Made at
 * the first start. ssh-keygen makes it, and reads one of another kind or format, bounded in time.
 */
#pragma once

#define HOSTKEY_FILE "host_key"

/*
 * Its fingerprint ("SHA256:..."), new, from HOSTKEY_FILE in this folder, which is made when it is missing. NULL when
 * there is none and none could be made, or what is there is not ours or damaged (logged): it is never replaced.
 */
char *hostkey_load(const char *folder);

/* The same in two steps, between which ssh-keygen works where it is asked. NULL: hostkey_end tells none. */
struct hostkey_reading;
struct hostkey_reading *hostkey_begin(const char *folder);
char *hostkey_end(struct hostkey_reading *reading);
