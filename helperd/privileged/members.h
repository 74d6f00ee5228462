/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The methods about /etc/group. They run in a worker and may wait. Arguments are a JSON array as the interface XML has
 * them. 0 or the error, with the answer filled.
 */
#pragma once

#include "helperd/privileged/answer.h"
#include "helperd/privileged/notes.h"

#include <stdbool.h>
#include <sys/types.h>

int members_add(const json_t *arguments, struct answer *answer);
int members_remove(const json_t *arguments, struct answer *answer);
int members_list(const json_t *arguments, struct answer *answer);
int members_note(const json_t *arguments, struct answer *answer);
int members_list_notes(const json_t *arguments, struct answer *answer);

/* Takes out whom the note is about, and removes it. Where that fails, the note counts as ended from now on. `folder`: of
 * notes_open. *ret_removed becomes true where a member was there. 0 or the error. */
int members_end(int folder, const struct note *note, bool *ret_removed, struct answer *answer);

/* Whether a user or a group can have this name: nothing that would end a field of /etc/group, that a program could
 * take for an option, or that a terminal would not show. */
bool members_is_name(const char *name);
