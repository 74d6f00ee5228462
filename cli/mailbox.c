/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* In an mbox a message starts with a line "From SENDER DATE"; inside a message such a line is ">From". */
#include "cli/mailbox.h"

#include "common/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { READ_MAX = 16 * 1024 * 1024 };

static const char mark[] = "From ";
enum { MARK_LENGTH = sizeof(mark) - 1, ELSEWHERE = MARK_LENGTH };

/* *at is how many bytes of the mark the line has so far; ELSEWHERE after the mark, or in another line. */
static void count_marks(const char *text, size_t length, size_t *at, int64_t *count)
{
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '\n')
            *at = 0;
        else if (*at < MARK_LENGTH && text[i] != mark[*at])
            *at = ELSEWHERE;
        else if (*at < MARK_LENGTH && ++*at == MARK_LENGTH)
            ++*count;
    }
}

static int count_messages(int fd, struct mailbox *mailbox)
{
    char text[65536];
    size_t at = 0;
    off_t done = 0;
    ssize_t length;

    while (done < READ_MAX && (length = read(fd, text, sizeof(text))) != 0) {
        if (length < 0 && errno != EINTR)
            return -errno;
        if (length > 0) {
            count_marks(text, (size_t)length, &at, &mailbox->messages);
            done += length;
        }
    }
    mailbox->more = done >= READ_MAX && read(fd, text, 1) > 0;
    return 0;
}

int mailbox_count(const char *path, struct mailbox *ret)
{
    _cleanup_close_ int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    struct mailbox mailbox = {0};
    struct stat file;

    if (fd < 0 || fstat(fd, &file) < 0)
        return -errno;
    if (!S_ISREG(file.st_mode))
        return -EINVAL;
    mailbox.last = file.st_mtime;
    const int r = count_messages(fd, &mailbox);
    if (r == 0)
        *ret = mailbox;
    return r;
}
