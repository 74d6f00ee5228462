/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A disk that takes longer: loaded by LD_PRELOAD, it makes each sync last as many microseconds more as the first int of
 * BENCH_DELAY says at that moment.
 */
#include "tests/bench/bench.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

static const volatile int *find_delay(void)
{
    static const int none;
    static const volatile int *delay;
    if (!delay) {
        const int fd = open(BENCH_DELAY, O_RDONLY | O_CLOEXEC);
        void *map = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof(*delay), PROT_READ, MAP_SHARED, fd, 0);
        delay = map == MAP_FAILED ? &none : map;
        if (fd >= 0)
            close(fd);
    }
    return delay;
}

static int sync_slowly(const char *name, int fd)
{
    int (*real)(int) = NULL;
    const int delay = *find_delay();
    *(void **)&real = dlsym(RTLD_NEXT, name);
    const struct timespec time = {.tv_sec = delay / 1000000, .tv_nsec = delay % 1000000 * 1000L};
    if (delay > 0) {
        prctl(PR_SET_TIMERSLACK, 1L);
        ppoll(NULL, 0, &time, NULL);
    }
    return real(fd);
}

__attribute__((visibility("default"))) int fsync(int fd)
{
    return sync_slowly("fsync", fd);
}

__attribute__((visibility("default"))) int fdatasync(int fd)
{
    return sync_slowly("fdatasync", fd);
}

__attribute__((visibility("default"))) int syncfs(int fd)
{
    return sync_slowly("syncfs", fd);
}
