/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See pamwire.h. accesspkgd and every command read what root has written here. */
#include "common/pamwire_record.h"

#include "common/cleanup.h"
#include "common/newfile.h"
#include "common/pamcheck_line.h"
#include "common/rootlock.h"
#include "common/textfile.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

char *record_path(const char *root, const char *service, const char *which)
{
    char *path = NULL;
    if (strchr(service, '/'))
        return NULL;
    return asprintf(&path, "%s" PAMWIRE_FOLDER "/%s%s", root, service, which) < 0 ? NULL : path;
}

/* ---- the folder ----------------------------------------------------------------------------------------------- */

static int open_records(const char *root)
{
    char path[PATH_MAX];
    if (snprintf(path, sizeof(path), "%s" PAMWIRE_FOLDER, root) >= (int)sizeof(path))
        return -ENAMETOOLONG;
    if (mkdir(path, 0755) < 0 && errno != EEXIST)
        return -errno;
    _cleanup_close_ int folder = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    /* Whatever root's umask is: accesspkgd reads it. */
    if (folder < 0 || fchmod(folder, 0755) < 0)
        return -errno;
    return steal_fd(&folder);
}

int pamwire_lock(const char *root, int *ret_lock)
{
    char path[PATH_MAX];
    _cleanup_close_ int folder = open_records(root);
    if (folder < 0)
        return folder;
    if (snprintf(path, sizeof(path), "%s" PAMWIRE_LOCK, root) >= (int)sizeof(path))
        return -ENAMETOOLONG;
    return rootlock_take(path, ret_lock);
}

/* ---- writing -------------------------------------------------------------------------------------------------- */

