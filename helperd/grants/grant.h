/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Derives the grant files, which the PAM and NSS modules read, from the store. Decides nothing; repeating it is
 * harmless (rule 7). Called by the engine after its commit.
 */
#pragma once

#include "common/grantdir.h"
#include "helperd/config/packages.h"
#include "helperd/store/store.h"

struct grant_source {
    struct store *store;
    const char *state; /* the folder above grants/ */
    int64_t now;
    const struct packages *packages; /* what they name bounds what is adopted; NULL: nothing does */
    /* Whether what the store has as live is over already (rule 13); NULL: it is not. */
    bool (*is_over)(const struct assignment *assignment, const void *data);
    const void *data;
    /* The assignment `bound_to` and those before it give no more than this file does; NULL: all give what the store
     * says. */
    const struct grant_user *bound;
    int64_t bound_to;
};

/*
 * Writes grants/user/<user> from the store, or removes it when the user holds nothing. `durable` (for a change that
 * takes access away): on stable storage when this returns; else the caller sees to that. *ret_mark: the file that was written; inode 0: none was. 0
 * or -errno (logged).
 */
int grant_publish_user(const struct grant_source *source, const char *user, bool durable,
                       struct grantdir_mark *ret_mark);

/* Whether the file that is there may give more than the store says. */
bool grant_file_exceeds(const struct grant_source *source, const char *user);

/* A file compared with the store, apart from the time when it was written. */
enum grant_likeness {
    GRANT_ALIKE = 0,
    GRANT_REMOVED,  /* it is missing */
    GRANT_REJECTED, /* the modules reject it, or it has another uid */
    GRANT_CHANGED,  /* it has other lines */
    GRANT_EARLY,    /* it is alike, and the modules reject it: it says that it was written in the future */
};

/* *ret_file is set for GRANT_CHANGED only (owned by the caller, grant_user_deinit). 0; -errno: it could not be read. */
int grant_compare_user(const struct grant_source *source, const char *user, struct grant_user *ret_file,
                       enum grant_likeness *ret);
/* A result of grantdir_read_user that says nothing about the file; any other would make the modules reject it, too. */
bool grant_is_reading_fault(int error);
/* Whether the file has the line of this assignment's package, of this grant. */
bool grant_file_has_package(const struct grant_user *file, const struct assignment *assignment);
bool grant_file_has_group(const struct grant_user *file, const struct assignment *assignment,
                          const struct grant *grant);

/*
 * Adopts the files into a newborn store: access lasts until its end even if the database was lost. Inside a
 * transaction. Files that the modules would reject are left for engine_verify. 0 or -errno.
 */
int grant_adopt(const struct grant_source *source);
/* Adds the assignment of one package of a file, with its groups. Inside a transaction. 0 or -errno. */
int grant_adopt_package(const struct grant_source *source, const struct grant_user *file,
                        const struct grant_package *package);
/* The groups that the package names now; NULL: it is not in packages.d. */
char *const *grant_named_groups(const struct grant_source *source, const char *name);
/* The groups of a package of a file: those with its span, as they are written, that are among `groups` (NULL: all), for
 * another package may have the same span. A new array whose strings are the file's; free it with free(). 0 or -ENOMEM. */
int grant_list_groups(const struct grant_user *file, const struct grant_package *package, char *const *groups,
                      struct grant **ret, size_t *ret_count);
