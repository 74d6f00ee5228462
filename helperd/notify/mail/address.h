/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where somebody's mail goes: by the map, else to their name at the domain, else to their name, which is local delivery.
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
 * map: lines "NAME ADDRESS", '#' begins a comment; NULL: none. domain: NULL or "": none. 0; -EINVAL with the reason for
 * people when that gives no safe address.
 */
int address_find(const char *name, const char *map, const char *domain, char ret[ADDRESS_MAX + 1],
                 char *ret_why, size_t why_size);
