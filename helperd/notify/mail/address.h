/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where somebody's mail goes: by the map, else where GECOS says, else to their name if it is a whole address, else to
 * their name at the domain, else to their name, which is local delivery.
 * What cannot stand in a header or on a command line as it is, is no address. Pure.
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
 * The address in GECOS: its fifth field ("other"), whatever stands behind the fourth comma, as chfn has it; of those fields
 * that one is root's alone to change. False, and *ret untouched, where that is not wholly a safe address with an '@'.
 */
bool address_of_gecos(const char *gecos, char ret[ADDRESS_MAX + 1]);

/* NULL or "": none. */
struct address_sources {
    const char *map;    /* lines "NAME ADDRESS", '#' begins a comment */
    const char *gecos;  /* what address_of_gecos found; what it would not have found does not count */
    const char *domain; /* for names without an '@' */
};

/* 0; -EINVAL with the reason for people when the sources give no safe address. */
int address_find(const char *name, const struct address_sources *sources, char ret[ADDRESS_MAX + 1],
                 char *ret_why, size_t why_size);
