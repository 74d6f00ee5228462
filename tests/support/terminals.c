/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/support/terminals.h"

#include "tests/support/live.h"

#include <check.h>
#include <fcntl.h>
#include <paths.h>
#include <pty.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utmpx.h>

enum { TTY = 5 }; /* the group */

void terminals_open(uid_t owner, struct terminal *ret)
{
    ck_assert_int_eq(openpty(&ret->master, &ret->slave, ret->path, NULL, NULL), 0);
    ck_assert_int_eq(fchown(ret->slave, owner, TTY), 0);
    ck_assert_int_eq(fchmod(ret->slave, 0620), 0);
    ck_assert_int_eq(fcntl(ret->master, F_SETFL, O_NONBLOCK), 0);
    ret->name = ret->path + strlen("/dev/");
}

void terminals_close(struct terminal *terminal)
{
    close(terminal->slave);
    close(terminal->master);
}

const char *terminals_shown(const struct terminal *terminal)
{
    static char text[4096];
    const ssize_t got = read(terminal->master, text, sizeof(text) - 1);
    text[got > 0 ? got : 0] = '\0';
    return text;
}

/* For accesspkg-terminal built without libsystemd. */
static void add_to_utmp(const char *id, const char *user, const char *tty)
{
    struct utmpx entry = {.ut_type = USER_PROCESS};
    memcpy(entry.ut_id, id, strnlen(id, sizeof(entry.ut_id)));
    memcpy(entry.ut_user, user, strnlen(user, sizeof(entry.ut_user)));
    memcpy(entry.ut_line, tty, strnlen(tty, sizeof(entry.ut_line)));
    live_expect("root", "test -e " _PATH_UTMP " || : >" _PATH_UTMP, 0, "");
    setutxent();
    ck_assert_ptr_nonnull(pututxline(&entry));
    endutxent();
}

void terminals_add_session(const char *id, uid_t uid, const char *service, const char *tty)
{
    char command[1024];
    snprintf(command, sizeof(command),
             "mkdir -p /run/systemd/users /run/systemd/sessions && "
             "printf 'UID=%u\\nSERVICE=%s\\nTTY=%s\\nSTATE=active\\n' >/run/systemd/sessions/%s && "
             "echo \"SESSIONS=$(cd /run/systemd/sessions && grep -lx UID=%u * | tr '\\n' ' ')\" "
             ">/run/systemd/users/%u",
             uid, service, tty, id, uid, uid);
    live_expect("root", command, 0, "");
    const struct passwd *user = getpwuid(uid);
    ck_assert_ptr_nonnull(user);
    add_to_utmp(id, user->pw_name, tty);
}

void terminals_drop_sessions(void)
{
    live_expect("root", "rm -rf /run/systemd " _PATH_UTMP, 0, "");
}
