/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A directory for tests: the NSS service `directory`, for private roots alone (tests/support/directory.h installs it and
 * puts it into nsswitch.conf). Its users and groups stand in /run/directory/passwd and group, in the form of /etc's; it
 * finds a name however its letters are written, as a directory with case_sensitive = False does, and with @corp.test
 * behind it, and answers with the spelling that it has. /run/directory/mode says how it answers, a line each, the first that fits counts:
 *
 *     ANSWER [CALL [KEY]]
 *
 * ANSWER: notfound, unavail, tryagain, hang, or echo: from its files, with the spelling that was asked for, as some
 * services do; unavail and tryagain leave errno alone, with a number behind (`unavail=2`)
 * they set it. CALL: passwd, group or initgroups. KEY: the name or the number that is asked for. Without a line that
 * fits it answers from its files.
 */
#include <errno.h>
#include <grp.h>
#include <nss.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EXPORTED __attribute__((visibility("default")))
#define FOLDER   "/run/directory/"

enum { MODE_LINE_MAX = 256 };

/* The number of a mode's "=N" is what errno becomes; without one it stays. */
static enum nss_status act(const char *answer, int *errnop)
{
    const char *number = strchr(answer, '=');
    if (number)
        *errnop = atoi(number + 1);
    if (strcmp(answer, "echo") == 0)
        return NSS_STATUS_SUCCESS;
    if (strcmp(answer, "hang") == 0)
        for (;;)
            pause();
    if (strcmp(answer, "notfound") == 0)
        return NSS_STATUS_NOTFOUND;
    return strncmp(answer, "tryagain", 8) == 0 ? NSS_STATUS_TRYAGAIN : NSS_STATUS_UNAVAIL;
}

static bool echoes; /* the last call that was obeyed */

/* NSS_STATUS_SUCCESS: it is to be answered from the files. */
static enum nss_status obey(const char *call, const char *key, int *errnop)
{
    const int before = *errnop;
    char line[MODE_LINE_MAX];
    char answer[MODE_LINE_MAX], only_call[MODE_LINE_MAX], only_key[MODE_LINE_MAX];
    bool fits = false;
    FILE *file = fopen(FOLDER "mode", "re");
    while (file && !fits && fgets(line, sizeof(line), file)) {
        const int words = sscanf(line, "%255s %255s %255s", answer, only_call, only_key);
        fits = words >= 1 && (words < 2 || strcmp(only_call, call) == 0) &&
               (words < 3 || strcasecmp(only_key, key) == 0);
    }
    if (file)
        fclose(file);
    *errnop = before;
    echoes = fits && strcmp(answer, "echo") == 0;
    return fits ? act(answer, errnop) : NSS_STATUS_SUCCESS;
}

static enum nss_status open_file(const char *path, FILE **ret, int *errnop)
{
    *ret = fopen(path, "re");
    if (*ret)
        return NSS_STATUS_SUCCESS;
    *errnop = errno;
    return NSS_STATUS_UNAVAIL;
}

/* What fgetpwent_r and fgetgrent_r say at the end of a file, or of the buffer. */
static enum nss_status judge(int error, bool found, int *errnop)
{
    if (found)
        return NSS_STATUS_SUCCESS;
    if (error != ERANGE)
        return NSS_STATUS_NOTFOUND;
    *errnop = ERANGE;
    return NSS_STATUS_TRYAGAIN;
}

/* Whether the directory means this entry by the name or number. */
static bool is_meant(const char *name, const char *number, const char *key)
{
    static const char domain[] = "@corp.test";
    const size_t length = strlen(name);
    return strcasecmp(name, key) == 0 || strcmp(number, key) == 0 ||
           (strncasecmp(name, key, length) == 0 && strcasecmp(key + length, domain) == 0);
}

static enum nss_status find_user(const char *key, struct passwd *result, char *buffer, size_t size,
                                 int *errnop)
{
    static char echoed[MODE_LINE_MAX];
    FILE *file = NULL;
    struct passwd *entry = NULL;
    int error = 0;
    bool found = false;
    enum nss_status status = obey("passwd", key, errnop);
    if (status == NSS_STATUS_SUCCESS)
        status = open_file(FOLDER "passwd", &file, errnop);
    if (status != NSS_STATUS_SUCCESS)
        return status;
    while (!found && (error = fgetpwent_r(file, result, buffer, size, &entry)) == 0) {
        char uid[16];
        snprintf(uid, sizeof(uid), "%u", entry->pw_uid);
        found = is_meant(entry->pw_name, uid, key);
    }
    fclose(file);
    if (found && echoes && strspn(key, "0123456789") < strlen(key))
        entry->pw_name = strncpy(echoed, key, sizeof(echoed) - 1);
    return judge(error, found, errnop);
}

