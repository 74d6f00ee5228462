/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Writes the log: one write per line, errno left alone. Not for the modules.
 */
#include "common/log.h"

#include "common/names.h"

#include <errno.h>
#include <poll.h>
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

enum { LINE_MAX_BYTES = 16 * 1024, DATAGRAM_MAX = 16 * 1024, STREAM_WAIT_MS = 200, LIMIT_SECONDS = 60 };

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

/* What the journal's stream takes, for which it is waited a moment, and only once: one that hangs must hold nothing up. */
static ssize_t send_some(const char *text, size_t size)
{
    static bool hangs;
    struct pollfd stream = {.fd = STDERR_FILENO, .events = POLLOUT};
    ssize_t n = send(STDERR_FILENO, text, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n < 0 && errno == EAGAIN && !hangs) {
        poll(&stream, 1, STREAM_WAIT_MS);
        n = send(STDERR_FILENO, text, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    }
    hangs = n < 0 && errno == EAGAIN;
    return n;
}

/* False: stderr is no socket. What is not taken is lost; the line behind one that was cut begins anew. */
static bool send_stream(const char *text, size_t size)
{
    static bool cut;
    ssize_t n = cut ? send_some("\n", 1) : 1;
    cut &= n < 0;
    while (n > 0 && size > 0 && (n = send_some(text, size)) > 0) {
        text += n;
        size -= (size_t)n;
        cut = size > 0;
    }
    return n > 0 || errno != ENOTSOCK;
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
    const bool journal = stderr_is_journal();
    if (journal)
        used = (size_t)snprintf(line, 8, "<%d>", LOG_PRI(priority));
    char *visible = text_visible(text, line + used, sizeof(line) - used - 1);
    while (*visible)
        visible++;
    *visible++ = '\n';
    if (!journal || !send_stream(line, (size_t)(visible - line)))
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
