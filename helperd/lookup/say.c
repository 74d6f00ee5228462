/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helperd/lookup/say.h"

#include <stdio.h>
#include <stdlib.h>

void say_line(json_t *line)
{
    if (!line || json_dumpf(line, stdout, JSON_COMPACT) < 0 || putchar('\n') == EOF)
        exit(1);
    json_decref(line);
}

void say_all(void)
{
    if (fflush(stdout) == EOF)
        exit(1);
}
