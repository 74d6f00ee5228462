/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The settings in accesspkg.conf. As strict as packages.d: whatever the file says is understood or is an error.
 * conf/accesspkg.conf explains each to an administrator; a test compares its defaults with these.
 */
#pragma once

#include "common/problems.h"

#include <stdint.h>
#include <sys/types.h>

/* How a group membership reaches the host: NSS answers from the grant files, or /etc/group itself is edited. */
enum config_membership { CONFIG_MEMBERSHIP_NSS = 0, CONFIG_MEMBERSHIP_FILES };

enum config_answer { CONFIG_NO = 0, CONFIG_YES };

/* [section] key */
struct config {
    int64_t pending_per_user; /* [limits] waiting requests of one user at a time */
    int64_t calls_per_user;   /* [limits] unanswered calls of one user at a time */
    int64_t lookup_timeout;   /* [lookup] timeout, seconds */
    int64_t retry_first;      /* [retry] first, seconds until a grant is tried again; doubles each time */
    int64_t retry_longest;    /* [retry] longest, seconds */
    int64_t keep;             /* [store] keep, seconds, or DURATION_FOREVER: how long history is kept */
    int membership;           /* [grants] membership: enum config_membership */
    int require_login_id;     /* [decisions] enum config_answer: refuse decisions without a login id */
    int account_state; /* [decisions] enum config_answer: refuse those of expired and locked accounts */
};

/* The settings that differ, as "[limits] pending_per_user, [store] keep", new; NULL: none does, or no memory. */
char *config_list_changes(const struct config *before, const struct config *after);

/* [mail] and [web], which those that deliver notices read */
struct config_notices {
    char *domain; /* [mail] owned; NULL: not given */
    int gecos;    /* [mail] enum config_answer: whether an address in GECOS counts */
    char *url;    /* [web] of the page for Cockpit; owned; NULL: not given */
};

extern const struct config config_defaults;

/*
 * A missing file means the defaults. 0; -EINVAL when the file has errors, or another user than `owner` can write it;
 * other -errno when it cannot be read. Adds each error to *problems, and leaves *ret untouched then.
 */
int config_load(const char *path, uid_t owner, struct config *ret, struct problems *problems);

/* As config_load, for [mail] and [web]. */
int config_load_notices(const char *path, uid_t owner, struct config_notices *ret, struct problems *problems);
void config_notices_deinit(struct config_notices *notices);
