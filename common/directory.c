/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "common/directory.h"

#include "common/cleanup.h"
#include "common/file_seen.h"
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

/* What may end a look-up at a service. */
static const struct {
    const char *name;
    enum nss_status status;
} statuses[] = {{"SUCCESS", NSS_STATUS_SUCCESS},
                {"NOTFOUND", NSS_STATUS_NOTFOUND},
                {"UNAVAIL", NSS_STATUS_UNAVAIL},
                {"TRYAGAIN", NSS_STATUS_TRYAGAIN}};
enum { N_STATUSES = sizeof(statuses) / sizeof(statuses[0]) };

struct service {
    char name[SERVICE_MAX];
    bool ends[N_STATUSES]; /* the look-up ends here with this status */
};

static bool service_ends(const struct service *service, enum nss_status status)
{
    for (size_t i = 0; i < N_STATUSES; i++)
        if (statuses[i].status == status)
            return service->ends[i];
    return false;
}

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
    for (size_t i = 0; i < N_STATUSES; i++)
        if ((length == strlen(statuses[i].name) && strncasecmp(status, statuses[i].name, length) == 0) !=
            negated)
            service->ends[i] = returns;
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
    *ret = (struct service){.ends = {true}};
    snprintf(ret->name, sizeof(ret->name), "%.*s", (int)length, at);
    at += length;
    at += strspn(at, " \t");
    services->next = *at == '[' ? read_actions(at + 1, ret) : at;
    return true;
}

/* The lines that we ask for, kept while the file is the same. */
static struct {
    const char *database;
    char *line;       /* behind the colon; NULL: there is none */
    bool files_first; /* and end the look-up when they have the name */
} lines[] = {{.database = "passwd"}, {.database = "group"}, {.database = "initgroups"}};
enum { N_LINES = sizeof(lines) / sizeof(lines[0]) };

/* Writes into the line. */
static bool begins_with_files(char *line)
{
    struct services services = {.next = line};
    struct service first;
    return services_next(&services, &first) && strcmp(first.name, "files") == 0 &&
           service_ends(&first, NSS_STATUS_SUCCESS);
}

/* glibc takes the last line of a database. Writes into this one. */
static void keep_line(char *line)
{
    for (size_t i = 0; i < N_LINES; i++) {
        char *services = database_line(lines[i].database, line);
        if (!services)
            continue;
        free(lines[i].line);
        lines[i].line = strdup(services);
        lines[i].files_first = begins_with_files(services);
    }
}

static void read_lines(void)
{
    static struct file_seen seen;
    if (file_seen_still(&seen, PATH_ETC "/nsswitch.conf"))
        return;
    _cleanup_fclose_ FILE *file = fopen(PATH_ETC "/nsswitch.conf", "re");
    _cleanup_free_ char *line = NULL;
    size_t size = 0;
    for (size_t i = 0; i < N_LINES; i++) {
        free(lines[i].line);
        lines[i].line = NULL;
        lines[i].files_first = false;
    }
    while (file && getline(&line, &size, file) > 0)
        keep_line(line);
}

static struct services load_services(const char *database)
{
    struct services services = {0};
    read_lines();
    for (size_t i = 0; i < N_LINES; i++)
        if (lines[i].line && strcmp(lines[i].database, database) == 0)
            services.line = strdup(lines[i].line);
    services.next = services.line;
    return services;
}

void directory_find_files_first(bool *ret_users, bool *ret_groups)
{
    read_lines();
    *ret_users = lines[0].files_first;
    *ret_groups = lines[1].files_first;
}

