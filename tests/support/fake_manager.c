/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The bus, the fake daemon on it, and the commands beside them; see the header. */
#include "tests/support/fake_manager.h"

#include "dbus/contract.h"
#include "dbus/variant.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utmp.h>

/* ---- the bus ---------------------------------------------------------------------------------------------- */

static void write_configuration(const struct fake_manager *fake, char *ret_path, size_t size)
{
    FILE *file;

    snprintf(ret_path, size, "%s/bus.conf", fake->folder);
    file = fopen(ret_path, "w");
    ck_assert_ptr_nonnull(file);
    fprintf(file,
            "<busconfig><type>session</type><listen>unix:path=%s/bus</listen><auth>EXTERNAL</auth>"
            "<policy context=\"default\"><allow user=\"*\"/><allow own=\"*\"/><allow send_destination=\"*\"/>"
            "<allow receive_sender=\"*\"/></policy></busconfig>\n",
            fake->folder);
    fclose(file);
}

static pid_t start_bus(const char *configuration, int address)
{
    char argument[PATH_MAX + 32], print[32];
    pid_t pid = fork();

    ck_assert_int_ge(pid, 0);
    if (pid > 0)
        return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    /* A root without CAP_SYS_RESOURCE is told so each time; what matters shows as a missing address. */
    dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
    snprintf(argument, sizeof(argument), "--config-file=%s", configuration);
    snprintf(print, sizeof(print), "--print-address=%d", address);
    execlp("dbus-daemon", "dbus-daemon", argument, print, "--nofork", "--nopidfile", (char *)NULL);
    _exit(127);
}

void fake_manager_signal(struct fake_manager *fake, int64_t id)
{
    DBusMessage *message = dbus_message_new_signal(BUS_PATH, BUS_INTERFACE_MANAGER, "RequestChanged");
    const dbus_int64_t number = id;

    ck_assert(dbus_message_append_args(message, DBUS_TYPE_INT64, &number, DBUS_TYPE_INVALID));
    dbus_connection_send(fake->connection, message, NULL);
    dbus_message_unref(message);
}

static DBusHandlerResult serve(DBusConnection *connection, DBusMessage *call, void *data)
{
    struct fake_manager *fake = data;
    DBusMessage *message;
    json_t *arguments;

    if (dbus_message_get_type(call) != DBUS_MESSAGE_TYPE_METHOD_CALL ||
        !dbus_message_has_interface(call, BUS_INTERFACE_MANAGER))
        return DBUS_HANDLER_RESULT_NOT_YET_HANDLED;
    arguments = variant_read_message(call);
    struct fake_reply reply = fake->answer(dbus_message_get_member(call), arguments, fake->data);
    json_decref(arguments);
    if (fake->signals)
        fake_manager_signal(fake, fake->signals);
    fake->signals = 0;
    if (reply.error) {
        message = dbus_message_new_error(call, reply.error, reply.message);
    } else if (reply.signature) {
        message = dbus_message_new_method_return(call);
        ck_assert_int_eq(variant_append_message(message, reply.signature, reply.values), 0);
        json_decref(reply.values);
    } else {
        return DBUS_HANDLER_RESULT_HANDLED;
    }
    dbus_connection_send(connection, message, NULL);
    dbus_message_unref(message);
    return DBUS_HANDLER_RESULT_HANDLED;
}

/* Where the running suite lies, less tests/KIND/SUITE. */
static const char *build_folder(void)
{
    static char path[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);

    ck_assert_int_gt(length, 0);
    path[length] = '\0';
    for (int i = 0; i < 3; i++)
        *strrchr(path, '/') = '\0';
    return path;
}

static void join_bus(struct fake_manager *fake, bool own)
{
    DBusError error = DBUS_ERROR_INIT;

    fake->connection = dbus_bus_get_private(DBUS_BUS_SYSTEM, &error);
    ck_assert_msg(fake->connection != NULL, "%s", error.message);
    dbus_connection_set_exit_on_disconnect(fake->connection, FALSE);
    if (own)
        ck_assert_int_eq(dbus_bus_request_name(fake->connection, BUS_NAME, 0, &error),
                         DBUS_REQUEST_NAME_REPLY_PRIMARY_OWNER);
    ck_assert(dbus_connection_add_filter(fake->connection, serve, fake, NULL));
}

