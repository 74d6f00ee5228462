/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads, replaces and removes. See the header; pamwire_record.c has what is noted of it. Called by cli/pam.c. */
#include "common/pamwire.h"

#include "common/cleanup.h"
#include "common/newfile.h"
#include "common/pamedit.h"
#include "common/pamwire_record.h"
#include "common/textfile.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <string.h>

#define AUTHSELECT "/etc/authselect"
#define COPY       "# A copy of /usr/lib/pam.d/"

/* ---- reading -------------------------------------------------------------------------------------------------- */

/* libpam opens names in small letters alone; common-* and other are no services. */
static bool is_service_name(const char *name)
{
    return *name && *name != '.' &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789._-+@") == strlen(name) && strlen(name) < 128 &&
           strcmp(name, "other") != 0 && strncmp(name, "common-", strlen("common-")) != 0;
}

static char *join(const char *root, const char *folder, const char *name)
{
    char *path = NULL;
    return asprintf(&path, "%s%s%s%s", root, folder, *name ? "/" : "", name) < 0 ? NULL : path;
}

static bool is_below(const char *root, const char *folder, const char *path)
{
    char top[PATH_MAX];
    const int length = snprintf(top, sizeof(top), "%s%s/", root, folder);
    return length < (int)sizeof(top) && strncmp(path, top, (size_t)length) == 0;
}

bool pamwire_is_authselects(const char *root)
{
    _cleanup_free_ char *settings = join(root, AUTHSELECT, "authselect.conf");
    return settings && access(settings, F_OK) == 0;
}

/* Where the file is, links followed. 0; PAMWIRE_E_; -errno. */
static int find_target(const char *root, struct pamwire *file)
{
    file->target = realpath(file->path, NULL);
    if (file->target) {
        _cleanup_free_ char *top = realpath(*root ? root : "/", NULL);
        const char *below = top && strcmp(top, "/") != 0 ? top : "";
        if (is_below(below, AUTHSELECT, file->target))
            return PAMWIRE_E_AUTHSELECT;
        return is_below(below, "/usr", file->target) ? PAMWIRE_E_ELSEWHERE : 0;
    }
    if (errno != ENOENT)
        return -errno;
    struct stat st;
    if (lstat(file->path, &st) == 0)
        return -ENOENT; /* a link that leads nowhere */
    file->source = PAMWIRE_VENDOR;
    file->target = strdup(file->path);
    return file->target ? 0 : -ENOMEM;
}

static int read_text(const char *path, struct stat *ret_stat, char **ret_text, size_t *ret_size)
{
    if (stat(path, ret_stat) < 0)
        return -errno;
    const int r = textfile_read(path, ret_text, ret_size);
    return r == 0 && (memchr(*ret_text, '\0', *ret_size) || memchr(*ret_text, '\r', *ret_size))
               ? PAMWIRE_E_NO_TEXT
               : r;
}

static int read_vendor(const char *root, struct pamwire *file)
{
    _cleanup_free_ char *vendor = join(root, "/usr/lib/pam.d", file->service);
    int r = vendor ? read_text(vendor, &file->stat, &file->plain, &file->plain_size) : -ENOMEM;
    if (r == -ENOENT)
        return PAMWIRE_E_NO_SERVICE;
    if (r != 0)
        return r;
    file->text = strdup("");
    file->lines = strdup("");
    return file->text && file->lines ? 0 : -ENOMEM;
}

int pamwire_read(const char *root, const char *service, struct pamwire *ret)
{
    if (!is_service_name(service))
        return PAMWIRE_E_NO_SERVICE;
    struct pamwire file = {.service = strdup(service), .path = join(root, "/etc/pam.d", service)};
    int r = file.service && file.path ? find_target(root, &file) : -ENOMEM;
    if (r == 0 && file.source == PAMWIRE_VENDOR) {
        r = read_vendor(root, &file);
    } else if (r == 0) {
        r = read_text(file.target, &file.stat, &file.text, &file.size);
        if (r == 0)
            r = pamedit_strip(file.text, file.size, &file.plain, &file.plain_size, &file.lines);
    }
    if (r != 0)
        pamwire_deinit(&file);
    else
        *ret = file;
    return r;
}

void pamwire_deinit(struct pamwire *file)
{
    free(file->service);
    free(file->path);
    free(file->target);
    free(file->text);
    free(file->plain);
    free(file->lines);
    *file = (struct pamwire){0};
}

static bool is_copy(const struct pamwire *file)
{
    return file->source == PAMWIRE_VENDOR || strncmp(file->lines, COPY, strlen(COPY)) == 0;
}

char *pamwire_compose(const struct pamwire *file, size_t at, const char *lines)
{
    size_t size = 0;
    char *text = pamedit_insert(file->plain, file->plain_size, at, lines, &size), *whole = NULL;
    if (!text || !is_copy(file))
        return text;
    if (asprintf(&whole, COPY "%s, which it overrides  " PAMEDIT_MARK "\n%s", file->service, text) < 0)
        whole = NULL;
    free(text);
    return whole;
}

