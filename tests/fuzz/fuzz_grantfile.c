/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Both grant files: whatever the text, the parsers refuse it or read what the renderers can say and read back alike.
 *   clang -fsanitize=fuzzer,address,undefined -g -D_GNU_SOURCE -I. -o /tmp/fuzz_grantfile tests/fuzz/fuzz_grantfile.c \
 *       common/grantfile.c common/grantfile_render.c common/names.c
 *   /tmp/fuzz_grantfile -max_total_time=60
 */
#include "common/grantfile.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool promise)
{
    if (!promise)
        abort();
}

/* The file as text, released again. */
#define RENDERED(kind, file, ret_text, ret_size)                                                             \
    do {                                                                                                     \
        FILE *out = open_memstream(ret_text, ret_size);                                                      \
        expect(out != NULL);                                                                                 \
        expect(grant_##kind##_render(file, out) == 0 && fclose(out) == 0);                                   \
        grant_##kind##_deinit(file);                                                                         \
    } while (0)

#define ROUND_TRIP(kind, data, size)                                                                         \
    do {                                                                                                     \
        struct grant_##kind file;                                                                            \
        char *first = NULL, *second = NULL;                                                                  \
        size_t n_first, n_second;                                                                            \
        if (grant_##kind##_parse(data, size, &file) < 0)                                                     \
            break;                                                                                           \
        RENDERED(kind, &file, &first, &n_first);                                                             \
        expect(grant_##kind##_parse(first, n_first, &file) == 0);                                            \
        RENDERED(kind, &file, &second, &n_second);                                                           \
        expect(n_first == n_second && memcmp(first, second, n_first) == 0);                                  \
        free(first);                                                                                         \
        free(second);                                                                                        \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ROUND_TRIP(user, (const char *)data, size);
    ROUND_TRIP(gid, (const char *)data, size);
    return 0;
}
