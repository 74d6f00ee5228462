/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether a file is still the one that was read: for what is kept of it. */
#pragma once

#include <stdbool.h>
#include <sys/stat.h>

struct file_seen {
    struct stat status; /* zero: nothing is kept */
    bool settled;       /* it had not been changed for a while */
};

/* True when the file is the one that was seen. Else notes it as it is now, before it is read: what changes meanwhile is
 * noticed the next time. */
bool file_seen_still(struct file_seen *seen, const char *path);
