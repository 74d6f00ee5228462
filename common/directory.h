/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Users and groups of this host, with three answers: found, absent, not answered. glibc has two: where a service of
 * nsswitch.conf that is down stands before one that is not, "not found" is all that it says, and errno tells the rest
 * only where the service that is down comes last (tests/bus/test_directory.c shows it). So absence that glibc reports is
 * asked of each service by itself, and is sure when all of them deny the name, and the host's own file can be read.
 *
 * May leave the host and hang there: for processes that may be killed for it, never for the daemon itself.
 */
#pragma once

#include <grp.h>
#include <pwd.h>
#include <stdbool.h>

enum directory_answer {
    DIRECTORY_UNANSWERED = 0, /* a service did not answer, so nothing follows */
    DIRECTORY_ABSENT,         /* every service was asked and denies it */
    DIRECTORY_FOUND,
};

/* *ret lies in memory that the next call writes over, and is set with DIRECTORY_FOUND alone. */
enum directory_answer directory_user(const char *name, const struct passwd **ret);
enum directory_answer directory_user_by_uid(uid_t uid, const struct passwd **ret);
enum directory_answer directory_group(const char *name, const struct group **ret);
enum directory_answer directory_group_by_gid(gid_t gid, const struct group **ret);

/* For commands, before the first look-up: one that takes longer ends the process, with words and EX_UNAVAILABLE. SSSD's
 * library waits five minutes for a part of SSSD that hangs. */
enum { DIRECTORY_PATIENCE = 15 };
void directory_set_patience(unsigned seconds);

/* Whether every service says which groups the user is in. getgrouplist leaves out those of a service that is down, without
 * a word. */
bool directory_has_all_groups(const char *user, gid_t primary);
