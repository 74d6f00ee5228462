/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who the recipients of a notice are, now: "alice", and the members of "%dba-leads", with those who decide in their
 * name, without those who are not to hear it. Asks the host, which may take its time.
 */
#pragma once

#include <jansson.h>

enum { PEOPLE_MAX = 256 };

/*
 * Adds "to": an array of objects with name, full_name and address, PEOPLE_MAX of them at most. "to_of": of how many, where
 * there are more. 0; -EAGAIN when a directory did not answer: try again; -ENOMEM.
 */
int people_add(json_t *notice);
