/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See the header. Asks nothing of nscd but whether it is there. Called by helperd/config/configure.c and cli/status.c. */
#include "common/nscd.h"

#include "common/cleanup.h"
#include "common/textfile.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#define BLANKS " \t\r"

/* A socket that nobody listens at was left behind. */
static bool runs(const char *root)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    _cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const int length = snprintf(address.sun_path, sizeof(address.sun_path), "%s/var/run/nscd/socket", root);
    return fd >= 0 && (size_t)length < sizeof(address.sun_path) &&
           connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0;
}

/* Whether a line says it; of several the last counts. */
static bool leaves_groups(char *text)
{
    bool leaves = false;
    char *rest = text;
    for (char *line; (line = strsep(&rest, "\n"));) {
        char *words = NULL;
        const char *key = strtok_r(line, BLANKS, &words), *cache = strtok_r(NULL, BLANKS, &words),
                   *value = strtok_r(NULL, BLANKS, &words);
        if (key && cache && value && strcmp(key, "enable-cache") == 0 && strcmp(cache, "group") == 0)
            leaves = strcmp(value, "no") == 0;
    }
    return leaves;
}

void nscd_check(const char *root, struct findings *findings)
{
    char path[4096];
    _cleanup_free_ char *text = NULL;
    size_t size;
    if (!runs(root))
        return;
    snprintf(path, sizeof(path), "%s/etc/nscd.conf", root);
    if (textfile_read(path, &text, &size) < 0 || !leaves_groups(text))
        findings_add(
            findings,
            "%s: nscd runs and remembers groups: for up to an hour who was approved may not have the "
            "groups of a package, and who lost them may have them. Write: enable-cache group no",
            path);
}
