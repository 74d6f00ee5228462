/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The store as root handles it: accepted, copied while accesspkgd runs, put back while it does not. accesspkgd writes a
 * copy into a descriptor, so it opens no path that somebody names; it reads a backup as its own user.
 */
#include "cli/store.h"

#include "cli/calls.h"
#include "cli/helper.h"
#include "cli/member.h"
#include "common/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sysexits.h>
#include <unistd.h>

static void say_accepted(struct invocation *invocation, const json_t *outcome)
{
    const int64_t held = member_integer(outcome, "held"), waiting = member_integer(outcome, "waiting"),
                  cancelled = member_integer(outcome, "cancelled"),
                  pending = member_integer(outcome, "pending");

    output_line(&invocation->output, "state.db is accepted as it is.");
    if (held > 0)
        output_line(
            &invocation->output,
            "%lld assignment%s held, as no grant file gives %s: pkg-admin status shows the first, pkg-admin "
            "holders all. Give one again, or end it: pkg-admin retry, pkg-admin revoke",
            (long long)held, held == 1 ? " is" : "s are", held == 1 ? "it" : "them");
    if (waiting > 0)
        output_line(&invocation->output,
                    "%lld request%s approved, and begin%s at the time that was asked for. To stop one: "
                    "pkg-admin revoke",
                    (long long)waiting, waiting == 1 ? " is" : "s are", waiting == 1 ? "s" : "");
    if (cancelled > 0)
        output_line(
            &invocation->output,
            "%lld approved request%s cancelled, as the start has passed: whether it began and ended is "
            "not known.",
            (long long)cancelled, cancelled == 1 ? " was" : "s were");
    if (pending > 0)
        output_line(&invocation->output, "%lld request%s for a decision.", (long long)pending,
                    pending == 1 ? " waits" : "s wait");
}

int store_accept(struct invocation *invocation)
{
    struct client_error error;
    json_t *outcome = NULL;

    if (calls_call(invocation, client_message("AcceptStore", "", NULL), JSON_OBJECT, &outcome, &error) < 0)
        return calls_report(invocation, &error);
    if (invocation->output.json)
        output_json(&invocation->output, outcome);
    else
        say_accepted(invocation, outcome);
    json_decref(outcome);
    return helper_run(invocation, "--note-store", -1) ? EX_IOERR : 0;
}

/* ---- backup ----------------------------------------------------------------------------------------------- */

enum { BACKUP_DEADLINE = 3600 }; /* seconds: a large store, a slow disk */

static bool is_stdout(const char *path)
{
    return strcmp(path, "-") == 0;
}

/* A new file, which a failure takes away again; in memory for stdout, which may be a pipe. */
static int open_backup(const char *path)
{
    const int fd = is_stdout(path) ? memfd_create("backup", MFD_CLOEXEC)
                                   : open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    return fd < 0 ? -errno : fd;
}

static int sync_folder_of(const char *path)
{
    char copy[PATH_MAX];
    snprintf(copy, sizeof(copy), "%s", path);
    _cleanup_close_ int folder = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return folder < 0 || fsync(folder) < 0 ? -errno : 0;
}

static int print_backup(int file)
{
    static char buffer[1 << 16];
    ssize_t got;

    for (off_t at = 0; (got = pread(file, buffer, sizeof(buffer), at)) > 0; at += got)
        for (ssize_t done = 0, n; done < got; done += n)
            if ((n = write(STDOUT_FILENO, buffer + done, (size_t)(got - done))) < 0)
                return -errno;
    return got < 0 ? -errno : 0;
}

static int finish_backup(const char *path, int file)
{
    if (is_stdout(path))
        return print_backup(file);
    return fsync(file) < 0 ? -errno : sync_folder_of(path);
}

static void say_backup(struct invocation *invocation, const char *path, const json_t *backup)
{
    if (is_stdout(path))
        return;
    if (invocation->output.json)
        output_json(&invocation->output, backup);
    else
        output_line(&invocation->output, "%s has the store, with %lld entries in its log.", path,
                    (long long)member_integer(backup, "entries"));
}

static int write_backup(struct invocation *invocation, const char *path, int file)
{
    struct client_error error;
    json_t *backup = NULL;

    if (calls_call(invocation, client_message("Backup", "h", json_pack("[i]", file)), JSON_OBJECT, &backup,
                   &error) < 0)
        return calls_report(invocation, &error);
    const int r = finish_backup(path, file);
    if (r == 0)
        say_backup(invocation, path, backup);
    else
        output_message(invocation->program->name, "%s could not be written: %s", path, strerrordesc_np(-r));
    json_decref(backup);
    return r == 0 ? 0 : EX_IOERR;
}

int store_back_up(struct invocation *invocation)
{
    const char *path = invocation->operands[0];
    int code;

    if (is_stdout(path) && isatty(STDOUT_FILENO))
        return command_usage(invocation,
                             "a backup is nothing for a terminal; write it into a file, or a pipe");
    _cleanup_close_ int file = open_backup(path);
    if (file < 0) {
        output_message(invocation->program->name, "%s could not be made: %s%s", path, strerrordesc_np(-file),
                       file == -EEXIST ? ". A file that is there is not overwritten" : "");
        return EX_IOERR;
    }
    invocation->deadline = BACKUP_DEADLINE;
    code = write_backup(invocation, path, file);
    if (code != 0 && !is_stdout(path))
        unlink(path);
    return code;
}

/* ---- restore ---------------------------------------------------------------------------------------------- */

int store_restore(struct invocation *invocation)
{
    char *const argv[] = {(char *)"accesspkgd", (char *)"--restore", invocation->operands[0],
                          invocation->yes ? (char *)"any-host" : NULL, NULL};

    if (geteuid() != 0) {
        output_message(invocation->program->name,
                       "only root may restore the store. Run: sudo pkg-admin restore");
        return EX_NOPERM;
    }
    const int code = helper_run_with(invocation, argv, -1);
    if (code == 0)
        output_line(&invocation->output,
                    "Start accesspkgd again (systemctl unmask accesspkgd && systemctl start "
                    "accesspkgd), then look: pkg-admin status");
    return code;
}
