/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The root service's notes of the members that it put into /etc/group: a file for each, in a folder of root's. What must
 * hold:
 * MUST 1  the folder and each file are this process's user's and nobody else's to write, checked on the descriptors;
 * MUST 2  a note is on stable storage before its member is added, and goes after the member is out (rule 6, rule 13);
 * MUST 3  who reads or writes holds the folder's lock, and so does each gpasswd of ours while it runs.
 *
 * A file's name is GID.UID.USER, the user percent-encoded; its text:
 *
 *   accesspkg-note 1
 *   until 00000000001795965600   (seconds since the epoch, UTC; twenty digits, so that it is changed in place)
 *   user alice
 *   uid 1001
 *   group dbadmins
 *   gid 2001
 *   end
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* until: NOTE_ENDED has ended already; NOTE_FOREVER never does. */
#define NOTE_ENDED   INT64_C(0)
#define NOTE_FOREVER INT64_MAX

enum { NOTES_E_NONE = 0x500 };

struct note {
    char *user;
    char *group; /* as it was called when the note was made; "" where the note is damaged */
    uid_t uid;
    gid_t gid;
    int64_t until;
    bool damaged; /* its name is all that is known; it counts as ended */
};

struct note_list {
    struct note *items;
    size_t count;
};

/* Opens the folder and waits for its lock, which closing the descriptor gives up. The descriptor; -ENOENT; -EPERM for
 * MUST 1; other -errno. */
int notes_open(const char *path);

/* The notes, in no order; what is none is logged and passed over, what a killed writer left is removed. Of this user or
 * gid alone, where `only` has one. 0 or -errno. */
int notes_load(int folder, const struct note *only, struct note_list *ret);
void notes_deinit(struct note_list *notes);

/* The user's in the group with this gid. 0; NOTES_E_NONE; -errno. */
int notes_find(int folder, const struct note *key, struct note *ret);
void note_deinit(struct note *note);

/* Durable when they return 0. notes_set_until needs no room on the disk. -ENAMETOOLONG for a name that fits no file. */
int notes_write(int folder, const struct note *note);
int notes_set_until(int folder, const struct note *note, int64_t until);
/* 0 also where there is none. */
int notes_remove(int folder, const struct note *note);

/* Whether the folder has any entry; false where it cannot be read. Takes no lock. */
bool notes_any(const char *path);
