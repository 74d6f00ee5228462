/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helperd/config/configure_units.h"

#include "common/cleanup.h"
#include "common/textfile.h"

#include <glob.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const char *const places[] = {
    "/etc/systemd/system/*.service",           "/etc/systemd/system/*.service.d/*.conf",
    "/run/systemd/system/*.service",           "/run/systemd/system/*.service.d/*.conf",
    "/usr/local/lib/systemd/system/*.service", "/usr/local/lib/systemd/system/*.service.d/*.conf",
    "/usr/lib/systemd/system/*.service",       "/usr/lib/systemd/system/*.service.d/*.conf",
};

static bool names_service(const char *path, const char *service)
{
    static const char key[] = "PAMName=";
    _cleanup_free_ char *text = NULL;
    size_t size = 0;
    if (textfile_read(path, &text, &size) < 0)
        return false;
    for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
        line += strspn(line, " \t");
        if (strncmp(line, key, strlen(key)) != 0)
            continue;
        const char *value = line + strlen(key);
        const size_t length = strcspn(value, " \t\r\n");
        if (strlen(service) == length && strncmp(value, service, length) == 0)
            return true;
    }
    return false;
}

/* "report.service", of its file and of one in report.service.d/. */
static char *unit_of(const char *path)
{
    static const char suffix[] = ".service";
    const char *name = path, *end = NULL;
    for (const char *at = strstr(path, suffix); at; at = strstr(at + 1, suffix))
        end = at + strlen(suffix);
    for (const char *at = strchr(path, '/'); at && at < end; at = strchr(at + 1, '/'))
        name = at + 1;
    return strndup(name, end > name ? (size_t)(end - name) : strlen(name));
}

char *configure_units_find(const char *root, const char *service)
{
    char *found = NULL;
    for (size_t i = 0; !found && i < sizeof(places) / sizeof(*places); i++) {
        char pattern[PATH_MAX];
        glob_t files = {0};
        snprintf(pattern, sizeof(pattern), "%s%s", root, places[i]);
        if (glob(pattern, 0, NULL, &files) == 0)
            for (size_t k = 0; !found && k < files.gl_pathc; k++)
                if (names_service(files.gl_pathv[k], service))
                    found = unit_of(files.gl_pathv[k]);
        globfree(&files);
    }
    return found;
}
