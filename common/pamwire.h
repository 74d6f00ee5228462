/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Puts our marked lines (pamedit.h) into a file of /etc/pam.d and takes them out again. Killed between any two steps, or on a
 * disk that takes no more, the service has its file as it was or as it is to be, whole. Root's; runs no module, and judges
 * nothing: cli/pam.c does before.
 *
 * Below PAMWIRE_FOLDER two files for each service that has such lines, root's:
 *   SERVICE.lines    the lines, by which one that vanishes is noticed; written before they are, removed after them
 *   SERVICE.before   the file without them: the backup, with the time of that file's last change
 */
#pragma once

#include "common/findings.h"
#include "common/strv.h"

#include <stdbool.h>
#include <sys/stat.h>

#define PAMWIRE_FOLDER "/etc/accesspkg/pam" /* below the root; the host's, as /etc/pam.d */
#define PAMWIRE_LOCK   "/etc/accesspkg/.pam.lock"

enum pamwire_source {
    PAMWIRE_HOST = 0, /* a file of /etc/pam.d */
    PAMWIRE_VENDOR,   /* one of /usr/lib/pam.d alone, which a copy in /etc/pam.d overrides */
};

enum {
    PAMWIRE_E_NO_SERVICE = 201, /* no file of this name, or none that may be written */
    PAMWIRE_E_AUTHSELECT,       /* a link to a file that authselect writes */
    PAMWIRE_E_ELSEWHERE,        /* a link to a file of a package */
    PAMWIRE_E_NO_TEXT,          /* carriage returns or zeros: libpam takes them for parts of words */
    PAMWIRE_E_CHANGED,          /* somebody changed it meanwhile */
};

/* A service's file as it was read, and its text without our lines. */
struct pamwire {
    char *service;
    char *path;   /* in /etc/pam.d, with the root */
    char *target; /* what is to be replaced: where a link leads */
    enum pamwire_source source;
    struct stat stat;
    char *text; /* "" where it is to be made */
    size_t size;
    char *plain; /* without our lines: of a vendor's file its text */
    size_t plain_size;
    char *lines; /* our lines that it has; "" */
};

/* Whether authselect looks after this host's PAM: then no line is to be added. */
bool pamwire_is_authselects(const char *root);

/* 0; PAMWIRE_E_; -errno. */
int pamwire_read(const char *root, const char *service, struct pamwire *ret);
void pamwire_deinit(struct pamwire *file);

/* One at a time: *ret_lock is closed to let others on. Makes the folder. 0 or -errno. */
int pamwire_lock(const char *root, int *ret_lock);

/* The file with these lines at this offset of `plain`; new memory. NULL: none. */
char *pamwire_compose(const struct pamwire *file, size_t at, const char *lines);

/* Writes this text, which has these lines of ours. 0; PAMWIRE_E_CHANGED; -errno: the
 * file is as it was, but for a failure of the last sync. */
int pamwire_replace(const char *root, const struct pamwire *file, const char *text, const char *lines);

/* Takes our lines out, and a copy of a vendor's file that has nothing else; forgets them. As pamwire_replace. *ret_removed:
 * the copy is gone. */
int pamwire_remove(const char *root, const struct pamwire *file, bool *ret_removed);

/* Has the lines on record that the file has. 0 or -errno. */
int pamwire_note(const char *root, const struct pamwire *file);

/* Forgets the lines of a service whose file has none any more, or is gone. 0 or -errno. */
int pamwire_forget(const char *root, const char *service);

/* The services that have a record, sorted; new. 0 or -errno. */
int pamwire_list(const char *root, strv *ret);
/* The lines on record; new memory. NULL: none, or unreadable. */
char *pamwire_recorded(const char *root, const char *service);

/* The options of `pkg-admin pam enable` that would write these lines again: new memory; NULL: no memory. */
char *pamwire_options(const char *lines);

/* Adds a finding for each recorded service whose account phase asks our module no more. 0 or -errno. */
int pamwire_check(const char *root, struct findings *findings);