/* NULL when the service has no such function or is not installed: glibc skips it, too. Some services are in glibc. */
static void *load_function(const char *service, const char *name)
{
    char library[SERVICE_MAX + 16], symbol[SERVICE_MAX + 32];
    if (strchr(service, '/'))
        return NULL;
    snprintf(library, sizeof(library), "libnss_%s.so.2", service);
    snprintf(symbol, sizeof(symbol), "_nss_%s_%s", service, name);
    void *function = dlsym(RTLD_DEFAULT, symbol);
    /* Not closed: glibc keeps the library loaded anyway. */
    void *handle = function ? NULL : dlopen(library, RTLD_NOW);
    return handle ? dlsym(handle, symbol) : function;
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
        else if (service_ends(&service, NSS_STATUS_NOTFOUND))
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

/* Takes out what is there twice, of those from `begin` on. */
static void drop_repeated(struct directory_groups *groups, size_t begin)
{
    size_t count = begin;
    for (size_t i = begin; i < groups->count; i++) {
        size_t same = 0;
        while (same < count && groups->gids[same] != groups->gids[i])
            same++;
        if (same == count)
            groups->gids[count++] = groups->gids[i];
    }
    groups->count = count;
}

/* Adds what this service answers. */
static enum nss_status add_groups(const void *function, const char *user, gid_t primary,
                                  struct directory_groups *groups)
{
    typedef enum nss_status (*initgroups)(const char *, gid_t, long *, long *, gid_t **, long, int *);
    long count = (long)groups->count, size = (long)groups->room;
    int error = 0;
    const enum nss_status status =
        AS(initgroups, function)(user, primary, &count, &size, &groups->gids, -1, &error);
    const size_t begin = groups->count;
    groups->count = (size_t)count;
    groups->room = (size_t)size;
    drop_repeated(groups, begin);
    return status;
}

/* glibc reads all groups of a service that has no answer of its own to this. */
static int list_by_glibc(const char *user, gid_t primary, struct directory_groups *groups)
{
    int count = 64;
    while (count <= DIRECTORY_GROUPS_MAX) {
        gid_t *grown = reallocarray(groups->gids, (size_t)count, sizeof(*grown));
        if (!grown)
            return -ENOMEM;
        groups->gids = grown;
        const int room = count;
        const int found = getgrouplist(user, primary, groups->gids, &count);
        if (found >= 0) {
            groups->count = (size_t)found;
            return 0;
        }
        if (count <= room)
            count = room * 2;
    }
    return -E2BIG;
}

/* Asks the services in turn, as getgrouplist() does: an `initgroups:` line ends at the first service that has the user; a
 * `group:` line asks all. False: glibc has to be asked. */
static bool ask_services(struct services *services, bool own_line, const char *user, gid_t primary,
                         struct directory_groups *groups)
{
    struct service service;
    while (services_next(services, &service)) {
        const void *function = load_function(service.name, "initgroups_dyn");
        if (!function && load_function(service.name, "getgrent_r"))
            return false;
        if (!function)
            continue;
        const enum nss_status status = add_groups(function, user, primary, groups);
        groups->whole &= status == NSS_STATUS_SUCCESS || status == NSS_STATUS_NOTFOUND;
        if ((own_line || status != NSS_STATUS_SUCCESS) && service_ends(&service, status))
            break;
    }
    return true;
}

int directory_groups(const char *user, gid_t primary, struct directory_groups *ret)
{
    enum { ROOM = 64 };
    struct directory_groups groups = {
        .gids = calloc(ROOM, sizeof(*groups.gids)), .count = 1, .room = ROOM, .whole = true};
    if (!groups.gids)
        return -ENOMEM;
    groups.gids[0] = primary;
    struct services services = load_services("initgroups");
    const bool own_line = services.line;
    if (!own_line)
        services = load_services("group");
    const bool asked = services.line && ask_services(&services, own_line, user, primary, &groups);
    free(services.line);
    const int r = asked ? 0 : list_by_glibc(user, primary, &groups);
    if (r < 0 || groups.count > DIRECTORY_GROUPS_MAX) {
        free(groups.gids);
        return r < 0 ? r : -E2BIG;
    }
    *ret = groups;
    return 0;
}
