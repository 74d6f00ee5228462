/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * accesspkg-privileged: the little that accesspkgd cannot do, being nobody: members of groups in /etc/group, lines on
 * users' terminals, the end of sessions. Root's, started by the bus, gone when idle. Must never do anything for another
 * caller than the system user accesspkg, nor touch a group that root's allow-list does not name.
 */
#include "common/log.h"
#include "common/paths.h"
#include "helperd/privileged/keeper.h"
#include "helperd/privileged/service.h"

#include <errno.h>
#include <getopt.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

enum { IDLE_SECONDS = 30, IDLE_MAX = 3600 };

#define CALLER "accesspkg"

/* Nothing of whoever started it but the manager's address reaches the bus library, NSS or gpasswd. 0 or an exit code. */
static int settle_down(void)
{
    char manager[sizeof(((struct sockaddr_un *)0)->sun_path)] = "";
    const char *given = getenv("NOTIFY_SOCKET");
    if (geteuid() != 0) {
        log_error("accesspkg-privileged runs as root; the bus starts it when it is needed.");
        return EX_USAGE;
    }
    snprintf(manager, sizeof(manager), "%s", given ? given : ""); /* clearenv may free it */
    clearenv();
    if (*manager)
        setenv("NOTIFY_SOCKET", manager, 1);
    setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 1);
    umask(0022);
    return chdir("/") < 0 ? EX_OSERR : 0;
}

/* For pkg-admin lock: neither the bus nor accesspkgd is needed. USER, or USER and UID. */
static int end_user(char **words, int count)
{
    char *end = NULL;
    const unsigned long uid = count == 2 ? strtoul(words[1], &end, 10) : (uid_t)-1;
    if (count < 1 || count > 2 || (count == 2 && (end == words[1] || *end || uid > (uid_t)-1))) {
        log_error("Usage: accesspkg-privileged --end-user USER [UID]");
        return EX_USAGE;
    }
    const int settled = settle_down();
    if (settled != 0)
        return settled;
    const int r = keeper_end_user(words[0], (uid_t)uid);
    return r == 0 ? 0 : r < 0 ? EX_IOERR : EX_TEMPFAIL;
}

static int run(double idle)
{
    const int settled = settle_down();
    if (settled != 0)
        return settled;
    errno = 0;
    const struct passwd *caller = getpwnam(CALLER);
    if (!caller) {
        log_error("The user " CALLER
                  ", who alone may call, was not found%s%s. Run: systemd-sysusers accesspkg.conf",
                  errno ? ": " : "", errno ? strerror(errno) : "");
        return EX_NOUSER;
    }
    if (caller->pw_uid == 0) {
        log_error("The user " CALLER ", who alone may call, has root's uid, 0. Give it one of its own.");
        return EX_NOUSER;
    }
    return service_run(caller->pw_uid, idle);
}

int main(int argc, char **argv)
{
    static const struct option longs[] = {
        {"idle", required_argument, NULL, 'i'}, {"end-user", no_argument, NULL, 'e'}, {NULL, 0, NULL, 0}};
    long idle = IDLE_SECONDS;
    for (int c; (c = getopt_long(argc, argv, "", longs, NULL)) != -1;) {
        char *end = NULL;
        if (c == 'e')
            return end_user(argv + optind, argc - optind);
        if (c == 'i')
            idle = strtol(optarg, &end, 10);
        if (c != 'i' || end == optarg || *end || idle < 1 || idle > IDLE_MAX)
            optind = argc + 1;
    }
    if (optind != argc) {
        log_error("Usage: accesspkg-privileged [--idle=SECONDS]. Started by the bus; ends when idle.");
        return EX_USAGE;
    }
    return run((double)idle);
}