void fake_manager_start(struct fake_manager *fake, bool own, fake_answer *answer, void *data)
{
    char configuration[PATH_MAX], address[PATH_MAX];
    int pipe_ends[2];
    FILE *addresses;

    *fake = (struct fake_manager){.answer = answer, .data = data};
    strcpy(fake->folder, "/tmp/fake-bus-XXXXXX");
    fake->programs = open(build_folder(), O_PATH | O_DIRECTORY | O_CLOEXEC);
    ck_assert_int_ge(fake->programs, 0);
    ck_assert_ptr_nonnull(mkdtemp(fake->folder));
    ck_assert_int_eq(chmod(fake->folder, 0755), 0);
    write_configuration(fake, configuration, sizeof(configuration));
    ck_assert_int_eq(pipe(pipe_ends), 0);
    fake->bus = start_bus(configuration, pipe_ends[1]);
    close(pipe_ends[1]);
    addresses = fdopen(pipe_ends[0], "r");
    ck_assert_ptr_nonnull(fgets(address, sizeof(address), addresses));
    fclose(addresses);
    address[strcspn(address, "\n")] = '\0';
    setenv("DBUS_SYSTEM_BUS_ADDRESS", address, 1);
    join_bus(fake, own);
}

void fake_manager_stop(struct fake_manager *fake)
{
    char path[PATH_MAX];

    close(fake->programs);
    dbus_connection_close(fake->connection);
    dbus_connection_unref(fake->connection);
    kill(fake->bus, SIGKILL);
    waitpid(fake->bus, NULL, 0);
    snprintf(path, sizeof(path), "%s/bus", fake->folder);
    unlink(path);
    snprintf(path, sizeof(path), "%s/bus.conf", fake->folder);
    unlink(path);
    rmdir(fake->folder);
}

/* ---- running a command ------------------------------------------------------------------------------------ */

static int broken_pipe(void)
{
    int ends[2];

    if (pipe(ends) < 0)
        _exit(126);
    close(ends[0]);
    return ends[1];
}

