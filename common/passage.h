/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whether a person may get past a line of ours: check-config asks that of approvers, and so does accesspkg-submit before it
 * names them. What is not known for sure counts as getting past.
 */
#pragma once

#include "common/gates.h"
#include "common/grantdir.h"

struct passage_person {
    const char *name; /* canonical */
    uid_t uid;
    gid_t gid;
    struct grant_user grants; /* what they hold; empty where the file cannot be used */
};

struct passage_lookup {
    int (*in_group)(const struct passage_person *person, const char *group,
                    void *data); /* 1; 0; -errno: not known */
    int (*uid_of)(const char *user, void *data,
                  uid_t *ret); /* 0; -ENOENT: there is none; other -errno: not known */
    void *data;
};

/* Sets `grants`, to be released with grant_user_deinit; they are empty where the file is another account's. */
void passage_read_grants(const char *state, int64_t now, struct passage_person *person);

/* Whether the line does not judge them: root, and whom the lines above let past. */
bool passage_is_exempt(const struct passage_lookup *lookup, const struct passage_person *person,
                       const struct gate_line *line);
/* Whether one of these principals ("bob", "%dba-leads") is theirs. */
bool passage_is_named(const struct passage_lookup *lookup, const struct passage_person *person,
                      char *const *principals);
bool passage_holds(const struct passage_person *person, const char *package, int64_t now);
/* One of the line's packages. */
bool passage_holds_one(const struct passage_person *person, const struct gate_options *options, int64_t now);

enum { PASSAGE_TOLD_MAX = 2048 };
/* What an administrator is told of these approvers, whom the line keeps out: "/etc/pam.d/sshd:4: bob may approve but ...". */
void passage_tell(const struct gate_line *line, char *const *people, char ret[PASSAGE_TOLD_MAX]);
