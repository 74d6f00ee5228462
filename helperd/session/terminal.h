/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Lines on people's terminals: which ones they are logged in at, and writing to one without ever waiting for it. Decides
 * nothing about whom to tell what. Called by the root service and by accesspkg-terminal.
 */
#pragma once

#include "common/strv.h"

#include <stddef.h>
#include <sys/types.h>

/* Whether the owner's wish counts: mesg(1) says it with the terminal's write bit for its group. */
enum terminal_manners { TERMINAL_IF_WANTED = 0, TERMINAL_ANYWAY };

/* The paths of the terminals that logind's sessions of this uid have, each once; whether they are there still, only
 * writing shows. New. 0; -errno when the sessions cannot be read. May wait for logind, LOGIND_SECONDS a call. */
int terminal_find(uid_t uid, strv *ret);

/* One line as it stands on a terminal: below what is there, with a bell, and from where. `text`: visible text. */
void terminal_frame(const char *text, char *ret, size_t size);

/*
 * The line on each of these. What takes none is passed over, and logged. In a process of its own, given up after a second:
 * a terminal's owner can make open, write and close wait although all is O_NONBLOCK (changing its line discipline while a
 * read of theirs does not end). That is logged too.
 */
void terminal_tell(char *const *terminals, uid_t uid, enum terminal_manners manners, const char *line);

/* On one, in this process. 0; -EPERM when it is no terminal, or not this uid's; -EACCES when its owner wants no lines; -EAGAIN when it takes
 * nothing now; other -errno. */
int terminal_write(const char *terminal, uid_t uid, enum terminal_manners manners, const char *line);
