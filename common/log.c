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
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define LOG_JOURNAL "/run/systemd/journal/socket"

enum { LINE_MAX_BYTES = 16 * 1024, DATAGRAM_MAX = 16 * 1024, LIMIT_SECONDS = 60 };

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

/* ---- the journal's own socket ---- */

/* Never waits: a journal that is busy takes the line from stderr instead. */
static bool send_journal(const char *text, size_t size)
{
    static int journal = -1;
    const struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = LOG_JOURNAL};
    if (journal < 0)
        journal = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    return journal >= 0 && sendto(journal, text, size, MSG_DONTWAIT | MSG_NOSIGNAL,
                                  (const struct sockaddr *)&address, sizeof(address)) == (ssize_t)size;
}

/* "NAME=value" and a newline: a value that is visible has none in it. */
static size_t add_field(char *datagram, size_t used, const char *name, const char *value)
{
    const size_t left = DATAGRAM_MAX - used;
    const size_t length = strlen(name) + 1;
    if (length + 2 > left)
        return used;
    stpcpy(stpcpy(datagram + used, name), "=");
    text_visible(value, datagram + used + length, left - length - 1);
    used += strlen(datagram + used);
    datagram[used++] = '\n';
    return used;
}

void log_event(int priority, const char *message, const struct log_field *fields, size_t count)
{
    const int saved = errno;
    const char level[] = {(char)('0' + LOG_PRI(priority)), '\0'};
    char datagram[DATAGRAM_MAX];
    size_t used = 0;
    if (stderr_is_journal()) {
        used = add_field(datagram, used, "PRIORITY", level);
        used = add_field(datagram, used, "SYSLOG_IDENTIFIER", program_invocation_short_name);
        for (size_t i = 0; i < count; i++)
            if (fields[i].value)
                used = add_field(datagram, used, fields[i].name, fields[i].value);
        used = add_field(datagram, used, "MESSAGE", message); /* last: what is too long is cut */
    }
    if (used == 0 || !send_journal(datagram, used))
        log_line(priority, "%s", message);
    errno = saved;
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
