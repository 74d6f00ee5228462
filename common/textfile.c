/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "common/textfile.h"

#include "common/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

/* Reads up to `size` bytes. How many, or -errno. */
static ssize_t read_up_to(int fd, char *text, size_t size)
{
    size_t done = 0;
    while (done < size) {
        const ssize_t got = read(fd, text + done, size - done);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -errno;
        if (got == 0)
            break;
        done += (size_t)got;
    }
    return (ssize_t)done;
}

int textfile_read(const char *path, char **ret_text, size_t *ret_size)
{
    struct stat st;
    _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 || fstat(fd, &st) < 0)
        return -errno;
    if (!S_ISREG(st.st_mode))
        return S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
    if (st.st_size > TEXTFILE_MAX)
        return -EFBIG;
    const size_t most = (size_t)st.st_size;
    _cleanup_free_ char *text = malloc(most + 1);
    if (!text)
        return -ENOMEM;
    const ssize_t size = read_up_to(fd, text, most);
    if (size < 0)
        return (int)size;
    text[size] = '\0';
    *ret_text = steal_ptr(text);
    *ret_size = (size_t)size;
    return 0;
}
