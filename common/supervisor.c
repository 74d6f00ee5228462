/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "common/supervisor.h"

#include "common/cleanup.h"

#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* The length of the address, 0 when there is none. A name with "@" is an abstract one. */
static socklen_t find_manager(struct sockaddr_un *ret)
{
    const char *path = getenv("NOTIFY_SOCKET");
    const size_t length = path ? strlen(path) : 0;
    *ret = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (length < 2 || length >= sizeof(ret->sun_path) || (*path != '/' && *path != '@'))
        return 0;
    memcpy(ret->sun_path, path, length);
    if (*path == '@')
        ret->sun_path[0] = '\0';
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + (*path == '/'));
}

void supervisor_notify(const char *state)
{
    struct sockaddr_un manager;
    const socklen_t length = find_manager(&manager);
    if (length == 0)
        return;
    _cleanup_close_ int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd >= 0)
        sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&manager, length);
}

/* A whole number from 1 on; 0 for anything else. */
static int read_count(const char *text)
{
    char *end = NULL;
    const long value = text ? strtol(text, &end, 10) : 0;
    return end && end != text && *end == '\0' && value > 0 && value <= INT_MAX ? (int)value : 0;
}

int supervisor_sockets(void)
{
    return read_count(getenv("LISTEN_PID")) == getpid() ? read_count(getenv("LISTEN_FDS")) : 0;
}
