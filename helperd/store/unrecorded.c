/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helperd/store/unrecorded.h"

#include "common/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME "unrecorded"

enum { SLOT_SIZE = 8192 };

/* As it is in the file. */
struct slot {
    uint64_t check; /* of what follows */
    struct unrecorded what;
    char rest[SLOT_SIZE - sizeof(uint64_t) - sizeof(struct unrecorded)];
};
_Static_assert(sizeof(struct slot) == SLOT_SIZE, "a slot has no padding of its own");

struct unrecorded_file {
    int fd;
    bool taken[UNRECORDED_SLOTS];
};

/* FNV-1a: against what a power cut leaves, not against forgers, who could not write here. */
static uint64_t check_of(const struct unrecorded *what)
{
    const unsigned char *bytes = (const unsigned char *)what;
    uint64_t check = 0xcbf29ce484222325;
    for (size_t i = 0; i < sizeof(*what); i++)
        check = (check ^ bytes[i]) * 0x100000001b3;
    return check;
}

static bool is_text(const char *text, size_t size)
{
    return memchr(text, '\0', size) != NULL;
}

static bool read_slot(int fd, int index, struct unrecorded *ret)
{
    struct slot slot;
    if (pread(fd, &slot, sizeof(slot), (off_t)index * SLOT_SIZE) != sizeof(slot))
        return false;
    *ret = slot.what;
    return (ret->assignment || ret->request) && slot.check == check_of(ret) && /* nearly all are empty */
           is_text(ret->user, sizeof(ret->user)) && is_text(ret->package, sizeof(ret->package)) &&
           is_text(ret->actor, sizeof(ret->actor)) && is_text(ret->reason, sizeof(ret->reason));
}

static int write_slot(int fd, int index, const struct slot *slot)
{
    errno = 0;
    if (pwrite(fd, slot, sizeof(*slot), (off_t)index * SLOT_SIZE) != sizeof(*slot))
        return errno ? -errno : -ENOSPC;
    return fdatasync(fd) < 0 ? -errno : 0;
}

/* Written out, not only allocated: where a disk copies on writing, nothing helps. */
static int make_slots(int fd)
{
    static const struct slot empty;
    struct stat st;
    if (fstat(fd, &st) < 0)
        return -errno;
    for (int i = (int)(st.st_size / SLOT_SIZE); i < UNRECORDED_SLOTS; i++)
        if (pwrite(fd, &empty, sizeof(empty), (off_t)i * SLOT_SIZE) != sizeof(empty))
            return errno ? -errno : -ENOSPC;
    return st.st_size < UNRECORDED_SLOTS * SLOT_SIZE && fsync(fd) < 0 ? -errno : 0;
}

int unrecorded_open(const char *state, struct unrecorded_file **ret)
{
    _cleanup_close_ int folder = open(state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    _cleanup_close_ int fd =
        folder < 0 ? -1 : openat(folder, NAME, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return -errno;
    const int r = make_slots(fd);
    struct unrecorded_file *file = r < 0 ? NULL : calloc(1, sizeof(*file));
    if (!file)
        return r < 0 ? r : -ENOMEM;
    struct unrecorded what;
    for (int i = 0; i < UNRECORDED_SLOTS; i++)
        file->taken[i] = read_slot(fd, i, &what);
    file->fd = steal_fd(&fd);
    *ret = file;
    return 0;
}

void unrecorded_close(struct unrecorded_file *file)
{
    if (!file)
        return;
    close(file->fd);
    free(file);
}

int unrecorded_put(struct unrecorded_file *file, const struct unrecorded *what)
{
    int index = 0;
    while (index < UNRECORDED_SLOTS && file->taken[index])
        index++;
    if (index == UNRECORDED_SLOTS)
        return -ENOSPC;
    struct slot slot = {.check = check_of(what), .what = *what};
    const int r = write_slot(file->fd, index, &slot);
    if (r < 0)
        return r;
    file->taken[index] = true;
    return index;
}

/* One that cannot be emptied is found again at the next start, which finds the end on record then. */
void unrecorded_clear(struct unrecorded_file *file, int index)
{
    static const struct slot empty;
    if (write_slot(file->fd, index, &empty) == 0)
        file->taken[index] = false;
}

bool unrecorded_get(struct unrecorded_file *file, int index, struct unrecorded *ret)
{
    return file->taken[index] && read_slot(file->fd, index, ret);
}
