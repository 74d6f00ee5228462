/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/support/live.h"

#include "common/cleanup.h"
#include "common/paths.h"
#include "tests/support/live_store.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

enum { READY_TIMEOUT_MS = 20000 };

char live_output[LIVE_OUTPUT_MAX];
char live_message[2048];

static pid_t bus;
static pid_t accesspkgd;
static pid_t privileged;
static int privileged_tells = -1; /* what it tells its manager comes here */
static pid_t notifier;

void live_write_package(const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof(path), "/etc/accesspkg/packages.d/%s.conf", name);
    FILE *out = fopen(path, "we");
    ck_assert_ptr_nonnull(out);
    ck_assert_int_ge(fputs(text, out), 0);
    ck_assert_int_eq(fclose(out), 0);
}

void live_remove_package(const char *name)
{
    char path[256];
    snprintf(path, sizeof(path), "/etc/accesspkg/packages.d/%s.conf", name);
    ck_assert_int_eq(unlink(path), 0);
}

/* Callers on the bus need no groups of their own: some tests stall the look-up of groups. */
static void become(const char *user, bool with_groups)
{
    const struct passwd *entry = getpwnam(user);
    if (!entry || (with_groups ? initgroups(user, entry->pw_gid) : setgroups(0, NULL)) < 0 ||
        setresgid(entry->pw_gid, entry->pw_gid, entry->pw_gid) < 0 ||
        setresuid(entry->pw_uid, entry->pw_uid, entry->pw_uid) < 0)
        _exit(125);
}

pid_t live_fork(const char *user, int (*body)(void *data), void *data)
{
    const pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        become(user, false);
        _exit(body(data));
    }
    return pid;
}

static int status_of(pid_t pid)
{
    int status = 0;
    while (waitpid(pid, &status, 0) < 0)
        ck_assert_int_eq(errno, EINTR);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

int live_join(pid_t pid)
{
    return status_of(pid);
}

/* A socket at this path, bound. */
static int bind_socket(const char *path, int type, mode_t mode)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
    unlink(path);
    const int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    ck_assert_int_eq(chmod(path, mode), 0);
    return fd;
}

void live_start_bus(void)
{
    int ready[2];
    ck_assert_int_eq(pipe2(ready, O_CLOEXEC), 0);
    bus = fork();
    ck_assert_int_ge(bus, 0);
    if (bus == 0) {
        dup2(ready[1], 3);
        execlp("dbus-daemon", "dbus-daemon", "--config-file=tests/support/system-bus.conf", "--nofork",
               "--nopidfile", "--print-address=3", NULL);
        _exit(127);
    }
    close(ready[1]);
    char address[512];
    ck_assert_msg(read(ready[0], address, sizeof(address)) > 0, "dbus-daemon did not start");
    close(ready[0]);
}

/* Root's own door, as its unit has it; but nobody starts accesspkgd by it, and it refuses while that does not run. */
static int open_door(void)
{
    const int fd = bind_socket(PATH_DOOR, SOCK_STREAM, 0600);
    ck_assert_int_eq(listen(fd, 1024), 0);
    return fd;
}

/* As systemd hands sockets down: sd_listen_fds(3). */
static void hand_down(int door)
{
    char self[16];
    snprintf(self, sizeof(self), "%d", getpid());
    setenv("LISTEN_PID", self, 1);
    setenv("LISTEN_FDS", "1", 1);
    if (door == 3 ? fcntl(door, F_SETFD, 0) < 0 : dup2(door, 3) < 0)
        _exit(125);
}

void live_start_daemon(void)
{
    _cleanup_close_ int notify = bind_socket("/run/live-notify", SOCK_DGRAM, 0666);
    _cleanup_close_ int door = open_door();
    accesspkgd = fork();
    ck_assert_int_ge(accesspkgd, 0);
    if (accesspkgd == 0) {
        hand_down(door);
        if (setgroups(0, NULL) < 0 || setresgid(990, 990, 990) < 0 || setresuid(990, 990, 990) < 0)
            _exit(125);
        setenv("NOTIFY_SOCKET", "/run/live-notify", 1);
        execl("/usr/sbin/accesspkgd", "accesspkgd", NULL);
        _exit(127);
    }
    struct pollfd wait = {.fd = notify, .events = POLLIN};
    ck_assert_msg(poll(&wait, 1, READY_TIMEOUT_MS) == 1, "accesspkgd did not say that it is ready");
    char text[64] = "";
    ck_assert_int_gt(recv(notify, text, sizeof(text) - 1, 0), 0);
    ck_assert_str_eq(text, "READY=1");
}

static int wait_daemon(void)
{
    const int status = status_of(accesspkgd);
    accesspkgd = 0;
    return status;
}

int live_stop_daemon(int signal)
{
    ck_assert_int_eq(kill(accesspkgd, signal), 0);
    return wait_daemon();
}

