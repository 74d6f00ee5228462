/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The grant file: whatever the text, the parser refuses it or reads what the renderer can say and reads back alike.
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
static char *render(struct grant_user *file, size_t *ret_size)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, ret_size);
    expect(out != NULL);
    expect(grant_user_render(file, out) == 0 && fclose(out) == 0);
    grant_user_deinit(file);
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct grant_user file;
    size_t n_first, n_second;
    if (grant_user_parse((const char *)data, size, &file) < 0)
        return 0;
    char *const first = render(&file, &n_first);
    expect(grant_user_parse(first, n_first, &file) == 0);
    char *const second = render(&file, &n_second);
    expect(n_first == n_second && memcmp(first, second, n_first) == 0);
    free(first);
    free(second);
    return 0;
}
