/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See the header. Called by `pkg-admin status` and `pkg-admin import`. */
#include "cli/nsswitch.h"

#include "common/cleanup.h"

#include <stdio.h>
#include <string.h>

/* Whether this line of nsswitch.conf is of this database; *ret_ours whether it names us. */
static bool is_line_of(char *line, const char *database, bool *ret_ours)
{
    line[strcspn(line, "#\n")] = '\0';
    line += strspn(line, " \t");
    if (strncmp(line, database, strlen(database)) != 0)
        return false;
    *ret_ours = strstr(line, "accesspkg") != NULL;
    return true;
}

bool nsswitch_names_us(void)
{
    _cleanup_fclose_ FILE *file = fopen("/etc/nsswitch.conf", "re");
    _cleanup_free_ char *line = NULL;
    size_t size = 0;
    bool group = false, initgroups = true;

    while (file && getline(&line, &size, file) >= 0)
        if (!is_line_of(line, "group:", &group))
            is_line_of(line, "initgroups:", &initgroups);
    return group && initgroups;
}
