/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Looks up users and groups, with three answers: found, absent, not answered. glibc has only two: when a service of
 * nsswitch.conf is down, glibc says "not found" unless that service comes last (tests/bus/test_directory.c shows it).
 * So when glibc reports absence, each service is asked by itself. Absence is sure when all of them deny the name and
 * the host's own file can be read.
 *
 * A look-up may leave the host and hang: only for processes that may be killed then, never for the daemon.
 */
#pragma once

#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum directory_answer {
    DIRECTORY_UNANSWERED = 0, /* a service did not answer: the name may exist or not */
    DIRECTORY_ABSENT,         /* every service was asked and denies it */
    DIRECTORY_FOUND,
};

/* *ret is set with DIRECTORY_FOUND only. It points into static memory, which the next call overwrites. */
enum directory_answer directory_user(const char *name, const struct passwd **ret);
enum directory_answer directory_user_by_uid(uid_t uid, const struct passwd **ret);
enum directory_answer directory_group(const char *name, const struct group **ret);
enum directory_answer directory_group_by_gid(gid_t gid, const struct group **ret);

/* Makes a look-up that takes longer end the process, with a message and EX_UNAVAILABLE. For commands, before the first
 * look-up: SSSD's library waits five minutes for a part of SSSD that hangs. */
enum { DIRECTORY_PATIENCE = 15 };
void directory_set_patience(unsigned seconds);

/* Whether the files of this host are asked first, and end the look-up when they have the name. */
void directory_find_files_first(bool *ret_users, bool *ret_groups);

enum { DIRECTORY_GROUPS_MAX = 65536 };

struct directory_groups {
    gid_t *gids; /* owned; the primary one first, each once */
    size_t count, room;
    bool
        whole; /* every service answered: getgrouplist() silently leaves out those of a service that is down */
};

/* The groups of a user, as getgrouplist() gives them, but for nscd. 0, -ENOMEM, -E2BIG. */
int directory_groups(const char *user, gid_t primary, struct directory_groups *ret);
