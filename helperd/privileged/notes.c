/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helperd/privileged/notes.h"

#include "common/cleanup.h"
#include "common/log.h"
#include "common/names.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#define TEMPORARY    ".new"
#define MAGIC        "accesspkg-note 1\n"
#define UNTIL        "until "
#define UNTIL_FORMAT "%020" PRId64

enum { UNTIL_OFFSET = sizeof(MAGIC UNTIL) - 1, UNTIL_DIGITS = 20, NOTE_MAX = 4096 };

/* ---- the folder ---- */

/* MUST 1 */
static int check_owner(int fd, mode_t type, mode_t forbidden)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return -errno;
    return (st.st_mode & S_IFMT) == type && st.st_uid == geteuid() && (st.st_mode & forbidden) == 0 ? 0
                                                                                                    : -EPERM;
}

int notes_open(const char *path)
{
    _cleanup_close_ int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    int r = fd < 0 ? -errno : check_owner(fd, S_IFDIR, S_IRWXG | S_IRWXO);
    while (r == 0 && flock(fd, LOCK_EX) < 0) /* MUST 3 */
        r = errno == EINTR ? 0 : -errno;
    return r < 0 ? (r == -ENOTDIR || r == -ELOOP ? -EPERM : r) : steal_fd(&fd);
}

bool notes_any(const char *path)
{
    DIR *entries = opendir(path);
    const struct dirent *entry = NULL;
    if (!entries)
        return false;
    while ((entry = readdir(entries)) && entry->d_name[0] == '.')
        ;
    closedir(entries);
    return entry != NULL;
}

/* ---- names ---- */

static int name_of(const struct note *note, char ret[NAME_ENCODED_MAX + 1])
{
    char user[NAME_ENCODED_MAX + 1];
    const int r = name_encode(note->user, user, sizeof(user));
    if (r < 0)
        return r;
    return snprintf(ret, NAME_ENCODED_MAX + 1, "%u.%u.%s", note->gid, note->uid, user) > NAME_ENCODED_MAX
               ? -ENAMETOOLONG
               : 0;
}

/* Only a name that name_of() makes. ret: the user is new. */
static bool read_name(const char *name, struct note *ret)
{
    char user[NAME_ENCODED_MAX + 1], again[NAME_ENCODED_MAX + 1];
    char *at = NULL;
    struct note note = {.user = user, .until = NOTE_ENDED};
    note.gid = (gid_t)strtoul(name, &at, 10);
    if (*at != '.')
        return false;
    note.uid = (uid_t)strtoul(at + 1, &at, 10);
    if (*at != '.' || name_decode(at + 1, user, sizeof(user)) < 0 || name_of(&note, again) < 0 ||
        strcmp(again, name) != 0)
        return false;
    note.user = strdup(user);
    *ret = note;
    return note.user != NULL;
}

/* ---- text ---- */

static int render(const struct note *note, char ret[NOTE_MAX], size_t *ret_size)
{
    char user[NAME_ENCODED_MAX + 1], group[NAME_ENCODED_MAX + 1];
    int r = name_encode(note->user, user, sizeof(user));
    if (r == 0)
        r = name_encode(note->group, group, sizeof(group));
    if (r < 0)
        return r;
    *ret_size =
        (size_t)snprintf(ret, NOTE_MAX, MAGIC UNTIL UNTIL_FORMAT "\nuser %s\nuid %u\ngroup %s\ngid %u\nend\n",
                         note->until, user, note->uid, group, note->gid);
    return 0;
}

/* The value of the line "KEY VALUE"; behind it, the rest of the text. NULL when this is no such line. */
static char *take_line(char **text, const char *key)
{
    char *line = *text, *end = strchr(line, '\n');
    const size_t length = strlen(key);
    if (!end || strncmp(line, key, length) != 0 || line[length] != ' ')
        return NULL;
    *end = '\0';
    *text = end + 1;
    return line + length + 1;
}

/* Fills in what the name does not say. Only a text that render() makes. */
static bool read_text(char *text, size_t size, struct note *note)
{
    char group[NAME_ENCODED_MAX + 1], again[NOTE_MAX];
    char first[NOTE_MAX];
    size_t again_size = 0;
    char *at = text + strlen(MAGIC);
    if (size >= NOTE_MAX || strlen(text) != size || strncmp(text, MAGIC, strlen(MAGIC)) != 0)
        return false;
    memcpy(first, text, size + 1);
    const char *until = take_line(&at, "until");
    const char *user = until ? take_line(&at, "user") : NULL;
    const char *uid = user ? take_line(&at, "uid") : NULL;
    const char *encoded = uid ? take_line(&at, "group") : NULL;
    if (!encoded || name_decode(encoded, group, sizeof(group)) < 0)
        return false;
    struct note read = *note;
    read.group = group;
    read.until = strtoll(until, NULL, 10);
    if (read.until < 0 || render(&read, again, &again_size) < 0 || strcmp(again, first) != 0)
        return false;
    note->until = read.until;
    note->group = strdup(group);
    return true;
}

/* ---- one note ---- */

static int read_file(int folder, const char *name, char ret[NOTE_MAX + 1], size_t *ret_size)
{
    _cleanup_close_ int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    int r = fd < 0 ? -errno : check_owner(fd, S_IFREG, S_IWGRP | S_IWOTH);
    const ssize_t got = r == 0 ? pread(fd, ret, NOTE_MAX, 0) : 0;
    if (r < 0 || got < 0)
        return r < 0 ? r : -errno;
    ret[got] = '\0';
    *ret_size = (size_t)got;
    return 0;
}

