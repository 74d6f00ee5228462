/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helperd/session/terminal.h"

#include "common/child.h"
#include "common/cleanup.h"
#include "common/hostname.h"
#include "common/log.h"
#include "helperd/session/logind.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { TELL_MS = 1000 };

/* logind's name of the terminal comes from the program that opened the session, so it may be any text. */
static bool is_terminal_name(const char *tty)
{
    return *tty && *tty != '/' && *tty != '.' && !strstr(tty, "..") && strlen(tty) < 64;
}

/* Adds to a list that has room. 0 or -ENOMEM. */
static int add_terminal(strv list, const char *tty)
{
    char path[128];
    snprintf(path, sizeof(path), "/dev/%s", tty);
    if (!is_terminal_name(tty) || strv_contains(list, path))
        return 0;
    char **end = &list[strv_length(list)];
    *end = strdup(path);
    return *end ? 0 : -ENOMEM;
}

static struct sd_bus *connect_to_logind(void)
{
    char error[LOGIND_ERROR_MAX] = "";
    struct sd_bus *bus = logind_connect(error);
    if (!bus)
        log_warning("logind cannot be asked for terminals: %s", error);
    return bus;
}

/* Asks logind for the terminals of sshd's sessions, which it does not write to its files. */
static int add_terminals(strv list, const struct logind_session *sessions, size_t count)
{
    struct sd_bus *bus = NULL;
    bool tried = false;
    int r = 0;
    for (size_t i = 0; r == 0 && i < count; i++) {
        if (!*sessions[i].tty && !tried) {
            bus = connect_to_logind();
            tried = true;
        }
        _cleanup_free_ char *asked = !*sessions[i].tty && bus ? logind_tty(bus, sessions[i].id) : NULL;
        r = add_terminal(list, asked ? asked : sessions[i].tty);
    }
    logind_disconnect(bus);
    return r;
}

int terminal_find(uid_t uid, strv *ret)
{
    struct logind_session *sessions = NULL;
    size_t count = 0;
    int r = logind_sessions(uid, &sessions, &count);
    if (r < 0)
        return r;
    strv list = calloc(count + 1, sizeof(*list));
    r = list ? add_terminals(list, sessions, count) : -ENOMEM;
    logind_sessions_free(sessions, count);
    if (r == 0)
        *ret = list;
    else
        strv_free(list);
    return r;
}

void terminal_frame(const char *text, char *ret, size_t size)
{
    char host[HOSTNAME_TEXT_MAX];
    snprintf(ret, size, "\r\n\aAccess packages on %s: %s\r\n", hostname_visible(host), text);
}

int terminal_write(const char *terminal, uid_t uid, enum terminal_manners manners, const char *line)
{
    struct stat st;
    _cleanup_close_ int fd = open(terminal, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0)
        return -errno;
    if (!S_ISCHR(st.st_mode) || st.st_uid != uid || !isatty(fd))
        return -EPERM;
    if (manners == TERMINAL_IF_WANTED && !(st.st_mode & S_IWGRP))
        return -EACCES;
    const ssize_t put = write(fd, line, strlen(line));
    return put < 0 ? -errno : put == (ssize_t)strlen(line) ? 0 : -EAGAIN;
}

struct telling {
    char *const *terminals;
    uid_t uid;
    enum terminal_manners manners;
    const char *line;
};

static int tell_each(void *data)
{
    const struct telling *telling = data;
    for (char *const *terminal = telling->terminals; *terminal; terminal++) {
        const int r = terminal_write(*terminal, telling->uid, telling->manners, telling->line);
        if (r < 0)
            log_info("%s, of uid %u, was passed over: %s", *terminal, telling->uid,
                     r == -EACCES ? "mesg n" : strerror(-r));
    }
    return 0;
}

/* A child that does not die of SIGKILL at once is not waited for; init, or our parent, reaps it later. */
void terminal_tell(char *const *terminals, uid_t uid, enum terminal_manners manners, const char *line)
{
    struct telling telling = {terminals, uid, manners, line};
    const struct child_plan plan = {
        .run = tell_each, .data = &telling, .fds = {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}, .n_fds = 3};
    int status;
    pid_t pid;
    if (!*terminals)
        return;
    const int r = child_start(&plan, &pid);
    if (r < 0)
        log_warning("The terminals of uid %u were passed over: %s", uid, strerror(-r));
    if (r < 0 || child_wait(pid, TELL_MS, &status) == 0)
        return;
    kill(pid, SIGKILL); /* not reaped yet, so the pid is still its own */
    log_info("The terminals of uid %u were given up: they took longer than a second.", uid);
    child_wait(pid, 0, &status);
}
