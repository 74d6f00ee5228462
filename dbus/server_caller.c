/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dbus/server_caller.h"

#include "common/cleanup.h"
#include "common/log.h"
#include "dbus/server_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

enum { CREDENTIALS_TIMEOUT_MS = 15000 }; /* beside a flood; callers wait 25 s */

struct identification {
    bus_caller_done done;
    void *data;
};

static int read_proc_file(int folder, const char *name, char *ret, size_t size)
{
    _cleanup_close_ int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    const ssize_t got = fd < 0 ? -1 : read(fd, ret, size - 1);
    if (got < 0)
        return -errno;
    ret[got] = '\0';
    return 0;
}

/* The folder has the effective uid, for much less than the file `status` takes. */
static bool runs_as(int folder, uid_t uid)
{
    struct stat status;
    return fstat(folder, &status) == 0 && status.st_uid == uid;
}

/*
 * Checks that one of the process's four uids is this one. The bus says who connected, but the pid may be another user's
 * process by now, whose login id would hide the caller's (rule 5).
 */
static int check_process_uid(int folder, uid_t uid)
{
    char text[1024];
    unsigned uids[4];
    if (runs_as(folder, uid))
        return 0;
    const int r = read_proc_file(folder, "status", text, sizeof(text));
    if (r < 0)
        return r;
    const char *line = strstr(text, "\nUid:");
    if (!line || sscanf(line, " Uid: %u %u %u %u", &uids[0], &uids[1], &uids[2], &uids[3]) != 4)
        return -EBADMSG;
    for (size_t i = 0; i < 4; i++)
        if (uids[i] == uid)
            return 0;
    return -ESRCH;
}

static int open_folder(const char *proc, pid_t pid)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/%d", proc, (int)pid);
    const int folder = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    return folder < 0 ? -errno : folder;
}

/* Field 22 of /proc/PID/stat, counted from the last ')', as the name in parentheses may have any text. */
static int read_start_time(int folder, unsigned long long *ret)
{
    char text[1024];
    const int r = read_proc_file(folder, "stat", text, sizeof(text));
    if (r < 0)
        return r;
    char *field = strrchr(text, ')');
    for (int number = 2; field && number < 22; number++)
        field = strchr(field + 1, ' ');
    if (!field)
        return -EBADMSG;
    *ret = strtoull(field + 1, NULL, 10);
    return 0;
}

enum { KEPT_MAX = 128, KEPT_PART = 16 /* of the files that this process may open */ };

/* The open `loginuid` of processes that called lately, by their pids. Whoever has such a pid later does not answer there. */
static struct kept {
    pid_t pid;
    unsigned long long started;
    int file;
} kept[KEPT_MAX];

static size_t count_places(void)
{
    struct rlimit files;
    const bool few = getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur / KEPT_PART < KEPT_MAX;
    return few ? (size_t)files.rlim_cur / KEPT_PART + 1 : KEPT_MAX;
}

static struct kept *find_kept(pid_t pid)
{
    static size_t places;
    if (places == 0)
        places = count_places();
    return &kept[(size_t)pid % places];
}

static void keep(pid_t pid, unsigned long long started, int file)
{
    struct kept *place = find_kept(pid);
    if (place->pid)
        close(place->file);
    *place = (struct kept){pid, started, file};
}

static int read_number(int file, uid_t *ret)
{
    char text[32];
    const ssize_t got = pread(file, text, sizeof(text) - 1, 0);
    if (got < 0)
        return -errno;
    text[got] = '\0';
    char *end = NULL;
    const unsigned long value = strtoul(text, &end, 10);
    if (end == text || value > UID_UNSET)
        return -EBADMSG;
    *ret = (uid_t)value;
    return 0;
}

