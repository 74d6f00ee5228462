/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See the header. Connects to nscd's socket, and reads its settings. Called by configure.c and cli/status.c. */
#include "common/nscd.h"

#include "common/cleanup.h"
#include "common/textfile.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#define BLANKS " \t\r"

/* Connects, because a dead nscd leaves its socket behind. */
static bool nscd_runs(const char *root)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    _cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const int length = snprintf(address.sun_path, sizeof(address.sun_path), "%s/var/run/nscd/socket", root);
    return fd >= 0 && (size_t)length < sizeof(address.sun_path) &&
           connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0;
}

/* True when the last line about groups is "enable-cache group no". */
static bool skips_groups(char *text)
{
    bool skips = false;
    char *rest = text;
    for (char *line; (line = strsep(&rest, "\n"));) {
        char *words = NULL;
        const char *key = strtok_r(line, BLANKS, &words), *cache = strtok_r(NULL, BLANKS, &words),
                   *value = strtok_r(NULL, BLANKS, &words);
        if (key && cache && value && strcmp(key, "enable-cache") == 0 && strcmp(cache, "group") == 0)
            skips = strcmp(value, "no") == 0;
    }
    return skips;
}

void nscd_check(const char *root, struct findings *findings)
{
    char path[4096];
    _cleanup_free_ char *text = NULL;
    size_t size;
    if (!nscd_runs(root))
        return;
    snprintf(path, sizeof(path), "%s/etc/nscd.conf", root);
    if (textfile_read(path, &text, &size) < 0 || !skips_groups(text))
        findings_add(
            findings,
            "%s: nscd runs and caches groups: for up to an hour a user may lack the groups of an approved "
            "package, or still have those of an ended one. Write: enable-cache group no",
            path);
}
