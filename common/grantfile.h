/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The format of a grant file, which accesspkgd writes and the PAM and NSS modules read:
 *
 *   # Access packages that alice holds on this host. Written by accesspkgd; edits are lost.
 *   accesspkg-grants 1
 *   user alice 1001                                      name (percent-encoded), uid
 *   written 1763935940
 *   package db-admins 1763935940 1763950340 12           name, start, end, assignment
 *   group 2001 dbadmins 1763935940 1763950340            gid, name (percent-encoded), start, end
 *   end
 *
 * Times are seconds since the epoch, UTC; an end of `forever` is GRANT_FOREVER. A span holds while start <= now < end.
 * Fields are separated by one blank, numbers have no leading zero, gid 0 and ids of -1 do not exist. The header lines
 * come once and in this order; then any number of package and group lines; then `end`, so that a file cut short by a
 * power failure is refused. Lines starting with '#' are for people. A file with anything else in it is refused: a
 * reader that does not understand a file must not guess (rule 1).
 *
 * Parses and renders only; grantdir.h opens, checks and replaces files. No clock, no I/O here.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#define GRANT_FOREVER INT64_MAX

enum {
    GRANTFILE_USER_MAX = 256 * 1024, /* bytes; a larger file is refused */
    GRANTFILE_SKEW = 60,             /* seconds that `written` may lie in the future */
};

struct grant_span {
    int64_t start;
    int64_t end;
};

struct grant_package {
    const char *name;
    struct grant_span span;
    int64_t assignment;
};

struct grant_group {
    gid_t gid;
    const char *name; /* decoded */
    struct grant_span span;
};

/* grants/user/<user>. Strings point into memory the struct owns. */
struct grant_user {
    const char *user; /* decoded */
    uid_t uid;
    int64_t written;
    struct grant_package *packages;
    size_t n_packages;
    struct grant_group *groups;
    size_t n_groups;
    void *memory;
};

/* Package files cannot name the group of root, and -1 means "none" to every call that takes a gid. */
static inline bool grant_gid_is_valid(gid_t gid)
{
    return gid != 0 && gid != (gid_t)-1;
}

bool grant_span_holds(const struct grant_span *span, int64_t now);

/* Parses `size` bytes, which need not be terminated and are copied. 0; -EBADMSG for a file that breaks the format
 * above; -ENOMEM. On failure *ret is untouched. */
int grant_user_parse(const char *text, size_t size, struct grant_user *ret);

void grant_user_deinit(struct grant_user *file);

/* Writes what grant_user_parse accepts. 0; -errno of the stream; -EINVAL or -ENAMETOOLONG for what the format cannot
 * express (a negative time, gid 0, a name too long once encoded). */
int grant_user_render(const struct grant_user *file, FILE *out);
