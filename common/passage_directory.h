/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The look-ups of common/passage.h by the directories of this host. They may hang: see common/directory.h. */
#pragma once

#include "common/directory.h"
#include "common/passage.h"

/* Zeroed memory is empty. Knows one person at a time, the one that was found last. */
struct passage_directory {
    struct passage_person person;
    struct directory_groups groups; /* of that person */
    bool has_groups;                /* they were looked up */
};

/* Looks up a user, with their grants below `state`. The person is borrowed, until the next one. */
enum directory_answer passage_directory_find(struct passage_directory *directory, const char *state,
                                             const char *name, int64_t now,
                                             const struct passage_person **ret);
void passage_directory_deinit(struct passage_directory *directory);

struct passage_lookup passage_directory_lookup(struct passage_directory *directory);
