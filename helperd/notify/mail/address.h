/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Finds a user's mail address: from the map, else from GECOS, else the user name if it is a whole address, else the
 * user name at the domain, else the user name, for local delivery. Accepts only addresses that are safe in a header and
 * on a command line without quoting. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum { ADDRESS_MAX = 254 };

/* Letters, digits and ._+- before an '@' and a host's name, or without both; it never begins with '-' or '.'. */
bool address_is_safe(const char *address);
/* Labels of letters, digits and '-', separated by '.'. */
bool address_is_domain(const char *domain);

/*
 * The address in GECOS: its fifth field ("other"), all that follows the fourth comma, as with chfn, which lets only
 * root change it. False, and *ret untouched, unless it is a safe address with an '@'.
 */
bool address_of_gecos(const char *gecos, char ret[ADDRESS_MAX + 1]);

/* NULL or "": none. */
struct address_sources {
    const char *map;    /* lines "NAME ADDRESS", '#' begins a comment */
    const char *gecos;  /* from address_of_gecos; ignored unless it is safe */
    const char *domain; /* for names without an '@' */
};

/* 0; -EINVAL with *ret_why (for people): the sources have no safe address. */
int address_find(const char *name, const struct address_sources *sources, char ret[ADDRESS_MAX + 1],
                 char *ret_why, size_t why_size);
