/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is known of this host's store outside of it, by which an older, another or a lost one is noticed. Two files have
 * this format: grants/mark, which accesspkgd overwrites in place after each commit, and PATH_STORE_NOTE, root's copy of it.
 *
 *   # How far the store of access packages is on this host: what is older is noticed by this.
 *   accesspkg-store 1
 *   machine 7d0c...          /etc/machine-id; "-": unknown
 *   host SHA256:...          the fingerprint of the host's key; "-": none
 *   epoch 5a1f...            the store's
 *   accepted yes             no: root has still to accept the store
 *   audit 120                the numbers of its last entries
 *   request 14
 *   assignment 9
 *   end
 *
 * A text of STORENOTE_SIZE bytes, filled up with newlines. What is not understood is refused.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { STORENOTE_SIZE = 512, STORENOTE_WORD_MAX = 80 };

#define STORENOTE_MARK   "mark" /* in grants/ */
#define STORENOTE_FORMAT 1

struct storenote {
    char machine[STORENOTE_WORD_MAX];
    char host[STORENOTE_WORD_MAX];
    char epoch[STORENOTE_WORD_MAX];
    bool accepted;
    int64_t audit;
    int64_t request;
    int64_t assignment;
};

void storenote_render(const struct storenote *note, char ret[STORENOTE_SIZE]);
/* 0; -EBADMSG. */
int storenote_parse(const char *text, size_t size, struct storenote *ret);

/* This machine's id, or "-". Returns ret. */
const char *storenote_machine(char ret[STORENOTE_WORD_MAX]);

/* Read a file that this user owns and nobody else may write. 0; -ENOENT; -EPERM for another owner or mode; -EBADMSG; other
 * -errno. storenote_read_mark: below the state folder, of the owner of its grants/. */
int storenote_read(const char *path, uid_t owner, struct storenote *ret);
int storenote_read_mark(const char *state, struct storenote *ret);

/* Opens grants/mark for storenote_put, and makes it if it is missing: a descriptor, or -errno. */
int storenote_open_mark(const char *state);
/* Overwrites it in place, which needs no room. 0 or -errno. */
int storenote_put(int fd, const struct storenote *note);
/* Replaces a file by rename, durably. 0 or -errno. */
int storenote_write(const char *path, const struct storenote *note);
