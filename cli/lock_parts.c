/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See the header. Directories and the bus are asked in processes of their own: both may hang. */
#include "cli/lock_parts.h"

#include "cli/member.h"
#include "cli/output.h"
#include "common/child.h"
#include "common/cleanup.h"
#include "common/directory.h"
#include "common/grantdir.h"
#include "common/identity.h"
#include "common/names.h"
#include "common/paths.h"
#include "dbus/client.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pwd.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

enum { DIRECTORY_MS = 5000, BUS_MS = 10000, MEMBERS_MS = 60000, ANSWER_MAX = 4096 };

extern char **environ;

/* ---- a process with a deadline ---------------------------------------------------------------------------- */

/* Its exit code; -ETIME, and it is killed; other -errno. */
static int run_bounded(const struct child_plan *plan, int ms)
{
    pid_t pid = 0;
    int status = 0;
    int r = child_start(plan, &pid);

    if (r < 0)
        return r;
    r = child_wait_or_kill(pid, ms, &status);
    return r < 0 ? r : WIFEXITED(status) ? WEXITSTATUS(status) : -ECHILD;
}

/* Runs a function whose stdout becomes `ret`. */
static int run_for_answer(int (*run)(void *data), void *data, int ms, char ret[ANSWER_MAX])
{
    _cleanup_close_ int answer = memfd_create("answer", MFD_CLOEXEC);
    const struct child_plan plan = {
        .run = run, .data = data, .fds = {CHILD_NULL, answer, CHILD_NULL}, .n_fds = 3};
    const int r = answer < 0 ? -errno : run_bounded(&plan, ms);
    const ssize_t size = answer < 0 ? -1 : pread(answer, ret, ANSWER_MAX - 1, 0);

    ret[size > 0 ? size : 0] = '\0';
    return r;
}

/* ---- whom -------------------------------------------------------------------------------------------------- */

/* In /etc/passwd alone, which needs no directory. False: no such line. */
static bool find_local(const char *name, uid_t uid, char **ret_name, uid_t *ret_uid)
{
    _cleanup_fclose_ FILE *file = fopen(PATH_ETC "/passwd", "re");
    const struct passwd *entry = NULL;

    while (file && (entry = fgetpwent(file)))
        if (name ? strcmp(entry->pw_name, name) == 0 : entry->pw_uid == uid)
            break;
    if (!entry)
        return false;
    *ret_uid = entry->pw_uid;
    *ret_name = strdup(entry->pw_name);
    return true;
}

char *lock_user_name(uid_t uid)
{
    char *name = NULL;

    if (find_local(NULL, uid, &name, &uid) && name)
        return name;
    return output_format("uid %u", uid);
}

/* The name is the one that the uid has: some directories echo the spelling that they were asked for (decision 015). */
static int ask_directory(void *data)
{
    const struct passwd *entry = NULL;
    const enum directory_answer answer = directory_user(data, &entry);

    if (answer == DIRECTORY_FOUND) {
        const uid_t uid = entry->pw_uid;
        _cleanup_free_ char *name = strdup(entry->pw_name);
        const bool known = directory_user_by_uid(uid, &entry) == DIRECTORY_FOUND;

        if (known || name)
            printf("%u %s", uid, known ? entry->pw_name : name);
    }
    fflush(stdout);
    return (int)answer;
}

static enum lock_target find_in_directory(const char *typed, struct lock *ret)
{
    char answer[ANSWER_MAX];
    const int r = run_for_answer(ask_directory, (void *)typed, DIRECTORY_MS, answer);
    char *name = NULL;

    if (r == DIRECTORY_FOUND) {
        ret->uid = (uid_t)strtoul(answer, &name, 10);
        if (*name == ' ')
            ret->user = strdup(name + 1);
    }
    return r == DIRECTORY_ABSENT ? LOCK_TARGET_ABSENT
           : ret->user           ? LOCK_TARGET_FOUND
                                 : LOCK_TARGET_UNANSWERED;
}

enum lock_target lock_find_target(const char *typed, struct lock *ret)
{
    struct grant_user file = {0};
    enum lock_target found = LOCK_TARGET_FOUND;

