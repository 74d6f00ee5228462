/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See the header. Holds the output in memory and counts its lines. Without a pager the terminal gets it. */
#include "cli/pager.h"

#include "common/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

struct held {
    FILE *memory;
    char *text;
    size_t size;
    bool from_end;
};

/* sh's exit codes for a program that does not exist or cannot be run. */
enum { NOT_RUN = 126, NOT_FOUND = 127 };

static bool runs_under_sudo(void)
{
    return geteuid() == 0 && (getenv("SUDO_UID") || getenv("DOAS_USER"));
}

/* NULL: do not page. On a dumb terminal less asks for a key before it shows anything. */
static const char *pager_name(void)
{
    const char *name = getenv("ACCESSPKG_PAGER"), *usual = output_terminal_is_dumb() ? NULL : "less";

    if (runs_under_sudo())
        return name && strcmp(name, "cat") == 0 ? NULL : usual;
    if (!name)
        name = getenv("PAGER");
    if (!name)
        return usual;
    return *name && strcmp(name, "cat") != 0 ? name : NULL;
}

void pager_begin(struct output *output)
{
    if (output->json || output->width == 0 || output->held || !pager_name())
        return;
    struct held *held = calloc(1, sizeof(*held));
    if (!held || !(held->memory = open_memstream(&held->text, &held->size)))
        output_no_memory();
    output->held = held;
    output->stream = held->memory;
}

void pager_from_end(struct output *output)
{
    if (output->held)
        output->held->from_end = true;
}

/* Rows on the terminal. Counts bytes, not columns, so it may be too many but never too few. */
static size_t count_rows(const struct output *output, const char *text)
{
    size_t rows = 0;

    while (*text) {
        const size_t length = strcspn(text, "\n");

        rows += length > 0 ? (length + output->width - 1) / output->width : 1;
        text += length + (text[length] == '\n');
    }
    return rows;
}

/* The first less that keeps headings on the screen. Earlier ones ask for a key before they go on without. */
static bool less_knows_headings(void)
{
    enum { FIRST = 608 };
    unsigned version = 0;
    FILE *out = popen("less --version 2>/dev/null", "re");

    if (!out)
        return false;
    if (fscanf(out, "less %u", &version) != 1)
        version = 0;
    return pclose(out) == 0 && version >= FIRST;
}

/* The command, which keeps the headings of a table on the screen if there is one table with little above it. */
static char *pager_command(const struct output *output, const char *name, const char *text)
{
    enum { ROWS_MAX = 4 };
    size_t rows = 1;

    for (long i = 0; i < output->headings; i++)
        rows += text[i] == '\n';
    if (strcmp(name, "less") != 0 || output->n_tables != 1 || rows > ROWS_MAX || !less_knows_headings())
        return output_format("%s", name);
    return output_format("less --header=%zu", rows);
}

static int spawn_pager(const char *name, int in, pid_t *ret_pid)
{
    char *const words[] = {(char *)"sh", (char *)"-c", (char *)name, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t defaults;

    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    sigaddset(&defaults, SIGINT);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
    int r = posix_spawn(ret_pid, "/bin/sh", &actions, &attributes, words, environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return r;
}

static void write_pipe(int fd, const char *text, size_t size)
{
    while (size > 0) {
        const ssize_t written = write(fd, text, size);

        if (written < 0 && errno != EINTR)
            return; /* the pager was closed early */
        if (written > 0) {
            text += written;
            size -= (size_t)written;
        }
    }
}

/* False when the pager could not be run. */
static bool run_pager(const char *name, const struct held *held)
{
    int ends[2], status = 0;
    pid_t pid;

    if (pipe2(ends, O_CLOEXEC) < 0)
        return false;
    void (*before)(int) = signal(SIGINT, SIG_IGN); /* Ctrl-C is the pager's */
    const int r = spawn_pager(name, ends[0], &pid);
    close(ends[0]);
    if (r == 0)
        write_pipe(ends[1], held->text, held->size);
    close(ends[1]);
    while (r == 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    signal(SIGINT, before);
    return r == 0 &&
           !(WIFEXITED(status) && (WEXITSTATUS(status) == NOT_RUN || WEXITSTATUS(status) == NOT_FOUND));
}

void pager_end(struct output *output)
{
    struct held *held = output->held;

    if (!held)
        return;
    output->held = NULL;
    output->stream = stdout;
    if (fclose(held->memory) != 0)
        output_no_memory();
    const char *name = count_rows(output, held->text) >= output->height ? pager_name() : NULL;
    setenv("LESS", held->from_end ? "-FRX +G" : "FRX", 0);
    if (runs_under_sudo())
        setenv("LESSSECURE", "1", 1);
    fflush(stderr);
    _cleanup_free_ char *command = name ? pager_command(output, name, held->text) : NULL;
    if (!command || !run_pager(command, held))
        fwrite(held->text, 1, held->size, output->stream);
    free(held->text);
    free(held);
    output_finish(output);
}
