/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Scope-bound ownership: a variable with such an attribute is released with its scope; steal_* hands it over. */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline void cleanup_free(void *p)
{
    free(*(void **)p);
}

static inline void cleanup_close(int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

static inline void cleanup_fclose(FILE **f)
{
    if (*f)
        fclose(*f);
}

#define _cleanup_(release) __attribute__((cleanup(release)))

#define _cleanup_free_     __attribute__((cleanup(cleanup_free)))
#define _cleanup_close_    __attribute__((cleanup(cleanup_close)))
#define _cleanup_fclose_   __attribute__((cleanup(cleanup_fclose)))

static inline int steal_fd(int *fd)
{
    int taken = *fd;
    *fd = -1;
    return taken;
}

#define steal_ptr(p)                                                                                         \
    __extension__({                                                                                          \
        __typeof__(p) *steal_from = &(p);                                                                    \
        __typeof__(p) stolen = *steal_from;                                                                  \
        *steal_from = NULL;                                                                                  \
        stolen;                                                                                              \
    })