/* All of one process, as the folder stays that of the one for which it was opened. */
static int find_process(const char *proc, struct bus_caller *caller, uid_t *ret)
{
    unsigned long long started = 0;
    _cleanup_close_ int folder = open_folder(proc, caller->pid);
    int r = folder < 0 ? folder : read_start_time(folder, &started);
    if (r == 0)
        r = check_process_uid(folder, caller->uid);
    if (r < 0)
        return r;
    if (caller->started && caller->started != started)
        return -ESRCH;
    caller->started = started;
    const int file = openat(folder, "loginuid", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (file >= 0) {
        keep(caller->pid, started, file);
        return read_number(file, ret);
    }
    /* Without it while the process is there: a kernel without audit. */
    if (errno != ENOENT || faccessat(folder, "stat", F_OK, 0) < 0)
        return -errno;
    *ret = UID_UNSET;
    return 0;
}

int bus_caller_read_loginuid(const char *proc, struct bus_caller *caller, uid_t *ret)
{
    const struct kept *place = find_kept(caller->pid);
    const bool is_kept = caller->started && place->pid == caller->pid && place->started == caller->started;
    return is_kept ? read_number(place->file, ret) : find_process(proc, caller, ret);
}

bool bus_caller_login_ids_count(const char *proc)
{
    char text[32];
    _cleanup_close_ int folder = open_folder(proc, 1);
    return folder < 0 || read_proc_file(folder, "loginuid", text, sizeof(text)) < 0 ||
           strtoul(text, NULL, 10) == UID_UNSET;
}

/* Finds a uint32 member of GetConnectionCredentials' a{sv}. */
static bool find_number(DBusMessage *reply, const char *wanted, dbus_uint32_t *ret)
{
    DBusMessageIter arguments;
    DBusMessageIter entries;
    if (!dbus_message_has_signature(reply, "a{sv}") || !dbus_message_iter_init(reply, &arguments))
        return false;
    dbus_message_iter_recurse(&arguments, &entries);
    for (; dbus_message_iter_get_arg_type(&entries) == DBUS_TYPE_DICT_ENTRY;
         dbus_message_iter_next(&entries)) {
        DBusMessageIter entry;
        DBusMessageIter value;
        const char *key = NULL;
        dbus_message_iter_recurse(&entries, &entry);
        dbus_message_iter_get_basic(&entry, &key);
        dbus_message_iter_next(&entry);
        dbus_message_iter_recurse(&entry, &value);
        if (strcmp(key, wanted) == 0 && dbus_message_iter_get_arg_type(&value) == DBUS_TYPE_UINT32) {
            dbus_message_iter_get_basic(&value, ret);
            return true;
        }
    }
    return false;
}

/* A bus that is flooded answers late for many: they share a line. */
static void warn_unidentified(void)
{
    static struct log_limit limit;
    struct timespec now;
    size_t others = 0;
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (!log_may_write(&limit, now.tv_sec, &others))
        return;
    if (others > 0)
        log_warning(
            "The bus does not say who a caller is, nor who %zu others before were; their calls are refused.",
            others);
    else
        log_warning("The bus does not say who a caller is; its call is refused.");
}

static bool read_credentials(DBusMessage *reply, struct bus_caller *ret)
{
    dbus_uint32_t uid = 0;
    dbus_uint32_t pid = 0;
    /* The caller has disconnected: do not let such callers fill the log. */
    if (reply && dbus_message_is_error(reply, DBUS_ERROR_NAME_HAS_NO_OWNER))
        return false;
    if (!reply || dbus_message_get_type(reply) != DBUS_MESSAGE_TYPE_METHOD_RETURN ||
        !find_number(reply, "UnixUserID", &uid) || !find_number(reply, "ProcessID", &pid) || pid == 0) {
        warn_unidentified();
        return false;
    }
    *ret = (struct bus_caller){.uid = uid, .pid = (pid_t)pid};
    return true;
}

int bus_caller_read_identity(struct bus_caller *caller, struct identity *ret)
{
    uid_t loginuid = UID_UNSET;
    const int r = bus_caller_read_loginuid("/proc", caller, &loginuid);
    if (r < 0) {
        log_line(r == -ENOENT || r == -ESRCH ? LOG_DEBUG : LOG_WARNING,
                 "Cannot read the login uid of process %d (uid %u): %s. Its call is refused.",
                 (int)caller->pid, caller->uid, strerror(-r));
        return r;
    }
    /* Nothing changes the login id of process 1, but for itself when the host starts. */
    static enum { UNREAD, COUNT, MEAN_NOTHING } login_ids;
    if (login_ids == UNREAD)
        login_ids = bus_caller_login_ids_count("/proc") ? COUNT : MEAN_NOTHING;
    *ret = (struct identity){.uid = caller->uid, .loginuid = login_ids == COUNT ? loginuid : UID_UNSET};
    return 0;
}

static void on_credentials(DBusPendingCall *pending, void *data)
{
    const struct identification *identification = data;
    DBusMessage *reply = dbus_pending_call_steal_reply(pending);
    struct bus_caller caller;
    const bool known = read_credentials(reply, &caller);
    if (reply)
        dbus_message_unref(reply);
    identification->done(known ? &caller : NULL, identification->data);
}

static int ask_bus(struct bus *bus, const char *sender, bus_caller_done done, void *data)
{
    DBusPendingCall *pending = NULL;
    int r = -ENOMEM;
    struct identification *identification = malloc(sizeof(*identification));
    DBusMessage *question = dbus_message_new_method_call(DBUS_SERVICE_DBUS, DBUS_PATH_DBUS,
                                                         DBUS_INTERFACE_DBUS, "GetConnectionCredentials");
    if (identification && question &&
        dbus_message_append_args(question, DBUS_TYPE_STRING, &sender, DBUS_TYPE_INVALID) && bus->connection &&
        dbus_connection_send_with_reply(bus->connection, question, &pending, CREDENTIALS_TIMEOUT_MS) &&
        pending) {
        *identification = (struct identification){.done = done, .data = data};
        if (dbus_pending_call_set_notify(pending, on_credentials, identification, free)) {
            identification = NULL;
            r = 0;
        } else {
            dbus_pending_call_cancel(pending);
        }
        dbus_pending_call_unref(pending);
    }
    if (question)
        dbus_message_unref(question);
    free(identification);
    return r;
}

int bus_caller_identify(struct bus *bus, const char *sender, bus_caller_done done, void *data)
{
    if (bus->peer == 0)
        return ask_bus(bus, sender, done, data);
    done(&(struct bus_caller){.uid = 0, .pid = bus->peer}, data);
    return 0;
}