/* 0; NOTES_E_NONE for what is no note of ours (logged); -errno. */
static int load_one(int folder, const char *name, struct note *ret)
{
    char text[NOTE_MAX + 1], shown[NAME_ENCODED_MAX + 1];
    size_t size = 0;
    struct note note = {0};
    text_visible(name, shown, sizeof(shown));
    int r = read_name(name, &note) ? read_file(folder, name, text, &size) : NOTES_E_NONE;
    if (r == -EPERM || r == -ELOOP || r == NOTES_E_NONE) {
        log_error("Passed over %s among the notes of members of /etc/group: it is no note of ours.", shown);
        r = NOTES_E_NONE;
    } else if (r == -EIO || (r == 0 && !read_text(text, size, &note))) {
        log_error("The note %s is damaged. The membership that it is about is taken for over.", shown);
        note.damaged = true;
        note.group = strdup("");
        r = 0;
    }
    if (r == 0 && !note.group)
        r = -ENOMEM;
    if (r == 0)
        *ret = note;
    else
        note_deinit(&note);
    return r;
}

int notes_find(int folder, const struct note *key, struct note *ret)
{
    char name[NAME_ENCODED_MAX + 1];
    const int r = name_of(key, name);
    if (r < 0)
        return r;
    if (faccessat(folder, name, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? NOTES_E_NONE : -errno;
    return load_one(folder, name, ret);
}

static int write_all(int fd, const char *text, size_t size, off_t offset)
{
    const ssize_t put = pwrite(fd, text, size, offset);
    if (put < 0)
        return -errno;
    if ((size_t)put != size)
        return -ENOSPC;
    return fsync(fd) < 0 ? -errno : 0;
}

int notes_write(int folder, const struct note *note)
{
    char name[NAME_ENCODED_MAX + 1], text[NOTE_MAX];
    size_t size = 0;
    int r = name_of(note, name);
    if (r == 0)
        r = render(note, text, &size);
    if (r < 0)
        return r;
    unlinkat(folder, TEMPORARY, 0);
    _cleanup_close_ int fd =
        openat(folder, TEMPORARY, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    r = fd < 0 ? -errno : write_all(fd, text, size, 0);
    if (r == 0 && renameat(folder, TEMPORARY, folder, name) < 0)
        r = -errno;
    if (r == 0 && fsync(folder) < 0) {
        r = -errno;
        unlinkat(folder, name, 0);
    }
    if (r < 0 && fd >= 0)
        unlinkat(folder, TEMPORARY, 0);
    return r;
}

int notes_set_until(int folder, const struct note *note, int64_t until)
{
    char name[NAME_ENCODED_MAX + 1], digits[UNTIL_DIGITS + 1];
    int r = name_of(note, name);
    if (r < 0 || note->until == until)
        return r;
    if (note->damaged)
        return until == NOTE_ENDED ? 0 : -EBADMSG;
    snprintf(digits, sizeof(digits), UNTIL_FORMAT, until);
    _cleanup_close_ int fd = openat(folder, name, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    r = fd < 0 ? -errno : check_owner(fd, S_IFREG, S_IWGRP | S_IWOTH);
    return r < 0 ? r : write_all(fd, digits, UNTIL_DIGITS, UNTIL_OFFSET);
}

int notes_remove(int folder, const struct note *note)
{
    char name[NAME_ENCODED_MAX + 1];
    const int r = name_of(note, name);
    if (r < 0)
        return r;
    if (unlinkat(folder, name, 0) < 0 && errno != ENOENT)
        return -errno;
    return fsync(folder) < 0 ? -errno : 0;
}

void note_deinit(struct note *note)
{
    free(note->user);
    free(note->group);
    *note = (struct note){0};
}

/* ---- all of them ---- */

static int add_note(struct note_list *notes, const struct note *note)
{
    struct note *grown = notes->items;
    if ((notes->count & (notes->count - 1)) == 0) /* the array is full at each power of two */
        grown = reallocarray(grown, notes->count ? notes->count * 2 : 1, sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    notes->items = grown;
    grown[notes->count++] = *note;
    return 0;
}

/* By the name alone, so that no other file is read. */
static bool is_meant(const char *name, const struct note *only)
{
    struct note note = {0};
    const bool is_note = (only->user || only->gid) && read_name(name, &note);
    const bool meant = !is_note || ((!only->user || strcmp(only->user, note.user) == 0) &&
                                    (!only->gid || only->gid == note.gid));
    note_deinit(&note);
    return meant;
}

static int load_entry(int folder, const char *name, const struct note *only, struct note_list *notes)
{
    struct note note = {0};
    if (strcmp(name, TEMPORARY) == 0)
        unlinkat(folder, name, 0);
    if (name[0] == '.' || !is_meant(name, only))
        return 0;
    int r = load_one(folder, name, &note);
    if (r == 0 && (r = add_note(notes, &note)) < 0)
        note_deinit(&note);
    return r == NOTES_E_NONE || r == -ENOENT ? 0 : r;
}

int notes_load(int folder, const struct note *only, struct note_list *ret)
{
    struct note_list notes = {0};
    _cleanup_close_ int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *entries = fd < 0 ? NULL : fdopendir(fd);
    int r = 0;
    if (!entries)
        return -errno;
    steal_fd(&fd);
    while (r == 0) {
        errno = 0;
        const struct dirent *entry = readdir(entries);
        r = entry ? load_entry(folder, entry->d_name, only, &notes) : -errno;
        if (!entry)
            break;
    }
    closedir(entries);
    if (r == 0)
        *ret = notes;
    else
        notes_deinit(&notes);
    return r;
}

void notes_deinit(struct note_list *notes)
{
    for (size_t i = 0; i < notes->count; i++)
        note_deinit(&notes->items[i]);
    free(notes->items);
    *notes = (struct note_list){0};
}
