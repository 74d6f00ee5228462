/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helperd/notify/run.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PROGRAM_FD = 3 };

struct run {
    struct ev_loop *loop;
    run_done done;
    void *data;
    pid_t pid;
    bool timed_out;
    int fd; /* its output; -1: it was closed */
    ev_io io;
    ev_child child;
    ev_timer timer;
    size_t size;
    char output[RUN_OUTPUT_MAX + 1];
};

/* A file in memory: it is read at the program's own pace, and nobody waits to write the rest. */
static int make_input(const char *text)
{
    const size_t size = strlen(text);
    const int fd = memfd_create("notice", MFD_CLOEXEC);
    if (fd < 0)
        return -errno;
    for (size_t written = 0; written < size;) {
        const ssize_t n = write(fd, text + written, size - written);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            const int error = errno;
            close(fd);
            return -error;
        }
        written += (size_t)n;
    }
    return lseek(fd, 0, SEEK_SET) < 0 ? -errno : fd;
}

static void default_signals(void)
{
    const struct sigaction standard = {.sa_handler = SIG_DFL};
    sigset_t none;
    for (int number = 1; number < NSIG; number++)
        sigaction(number, &standard, NULL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Run by its descriptor, so that it is the file that was checked; a script's interpreter opens that once more. */
static _Noreturn void become(int program, const char *name, int input, int output)
{
    char *const arguments[] = {(char *)name, NULL};
    char *const environment[] = {(char *)"PATH=/usr/sbin:/usr/bin:/sbin:/bin", (char *)"LC_ALL=C.UTF-8",
                                 (char *)"HOME=/", NULL};
    setpgid(0, 0);
    default_signals();
    /* Out of the way of the numbers that they are to have. */
    program = fcntl(program, F_DUPFD, PROGRAM_FD + 1);
    input = fcntl(input, F_DUPFD, PROGRAM_FD + 1);
    output = fcntl(output, F_DUPFD, PROGRAM_FD + 1);
    if (dup2(input, STDIN_FILENO) < 0 || dup2(output, STDOUT_FILENO) < 0 || dup2(output, STDERR_FILENO) < 0 ||
        dup2(program, PROGRAM_FD) < 0 || close_range(PROGRAM_FD + 1, UINT_MAX, 0) < 0 || chdir("/") < 0)
        _exit(126);
    fexecve(PROGRAM_FD, arguments, environment);
    dprintf(STDERR_FILENO, "it cannot be run: %s\n", strerror(errno));
    _exit(126);
}

static void close_output(struct run *run)
{
    if (run->fd < 0)
        return;
    ev_io_stop(run->loop, &run->io);
    close(run->fd);
    run->fd = -1;
}

/* Keeps what fits and lets the rest go by, so that who prints much is not held up. False: there is no more now. */
static bool read_some(struct run *run)
{
    char rest[4096];
    const bool keeps = run->size < RUN_OUTPUT_MAX;
    const ssize_t n = keeps ? read(run->fd, run->output + run->size, RUN_OUTPUT_MAX - run->size)
                            : read(run->fd, rest, sizeof(rest));
    if (n > 0 && keeps)
        run->size += (size_t)n;
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
        close_output(run);
    return n > 0;
}

static void on_output(struct ev_loop *loop, ev_io *io, int events)
{
    (void)loop, (void)events;
    read_some(io->data);
}

static void on_deadline(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop, (void)events;
    struct run *run = timer->data;
    run->timed_out = true;
    kill(-run->pid, SIGKILL); /* not collected yet, so the number is still its */
}

/* What it left in the background, as an MTA may, goes on without our ear. */
static void on_ended(struct ev_loop *loop, ev_child *child, int events)
{
    (void)events;
    struct run *run = child->data;
    const int status = child->rstatus;
    ev_child_stop(loop, child);
    ev_timer_stop(loop, &run->timer);
    while (run->fd >= 0 && run->size < RUN_OUTPUT_MAX && read_some(run))
        continue;
    close_output(run);
    run->output[run->size] = '\0';
    run->done(status, run->timed_out, run->output, run->data);
    free(run);
}

static int start(struct run *run, int program, const char *name, int input)
{
    int output[2];
    if (pipe2(output, O_CLOEXEC) < 0)
        return -errno;
    run->pid = fork();
    if (run->pid == 0)
        become(program, name, input, output[1]);
    const int error = errno;
    close(output[1]);
    if (run->pid < 0) {
        close(output[0]);
        return -error;
    }
    setpgid(run->pid, run->pid);
    fcntl(output[0], F_SETFL, O_NONBLOCK);
    run->fd = output[0];
    return 0;
}

int run_start(struct ev_loop *loop, int fd, const char *name, const char *text, double deadline,
              run_done done, void *data, struct run **ret)
{
    struct run *run = calloc(1, sizeof(*run));
    if (!run)
        return -ENOMEM;
    *run = (struct run){.loop = loop, .done = done, .data = data, .fd = -1};
    const int input = make_input(text);
    const int r = input < 0 ? input : start(run, fd, name, input);
    if (input >= 0)
        close(input);
    if (r < 0) {
        free(run);
        return r;
    }
    ev_io_init(&run->io, on_output, run->fd, EV_READ);
    run->io.data = run;
    ev_io_start(loop, &run->io);
    ev_child_init(&run->child, on_ended, run->pid, 0);
    run->child.data = run;
    ev_child_start(loop, &run->child);
    ev_timer_init(&run->timer, on_deadline, deadline, 0.);
    run->timer.data = run;
    ev_timer_start(loop, &run->timer);
    *ret = run;
    return 0;
}
