/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Finds the terminals that a user is logged in at, and writes lines to them without ever blocking. Does not decide whom
 * to tell what. Called by the root service and by accesspkg-terminal.
 */
#pragma once

#include "common/strv.h"

#include <stddef.h>
#include <sys/types.h>

/* Whether to respect the owner's mesg(1), which is the terminal's write bit for its group. */
enum terminal_manners { TERMINAL_IF_WANTED = 0, TERMINAL_ANYWAY };

/* The paths of the terminals of this uid's sessions, without duplicates; some may no longer exist. 0 with a new
 * list; -errno when the sessions cannot be read. May wait for logind, LOGIND_SECONDS a call. */
int terminal_find(uid_t uid, strv *ret);

/* Makes a line for a terminal: on a new line, with a bell and the host's name. `text` is visible text. */
void terminal_frame(const char *text, char *ret, size_t size);

/*
 * Writes the line to each of these; logs those that do not take it. Does so in a process of its own, and gives up after
 * a second, which it logs, too: in spite of O_NONBLOCK, a terminal's owner can make open, write and close wait (by
 * changing its line discipline while a read of theirs is pending).
 */
void terminal_tell(char *const *terminals, uid_t uid, enum terminal_manners manners, const char *line);

/* Writes to one, in this process. 0; -EPERM when it is no terminal, or not this uid's; -EACCES when its owner wants no
 * lines; -EAGAIN when it takes nothing now; other -errno. */
int terminal_write(const char *terminal, uid_t uid, enum terminal_manners manners, const char *line);
