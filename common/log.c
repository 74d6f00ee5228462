/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Writes the log: one write(2) per line, errno left alone. Not for the modules.
 */
#include "common/log.h"

#include "common/names.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 16 * 1024, LIMIT_SECONDS = 60 };

static bool debug;

void log_set_debug(bool on)
{
    debug = on;
}

/* Says whether stderr is the journal's stream: see JOURNAL_STREAM in systemd.exec(5). */
static bool stderr_is_journal(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    unsigned long long device, inode;
    struct stat st;
    return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 && fstat(STDERR_FILENO, &st) == 0 &&
           st.st_dev == (dev_t)device && st.st_ino == (ino_t)inode;
}

static void write_stderr(const char *text, size_t size)
{
    while (size > 0) {
        const ssize_t n = write(STDERR_FILENO, text, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return;
        text += n;
        size -= (size_t)n;
    }
}

void log_line(int priority, const char *format, ...)
{
    if (priority == LOG_DEBUG && !debug)
        return;
    const int saved = errno;
    char text[LINE_MAX_BYTES + 1]; /* longer than `line`, so that text_visible marks a cut with "..." */
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);

    char line[LINE_MAX_BYTES];
    size_t used = 0;
    if (stderr_is_journal())
        used = (size_t)snprintf(line, 8, "<%d>", LOG_PRI(priority));
    char *visible = text_visible(text, line + used, sizeof(line) - used - 1);
    while (*visible)
        visible++;
    *visible++ = '\n';
    write_stderr(line, (size_t)(visible - line));
    errno = saved;
}

bool log_may_write(struct log_limit *limit, int64_t now, size_t *ret_left_out)
{
    if (now < limit->next) {
        limit->left_out++;
        return false;
    }
    *ret_left_out = limit->left_out;
    *limit = (struct log_limit){.next = now + LIMIT_SECONDS};
    return true;
}
