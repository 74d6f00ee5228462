/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See the header. Called by pam_accesspkg.c, gate.c and session.c. */
#include "pam_module/journal.h"

#include "common/names.h"

#include <fcntl.h>
#include <security/pam_ext.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

enum { STANDARD = STDERR_FILENO + 1 };

const char *journal_quoted(const void *text, char ret[JOURNAL_WORD_MAX])
{
    text_visible(text ? text : "", ret, JOURNAL_WORD_MAX);
    for (char *at = strchr(ret, '"'); at; at = strchr(at, '"'))
        *at = '\'';
    return ret;
}

/*
 * glibc opens the log on the lowest free descriptor and keeps it. That must not be a standard one that the host has
 * closed: the host might read from or write to the log (rule 11).
 */
static void occupy_standard(bool ret_occupied[STANDARD])
{
    for (int fd = 0; fd < STANDARD; fd++) {
        ret_occupied[fd] = fcntl(fd, F_GETFD) < 0;
        const int null = ret_occupied[fd] ? openat(AT_FDCWD, "/dev/null", O_RDWR | O_CLOEXEC) : fd;
        if (null == fd)
            continue;
        ret_occupied[fd] = false;
        if (null >= 0)
            close(null);
    }
}

static void release_standard(const bool occupied[STANDARD])
{
    for (int fd = 0; fd < STANDARD; fd++)
        if (occupied[fd])
            close(fd);
}

void journal_line(pam_handle_t *pamh, int priority, const char *format, ...)
{
    bool occupied[STANDARD];
    va_list arguments;
    occupy_standard(occupied);
    va_start(arguments, format);
    pam_vsyslog(pamh, priority, format, arguments);
    va_end(arguments);
    release_standard(occupied);
}

void journal_argument(const char *argument, const char *why, void *data)
{
    char visible[JOURNAL_WORD_MAX];
    journal_line(data, LOG_ERR, "the argument \"%s\" is ignored: %s. See pam_accesspkg(8).",
                 journal_quoted(argument, visible), why);
}
