/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lines on other people's terminals. Must write visible text alone, to terminals of the one it is for, and wait for
 * none of them. */
#include "helperd/privileged/warning.h"

#include "common/cleanup.h"
#include "common/log.h"
#include "common/names.h"
#include "helperd/privileged/logind.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static bool is_visible_line(const char *text)
{
    char visible[BUS_WARNING_MAX + 8];
    const size_t length = strlen(text);
    return length > 0 && length <= BUS_WARNING_MAX &&
           strcmp(text_visible(text, visible, sizeof(visible)), text) == 0;
}

int warning_write(const char *terminal, uid_t uid, const char *line)
{
    struct stat st;
    _cleanup_close_ int fd = open(terminal, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0)
        return -errno;
    if (!S_ISCHR(st.st_mode) || st.st_uid != uid || !isatty(fd))
        return -EPERM;
    const ssize_t put = write(fd, line, strlen(line));
    return put < 0 ? -errno : put == (ssize_t)strlen(line) ? 0 : -EAGAIN;
}

/* logind has the name from whoever opened the session. */
static bool is_terminal_name(const char *tty)
{
    return *tty && *tty != '/' && *tty != '.' && !strstr(tty, "..") && strlen(tty) < 64;
}

static void warn_session(DBusConnection *bus, const struct logind_session *session, uid_t uid,
                         const char *line)
{
    char path[128];
    _cleanup_free_ char *known = !*session->tty && bus ? logind_tty(bus, session->id) : NULL;
    const char *tty = known ? known : session->tty;
    if (!is_terminal_name(tty))
        return;
    snprintf(path, sizeof(path), "/dev/%s", tty);
    const int written = warning_write(path, uid, line);
    if (written < 0)
        log_info("The warning to uid %u did not reach %s: %s", uid, path, strerror(-written));
}

int warning_send(const json_t *arguments, struct answer *answer)
{
    const uid_t uid = (uid_t)json_integer_value(json_array_get(arguments, 0));
    const char *text = json_string_value(json_array_get(arguments, 1));
    struct logind_session *sessions = NULL;
    size_t count = 0;
    char line[BUS_WARNING_MAX + 128];
    char host[64] = "";
    char error[LOGIND_ERROR_MAX] = "";
    if (uid == 0 || uid == (uid_t)-1)
        return answer_refuse(answer, BUS_ERROR_INVALID_ARGUMENT, "nobody is warned with the uid %u", uid);
    if (!text || !is_visible_line(text))
        return answer_refuse(answer, BUS_ERROR_INVALID_ARGUMENT,
                             "a warning is one line of visible text, 1 to %d bytes", BUS_WARNING_MAX);
    const int r = logind_sessions(uid, &sessions, &count);
    if (r < 0)
        return answer_refuse(answer, BUS_ERROR_UNAVAILABLE, "the sessions of uid %u cannot be read: %s", uid,
                             strerror(-r));
    gethostname(host, sizeof(host) - 1);
    snprintf(line, sizeof(line), "\r\n\aAccess packages on %s: %s\r\n", host, text);
    DBusConnection *bus = count > 0 ? logind_connect(error) : NULL;
    if (*error)
        log_warning("logind cannot be asked for terminals: %s", error);
    for (size_t i = 0; i < count; i++)
        warn_session(bus, &sessions[i], uid, line);
    logind_sessions_free(sessions, count);
    return 0;
}
