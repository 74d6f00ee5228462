/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * nsswitch.conf: any text is one, and the line that is proposed for it, read in its turn, hides nobody.
 *   clang -fsanitize=fuzzer,address,undefined -g -D_GNU_SOURCE -I. -o /tmp/fuzz_nsswitch tests/fuzz/fuzz_nsswitch.c \
 *       common/nsswitch*.c common/findings.c common/textfile.c
 *   /tmp/fuzz_nsswitch -max_total_time=60
 */
#include "common/nsswitch.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool promise)
{
    if (!promise)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct nsswitch nsswitch;
    expect(nsswitch_parse((const char *)data, size, &nsswitch) == 0);
    char *mended = nsswitch_mended(&nsswitch);
    nsswitch_deinit(&nsswitch);
    expect(mended != NULL);
    const size_t length = strlen(mended);
    mended[length] = '\n'; /* in the place of its zero: the reader takes a size */
    expect(nsswitch_parse(mended, length + 1, &nsswitch) == 0);
    expect(nsswitch_hidden(&nsswitch) == 0 && nsswitch_hides(&nsswitch) == 0);
    nsswitch_deinit(&nsswitch);
    free(mended);
    return 0;
}