static int write_record(int folder, const char *service, const char *which, const char *text,
                        const struct stat *like)
{
    char name[NAME_MAX + 1], new[NAME_MAX + 2];
    if (snprintf(name, sizeof(name), "%s%s", service, which) >= (int)sizeof(name))
        return -ENAMETOOLONG;
    snprintf(new, sizeof(new), ".%s", name);
    unlinkat(folder, new, 0);
    _cleanup_close_ int fd = openat(folder, new, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return -errno;
    int r = newfile_fill(fd, text, like, NULL);
    if (r == 0 && renameat(folder, new, folder, name) < 0)
        r = -errno;
    if (r < 0)
        unlinkat(folder, new, 0);
    return r;
}

/* The backup has the time at which the file was changed before: so long as the file has it, too, our lines never got there. */
static int note_time(int folder, const struct pamwire *file)
{
    const struct timespec times[] = {{.tv_nsec = UTIME_OMIT}, file->stat.st_ctim};
    char name[NAME_MAX + 1];
    snprintf(name, sizeof(name), "%s" RECORD_BEFORE, file->service);
    return file->source == PAMWIRE_HOST && utimensat(folder, name, times, 0) < 0 ? -errno : 0;
}

int record_write(const char *root, const struct pamwire *file, const char *lines)
{
    const struct stat readable = {.st_mode = 0644, .st_uid = geteuid(), .st_gid = getegid()};
    _cleanup_close_ int folder = open_records(root);
    if (folder < 0)
        return folder;
    int r = write_record(folder, file->service, RECORD_BEFORE, file->plain, &file->stat);
    if (r == 0)
        r = note_time(folder, file);
    if (r == 0)
        r = write_record(folder, file->service, RECORD_LINES, lines, &readable);
    return r < 0 ? r : fsync(folder) < 0 ? -errno : 0;
}

int pamwire_forget(const char *root, const char *service)
{
    static const char *const both[] = {RECORD_LINES, RECORD_BEFORE};
    for (size_t i = 0; i < 2; i++) {
        _cleanup_free_ char *path = record_path(root, service, both[i]);
        if (!path || (unlink(path) < 0 && errno != ENOENT))
            return path ? -errno : -ENOMEM;
    }
    return 0;
}

int pamwire_note(const char *root, const struct pamwire *file)
{
    return *file->lines ? record_write(root, file, file->lines) : pamwire_forget(root, file->service);
}

/* ---- reading -------------------------------------------------------------------------------------------------- */

static int is_lines(const struct dirent *entry)
{
    const size_t length = strlen(entry->d_name), end = strlen(RECORD_LINES);
    return entry->d_name[0] != '.' && length > end && strcmp(entry->d_name + length - end, RECORD_LINES) == 0;
}

int pamwire_list(const char *root, strv *ret)
{
    struct dirent **entries = NULL;
    char path[PATH_MAX];
    strv services = NULL;
    snprintf(path, sizeof(path), "%s" PAMWIRE_FOLDER, root);
    const int count = scandir(path, &entries, is_lines, alphasort);
    if (count < 0 && errno != ENOENT)
        return -errno;
    int r = 0;
    for (int i = 0; i < count; i++) {
        entries[i]->d_name[strlen(entries[i]->d_name) - strlen(RECORD_LINES)] = '\0';
        if (r == 0)
            r = strv_add(&services, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    if (r < 0)
        strv_free(services);
    else
        *ret = services;
    return r;
}

char *pamwire_recorded(const char *root, const char *service)
{
    _cleanup_free_ char *path = record_path(root, service, RECORD_LINES);
    char *text = NULL;
    size_t size = 0;
    return path && textfile_read(path, &text, &size) == 0 ? text : NULL;
}

/* ---- what has vanished ---------------------------------------------------------------------------------------- */

/* True also where we cannot read the file. */
static bool is_asked(const char *root, const char *service)
{
    struct findings stumbles = {0};
    struct pamstack stack = {0};
    const int r = pamstack_load(root, service, PAMD_ACCOUNT, &stumbles, &stack);
    bool asked = r == -ENOMEM || stack.uncertain;
    for (size_t i = 0; i < stack.n_entries; i++)
        asked |= pamcheck_is_ours(&stack.entries[i]);
    if (r == 0)
        pamstack_deinit(&stack);
    findings_deinit(&stumbles);
    return asked;
}

/* What wrote the record was killed before it wrote the lines. */
static bool was_never_written(const char *root, const char *service)
{
    _cleanup_free_ char *before = record_path(root, service, RECORD_BEFORE);
    char path[PATH_MAX];
    struct stat now, noted;
    snprintf(path, sizeof(path), "%s/etc/pam.d/%s", root, service);
    return before && stat(path, &now) == 0 && stat(before, &noted) == 0 &&
           now.st_ctim.tv_sec == noted.st_mtim.tv_sec && now.st_ctim.tv_nsec == noted.st_mtim.tv_nsec;
}

char *pamwire_options(const char *lines)
{
    struct pamd_file file = {0};
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    const char *mode = "--enforce";
    if (!out || pamd_parse("", lines, strlen(lines), &file) < 0) {
        if (out)
            fclose(out);
        free(text);
        return NULL;
    }
    for (size_t i = 0; i < file.n_lines; i++)
        for (size_t j = 0; j < file.lines[i].n_arguments; j++) {
            const char *word = file.lines[i].arguments[j];
            if (strncmp(word, "package=", 8) == 0)
                fprintf(out, "--package %s ", word + 8);
            else if (strcmp(word, "mode=report") == 0)
                mode = "--report";
            else if (j > 0 && strcmp(file.lines[i].arguments[j - 1], "ingroup") == 0)
                fprintf(out, "--exempt-group %s ", word);
            else if (strcmp(pamd_module(&file.lines[i]), PAMCHECK_MODULE) == 0)
                fprintf(out, "--option %s ", word);
        }
    fputs(mode, out);
    pamd_deinit(&file);
    if (fclose(out) == 0)
        return text;
    free(text);
    return NULL;
}

int pamwire_check(const char *root, struct findings *findings)
{
    strv services = NULL;
    const int r = pamwire_list(root, &services);
    for (size_t i = 0; r == 0 && services && services[i]; i++) {
        _cleanup_free_ char *lines = pamwire_recorded(root, services[i]);
        _cleanup_free_ char *options = lines ? pamwire_options(lines) : NULL;
        if (!lines || is_asked(root, services[i]) || was_never_written(root, services[i]))
            continue;
        findings_add(findings,
                     "%s/etc/pam.d/%s: THE LINE OF ACCESSPKG IS GONE, AND %s LETS IN WITHOUT AN ACCESS "
                     "PACKAGE. Put it "
                     "back: pkg-admin pam enable %s %s. Or let it be: pkg-admin pam disable %s",
                     root, services[i], services[i], services[i], options ? options : "", services[i]);
    }
    strv_free(services);
    return r;
}
