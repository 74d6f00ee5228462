/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A directory beside the files of a private root, which answers as a test tells it to: the NSS service `directory` of
 * tests/support/nss/directory.c, for all programs of the root.
 */
#pragma once

/* Makes the service known, with these users and groups (lines of passwd and group), and nsswitch.conf ask it: `services`
 * is what stands behind "group:". */
void live_directory_start(const char *services, const char *users, const char *groups);
/* nsswitch.conf as it was. */
void live_directory_stop(void);

/* Other users, or groups, from now on. */
void live_directory_set_users(const char *users);
void live_directory_set_groups(const char *groups);
/* How it answers from now on: lines as tests/support/nss/directory.c has them; "": from its files. */
void live_directory_set_mode(const char *mode);
