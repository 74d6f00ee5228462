/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Counts the mails in a mailbox file (mbox). Shows nothing of their content: anyone may have sent them. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct mailbox {
    int64_t messages;
    int64_t last; /* when the file was last changed, seconds since the epoch */
    bool more;    /* the file is longer than what was read */
};

/*
 * 0; -errno when there is no such file, or it is a link or no regular file. Never blocks and follows no link: users who
 * may write to the folder, which is the mail system's, could use either against us.
 */
int mailbox_count(const char *path, struct mailbox *ret);