void live_wait_name(const char *name, bool owned)
{
    char rule[256];
    DBusError error = DBUS_ERROR_INIT;
    DBusConnection *connection = dbus_bus_get_private(DBUS_BUS_SYSTEM, &error);
    ck_assert_msg(connection, "%s", error.message);
    snprintf(rule, sizeof(rule), "type='signal',member='NameOwnerChanged',arg0='%s'", name);
    dbus_bus_add_match(connection, rule, &error);
    while (dbus_bus_name_has_owner(connection, name, &error) != owned) {
        ck_assert_msg(!dbus_error_is_set(&error), "%s", error.message);
        DBusMessage *message = dbus_connection_pop_message(connection);
        if (message)
            dbus_message_unref(message); /* it came with the answer */
        else
            dbus_connection_read_write(connection, READY_TIMEOUT_MS);
    }
    dbus_connection_close(connection);
    dbus_connection_unref(connection);
}

void live_start_privileged(unsigned idle)
{
    char option[32];
    snprintf(option, sizeof(option), "--idle=%u", idle);
    if (privileged_tells >= 0)
        close(privileged_tells);
    privileged_tells = bind_socket("/run/live-privileged", SOCK_DGRAM, 0600);
    privileged = fork();
    ck_assert_int_ge(privileged, 0);
    if (privileged == 0) {
        /* Of no consequence, as is all that its starter hands down. */
        setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent", 1);
        setenv("NOTIFY_SOCKET", "/run/live-privileged", 1);
        execl("/usr/libexec/accesspkg/accesspkg-privileged", "accesspkg-privileged", option, NULL);
        _exit(127);
    }
    live_wait_name(BUS_PRIVILEGED_NAME, true);
}

bool live_privileged_stops(void)
{
    char text[64] = "";
    return recv(privileged_tells, text, sizeof(text) - 1, MSG_DONTWAIT) > 0 &&
           strcmp(text, "STOPPING=1") == 0;
}

int live_wait_privileged(void)
{
    const int status = status_of(privileged);
    privileged = 0;
    return status;
}

void live_signal_privileged(int signal)
{
    ck_assert_int_eq(kill(privileged, signal), 0);
}

int live_stop_privileged(int signal)
{
    ck_assert_int_eq(kill(privileged, signal), 0);
    return live_wait_privileged();
}

void live_start_notify(const char *deadline, const char *pause)
{
    char options[2][64];
    snprintf(options[0], sizeof(options[0]), "--deadline=%s", deadline);
    snprintf(options[1], sizeof(options[1]), "--pause=%s", pause);
    notifier = fork();
    ck_assert_int_ge(notifier, 0);
    if (notifier == 0) {
        const gid_t tty = 5; /* as its unit has it */
        if (setgroups(1, &tty) < 0 || setresgid(989, 989, 989) < 0 || setresuid(989, 989, 989) < 0)
            _exit(125);
        execl("/usr/libexec/accesspkg/accesspkg-notify", "accesspkg-notify", options[0], options[1], NULL);
        _exit(127);
    }
    live_wait_name(BUS_NOTIFIER_NAME, true);
}

int live_stop_notify(int signal)
{
    ck_assert_int_eq(kill(notifier, signal), 0);
    const int status = status_of(notifier);
    notifier = 0;
    return status;
}

void live_signal_bus(int signal)
{
    ck_assert_int_eq(kill(bus, signal), 0);
}

void live_kill_bus(void)
{
    live_signal_bus(SIGKILL);
    status_of(bus);
    bus = 0;
}

void live_start(const char *first_name, ...)
{
    ck_assert_int_eq(
        system("rm -rf /etc/accesspkg/packages.d/* /etc/accesspkg/notify.d/* /var/lib/accesspkg/state.db* "
               "/var/lib/accesspkg/policy* /var/lib/accesspkg/allow /var/lib/accesspkg/used/* "
               "/var/lib/accesspkg/unrecorded /var/lib/accesspkg/locks /var/lib/accesspkg/grants/user/* "
               "/var/lib/accesspkg/grants/mark /etc/accesspkg/store "
               "/var/lib/accesspkg-privileged/*"),
        0);
    va_list rest;
    va_start(rest, first_name);
    for (const char *name = first_name; name; name = va_arg(rest, const char *))
        live_write_package(name, va_arg(rest, const char *));
    va_end(rest);
    live_start_bus();
    ck_assert_msg(live_run("root", "accesspkgd --write-allow-list") == 0, "%s", live_output);
    live_place_store();
    live_start_daemon();
    ck_assert_msg(live_run("root", "accesspkgd --note-store") == 0, "%s", live_output);
}

void live_stop(void)
{
    if (notifier)
        live_stop_notify(SIGTERM);
    if (privileged)
        live_stop_privileged(SIGTERM);
    const int status = accesspkgd ? live_stop_daemon(SIGTERM) : 0;
    if (bus)
        live_kill_bus();
    ck_assert_msg(status == 0, "accesspkgd ended with %d when it was stopped", status);
}

static size_t read_all(int fd, char *text, size_t size)
{
    size_t length = 0;
    ssize_t got;
    while (length < size - 1 && (got = read(fd, text + length, size - 1 - length)) > 0)
        length += (size_t)got;
    text[length] = '\0';
    return length;
}

