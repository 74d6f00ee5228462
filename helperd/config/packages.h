/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Loads access packages: reads packages.d/NAME.conf and checks it against one table of keys. A loaded set does not
 * change. Looks up no users or groups, since a directory may be late at boot; configure_names.h warns of unknown names.
 *
 * The keys, their form and their defaults. A list is separated by blanks; `%name` in it is a group (`groups` takes bare
 * names). A duration is 90s, 15m, 4h, 1h30m or 2d, and above zero.
 *   [package]
 *     description         text                       the package's name
 *     groups              list of groups             has to be written
 *   [policy]
 *     requestors          list                       every user
 *     justification       required, optional         optional
 *     duration            duration, forever          8h, or max_duration where that is shorter
 *     max_duration        duration, forever          duration, but `forever` has to be written
 *     extension           no, allowed, approval      no
 *     max_total           duration                   none, but see policy_longest (not with max_duration = forever)
 *     cooldown            duration                   none
 *     gate_cooldown       duration                   none
 *     not_after           day, or date with a time   none
 *     extend_window       duration                   none: until the end at any time
 *     incompatible        list of packages           none
 *     emergency           list                       none
 *     emergency_duration  duration                   duration, but 24h at most
 *     review_within       duration                   none
 *     at_end              keep, warn, terminate      keep
 *     services            list of PAM services       with terminate it has to be written, else it must not be
 *     drift               report, repair             report
 *     on_removed          keep, revoke               keep
 *     approval            required, none             required
 *     same_approver       no, yes                    no
 *     approvers           list                       \ short for one [stage 1];
 *     approval_timeout    duration, 24h              / neither stands beside a [stage]
 *   [stage N]             from 1 on, without a gap
 *     approvers           list                       has to be written
 *     quorum              number                     1
 *     timeout             duration                   24h
 *     escalate_after      duration                   never
 *     fallback_approvers  list                       none; asked after escalate_after, or at once when the approvers
 *                                                    cannot reach the quorum
 */
#pragma once

#include "common/canonical.h"
#include "common/problems.h"
#include "common/strv.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* What happens to live sessions when an assignment ends. */
enum package_at_end { PACKAGE_AT_END_KEEP = 0, PACKAGE_AT_END_WARN, PACKAGE_AT_END_TERMINATE };
enum package_extension { PACKAGE_EXTENSION_NO = 0, PACKAGE_EXTENSION_ALLOWED, PACKAGE_EXTENSION_APPROVAL };

struct package_stage {
    strv approvers;
    strv fallback_approvers; /* empty: none */
    int64_t quorum;
    int64_t timeout;        /* seconds */
    int64_t escalate_after; /* seconds; 0: never */
};

/* Lists are never NULL in a loaded package. */
struct package {
    char *name;
    char *description;
    strv groups;
    strv requestors;             /* empty: every user */
    bool justification_required; /* at the gate where it can be asked for there, else filed without */
    bool justification_at_gate;  /* there, too, nothing is filed without one */
    bool approval_required;
    enum package_extension extension;
    int64_t duration;      /* this and all times in seconds; DURATION_FOREVER: no end */
    int64_t max_duration;  /* of one request or extension; DURATION_FOREVER: no bound */
    int64_t max_total;     /* from the start, over all extensions; 0: see policy_longest */
    int64_t cooldown;      /* after a denial; 0: none */
    int64_t gate_cooldown; /* after a request filed at the gate expired; 0: none */
    int64_t not_after;     /* seconds since the epoch: what is given from now on ends then; 0: no such end */
    int64_t extend_window; /* before the end, in which an extension may be asked for; 0: at any time */
    enum package_at_end at_end;
    strv services;              /* as logind calls them: "sshd", "login"; empty unless at_end is terminate */
    strv emergency;             /* may take it without approval; empty: no user */
    int64_t emergency_duration; /* of an emergency; no other bound applies but not_after */
    int64_t
        review_within; /* of an emergency: after that, and as often again, approvers are told anew; 0: never */
    strv incompatible;            /* packages that a user must not hold together with this one */
    bool revoke_on_removed;       /* removing the package ends its assignments; else they run to their end */
    bool same_approver;           /* one person may take part in several stages of a request */
    bool drift_repair;            /* put back grants that were removed manually */
    struct package_stage *stages; /* none exactly when approval is not required */
    size_t n_stages;
    char digest[CANONICAL_DIGEST_MAX]; /* of all the above (package_text.h) */
};

struct packages {
    struct package *items; /* sorted by name */
    size_t count;
    bool any_incompatible; /* one of them excludes another */
};

enum {
    PACKAGES_MAX = 10000,
    PACKAGE_GROUPS_MAX = 64,
    PACKAGE_PRINCIPALS_MAX = 64, /* in one list; also the largest quorum */
    PACKAGE_STAGES_MAX = 16,
};

/*
 * Reads every *.conf of the folder. 0 with *ret (new, owned); -EINVAL when a file has an error (*problems has them all,
 * with file and line); other -errno when the folder cannot be read (also in *problems; -ENOENT when there is none) or
 * memory is short. Folder and files must belong to `owner` (0 in our programs) and be writable by no other user,
 * checked on the descriptors. Skips folders, hidden files and other suffixes. A NAME.conf that is a link or no regular
 * file, or whose name cannot be a package's, is an error.
 */
int packages_load(const char *folder, uid_t owner, struct packages **ret, struct problems *problems);
/* The same, as it will be once the draft (PATH_DRAFT) of this package is renamed to its file. */
int packages_load_draft(const char *folder, uid_t owner, const char *draft, struct packages **ret,
                        struct problems *problems);
/* The same, of a folder that is open and stays the caller's; `path` is its name in messages. */
int packages_load_at(int folder, const char *path, uid_t owner, struct packages **ret,
                     struct problems *problems);
void packages_free(struct packages *packages);

const struct package *packages_find(const struct packages *packages, const char *name);
