/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One run of gpasswd: absolute path, an environment of our own, no descriptor of ours but the lock, a deadline, always
 * collected.
 * A member at a time: -M would overwrite what an administrator changes meanwhile.
 */
#include "helperd/privileged/gpasswd.h"

#include "common/child.h"
#include "common/cleanup.h"
#include "common/names.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* 0 when it ended well; -ENOEXEC when not; -ETIME. The process is gone afterwards. */
static int collect(pid_t pid)
{
    int status = 0;
    const int r = child_wait_or_kill(pid, GPASSWD_SECONDS * 1000, &status);
    return r == 0 && status != 0 ? -ENOEXEC : r;
}

/* On one line: what it printed, without the line breaks at its end. */
static void read_said(int output, char ret_said[GPASSWD_SAID_MAX])
{
    char text[GPASSWD_SAID_MAX];
    ssize_t got = pread(output, text, sizeof(text) - 1, 0);
    if (got < 0)
        got = 0;
    while (got > 0 && text[got - 1] == '\n')
        got--;
    text[got] = '\0';
    for (char *at = text; (at = strchr(at, '\n'));)
        *at = ' ';
    text_visible(text, ret_said, GPASSWD_SAID_MAX);
}

int gpasswd_run(const char *option, const char *user, const char *group, int lock,
                char ret_said[GPASSWD_SAID_MAX])
{
    char *const argv[] = {
        (char *)GPASSWD_PROGRAM, (char *)option, (char *)user, (char *)"--", (char *)group, NULL};
    char *const environment[] = {(char *)"PATH=/usr/sbin:/usr/bin:/sbin:/bin", (char *)"LC_ALL=C", NULL};
    pid_t pid = 0;
    ret_said[0] = '\0';
    _cleanup_close_ int output = child_text("");
    const struct child_plan plan = {
        .argv = argv, .environment = environment, .fds = {CHILD_NULL, output, output, lock}, .n_fds = 4};
    int r = output < 0 ? output : child_start(&plan, &pid);
    if (r < 0) {
        snprintf(ret_said, GPASSWD_SAID_MAX, "it cannot be run: %s", strerror(-r));
        return -ENOEXEC;
    }
    r = collect(pid);
    read_said(output, ret_said);
    return r;
}
