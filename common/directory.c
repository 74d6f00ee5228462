/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "common/directory.h"

#include "common/cleanup.h"
#include "common/local.h"
#include "common/paths.h"

#include <ctype.h>
#include <dlfcn.h>
#include <errno.h>
#include <nss.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

enum { SERVICE_MAX = 64, BUFFER_SIZE = 4096 };

/* ---- the services of a line in nsswitch.conf ------------------------------------------------------------------- */

/* glibc 2.33 and later reads a changed file again, so we see the same line as it does. */
struct services {
    char *line; /* owned; NULL: the file has no such line */
    char *next;
};

struct service {
    char name[SERVICE_MAX];
    bool ends_found, ends_absent; /* the look-up ends here when it finds, or denies, the name */
};

static char *database_line(const char *database, char *line)
{
    line += strspn(line, " \t");
    const size_t length = strlen(database);
    if (strncmp(line, database, length) != 0)
        return NULL;
    line += length;
    line += strspn(line, " \t");
    return *line == ':' ? line + 1 : NULL;
}

/* glibc takes the last line of a database. */
static struct services load_services(const char *database)
{
    struct services services = {0};
    _cleanup_fclose_ FILE *file = fopen(PATH_ETC "/nsswitch.conf", "re");
    _cleanup_free_ char *line = NULL;
    size_t size = 0;
    while (file && getline(&line, &size, file) > 0) {
        if (!database_line(database, line))
            continue;
        free(services.line);
        services.line = steal_ptr(line);
        size = 0;
    }
    services.next = services.line ? database_line(database, services.line) : NULL;
    return services;
}

/* Reads one `[!]STATUS=ACTION` of a pair of brackets. Any action but "return" continues. */
static void read_action(const char *text, struct service *service)
{
    const bool negated = *text == '!';
    const char *status = text + negated;
    const char *equals = strchr(text, '=');
    if (!equals)
        return;
    const size_t length = (size_t)(equals - status);
    const bool returns = strcasecmp(equals + 1, "return") == 0;
    if ((length == 7 && strncasecmp(status, "SUCCESS", length) == 0) != negated)
        service->ends_found = returns;
    if ((length == 8 && strncasecmp(status, "NOTFOUND", length) == 0) != negated)
        service->ends_absent = returns;
}

static char *read_actions(char *text, struct service *service)
{
    char *end = text + strcspn(text, "]");
    char *after = *end ? end + 1 : end;
    char *rest = NULL;
    *end = '\0';
    for (const char *word = strtok_r(text, " \t", &rest); word; word = strtok_r(NULL, " \t", &rest))
        read_action(word, service);
    return after;
}

/* Reads the next service. False at the end of the line. */
static bool services_next(struct services *services, struct service *ret)
{
    char *at = services->next;
    if (!at)
        return false;
    at += strspn(at, " \t\n");
    const size_t length = strcspn(at, " \t\n[");
    if (length == 0)
        return false;
    *ret = (struct service){.ends_found = true};
    snprintf(ret->name, sizeof(ret->name), "%.*s", (int)length, at);
    at += length;
    at += strspn(at, " \t");
    services->next = *at == '[' ? read_actions(at + 1, ret) : at;
    return true;
}

/* NULL when the service has no such function or is not installed: glibc skips it, too. Some services are in glibc. */
static void *load_function(const char *service, const char *name)
{
    char library[SERVICE_MAX + 16], symbol[SERVICE_MAX + 32];
    if (strchr(service, '/'))
        return NULL;
    snprintf(library, sizeof(library), "libnss_%s.so.2", service);
    snprintf(symbol, sizeof(symbol), "_nss_%s_%s", service, name);
    /* Not closed: glibc keeps the library loaded anyway. */
    void *handle = dlopen(library, RTLD_NOW);
    return dlsym(handle ? handle : RTLD_DEFAULT, symbol);
}

/* ---- absence --------------------------------------------------------------------------------------------------- */

struct key {
    const char *name;
    id_t id;
};

/* Asks one service. NSS_STATUS_NOTFOUND is the one answer that denies. */
typedef enum nss_status (*asker)(const void *function, const struct key *key);

/* dlsym() returns a pointer to data. */
#define AS(type, function) (*(type *)(void *)&(function))

static enum nss_status ask_user(const void *function, const struct key *key)
{
    typedef enum nss_status (*getpwnam)(const char *, struct passwd *, char *, size_t, int *);
    char buffer[BUFFER_SIZE];
    struct passwd entry;
    int error = 0;
    return AS(getpwnam, function)(key->name, &entry, buffer, sizeof(buffer), &error);
}

static enum nss_status ask_user_by_uid(const void *function, const struct key *key)
{
    typedef enum nss_status (*getpwuid)(uid_t, struct passwd *, char *, size_t, int *);
    char buffer[BUFFER_SIZE];
    struct passwd entry;
    int error = 0;
    return AS(getpwuid, function)(key->id, &entry, buffer, sizeof(buffer), &error);
}

static enum nss_status ask_group(const void *function, const struct key *key)
{
    typedef enum nss_status (*getgrnam)(const char *, struct group *, char *, size_t, int *);
    char buffer[BUFFER_SIZE];
    struct group entry;
    int error = 0;
    return AS(getgrnam, function)(key->name, &entry, buffer, sizeof(buffer), &error);
}

static enum nss_status ask_group_by_gid(const void *function, const struct key *key)
{
    typedef enum nss_status (*getgrgid)(gid_t, struct group *, char *, size_t, int *);
    char buffer[BUFFER_SIZE];
    struct group entry;
    int error = 0;
    return AS(getgrgid, function)(key->id, &entry, buffer, sizeof(buffer), &error);
}