/* ---- writing -------------------------------------------------------------------------------------------------- */

static bool is_unchanged(int folder, const char *name, const struct stat *before)
{
    struct stat now;
    return fstatat(folder, name, &now, AT_SYMLINK_NOFOLLOW) == 0 && now.st_dev == before->st_dev &&
           now.st_ino == before->st_ino && now.st_size == before->st_size &&
           now.st_mtim.tv_sec == before->st_mtim.tv_sec && now.st_mtim.tv_nsec == before->st_mtim.tv_nsec &&
           now.st_ctim.tv_sec == before->st_ctim.tv_sec && now.st_ctim.tv_nsec == before->st_ctim.tv_nsec;
}

/* Gives the new file its name, unless somebody else has written that one meanwhile. */
static int rename_file(int folder, const char *new, const char *name, const struct pamwire *file)
{
    if (file->source == PAMWIRE_VENDOR)
        return renameat2(folder, new, folder, name, RENAME_NOREPLACE) == 0 ? 0
               : errno == EEXIST                                           ? PAMWIRE_E_CHANGED
                                                                           : -errno;
    if (!is_unchanged(folder, name, &file->stat))
        return PAMWIRE_E_CHANGED;
    return renameat(folder, new, folder, name) < 0 ? -errno : 0;
}

/* The folder of a file, and the file's name in it. A descriptor or -errno. */
static int open_folder_of(const char *path, char ret_name[NAME_MAX + 1])
{
    char copy[PATH_MAX];
    if (snprintf(copy, sizeof(copy), "%s", path) >= (int)sizeof(copy))
        return -ENAMETOOLONG;
    snprintf(ret_name, NAME_MAX + 1, "%s", strrchr(path, '/') + 1);
    const int folder = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return folder < 0 ? -errno : folder;
}

static int replace_file(const struct pamwire *file, const char *text)
{
    char name[NAME_MAX + 1], new[NAME_MAX + 1];
    _cleanup_close_ int folder = open_folder_of(file->target, name);
    if (folder < 0)
        return folder;
    /* libpam opens no such name. One that a kill left goes. */
    if (snprintf(new, sizeof(new), ".accesspkg-%s", name) >= (int)sizeof(new))
        return -ENAMETOOLONG;
    unlinkat(folder, new, 0);
    _cleanup_close_ int fd = openat(folder, new, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return -errno;
    int r = newfile_fill(fd, text, &file->stat, file->source == PAMWIRE_HOST ? file->target : NULL);
    if (r == 0)
        r = rename_file(folder, new, name, file);
    if (r != 0)
        unlinkat(folder, new, 0);
    return r;
}

static int sync_folder(const struct pamwire *file)
{
    char name[NAME_MAX + 1];
    _cleanup_close_ int folder = open_folder_of(file->target, name);
    return folder < 0 ? folder : fsync(folder) < 0 ? -errno : 0;
}

int pamwire_replace(const char *root, const struct pamwire *file, const char *text, const char *lines)
{
    int r = record_write(root, file, lines);
    if (r == 0)
        r = replace_file(file, text);
    return r == 0 ? sync_folder(file) : r;
}

/* ---- taking out ----------------------------------------------------------------------------------------------- */

static bool is_text_of(const char *path, const struct pamwire *file)
{
    _cleanup_free_ char *text = NULL;
    size_t size = 0;
    return path && textfile_read(path, &text, &size) == 0 && size == file->plain_size &&
           memcmp(text, file->plain, size) == 0;
}

/* A copy of ours that says what the vendor's file says, or said when it was made. */
static bool is_mere_copy(const char *root, const struct pamwire *file)
{
    _cleanup_free_ char *vendor = join(root, "/usr/lib/pam.d", file->service);
    _cleanup_free_ char *before = record_path(root, file->service, RECORD_BEFORE);
    return is_copy(file) && vendor && access(vendor, F_OK) == 0 &&
           (is_text_of(vendor, file) || is_text_of(before, file));
}

static int unlink_file(const struct pamwire *file)
{
    char name[NAME_MAX + 1];
    _cleanup_close_ int folder = open_folder_of(file->target, name);
    if (folder < 0)
        return folder;
    if (!is_unchanged(folder, name, &file->stat))
        return PAMWIRE_E_CHANGED;
    return unlinkat(folder, name, 0) < 0 ? -errno : 0;
}

int pamwire_remove(const char *root, const struct pamwire *file, bool *ret_removed)
{
    const bool mere = is_mere_copy(root, file);
    int r = mere ? unlink_file(file) : replace_file(file, file->plain);
    if (r != 0)
        return r;
    *ret_removed = mere;
    /* At once: accesspkgd, which is told of the change, must not take it for a line that vanished. */
    r = pamwire_forget(root, file->service);
    return r < 0 ? r : sync_folder(file);
}