/* What takes no shell is run without one: most commands do not. */
static void execute(const char *command)
{
    enum { WORDS_MAX = 31 };
    char *words[WORDS_MAX + 1], *rest = NULL, *copy = strdup(command);
    size_t count = 0;
    if (!strpbrk(command, "|&;<>()$`\\\"'*?[]#~=%!{}\n")) {
        char *word = strtok_r(copy, " ", &rest);
        for (; word && count < WORDS_MAX; word = strtok_r(NULL, " ", &rest))
            words[count++] = word;
        words[count] = NULL;
        if (count > 0 && !word)
            execvp(words[0], words); /* a builtin of the shell is not found */
    }
    execl("/bin/sh", "sh", "-c", command, NULL);
}

int live_run(const char *user, const char *command)
{
    int out[2];
    ck_assert_int_eq(pipe2(out, O_CLOEXEC), 0);
    const pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        dup2(out[1], 1);
        dup2(out[1], 2);
        become(user, true);
        execute(command);
        _exit(127);
    }
    close(out[1]);
    read_all(out[0], live_output, sizeof(live_output));
    close(out[0]);
    return status_of(pid);
}

void live_expect(const char *user, const char *command, int status, const char *says)
{
    const int r = live_run(user, command);
    ck_assert_msg(r == status, "%s: %d, %s", command, r, live_output);
    ck_assert_msg(strstr(live_output, says), "%s: %s", command, live_output);
}

static bool has_word(char *words, const char *word)
{
    char *rest = NULL;
    for (char *one = strtok_r(words, " \n", &rest); one; one = strtok_r(NULL, " \n", &rest))
        if (strcmp(one, word) == 0)
            return true;
    return false;
}

bool live_in_group(const char *user, const char *group)
{
    char command[128];
    snprintf(command, sizeof(command), "id -nG %s", user);
    live_run("root", command);
    return has_word(live_output, group);
}

bool live_stands(const char *user, const char *group)
{
    bool stands = false;
    const struct group *entry = NULL;
    FILE *file = fopen("/etc/group", "re");
    ck_assert_ptr_nonnull(file);
    while ((entry = fgetgrent(file)))
        for (char *const *member = entry->gr_mem; *member; member++)
            stands |= strcmp(entry->gr_name, group) == 0 && strcmp(*member, user) == 0;
    fclose(file);
    return stands;
}

int live_watch(const char *folder)
{
    const int fd = inotify_init1(IN_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_ge(inotify_add_watch(fd, folder, IN_MOVED_TO | IN_CLOSE_WRITE), 0);
    return fd;
}

bool live_changes(int watch)
{
    char events[4096];
    struct pollfd there = {.fd = watch, .events = POLLIN};
    return poll(&there, 1, 30000) > 0 && read(watch, events, sizeof(events)) > 0;
}

bool live_can_set_loginuid(void)
{
    const pid_t pid = fork();
    if (pid == 0) {
        const int fd = open("/proc/self/loginuid", O_WRONLY | O_CLOEXEC);
        _exit(fd >= 0 && write(fd, "1001", 4) == 4 ? 0 : 1);
    }
    int status = 1;
    return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

/* In the process of its own: calls, and writes what came back as JSON. */
static int call_and_tell(const char *method, const char *signature, json_t *arguments, int out)
{
    struct client client;
    struct client_error error = {0};
    json_t *value = NULL;
    json_t *told;
    client_deadline(60); /* beside a flood, where others want the processors as well */
    if (client_open(&client, &error) < 0 ||
        client_call(&client, client_message(method, signature, arguments), &value, &error) < 0)
        told = json_pack("{s:i, s:s}", "code", error.code, "message", error.message);
    else
        told = json_pack("{s:i, s:o}", "code", 0, "value", value);
    return json_dumpfd(told, out, JSON_COMPACT | JSON_ENCODE_ANY) < 0;
}

enum bus_error live_call(const char *user, long loginuid, const char *method, const char *signature,
                         json_t *arguments, json_t **ret_value)
{
    int out[2];
    ck_assert_int_eq(pipe2(out, O_CLOEXEC), 0);
    const pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        if (loginuid >= 0) {
            const int fd = open("/proc/self/loginuid", O_WRONLY | O_CLOEXEC);
            if (fd < 0 || dprintf(fd, "%ld", loginuid) < 0)
                _exit(124);
        }
        become(user, false);
        _exit(call_and_tell(method, signature, arguments, out[1]));
    }
    json_decref(arguments);
    close(out[1]);
    json_t *told = json_loadfd(out[0], 0, NULL);
    close(out[0]);
    ck_assert_int_eq(status_of(pid), 0);
    ck_assert_ptr_nonnull(told);
    const enum bus_error code = (enum bus_error)json_integer_value(json_object_get(told, "code"));
    const char *message = json_string_value(json_object_get(told, "message"));
    snprintf(live_message, sizeof(live_message), "%s", message ? message : "");
    if (ret_value && code == BUS_ERROR_NONE)
        *ret_value = json_incref(json_object_get(told, "value"));
    json_decref(told);
    return code;
}
