/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helperd/config/lastgood.h"

#include "common/cleanup.h"
#include "common/log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#define NEW_FOLDER "policy.new"
#define SETTINGS   "settings"

static int copy_text(int in, int out)
{
    char buffer[16384];
    ssize_t got;
    while ((got = read(in, buffer, sizeof(buffer))) > 0)
        if (write(out, buffer, (size_t)got) != got)
            return errno ? -errno : -EIO;
    return got < 0 || fsync(out) < 0 ? -errno : 0;
}

static int create_file(int folder, const char *name)
{
    const int fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
    return fd < 0 ? -errno : fd;
}

static int copy_file(int from, int to, const char *name)
{
    _cleanup_close_ int in = openat(from, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (in < 0)
        return -errno;
    _cleanup_close_ int out = create_file(to, name);
    return out < 0 ? out : copy_text(in, out);
}

/* Makes the file also where there are no settings: without it they would be unknown. */
static int copy_settings(const char *config, int to)
{
    _cleanup_close_ int in = open(config, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (in < 0 && errno != ENOENT)
        return -errno;
    _cleanup_close_ int out = create_file(to, SETTINGS);
    if (out < 0)
        return out;
    return in >= 0 ? copy_text(in, out) : fsync(out) < 0 ? -errno : 0;
}

static bool is_policy(const char *name)
{
    const size_t length = strlen(name);
    return name[0] != '.' && length > 5 && strcmp(name + length - 5, ".conf") == 0;
}

/* Calls `each` for every policy file of `folder`. */
static int each_file(int folder, int to, int (*each)(int from, int to, const char *name))
{
    int r = 0;
    const int copy = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = copy < 0 ? NULL : fdopendir(copy);
    if (!list) {
        r = -errno;
        if (copy >= 0)
            close(copy);
        return r;
    }
    for (const struct dirent *entry; r == 0 && (entry = readdir(list));)
        if (is_policy(entry->d_name))
            r = each(folder, to, entry->d_name);
    closedir(list);
    return r;
}

static int remove_file(int from, int to, const char *name)
{
    (void)to;
    return unlinkat(from, name, 0) < 0 ? -errno : 0;
}

static int remove_folder(int state, const char *name)
{
    _cleanup_close_ int folder = openat(state, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (folder < 0)
        return errno == ENOENT ? 0 : -errno;
    const int r = each_file(folder, -1, remove_file);
    if (r < 0)
        return r;
    if (unlinkat(folder, SETTINGS, 0) < 0 && errno != ENOENT)
        return -errno;
    return unlinkat(state, name, AT_REMOVEDIR) < 0 ? -errno : 0;
}

static int make_copy(const char *config, int from, int state)
{
    int r = remove_folder(state, NEW_FOLDER);
    if (r == 0 && mkdirat(state, NEW_FOLDER, 0755) < 0)
        r = -errno;
    if (r < 0)
        return r;
    _cleanup_close_ int to = openat(state, NEW_FOLDER, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (to < 0)
        return -errno;
    r = each_file(from, to, copy_file);
    if (r == 0)
        r = copy_settings(config, to);
    return r == 0 && fsync(to) < 0 ? -errno : r;
}

/* ---- whether the copy is the same ---- */

static ssize_t read_whole(int file, char *buffer, size_t size)
{
    size_t have = 0;
    ssize_t got = 1;
    while (have < size && (got = read(file, buffer + have, size - have)) > 0)
        have += (size_t)got;
    return got < 0 ? -1 : (ssize_t)have;
}

/* `a` may be missing, which is as good as empty. */
static bool is_same_text(int a, int b)
{
    char one[4096], other[sizeof(one)];
    ssize_t have;
    do {
        have = a < 0 ? 0 : read_whole(a, one, sizeof(one));
        if (have < 0 || read_whole(b, other, sizeof(other)) != have || memcmp(one, other, (size_t)have) != 0)
            return false;
    } while (have == sizeof(one));
    return true;
}

/* 1: they differ, or one cannot be read. */
static int compare_file(int from, int to, const char *name)
{
    _cleanup_close_ int a = openat(from, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    _cleanup_close_ int b = openat(to, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    return a < 0 || b < 0 || !is_same_text(a, b);
}

/* A start with the policy that the last one saved writes nothing: each of its files would be synced. */
static bool is_saved(const char *config, int from, int state)
{
    _cleanup_close_ int copy =
        openat(state, LASTGOOD_FOLDER, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    _cleanup_close_ int settings =
        copy < 0 ? -1 : openat(copy, SETTINGS, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (settings < 0 || each_file(from, copy, compare_file) != 0 || each_file(copy, from, compare_file) != 0)
        return false;
    _cleanup_close_ int in = open(config, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    return (in >= 0 || errno == ENOENT) && is_same_text(in, settings);
}

/* ---- the whole ---- */

int lastgood_save(const char *config, const char *packages, const char *state)
{
    _cleanup_close_ int from = open(packages, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    _cleanup_close_ int to = open(state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (from >= 0 && to >= 0 && is_saved(config, from, to))
        return 0;
    int r = from < 0 || to < 0 ? -errno : make_copy(config, from, to);
    /* Exchange the folders, so that there is always a copy. The first time there is none to exchange. */
    if (r == 0 && renameat2(to, NEW_FOLDER, to, LASTGOOD_FOLDER, RENAME_EXCHANGE) < 0)
        r = errno == ENOENT && renameat(to, NEW_FOLDER, to, LASTGOOD_FOLDER) == 0 ? 0 : -errno;
    if (r == 0 && fsync(to) < 0)
        r = -errno;
    if (r == 0)
        r = remove_folder(to, NEW_FOLDER);
    if (r < 0)
        log_warning(
            "Cannot keep a copy of the configuration in %s/%s: %s. If it has errors at the next start, an "
            "older one will be used. The next reload tries again.",
            state, LASTGOOD_FOLDER, strerror(-r));
    return r;
}
