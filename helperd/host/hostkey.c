/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helperd/host/hostkey.h"

#include "common/child.h"
#include "common/cleanup.h"
#include "common/log.h"
#include "common/paths.h"
#include "helperd/host/fingerprint.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATIENCE_MS = 10000, OUTPUT_MAX = 1024 };

struct hostkey_reading {
    char *path;
    char *fingerprint; /* known without ssh-keygen */
    int output;
    pid_t pid;
    int error;
};

/* Starts ssh-keygen; `output` (CHILD_NULL: none) gets what it prints. 0 or -errno. */
static int start_keygen(const char *const *argv, int output, pid_t *ret)
{
    const struct child_plan plan = {.argv = (char *const *)argv,
                                    .environment = (char *[]){NULL},
                                    .fds = {CHILD_NULL, output, CHILD_NULL},
                                    .n_fds = 3};
    return child_start(&plan, ret);
}

/* 0; -errno, -EIO when it failed. */
static int wait_for_keygen(pid_t pid)
{
    int status = 0;
    const int r = child_wait_or_kill(pid, PATIENCE_MS, &status);
    return r < 0 ? r : WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EIO;
}

/* "256 SHA256:... accesspkg (ED25519)": its second word, new. */
static char *take_fingerprint(const char *line)
{
    const char *begin = strstr(line, " SHA256:");
    return begin ? strndup(begin + 1, strcspn(begin + 1, " \n")) : NULL;
}

static char *read_fingerprint(const char *path)
{
    char text[FINGERPRINT_KEY_MAX] = "";
    _cleanup_close_ int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    return fd >= 0 && read(fd, text, sizeof(text) - 1) > 0 ? fingerprint_of_key(text) : NULL;
}

/* ssh-keygen takes 6 ms of a processor: it is asked about another kind or format, and what is damaged. */
static struct hostkey_reading *begin_reading(char *path)
{
    const char *const argv[] = {PATH_SSH_KEYGEN, "-l", "-E", "sha256", "-f", path, NULL};
    struct hostkey_reading *reading = calloc(1, sizeof(*reading));
    if (!reading)
        return NULL;
    reading->output = -1;
    reading->path = strdup(path);
    reading->fingerprint = read_fingerprint(path);
    if (reading->fingerprint)
        return reading;
    reading->output = memfd_create("fingerprint", MFD_CLOEXEC);
    reading->error = reading->output < 0 ? -errno : start_keygen(argv, reading->output, &reading->pid);
    return reading;
}

char *hostkey_end(struct hostkey_reading *reading)
{
    char line[OUTPUT_MAX] = "";
    if (!reading)
        return NULL;
    const int r = reading->fingerprint ? 0
                  : reading->error < 0 ? reading->error
                                       : wait_for_keygen(reading->pid);
    if (r == 0 && !reading->fingerprint && pread(reading->output, line, sizeof(line) - 1, 0) < 0)
        line[0] = '\0';
    char *fingerprint = reading->fingerprint ? reading->fingerprint : take_fingerprint(line);
    if (!fingerprint)
        log_error(
            "The host's key %s cannot be read%s%s. If it is damaged, put back a copy, or remove it: the next "
            "start makes another one, and this host counts as another.",
            reading->path, r < 0 && r != -EIO ? ": " : "", r < 0 && r != -EIO ? strerrordesc_np(-r) : "");
    if (reading->output >= 0)
        close(reading->output);
    free(reading->path);
    free(reading);
    return fingerprint;
}

/* Whoever could write it could have this host taken for another. */
static bool is_ours(const char *path, const struct stat *found)
{
    const bool ours = S_ISREG(found->st_mode) && (found->st_uid == geteuid() || found->st_uid == 0) &&
                      !(found->st_mode & (S_IWGRP | S_IWOTH));
    if (!ours)
        log_error(
            "The host's key %s is not used: it has to be a regular file of accesspkgd's user, which nobody "
            "else may write.",
            path);
    return ours;
}

static int sync_path(const char *path, int flags)
{
    _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | flags);
    return fd < 0 || fsync(fd) < 0 ? -errno : 0;
}

/* Under another name first: a start that is interrupted leaves no half a key. The private half alone is kept. */
static int make_key(const char *folder, const char *path)
{
    _cleanup_free_ char *draft = NULL, *public_half = NULL;
    if (asprintf(&draft, "%s.new", path) < 0 || asprintf(&public_half, "%s.pub", draft) < 0)
        return -ENOMEM;
    const char *const argv[] = {PATH_SSH_KEYGEN, "-q", "-t",  "ed25519", "-N", "", "-C",
                                "accesspkg",     "-f", draft, NULL};
    unlink(draft);
    unlink(public_half);
    pid_t pid = 0;
    int r = start_keygen(argv, CHILD_NULL, &pid);
    if (r == 0)
        r = wait_for_keygen(pid);
    unlink(public_half);
    if (r == 0)
        r = sync_path(draft, O_NOFOLLOW);
    if (r == 0 && rename(draft, path) < 0)
        r = -errno;
    return r < 0 ? r : sync_path(folder, O_DIRECTORY);
}

struct hostkey_reading *hostkey_begin(const char *folder)
{
    _cleanup_free_ char *path = NULL;
    struct stat found;
    if (asprintf(&path, "%s/" HOSTKEY_FILE, folder) < 0)
        return NULL;
    const int missing = lstat(path, &found) < 0 ? errno : 0;
    const int r = missing == ENOENT ? make_key(folder, path) : -missing;
    if (r < 0) {
        log_error("The host's key %s could not be %s: %s. Requests name this host without one; the next "
                  "start tries "
                  "again%s.",
                  path, missing == ENOENT ? "made" : "read", strerrordesc_np(-r),
                  r == -ENOENT ? ". ssh-keygen is in the package openssh-client" : "");
        return NULL;
    }
    return missing || is_ours(path, &found) ? begin_reading(path) : NULL;
}

char *hostkey_load(const char *folder)
{
    return hostkey_end(hostkey_begin(folder));
}