/* In the child: what the descriptors 0 to 2 become, and who it is. */
static void settle(enum fake_where where, int out, int err)
{
    int in = open("/dev/null", O_RDONLY);

    if (where == FAKE_FULL_STDOUT)
        out = open("/dev/full", O_WRONLY);
    if (where == FAKE_BROKEN_PIPE)
        out = broken_pipe();
    dup2(in, STDIN_FILENO);
    dup2(out, STDOUT_FILENO);
    dup2(err, STDERR_FILENO);
    if (where == FAKE_CLOSED_STDOUT)
        close(STDOUT_FILENO);
    if (where == FAKE_NOBODY && geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
        _exit(126);
}

/* From the folder's descriptor: nobody may not be able to walk there. */
static _Noreturn void become(int programs, const char *const words[], enum fake_where where, int out, int err)
{
    if (where == FAKE_TERMINAL)
        login_tty(out);
    else
        settle(where, out, err);
    execveat(programs, words[0], (char *const *)words, environ, 0);
    _exit(127);
}

struct stream {
    int fd; /* -1: at its end */
    FILE *file;
    char *text;
    size_t size;
};

static void stream_init(struct stream *stream, int fd)
{
    *stream = (struct stream){.fd = fd};
    stream->file = open_memstream(&stream->text, &stream->size);
    ck_assert_ptr_nonnull(stream->file);
    fflush(stream->file); /* from here on there is a text */
}

static void stream_read(struct stream *stream)
{
    char bytes[65536];
    ssize_t length = read(stream->fd, bytes, sizeof(bytes));

    if (length > 0) {
        fwrite(bytes, 1, (size_t)length, stream->file);
        fflush(stream->file);
        return;
    }
    close(stream->fd); /* a terminal whose other side is gone says EIO */
    stream->fd = -1;
}

static char *stream_take(struct stream *stream)
{
    if (stream->fd >= 0)
        close(stream->fd);
    fclose(stream->file);
    return stream->text;
}

struct typing {
    const char *rest;
    size_t answered; /* prompts that begin before this were */
};

/* One line of it: what follows a prompt that is still to come stays. */
static void type_next(const struct stream *out, struct typing *typing)
{
    const size_t line = strcspn(typing->rest, "\n\x04");
    const size_t length = line + (typing->rest[line] != '\0');

    ck_assert_int_gt(write(out->fd, typing->rest, length), 0);
    typing->rest += length;
}

static bool asks(const char *line)
{
    const size_t length = strlen(line);

    return length > 2 && (strcmp(line + length - 2, ": ") == 0 || strcmp(line + length - 2, "] ") == 0);
}

static void type_when_asked(const struct stream *out, struct typing *typing)
{
    const char *last = strrchr(out->text, '\n');

    last = last ? last + 1 : out->text;
    if (!typing->rest || !*typing->rest || !asks(last) || (size_t)(last - out->text) < typing->answered)
        return;
    typing->answered = (size_t)(last - out->text) + 1;
    type_next(out, typing);
}

static void heed_cue(struct fake_manager *fake, const struct stream *out, struct typing *typing)
{
    if (!fake->cue || !strstr(out->text, fake->cue))
        return;
    fake->cue = NULL;
    if (fake->cue_ends_bus)
        kill(fake->bus, SIGKILL);
    else
        type_next(out, typing);
}

static void serve_until_end(struct fake_manager *fake, struct stream *out, struct stream *err,
                            const char *typed)
{
    struct typing typing = {.rest = typed};
    int bus;

    ck_assert(dbus_connection_get_unix_fd(fake->connection, &bus));
    while (out->fd >= 0 || err->fd >= 0) {
        struct pollfd fds[] = {{.fd = out->fd, .events = POLLIN},
                               {.fd = err->fd, .events = POLLIN},
                               {.fd = bus, .events = POLLIN}};

        dbus_connection_flush(fake->connection);
        ck_assert_int_gt(poll(fds, 3, -1), 0);
        if (fds[0].revents) {
            stream_read(out);
            fake->cue ? heed_cue(fake, out, &typing) : type_when_asked(out, &typing);
        }
        if (fds[1].revents)
            stream_read(err);
        dbus_connection_read_write(fake->connection, 0);
        while (dbus_connection_dispatch(fake->connection) == DBUS_DISPATCH_DATA_REMAINS)
            continue;
    }
}

static void open_ends(unsigned short columns, enum fake_where where, int ret_out[2], int ret_err[2])
{
    struct winsize size = {.ws_row = 24, .ws_col = columns ? columns : 80};

    ret_err[0] = ret_err[1] = -1;
    if (where == FAKE_TERMINAL) {
        ck_assert_int_eq(openpty(&ret_out[0], &ret_out[1], NULL, NULL, &size), 0);
        return;
    }
    ck_assert_int_eq(pipe2(ret_out, O_CLOEXEC), 0);
    ck_assert_int_eq(pipe2(ret_err, O_CLOEXEC), 0);
}

void fake_manager_run(struct fake_manager *fake, const char *const words[], enum fake_where where,
                      const char *typed, struct fake_run *ret)
{
    int out_ends[2], err_ends[2], status;
    struct stream out, err;
    pid_t pid;

    open_ends(fake->columns, where, out_ends, err_ends);
    pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0)
        become(fake->programs, words, where, out_ends[1], err_ends[1]);
    close(out_ends[1]);
    if (err_ends[1] >= 0)
        close(err_ends[1]);
    stream_init(&out, out_ends[0]);
    stream_init(&err, err_ends[0]);
    serve_until_end(fake, &out, &err, typed);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ret->code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    ret->out = stream_take(&out);
    ret->err = stream_take(&err);
}

void fake_run_free(struct fake_run *run)
{
    free(run->out);
    free(run->err);
}