/* An empty or missing file proves nothing: it is broken, or is being replaced. */
static bool is_readable(const char *database)
{
    bool has = false;
    return strcmp(database, "passwd") == 0 ? local_has_user("", &has) == 0
                                           : local_has_group("", (gid_t)-1, &has) == 0;
}

/* Checks an absence that glibc reports without an error. A service that has the name all the same (nscd may remember an
 * absence) means UNANSWERED. */
static enum directory_answer confirm_absence(const char *database, const char *name, asker ask,
                                             const struct key *key)
{
    struct services services = load_services(database);
    struct service service;
    enum directory_answer answer = is_readable(database) ? DIRECTORY_ABSENT : DIRECTORY_UNANSWERED;
    while (answer == DIRECTORY_ABSENT && services_next(&services, &service)) {
        const void *function = load_function(service.name, name);
        if (!function)
            continue;
        if (ask(function, key) != NSS_STATUS_NOTFOUND)
            answer = DIRECTORY_UNANSWERED;
        else if (service.ends_absent)
            break;
    }
    free(services.line);
    return answer;
}

static unsigned patience; /* seconds; 0: wait without end */
static char given_up[256];

/* Ends the process, as the look-up cannot be aborted alone: glibc and its modules hold locks. */
static void give_up(int signal_number)
{
    const ssize_t written = write(STDERR_FILENO, given_up, strlen(given_up));
    (void)signal_number, (void)written;
    _exit(EX_UNAVAILABLE);
}

void directory_set_patience(unsigned seconds)
{
    snprintf(
        given_up, sizeof(given_up),
        "%s: a look-up of users or groups took more than %u s and was given up; nothing was written. See "
        "whether the directory answers: getent passwd NAME\n",
        program_invocation_short_name, seconds);
    patience = seconds;
}

static void begin_lookup(void)
{
    const struct sigaction action = {.sa_handler = give_up};
    if (patience > 0) {
        sigset_t alarm_only;
        sigemptyset(&alarm_only);
        sigaddset(&alarm_only, SIGALRM);
        sigaction(SIGALRM, &action, NULL);
        sigprocmask(SIG_UNBLOCK, &alarm_only, NULL);
        alarm(patience);
    }
    errno = EAGAIN; /* stays there when a service is down; glibc sets 0 for absence */
}

static enum directory_answer end_lookup(enum directory_answer answer)
{
    if (patience > 0)
        alarm(0);
    return answer;
}

enum directory_answer directory_user(const char *name, const struct passwd **ret)
{
    begin_lookup();
    const struct passwd *found = getpwnam(name);
    if (found)
        *ret = found;
    if (found || errno != 0)
        return end_lookup(found ? DIRECTORY_FOUND : DIRECTORY_UNANSWERED);
    return end_lookup(confirm_absence("passwd", "getpwnam_r", ask_user, &(struct key){.name = name}));
}

enum directory_answer directory_user_by_uid(uid_t uid, const struct passwd **ret)
{
    begin_lookup();
    const struct passwd *found = getpwuid(uid);
    if (found)
        *ret = found;
    if (found || errno != 0)
        return end_lookup(found ? DIRECTORY_FOUND : DIRECTORY_UNANSWERED);
    return end_lookup(confirm_absence("passwd", "getpwuid_r", ask_user_by_uid, &(struct key){.id = uid}));
}

enum directory_answer directory_group(const char *name, const struct group **ret)
{
    begin_lookup();
    const struct group *found = getgrnam(name);
    if (found)
        *ret = found;
    if (found || errno != 0)
        return end_lookup(found ? DIRECTORY_FOUND : DIRECTORY_UNANSWERED);
    return end_lookup(confirm_absence("group", "getgrnam_r", ask_group, &(struct key){.name = name}));
}

enum directory_answer directory_group_by_gid(gid_t gid, const struct group **ret)
{
    begin_lookup();
    const struct group *found = getgrgid(gid);
    if (found)
        *ret = found;
    if (found || errno != 0)
        return end_lookup(found ? DIRECTORY_FOUND : DIRECTORY_UNANSWERED);
    return end_lookup(confirm_absence("group", "getgrgid_r", ask_group_by_gid, &(struct key){.id = gid}));
}

/* ---- the groups of a user ---------------------------------------------------------------------------------------- */

static enum nss_status ask_groups(const void *function, const char *user, gid_t primary)
{
    typedef enum nss_status (*initgroups)(const char *, gid_t, long *, long *, gid_t **, long, int *);
    long count = 1, size = 64;
    int error = 0;
    gid_t *gids = calloc((size_t)size, sizeof(*gids));
    if (!gids)
        return NSS_STATUS_TRYAGAIN;
    gids[0] = primary;
    const enum nss_status status = AS(initgroups, function)(user, primary, &count, &size, &gids, -1, &error);
    free(gids);
    return status;
}

/* An `initgroups:` line ends at the first service that has the user; a `group:` line asks all. */
bool directory_has_all_groups(const char *user, gid_t primary)
{
    struct services services = load_services("initgroups");
    const bool own_line = services.line;
    struct service service;
    bool whole = true;
    if (!own_line)
        services = load_services("group");
    while (whole && services_next(&services, &service)) {
        const void *function = load_function(service.name, "initgroups_dyn");
        if (!function)
            continue;
        const enum nss_status status = ask_groups(function, user, primary);
        whole = status == NSS_STATUS_SUCCESS || status == NSS_STATUS_NOTFOUND;
        if ((status == NSS_STATUS_SUCCESS && own_line && service.ends_found) ||
            (status == NSS_STATUS_NOTFOUND && service.ends_absent))
            break;
    }
    free(services.line);
    return whole;
}
