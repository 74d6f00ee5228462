/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helperd/privileged/processes.h"

#include "common/cleanup.h"
#include "common/names.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

/* What /proc/PID/task/TID/status says, as far as it matters here. */
struct status {
    bool alive;
    uid_t uid;
    bool carries;
    struct process_facts facts;
};

static void cleanup_dir(DIR **dir)
{
    if (*dir)
        closedir(*dir);
}

#define _cleanup_dir_ __attribute__((cleanup(cleanup_dir)))

static void match_gids(const char *numbers, const struct processes_wanted *wanted, struct status *status)
{
    char *end;
    for (;; numbers = end) {
        const unsigned long gid = strtoul(numbers, &end, 10);
        if (end == numbers)
            return;
        for (size_t i = 0; i < wanted->count && !status->carries; i++) {
            if (wanted->gids[i] == gid) {
                status->carries = true;
                status->facts.gid = wanted->gids[i];
            }
        }
    }
}

/* The value behind "Key:\t", when the line is that one. */
static const char *value_of(const char *line, const char *key)
{
    const size_t length = strlen(key);
    return strncmp(line, key, length) == 0 && line[length] == ':'
               ? line + length + 1 + (line[length + 1] == '\t')
               : NULL;
}

static void read_line(char *line, const struct processes_wanted *wanted, struct status *status)
{
    const char *value;
    line[strcspn(line, "\n")] = '\0';
    if ((value = value_of(line, "Name")))
        text_visible(value, status->facts.name, sizeof(status->facts.name));
    else if ((value = value_of(line, "State")))
        status->alive = *value != 'Z' && *value != 'X';
    else if ((value = value_of(line, "Uid")))
        status->uid = (uid_t)strtoul(value, NULL, 10);
    else if ((value = value_of(line, "Gid")) || (value = value_of(line, "Groups")))
        match_gids(value, wanted, status);
}

static bool is_number(const char *name)
{
    return isdigit((unsigned char)*name) && strspn(name, "0123456789") == strlen(name);
}

static bool is_gone(int error)
{
    return error == ENOENT || error == ESRCH;
}

/* Whether the process is in a user namespace that maps one id of it to the uid, as unshare -r and rootless containers do:
 * whatever its own id is there, the user made it. */
static bool stands_on(int process, uid_t uid)
{
    unsigned inside, outside, count;
    bool found = false;
    const int fd = openat(process, "uid_map", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    _cleanup_fclose_ FILE *in = fd < 0 ? NULL : fdopen(fd, "r");
    while (in && fscanf(in, "%u %u %u", &inside, &outside, &count) == 3)
        found |= outside == uid && count == 1;
    return found;
}

static bool is_of_user(int tasks, const struct status *status, const struct processes_wanted *wanted)
{
    if (status->uid == wanted->uid)
        return true;
    for (size_t i = 0; i < wanted->n_ranges; i++)
        if (status->uid - wanted->ranges[i].first < wanted->ranges[i].count)
            return true;
    _cleanup_close_ int process = openat(tasks, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return process >= 0 && stands_on(process, wanted->uid);
}

size_t subuid_read(const char *path, const char *user, uid_t uid, struct subuid_range ret[SUBUID_RANGES_MAX])
{
    _cleanup_fclose_ FILE *in = fopen(path, "re");
    _cleanup_free_ char *line = NULL;
    char number[16];
    size_t size = 0, count = 0;
    snprintf(number, sizeof(number), "%u", uid);
    while (in && count < SUBUID_RANGES_MAX && getline(&line, &size, in) > 0) {
        char *end = strchr(line, ':');
        struct subuid_range *range = &ret[count];
        if (!end)
            continue;
        *end = '\0';
        if ((strcmp(line, user) == 0 || strcmp(line, number) == 0) &&
            sscanf(end + 1, "%u:%u", &range->first, &range->count) == 2)
            count++;
    }
    return count;
}

static int read_task(int tasks, const char *tid, const struct processes_wanted *wanted,
                     struct process_facts *ret_facts)
{
    char path[32];
    struct status status = {0};
    _cleanup_free_ char *line = NULL;
    size_t size = 0;
    snprintf(path, sizeof(path), "%.20s/status", tid);
    const int fd = openat(tasks, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    _cleanup_fclose_ FILE *in = fd < 0 ? NULL : fdopen(fd, "r");
    if (!in)
        return is_gone(errno) ? 0 : -errno;
    errno = 0;
    while (getline(&line, &size, in) > 0)
        read_line(line, wanted, &status);
    if (ferror(in))
        return is_gone(errno) ? 0 : -EIO;
    if (!status.alive || !status.carries || !is_of_user(tasks, &status, wanted))
        return 0;
    *ret_facts = status.facts;
    return 1;
}

int process_is_wanted(const char *proc, pid_t pid, const struct processes_wanted *wanted,
                      struct process_facts *ret_facts)
{
    char path[256];
    snprintf(path, sizeof(path), "%s/%d/task", proc, (int)pid);
    _cleanup_dir_ DIR *tasks = opendir(path);
    if (!tasks)
        return is_gone(errno) ? 0 : -errno;
    int r = 0;
    for (const struct dirent *entry; r == 0 && (entry = readdir(tasks));)
        if (is_number(entry->d_name))
            r = read_task(dirfd(tasks), entry->d_name, wanted, ret_facts);
    return r;
}

static int append(pid_t **pids, size_t *count, pid_t pid)
{
    if (*count % 64 == 0) {
        pid_t *grown = realloc(*pids, (*count + 64) * sizeof(**pids));
        if (!grown)
            return -ENOMEM;
        *pids = grown;
    }
    (*pids)[(*count)++] = pid;
    return 0;
}

int processes_find(const char *proc, const struct processes_wanted *wanted, pid_t **ret, size_t *ret_count)
{
    _cleanup_dir_ DIR *all = opendir(proc);
    _cleanup_free_ pid_t *pids = NULL;
    size_t count = 0;
    if (!all)
        return -errno;
    /* hidepid: what is not seen is not ended, and would not be told either. */
    if (faccessat(dirfd(all), "1/status", R_OK, AT_EACCESS) < 0)
        return -EPERM;
    for (const struct dirent *entry; (entry = readdir(all));) {
        struct process_facts facts;
        if (!is_number(entry->d_name))
            continue;
        const pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
        const int r = process_is_wanted(proc, pid, wanted, &facts);
        if (r < 0 || (r == 1 && append(&pids, &count, pid) < 0))
            return r < 0 ? r : -ENOMEM;
    }
    *ret = steal_ptr(pids);
    *ret_count = count;
    return 0;
}