    ret->uid = UID_UNSET;
    if (find_local(typed, 0, &ret->user, &ret->uid)) {
        found = LOCK_TARGET_FOUND;
    } else if (grantdir_read_user(PATH_STATE, typed, time(NULL), &file) == 0) {
        ret->uid = file.uid;
        grant_user_deinit(&file);
    } else {
        found = find_in_directory(typed, ret);
    }
    if (!ret->user)
        ret->user = strdup(typed);
    if (!ret->user)
        output_no_memory();
    return found;
}

/* Whether both may mean one user: whatever the case, and with a domain ("olga@corp", "CORP\\olga") or without. */
static bool is_alike(const char *one, const char *two)
{
    const char *const names[] = {one, two};
    const char *bare[2];
    size_t length[2];

    for (size_t i = 0; i < 2; i++) {
        const char *domain = strchr(names[i], '\\');
        bare[i] = domain ? domain + 1 : names[i];
        length[i] = strcspn(bare[i], "@");
    }
    return length[0] == length[1] && strncasecmp(bare[0], bare[1], length[0]) == 0 && strcmp(one, two) != 0;
}

char *lock_find_alike(const char *typed)
{
    char user[NAME_ENCODED_MAX + 1];
    char *found = NULL;
    DIR *entries = opendir(PATH_STATE "/grants/user");
    const struct dirent *entry;

    while (entries && !found && (entry = readdir(entries)))
        if (entry->d_type != DT_DIR /* a lock */ && name_decode(entry->d_name, user, sizeof(user)) == 0 &&
            is_alike(user, typed))
            found = strdup(user);
    if (entries)
        closedir(entries);
    return found;
}

static uid_t read_loginuid(const char *path)
{
    char text[16] = "";
    _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
    const ssize_t size = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

    return size > 0 ? (uid_t)strtoul(text, NULL, 10) : UID_UNSET;
}

/* In a container, where process 1 has one, a login id says nothing. */
uid_t lock_own_login(void)
{
    return read_loginuid("/proc/1/loginuid") == UID_UNSET ? read_loginuid("/proc/self/loginuid") : UID_UNSET;
}

/* ---- /etc/group -------------------------------------------------------------------------------------------- */

int lock_end_members(const struct lock *lock)
{
    char uid[16];
    struct stat st;
    char *const argv[] = {(char *)PATH_PRIV, (char *)"--end-user", lock->user,
                          lock->uid == UID_UNSET ? NULL : uid, NULL};
    const struct child_plan plan = {
        .argv = argv, .environment = environ, .fds = {CHILD_NULL, STDERR_FILENO, STDERR_FILENO}, .n_fds = 3};

    if (stat(PATH_NOTES, &st) < 0 && errno == ENOENT)
        return 0;
    snprintf(uid, sizeof(uid), "%u", lock->uid);
    return run_bounded(&plan, MEMBERS_MS);
}

/* ---- accesspkgd -------------------------------------------------------------------------------------------- */

struct telling {
    const char *user;
    const char *method;
};

/* Prints the answer; its exit code is an enum lock_told. */
static int tell(void *data)
{
    const struct telling *telling = data;
    struct client client = {0};
    struct client_error error;
    json_t *value = NULL;
    bool runs = false;

    if (client_daemon_runs(&client, &runs, &error) < 0)
        return LOCK_TOLD_NOT;
    if (!runs)
        return LOCK_TOLD_NOBODY;
    if (!client.connection && client_open(&client, &error) < 0)
        return LOCK_TOLD_NOT;
    const struct client_message message =
        client_message(telling->method, "s", json_pack("[s]", telling->user));
    if (client_call(&client, message, &value, &error) < 0)
        return LOCK_TOLD_NOT;
    return member_true(value, "recorded") ? LOCK_TOLD : LOCK_TOLD_NOT;
}

enum lock_told lock_tell(const char *user, const char *method)
{
    struct telling telling = {user, method};
    char answer[ANSWER_MAX];
    const int r = run_for_answer(tell, &telling, BUS_MS, answer);

    return r == LOCK_TOLD || r == LOCK_TOLD_NOBODY ? (enum lock_told)r : LOCK_TOLD_NOT;
}
