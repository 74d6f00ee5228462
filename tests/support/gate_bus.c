/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/support/gate_bus.h"

#include "dbus/contract.h"
#include "dbus/variant.h"
#include "tests/support/pam_host.h"

#include <check.h>
#include <dbus/dbus.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* Seen by the test and by the service's process. */
static struct shared {
    int calls;
    char last[8192];
    char caller[1024];
} * shared;

static pid_t bus, service;

static void start_bus(void)
{
    int ends[2];
    char byte, print[32];
    ck_assert_int_eq(pipe(ends), 0);
    bus = fork();
    ck_assert_int_ge(bus, 0);
    if (bus == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        /* It complains about the limits of a private root. */
        if (!freopen("/dev/null", "w", stderr))
            _exit(127);
        snprintf(print, sizeof(print), "--print-address=%d", ends[1]);
        execlp("dbus-daemon", "dbus-daemon", "--config-file=tests/support/system-bus.conf", "--nofork",
               "--nopidfile", print, (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    ck_assert_int_eq(read(ends[0], &byte, 1), 1); /* it listens */
    close(ends[0]);
}

/* ---- in the service's process --------------------------------------------------------------------------------- */

static dbus_uint32_t process_of(DBusConnection *connection, const char *sender)
{
    dbus_uint32_t pid = 0;
    DBusMessage *call = dbus_message_new_method_call(DBUS_SERVICE_DBUS, DBUS_PATH_DBUS, DBUS_INTERFACE_DBUS,
                                                     "GetConnectionUnixProcessID");
    dbus_message_append_args(call, DBUS_TYPE_STRING, &sender, DBUS_TYPE_INVALID);
    DBusMessage *reply = dbus_connection_send_with_reply_and_block(connection, call, 5000, NULL);
    if (reply)
        dbus_message_get_args(reply, NULL, DBUS_TYPE_UINT32, &pid, DBUS_TYPE_INVALID);
    dbus_message_unref(call);
    if (reply)
        dbus_message_unref(reply);
    return pid;
}

/* The lines that tell whose process it is and how it was set up. */
static void describe_caller(dbus_uint32_t pid)
{
    char path[64], line[512];
    snprintf(path, sizeof(path), "/proc/%u/status", pid);
    FILE *file = fopen(path, "r");
    shared->caller[0] = '\0';
    while (file && fgets(line, sizeof(line), file)) {
        const size_t used = strlen(shared->caller);
        if (strncmp(line, "Uid:", 4) != 0 && strncmp(line, "Gid:", 4) != 0 &&
            strncmp(line, "Groups:", 7) != 0 && strncmp(line, "Umask:", 6) != 0)
            continue;
        line[strcspn(line, "\n")] = '\0';
        for (char *tab = strchr(line, '\t'); tab; tab = strchr(tab, '\t'))
            *tab = ' ';
        snprintf(shared->caller + used, sizeof(shared->caller) - used, "%s;", line);
    }
    if (file)
        fclose(file);
}

static DBusMessage *answer_call(DBusConnection *connection, DBusMessage *call, gate_bus_answer *answer)
{
    json_t *arguments = variant_read_message(call);
    const uid_t uid = (uid_t)dbus_bus_get_unix_user(connection, dbus_message_get_sender(call), NULL);
    const struct gate_bus_reply reply = answer(arguments, uid);
    describe_caller(process_of(connection, dbus_message_get_sender(call)));
    DBusMessage *message = NULL;
    json_array_append_new(arguments, json_integer(uid));
    char *text = json_dumps(arguments, JSON_COMPACT | JSON_SORT_KEYS);
    snprintf(shared->last, sizeof(shared->last), "%s", text);
    free(text);
    json_decref(arguments);
    shared->calls++;
    if (reply.error) {
        message = dbus_message_new_error(call, reply.error, reply.message);
    } else if (reply.signature) {
        json_t *values = reply.several ? reply.value : json_pack("[o]", reply.value);
        message = dbus_message_new_method_return(call);
        if (variant_append_message(message, reply.signature, values) < 0)
            abort();
        json_decref(values);
    }
    return message;
}

static _Noreturn void serve(int ready, gate_bus_answer *answer)
{
    DBusError error = DBUS_ERROR_INIT;
    if (setresgid(PAM_HOST_DAEMON, PAM_HOST_DAEMON, PAM_HOST_DAEMON) < 0 ||
        setresuid(PAM_HOST_DAEMON, PAM_HOST_DAEMON, PAM_HOST_DAEMON) < 0)
        _exit(1);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    DBusConnection *connection = dbus_bus_get_private(DBUS_BUS_SYSTEM, &error);
    if (!connection || dbus_bus_request_name(connection, BUS_NAME, 0, &error) < 0 || write(ready, "", 1) != 1)
        _exit(1);
    close(ready);
    while (dbus_connection_read_write(connection, -1)) {
        for (DBusMessage *call; (call = dbus_connection_pop_message(connection));) {
            if (dbus_message_is_method_call(call, BUS_INTERFACE_MANAGER, "Submit") ||
                dbus_message_is_method_call(call, BUS_INTERFACE_MANAGER, "GetRequest") ||
                dbus_message_is_method_call(call, BUS_INTERFACE_MANAGER, "ListRequests")) {
                DBusMessage *message = answer_call(connection, call, answer);
                if (message) {
                    dbus_connection_send(connection, message, NULL);
                    dbus_connection_flush(connection);
                    dbus_message_unref(message);
                }
            }
            dbus_message_unref(call);
        }
    }
    _exit(0);
}

/* ---- in the test's process ------------------------------------------------------------------------------------- */

void gate_bus_start(gate_bus_answer *answer)
{
    int ends[2];
    char byte;
    shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(shared, MAP_FAILED);
    start_bus();
    if (!answer)
        return;
    ck_assert_int_eq(pipe(ends), 0);
    service = fork();
    ck_assert_int_ge(service, 0);
    if (service == 0) {
        close(ends[0]);
        serve(ends[1], answer);
    }
    close(ends[1]);
    ck_assert_int_eq(read(ends[0], &byte, 1), 1);
    close(ends[0]);
}

static void stop(pid_t *pid)
{
    if (*pid <= 0)
        return;
    kill(*pid, SIGKILL);
    waitpid(*pid, NULL, 0);
    *pid = 0;
}

void gate_bus_stop(void)
{
    stop(&service);
    stop(&bus);
    unlink("/run/dbus/system_bus_socket");
    munmap(shared, sizeof(*shared));
}

int gate_bus_calls(void)
{
    return shared->calls;
}

const char *gate_bus_last_call(void)
{
    return shared->last;
}

const char *gate_bus_last_caller(void)
{
    return shared->caller;
}
