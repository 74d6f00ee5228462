/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * accesspkg-privileged: the little that accesspkgd cannot do, being nobody: members of groups in /etc/group, lines on
 * users' terminals, the end of sessions. Root's, started by the bus, gone when idle. Must never do anything for another
 * caller than the system user accesspkg, nor touch a group that root's allow-list does not name.
 */
#include "common/log.h"
#include "common/paths.h"
#include "helperd/privileged/service.h"

#include <errno.h>
#include <getopt.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

enum { IDLE_SECONDS = 30, IDLE_MAX = 3600 };

#define CALLER "accesspkg"

static int run(double idle)
{
    if (geteuid() != 0) {
        log_error("accesspkg-privileged runs as root; the bus starts it when it is needed.");
        return EX_USAGE;
    }
    /* Nothing of whoever started it reaches the bus library, NSS or gpasswd. */
    clearenv();
    setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 1);
    umask(0022);
    if (chdir("/") < 0)
        return EX_OSERR;
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
    static const struct option longs[] = {{"idle", required_argument, NULL, 'i'}, {NULL, 0, NULL, 0}};
    long idle = IDLE_SECONDS;
    for (int c; (c = getopt_long(argc, argv, "", longs, NULL)) != -1;) {
        char *end = NULL;
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
