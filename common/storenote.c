/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "common/storenote.h"

#include "common/cleanup.h"
#include "common/grantdir_open.h"
#include "common/paths.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define COMMENT "# How far the store of access packages is on this host: what is older is noticed by this.\n"

void storenote_render(const struct storenote *note, char ret[STORENOTE_SIZE])
{
    const int used =
        snprintf(ret, STORENOTE_SIZE,
                 COMMENT "accesspkg-store %d\nmachine %s\nhost %s\nepoch %s\naccepted %s\naudit %" PRId64
                         "\nrequest %" PRId64 "\nassignment %" PRId64 "\nend\n",
                 STORENOTE_FORMAT, *note->machine ? note->machine : "-", *note->host ? note->host : "-",
                 *note->epoch ? note->epoch : "-", note->accepted ? "yes" : "no", note->audit, note->request,
                 note->assignment);
    memset(ret + used, '\n', (size_t)(STORENOTE_SIZE - used));
}

/* Takes "KEY VALUE\n" off the text. */
static bool take_word(const char **text, const char *key, char ret[STORENOTE_WORD_MAX])
{
    const size_t length = strlen(key);
    if (strncmp(*text, key, length) != 0 || (*text)[length] != ' ')
        return false;
    const char *word = *text + length + 1;
    const size_t size = strcspn(word, " \n");
    if (size == 0 || size >= STORENOTE_WORD_MAX || word[size] != '\n')
        return false;
    memcpy(ret, word, size);
    ret[size] = '\0';
    *text = word + size + 1;
    return true;
}

static bool take_number(const char **text, const char *key, int64_t *ret)
{
    char word[STORENOTE_WORD_MAX];
    char again[STORENOTE_WORD_MAX];
    if (!take_word(text, key, word))
        return false;
    errno = 0;
    *ret = strtoll(word, NULL, 10);
    snprintf(again, sizeof(again), "%" PRId64, *ret);
    return errno == 0 && *ret >= 0 && strcmp(again, word) == 0;
}

static bool take_answer(const char **text, const char *key, bool *ret)
{
    char word[STORENOTE_WORD_MAX];
    if (!take_word(text, key, word))
        return false;
    *ret = strcmp(word, "yes") == 0;
    return *ret || strcmp(word, "no") == 0;
}

int storenote_parse(const char *given, size_t size, struct storenote *ret)
{
    char copy[STORENOTE_SIZE + 1];
    struct storenote note = {0};
    int64_t format = 0;
    if (size == 0 || size > STORENOTE_SIZE || memchr(given, '\0', size))
        return -EBADMSG;
    memcpy(copy, given, size);
    copy[size] = '\0';
    const char *text = copy;
    while (*text == '#') {
        text += strcspn(text, "\n");
        text += *text == '\n';
    }
    if (!take_number(&text, "accesspkg-store", &format) || format != STORENOTE_FORMAT ||
        !take_word(&text, "machine", note.machine) || !take_word(&text, "host", note.host) ||
        !take_word(&text, "epoch", note.epoch) || !take_answer(&text, "accepted", &note.accepted) ||
        !take_number(&text, "audit", &note.audit) || !take_number(&text, "request", &note.request) ||
        !take_number(&text, "assignment", &note.assignment) || strncmp(text, "end\n", 4) != 0)
        return -EBADMSG;
    *ret = note;
    return 0;
}

const char *storenote_machine(char ret[STORENOTE_WORD_MAX])
{
    char text[STORENOTE_WORD_MAX] = "";
    _cleanup_close_ int fd = open(PATH_ETC "/machine-id", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    const ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
    const size_t length = got > 0 ? strspn(text, "0123456789abcdef") : 0;
    return strcpy(ret, length == 32 ? (text[length] = '\0', text) : "-");
}

static int read_from(int fd, uid_t owner, struct storenote *ret)
{
    struct stat st;
    char text[STORENOTE_SIZE + 1];
    if (fstat(fd, &st) < 0)
        return -errno;
    if (!S_ISREG(st.st_mode) || st.st_uid != owner || st.st_mode & (S_IWGRP | S_IWOTH))
        return -EPERM;
    const ssize_t got = pread(fd, text, sizeof(text), 0);
    return got < 0 ? -errno : storenote_parse(text, (size_t)got, ret);
}

int storenote_read(const char *path, uid_t owner, struct storenote *ret)
{
    _cleanup_close_ int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    return fd < 0 ? -errno : read_from(fd, owner, ret);
}

static int open_grants(const char *state, struct grantdir_folder *ret)
{
    _cleanup_folder_ struct grantdir_folder top = {-1, 0};
    const int r = grantdir_open_folder(AT_FDCWD, state, S_IWOTH, &top);
    return r < 0 ? r : grantdir_open_folder(top.fd, "grants", S_IWGRP | S_IWOTH, ret);
}

int storenote_read_mark(const char *state, struct storenote *ret)
{
    _cleanup_folder_ struct grantdir_folder grants = {-1, 0};
    const int r = open_grants(state, &grants);
    if (r < 0)
        return r;
    _cleanup_close_ int fd =
        openat(grants.fd, STORENOTE_MARK, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    return fd < 0 ? -errno : read_from(fd, grants.owner, ret);
}

int storenote_open_mark(const char *state)
{
    _cleanup_folder_ struct grantdir_folder grants = {-1, 0};
    const int r = open_grants(state, &grants);
    if (r < 0)
        return r;
    const int fd =
        openat(grants.fd, STORENOTE_MARK, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0644);
    return fd < 0 ? -errno : fd;
}

int storenote_put(int fd, const struct storenote *note)
{
    char text[STORENOTE_SIZE];
    storenote_render(note, text);
    errno = 0;
    if (pwrite(fd, text, sizeof(text), 0) != sizeof(text))
        return errno ? -errno : -ENOSPC;
    return 0;
}

static int sync_folder_of(const char *path)
{
    char copy[4096];
    snprintf(copy, sizeof(copy), "%s", path);
    _cleanup_close_ int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 || fsync(fd) < 0 ? -errno : 0;
}

int storenote_write(const char *path, const struct storenote *note)
{
    char draft[4096];
    if (snprintf(draft, sizeof(draft), "%s.new", path) >= (int)sizeof(draft))
        return -ENAMETOOLONG;
    if (unlink(draft) < 0 && errno != ENOENT)
        return -errno;
    _cleanup_close_ int fd = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd < 0)
        return -errno;
    int r = fchmod(fd, 0644) < 0 ? -errno : storenote_put(fd, note);
    if (r == 0 && fsync(fd) < 0)
        r = -errno;
    if (r == 0 && rename(draft, path) < 0)
        r = -errno;
    if (r < 0)
        unlink(draft);
    return r < 0 ? r : sync_folder_of(path);
}
