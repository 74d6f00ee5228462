/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How many mails lie in a mailbox file (mbox). Of what stands in them nothing is read out: anybody may have sent one. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct mailbox {
    int64_t messages;
    int64_t last; /* when the last one was put there */
    bool more;    /* the file is longer than what was read: there may be others */
};

/*
 * Counts the lines that begin a message. 0; -errno where there is none that may be read: no file, a link, no regular
 * file. The folder is the mail system's: whoever may write there must not make us wait, or follow a link of theirs.
 */
int mailbox_count(const char *path, struct mailbox *ret);
