/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Finds the people whom a notice is for now: users, members of groups, and their delegates, without the exceptions.
 * Looks up names on the host, which may block.
 */
#pragma once

#include <jansson.h>

enum { PEOPLE_MAX = 256 };

/*
 * Adds "to": an array of at most PEOPLE_MAX objects with name, full_name and address; and "to_of", their number, when
 * there are more. 0; -EAGAIN: a directory did not answer; -ENOMEM.
 */
int people_add(json_t *notice);
