/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* This host's name, visible (rule 10); "this host" when it has none. */
#pragma once

#include "common/names.h"

#include <limits.h>
#include <string.h>
#include <unistd.h>

enum { HOSTNAME_TEXT_MAX = HOST_NAME_MAX + 1 };

static inline const char *hostname_visible(char ret[HOSTNAME_TEXT_MAX])
{
    char name[HOST_NAME_MAX + 1] = "";
    if (gethostname(name, sizeof(name)) < 0 || !*name)
        return strcpy(ret, "this host");
    name[HOST_NAME_MAX] = '\0';
    return text_visible(name, ret, HOSTNAME_TEXT_MAX);
}
