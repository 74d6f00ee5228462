/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/setup_file.h"

#include "cli/output.h"
#include "common/cleanup.h"
#include "common/duration.h"
#include "common/names.h"
#include "common/paths.h"
#include "common/wordlist.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MAX = 1024 * 1024, FILE_NAME_MAX = NAME_PACKAGE_MAX + sizeof(PATH_DRAFT) };

/* ---- the text ---------------------------------------------------------------------------------------------- */

/* What a reader would take for a comment, or for another line, is no text of a value. */
static const char *find_fault(const char *value)
{
    char visible[4096];

    if (strlen(value) >= sizeof(visible) / 4)
        return "is too long";
    if (strcmp(text_visible(value, visible, sizeof(visible)), value) != 0)
        return "holds a control character";
    if (value[0] == ';' || strstr(value, " ;"))
        return "holds a ';' behind a blank, where a comment would begin";
    return NULL;
}

char *setup_list(const char *typed)
{
    _cleanup_free_ char *words = strdup(typed);

    if (!words)
        output_no_memory();
    for (char *comma = words; !strchr(words, '"') && (comma = strchr(comma, ','));)
        *comma = ' ';
    strv names = wordlist_read(words);
    char *text = names ? wordlist_write(names) : NULL;
    strv_free(names);
    if (!text)
        output_no_memory();
    return text;
}

struct composing {
    FILE *out;
    char *fault; /* the first */
};

static void put_value(struct composing *composing, const char *key, const char *value)
{
    const char *fault = find_fault(value);

    if (fault && !composing->fault)
        composing->fault = output_format("%s: '%s' %s", key, value, fault);
    fprintf(composing->out, "%s = %s\n", key, value);
}

static void put_list(struct composing *composing, const char *key, const char *typed)
{
    _cleanup_free_ char *text = typed ? setup_list(typed) : NULL;

    if (text)
        put_value(composing, key, text);
}

static void put_duration(struct composing *composing, const char *key, int64_t seconds)
{
    char text[DURATION_TEXT_MAX];

    if (seconds > 0)
        put_value(composing, key, duration_write(seconds, text));
}

char *setup_compose(const struct setup_terms *terms, char **ret_fault)
{
    char *text = NULL;
    size_t size = 0;
    struct composing composing = {.out = open_memstream(&text, &size)};

    if (!composing.out)
        output_no_memory();
    fputs("# Written by pkg-admin setup. Each key: accesspkg-packages(5).\n[package]\n", composing.out);
    if (terms->description)
        put_value(&composing, "description", terms->description);
    put_list(&composing, "groups", terms->groups);
    fputs("\n[policy]\n", composing.out);
    put_list(&composing, "requestors", terms->requestors);
    put_list(&composing, "approvers", terms->approvers);
    put_duration(&composing, "duration", terms->duration);
    put_duration(&composing, "max_duration", terms->max_duration);
    if (fclose(composing.out) != 0)
        output_no_memory();
    if (!composing.fault)
        return text;
    free(text);
    *ret_fault = composing.fault;
    return NULL;
}

/* ---- the file ---------------------------------------------------------------------------------------------- */

static char *file_name(const char *name, char ret[FILE_NAME_MAX])
{
    snprintf(ret, FILE_NAME_MAX, "%s.conf", name);
    return ret;
}

static char *draft_name(const char *name, char ret[FILE_NAME_MAX])
{
    snprintf(ret, FILE_NAME_MAX, PATH_DRAFT, name);
    return ret;
}

char *setup_read(int folder, const char *name, int *ret_error)
{
    char file[FILE_NAME_MAX];
    struct stat st;
    _cleanup_close_ int fd =
        openat(folder, file_name(name, file), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    _cleanup_free_ char *text = NULL;

    *ret_error = 0;
    if (fd < 0) {
        *ret_error = errno == ENOENT ? 0 : -errno;
        return NULL;
    }
    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size > FILE_MAX) {
        *ret_error = -EINVAL;
        return NULL;
    }
    text = calloc(1, (size_t)st.st_size + 1);
    if (!text)
        output_no_memory();
    if (pread(fd, text, (size_t)st.st_size, 0) != st.st_size) {
        *ret_error = -EIO;
        return NULL;
    }
    return steal_ptr(text);
}

void setup_remove_draft(int folder, const char *name)
{
    char draft[FILE_NAME_MAX];

    unlinkat(folder, draft_name(name, draft), 0);
}

int setup_write_draft(int folder, const char *name, const char *text)
{
    char draft[FILE_NAME_MAX];
    const size_t size = strlen(text);

    setup_remove_draft(folder, name); /* of one that was killed */
    _cleanup_close_ int fd =
        openat(folder, draft_name(name, draft), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd < 0)
        return -errno;
    const ssize_t written = write(fd, text, size);
    const int error = written < 0 ? errno : (size_t)written < size ? ENOSPC : 0;
    if (error == 0 && fchmod(fd, 0644) == 0 && fsync(fd) == 0)
        return 0;
    const int r = error ? -error : -errno;
    setup_remove_draft(folder, name);
    return r;
}

int setup_rename_draft(int folder, const char *name, bool replace)
{
    char draft[FILE_NAME_MAX], file[FILE_NAME_MAX];

    if (renameat2(folder, draft_name(name, draft), folder, file_name(name, file),
                  replace ? 0 : RENAME_NOREPLACE) < 0 ||
        fsync(folder) < 0)
        return -errno;
    return 0;
}
