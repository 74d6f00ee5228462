/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "common/sshd.h"

#include "common/child.h"
#include "common/cleanup.h"
#include "common/paths.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { SSHD_MS = 10000, SETTINGS_MAX = 65536 };

static void read_file(int file, char *ret, size_t size)
{
    const ssize_t got = pread(file, ret, size - 1, 0);
    ret[got > 0 ? got : 0] = '\0';
}

static int run_sshd(const char *user, int out, int err)
{
    char connection[512];
    char *const argv[] = {(char *)PATH_SSHD, (char *)"-T", (char *)"-C", connection, NULL};
    static char *const environment[] = {NULL};
    const struct child_plan plan = {
        .argv = argv, .environment = environment, .fds = {CHILD_NULL, out, err}, .n_fds = 3};
    pid_t pid;
    int status = -1;
    snprintf(connection, sizeof(connection), "user=%s,host=elsewhere.invalid,addr=192.0.2.1", user);
    const int r = child_start(&plan, &pid);

    return r < 0 ? r : child_wait_or_kill(pid, SSHD_MS, &status) < 0 || status != 0 ? -1 : 0;
}

char *sshd_ask(const char *user, char complaint[SSHD_COMPLAINT_MAX])
{
    _cleanup_close_ int out = memfd_create("sshd", MFD_CLOEXEC), err = memfd_create("sshd", MFD_CLOEXEC);
    char *settings = calloc(1, SETTINGS_MAX);

    *complaint = '\0';
    if (!settings || out < 0 || err < 0)
        return settings;
    if (run_sshd(user, out, err) == 0)
        read_file(out, settings, SETTINGS_MAX);
    read_file(err, complaint, SSHD_COMPLAINT_MAX);
    complaint[strcspn(complaint, "\r\n")] = '\0';
    return settings;
}

const char *sshd_next(const char *at, const char *setting)
{
    const size_t length = strlen(setting);
    for (; *at; at += strcspn(at, "\n"), at += *at == '\n')
        if (strncmp(at, setting, length) == 0 && at[length] == ' ')
            return at + length + 1;
    return NULL;
}

char *sshd_setting(const char *settings, const char *setting)
{
    const char *value = sshd_next(settings, setting);
    return value ? strndup(value, strcspn(value, "\n")) : NULL;
}

bool sshd_is(const char *settings, const char *setting, const char *wanted)
{
    _cleanup_free_ char *value = sshd_setting(settings, setting);
    return value && strcmp(value, wanted) == 0;
}