static enum nss_status find_group(const char *key, struct group *result, char *buffer, size_t size,
                                  int *errnop)
{
    FILE *file = NULL;
    struct group *entry = NULL;
    int error = 0;
    bool found = false;
    enum nss_status status = obey("group", key, errnop);
    if (status == NSS_STATUS_SUCCESS)
        status = open_file(FOLDER "group", &file, errnop);
    if (status != NSS_STATUS_SUCCESS)
        return status;
    while (!found && (error = fgetgrent_r(file, result, buffer, size, &entry)) == 0) {
        char gid[16];
        snprintf(gid, sizeof(gid), "%u", entry->gr_gid);
        found = is_meant(entry->gr_name, gid, key);
    }
    fclose(file);
    return judge(error, found, errnop);
}

EXPORTED enum nss_status _nss_directory_getpwnam_r(const char *name, struct passwd *result, char *buffer,
                                                   size_t size, int *errnop);
enum nss_status _nss_directory_getpwnam_r(const char *name, struct passwd *result, char *buffer, size_t size,
                                          int *errnop)
{
    return find_user(name, result, buffer, size, errnop);
}

EXPORTED enum nss_status _nss_directory_getpwuid_r(uid_t uid, struct passwd *result, char *buffer,
                                                   size_t size, int *errnop);
enum nss_status _nss_directory_getpwuid_r(uid_t uid, struct passwd *result, char *buffer, size_t size,
                                          int *errnop)
{
    char key[16];
    snprintf(key, sizeof(key), "%u", uid);
    return find_user(key, result, buffer, size, errnop);
}

EXPORTED enum nss_status _nss_directory_getgrnam_r(const char *name, struct group *result, char *buffer,
                                                   size_t size, int *errnop);
enum nss_status _nss_directory_getgrnam_r(const char *name, struct group *result, char *buffer, size_t size,
                                          int *errnop)
{
    return find_group(name, result, buffer, size, errnop);
}

EXPORTED enum nss_status _nss_directory_getgrgid_r(gid_t gid, struct group *result, char *buffer, size_t size,
                                                   int *errnop);
enum nss_status _nss_directory_getgrgid_r(gid_t gid, struct group *result, char *buffer, size_t size,
                                          int *errnop)
{
    char key[16];
    snprintf(key, sizeof(key), "%u", gid);
    return find_group(key, result, buffer, size, errnop);
}

static bool is_member(const struct group *group, const char *user)
{
    for (char *const *member = group->gr_mem; *member; member++)
        if (strcasecmp(*member, user) == 0)
            return true;
    return false;
}

static bool has_gid(const gid_t *gids, long count, gid_t gid)
{
    for (long i = 0; i < count; i++)
        if (gids[i] == gid)
            return true;
    return false;
}

EXPORTED enum nss_status _nss_directory_initgroups_dyn(const char *user, gid_t primary, long *start,
                                                       long *size, gid_t **groups, long limit, int *errnop);
enum nss_status _nss_directory_initgroups_dyn(const char *user, gid_t primary, long *start, long *size,
                                              gid_t **groups, long limit, int *errnop)
{
    FILE *file = NULL;
    const struct group *entry = NULL;
    const long before = *start;
    enum nss_status status = obey("initgroups", user, errnop);
    if (status == NSS_STATUS_SUCCESS)
        status = open_file(FOLDER "group", &file, errnop);
    if (status != NSS_STATUS_SUCCESS)
        return status;
    while ((entry = fgetgrent(file))) {
        if (entry->gr_gid == primary || !is_member(entry, user) || has_gid(*groups, *start, entry->gr_gid))
            continue;
        if (*start == *size) {
            gid_t *grown =
                limit > 0 && *size >= limit ? NULL : realloc(*groups, (size_t)*size * 2 * sizeof(**groups));
            if (!grown)
                break;
            *groups = grown;
            *size *= 2;
        }
        (*groups)[(*start)++] = entry->gr_gid;
    }
    fclose(file);
    return *start > before ? NSS_STATUS_SUCCESS : NSS_STATUS_NOTFOUND;
}
