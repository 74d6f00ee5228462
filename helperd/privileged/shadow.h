/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whether an account of this host has expired or is locked, from the files /etc/passwd and /etc/shadow alone. Asks no
 * directory: what these files do not have is for one to judge.
 */
#pragma once

#include "common/strv.h"
#include "dbus/contract.h"

#include <shadow.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Whether a password was locked: it begins with '!', and more than '!' follows. "!", "!!" and "*" say that there is
 * none, which is no lock: useradd leaves the first. */
bool shadow_is_locked(const char *password);

/* Judges a line as of a day since the epoch (UTC). *ret_day: since when it is EXPIRED or INACTIVE, else 0. */
enum account_state shadow_judge(const struct spwd *line, int64_t today, int64_t *ret_day);

/* Whom to judge: the accounts with this uid, or ((uid_t)-1) the one with this name and those that share its uid. */
struct shadow_question {
    uid_t uid;
    const char *user;
    int64_t today;
};

/* The strictest verdict on any of these accounts, for they cannot be told apart by what they do. */
struct shadow_verdict {
    enum account_state state;
    int64_t day;
    char *user; /* on whom; NULL: there was no account */
    strv names; /* all of them */
};

/*
 * `etc` has the files passwd and shadow. Of several lines with one name the first counts. 0; -ENODATA: a file without a
 * line, which proves nothing; -EBADMSG: a line of ret->user cannot be understood; other -errno.
 */
int shadow_find(const char *etc, const struct shadow_question *question, struct shadow_verdict *ret);
void shadow_verdict_deinit(struct shadow_verdict *verdict);
