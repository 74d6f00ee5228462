/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * accesspkg-lookup: answers accesspkgd's questions about users and groups, in a process of its own, because a
 * look-up may leave the host and hang there. accesspkgd runs several, one question at a time each, and kills
 * one that does not answer. It decides nothing and must never write anywhere but to its answer.
 *
 * On stdin one JSON object a line: {"caller": UID, "user": NAME, "groups": [NAME, ...], "others": [NAME, ...],
 * "principals": [NAME or %GROUP, ...], "holders": {%GROUP: [{"name", "uid", "gid"}, ...]}}, each member optional. Holders
 * have the group by a package, which no look-up of the group tells: they count among its people. On stdout one a line: {"caller": SUBJECT, "user":
 * SUBJECT, "user_gone": whether /etc/passwd does not have the user either, "groups": [GID or null, ...],
 * "local_groups": [whether /etc/group has it, ...], "others": [SUBJECT or null, ...], "principals": [[{"name", "uid"}
 * of those who may log in, ...] or null or false, ...]}, null for what does not exist, or {"error": TEXT}: a look-up
 * that failed is not an answer (rule 1). Principals come last and within a time of their own: false where it was up or
 * the look-up failed, so that a large group in a slow directory costs nobody the rest of the answer.
 */
#include "common/cleanup.h"
#include "common/names.h"
#include "common/paths.h"

#include <errno.h>
#include <grp.h>
#include <jansson.h>
#include <nss.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    IDLE_SECONDS = 60, /* then SIGALRM ends an idle process; accesspkgd starts another when it needs one */
    GROUPS_MAX = 65536,
    PEOPLE_MAX = 256,         /* FACTS_PEOPLE_MAX: more than any quorum needs to be told of one group */
    PEOPLE_OF_ALL_MAX = 2048, /* of all principals of a question: bounds the answer */
    PRINCIPALS_MAX_MS = 500,  /* and what they may cost whoever waits for it */
};

/* What errno says after a look-up that found nothing: glibc sets some values for "no such entry"
 * (getpwnam(3)). */
static int failure(void)
{
    return errno == ENOENT || errno == ESRCH ? 0 : errno;
}

/* A JSON string of a text that may be anything: what is not plain UTF-8 is made visible. */
static json_t *text(const char *raw, size_t length)
{
    char copy[1024];
    char visible[1024];
    snprintf(copy, sizeof(copy), "%.*s", (int)length, raw);
    return json_string(text_visible(copy, visible, sizeof(visible)));
}

static json_t *gecos_field(const char *gecos, int field)
{
    for (; gecos && field > 0; field--) {
        gecos = strchr(gecos, ',');
        gecos = gecos ? gecos + 1 : NULL;
    }
    return gecos ? text(gecos, strcspn(gecos, ",")) : json_string("");
}

static bool may_log_in(const char *shell)
{
    const char *base = strrchr(shell, '/');
    base = base ? base + 1 : shell;
    return strcmp(base, "nologin") != 0 && strcmp(base, "false") != 0;
}

static int append_group_name(json_t *names, gid_t gid)
{
    errno = 0;
    const struct group *found = getgrgid(gid);
    if (!found)
        return failure(); /* a group without a name can be named by no policy */
    if (!text_is_utf8(found->gr_name))
        return 0;
    return json_array_append_new(names, json_string(found->gr_name)) < 0 ? ENOMEM : 0;
}

static int group_names(const char *user, gid_t primary, json_t **ret)
{
    int count = 64;
    gid_t *gids = NULL;
    int got = -1;
    while (got < 0 && count <= GROUPS_MAX) {
        gid_t *grown = reallocarray(gids, (size_t)count, sizeof(*gids));
        if (!grown)
            break;
        gids = grown;
        const int room = count;
        got = getgrouplist(user, primary, gids, &count);
        if (got < 0 && count <= room)
            count = room * 2;
    }
    json_t *names = json_array();
    int error = got < 0 ? ENOMEM : 0;
    for (int i = 0; !error && i < got; i++)
        error = append_group_name(names, gids[i]);
    free(gids);
    if (error)
        json_decref(names);
    else
        *ret = names;
    return error;
}

/* ---- what stands in the files of this host ---- */

/*
 * An error also where the file is empty or away: somebody is replacing it, or it is broken, and nobody is gone for
 * that.
 */
static int stands_in_passwd(const char *name, bool *ret)
{
    _cleanup_fclose_ FILE *file = fopen(PATH_ETC "/passwd", "re");
    const struct passwd *entry = NULL;
    bool any = false, found = false;
    if (!file)
        return errno;
    while (!found && (entry = fgetpwent(file))) {
        any = true;
        found = strcmp(entry->pw_name, name) == 0;
    }
    if (!any)
        return ENODATA;
    *ret = found;
    return 0;
}

static int stands_in_group(const char *name, bool *ret)
{
    _cleanup_fclose_ FILE *file = fopen(PATH_ETC "/group", "re");
    const struct group *entry = NULL;
    bool any = false, found = false;
    if (!file)
        return errno;
    while (!found && (entry = fgetgrent(file))) {
        any = true;
        found = strcmp(entry->gr_name, name) == 0;
    }
    if (!any)
        return ENODATA;
    *ret = found;
    return 0;
}

/* Makes a subject of an entry, which lies in the shared buffer: read it out before the groups are looked up.
 */
static int describe(const struct passwd *entry, json_t **ret)
{
    if (!text_is_utf8(entry->pw_name))
        return EILSEQ;
    const char *name = entry->pw_name;
    const gid_t primary = entry->pw_gid;
    bool local = false;
    int error = stands_in_passwd(name, &local);
    if (error)
        return error;
    json_t *subject =
        json_pack("{s:s, s:I, s:b, s:b, s:o, s:o}", "name", name, "uid", (json_int_t)entry->pw_uid,
                  "may_log_in", may_log_in(entry->pw_shell), "local", local, "full_name",
                  gecos_field(entry->pw_gecos, 0), "organisation", gecos_field(entry->pw_gecos, 1));
    if (!subject)
        return ENOMEM;
    json_t *groups = NULL;
    error = group_names(json_string_value(json_object_get(subject, "name")), primary, &groups);
    if (error || json_object_set_new(subject, "groups", groups) < 0) {
        json_decref(subject);
        return error ? error : ENOMEM;
    }
    *ret = subject;
    return 0;
}

/* The subject, or null where there is none. */
static int find_subject(const json_t *who, json_t **ret)
{
    errno = 0;
    const struct passwd *found =
        json_is_integer(who) ? getpwuid((uid_t)json_integer_value(who)) : getpwnam(json_string_value(who));
    if (found)
        return describe(found, ret);
    *ret = json_null();
    return failure();
}

static int answer_subject(json_t *answer, const char *key, const json_t *who)
{
    json_t *subject = NULL;
    int error = who ? find_subject(who, &subject) : 0;
    if (!error && subject && json_object_set_new(answer, key, subject) < 0)
        error = ENOMEM;
    return error;
}

/* Whether the user that was not found is gone from the files of this host as well. */
static int answer_gone(json_t *answer, const json_t *who)
{
    bool local = false;
    if (!json_is_string(who) || !json_is_null(json_object_get(answer, "user")))
        return 0;
    const int error = stands_in_passwd(json_string_value(who), &local);
    if (error || local)
        return error;
    return json_object_set_new(answer, "user_gone", json_true()) < 0 ? ENOMEM : 0;
}

static int answer_others(json_t *answer, const json_t *names)
{
    json_t *others = json_array();
    int error = json_object_set_new(answer, "others", others) < 0 ? ENOMEM : 0;
    for (size_t i = 0; !error && i < json_array_size(names); i++) {
        json_t *subject = NULL;
        error = find_subject(json_array_get(names, i), &subject);
        if (!error && json_array_append_new(others, subject) < 0)
            error = ENOMEM;
    }
    return error;
}

/* ---- whom a principal stands for ---- */

/* Among the first `count`. */
static bool is_listed(const json_t *people, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(json_string_value(json_object_get(json_array_get(people, i), "name")), name) == 0)
            return true;
    return false;
}

/* Adds this user, unless there is none, none that may log in, or another one by now (`uid`; NULL: whoever it is). */
static int add_person(json_t *people, const char *name, const json_t *uid)
{
    errno = 0;
    const struct passwd *found = getpwnam(name);
    if (!found)
        return failure();
    if (uid && json_integer_value(uid) != (json_int_t)found->pw_uid)
        return 0;
    if (!may_log_in(found->pw_shell) || !text_is_utf8(found->pw_name))
        return 0;
    return json_array_append_new(
               people, json_pack("{s:s, s:I}", "name", found->pw_name, "uid", (json_int_t)found->pw_uid)) < 0
               ? ENOMEM
               : 0;
}

/* The names are copied out: the next look-up may write over them. NULL where there is no such group. */
static int group_members(const char *name, json_t **ret, gid_t *ret_gid)
{
    errno = 0;
    const struct group *found = getgrnam(name);
    *ret = found ? json_array() : NULL;
    if (!found)
        return failure();
    *ret_gid = found->gr_gid;
    for (char *const *member = found->gr_mem; *member; member++)
        if (text_is_utf8(*member) && json_array_append_new(*ret, json_string(*member)) < 0)
            return ENOMEM;
    return 0;
}

/* What all principals of a question may cost together. */
struct allowance {
    struct timespec begun;
    size_t people;
};

static bool is_used_up(const struct allowance *allowance)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return allowance->people == 0 || (now.tv_sec - allowance->begun.tv_sec) * 1000 +
                                             (now.tv_nsec - allowance->begun.tv_nsec) / 1000000 >=
                                         PRINCIPALS_MAX_MS;
}

/* Who has the group by a package: of it as it is now, not of one that had its name. */
static int add_holders(json_t *people, const json_t *holders, gid_t gid, const struct allowance *allowance)
{
    int error = 0;
    for (size_t i = 0; !error && i < json_array_size(holders) && json_array_size(people) < PEOPLE_MAX; i++) {
        const json_t *holder = json_array_get(holders, i);
        const char *name = json_string_value(json_object_get(holder, "name"));
        if (json_integer_value(json_object_get(holder, "gid")) == (json_int_t)gid &&
            !is_listed(people, json_array_size(people), name)) /* by another package */
            error = is_used_up(allowance) ? ETIME : add_person(people, name, json_object_get(holder, "uid"));
    }
    return error;
}

static int find_people(const char *principal, const json_t *holders, struct allowance *allowance,
                       json_t **ret)
{
    json_t *names = NULL;
    gid_t gid = 0;
    int error = 0;
    if (principal[0] == '%') {
        error = group_members(principal + 1, &names, &gid);
    } else {
        errno = 0;
        names = getpwnam(principal) ? json_pack("[s]", principal) : NULL;
        error = names ? 0 : failure();
    }
    json_t *people = names ? json_array() : json_null();
    if (!error && names)
        error = add_holders(people, holders, gid, allowance);
    const size_t held = json_array_size(people);
    for (size_t i = 0; !error && i < json_array_size(names) && json_array_size(people) < PEOPLE_MAX; i++) {
        const char *name = json_string_value(json_array_get(names, i));
        if (!is_listed(people, held, name))
            error = is_used_up(allowance) ? ETIME : add_person(people, name, NULL);
    }
    json_decref(names);
    if (error) {
        json_decref(people);
        return error;
    }
    allowance->people -=
        json_array_size(people) < allowance->people ? json_array_size(people) : allowance->people;
    *ret = people;
    return 0;
}

static int answer_principals(json_t *answer, const json_t *names, const json_t *holders)
{
    struct allowance allowance = {.people = PEOPLE_OF_ALL_MAX};
    json_t *principals = json_array();
    int error = json_object_set_new(answer, "principals", principals) < 0 ? ENOMEM : 0;
    clock_gettime(CLOCK_MONOTONIC, &allowance.begun);
    for (size_t i = 0; !error && i < json_array_size(names); i++) {
        const char *name = json_string_value(json_array_get(names, i));
        json_t *people = json_false();
        if (!is_used_up(&allowance))
            find_people(name, json_object_get(holders, name), &allowance, &people);
        if (json_array_append_new(principals, people) < 0)
            error = ENOMEM;
    }
    return error;
}

/* ---- groups, as the host has them without us ---- */

/*
 * Where look-ups of groups go, as nsswitch.conf says it now, and the same less our own module: what that knows of a
 * group is what we gave of it, also when the group itself is gone.
 */
struct services {
    char all[1024];
    char others[1024];
};

/* What is told to go on behind another service, as [SUCCESS=merge], then has nothing to go on to. */
static void leave_us_out(const char *all, char *others)
{
    static const char ours[] = "accesspkg";
    size_t length;
    for (*others = '\0'; *(all += strspn(all, " \t")); all += length) {
        length = *all == '[' ? strcspn(all, "]") + (strchr(all, ']') != NULL) : strcspn(all, " \t[");
        if (length == strlen(ours) && strncmp(all, ours, length) == 0)
            continue;
        others = stpncpy(others, all, length);
        others = stpcpy(others, all[length] ? " " : "");
    }
}

/* False where the file says nothing of groups. */
static bool read_services(struct services *ret)
{
    _cleanup_fclose_ FILE *file = fopen(PATH_ETC "/nsswitch.conf", "re");
    char line[sizeof(ret->all) / 2]; /* a blank may be added behind each word */
    while (file && fgets(line, sizeof(line), file)) {
        line[strcspn(line, "#\n")] = '\0';
        const char *text = line + strspn(line, " \t");
        if (strncmp(text, "group:", 6) != 0)
            continue;
        strcpy(ret->all, text + 6);
        leave_us_out(ret->all, ret->others);
        return true;
    }
    return false;
}

static int find_group(const char *name, json_t *gids, json_t *locals)
{
    bool local = false;
    errno = 0;
    const struct group *found = getgrnam(name);
    int error = found ? 0 : failure();
    json_t *gid = found ? json_integer(found->gr_gid) : json_null();
    if (!error)
        error = stands_in_group(name, &local);
    const int r = json_array_append_new(gids, gid) | json_array_append_new(locals, json_boolean(local));
    return error ? error : r < 0 ? ENOMEM : 0;
}

static int answer_groups(json_t *answer, const json_t *names)
{
    struct services services;
    json_t *gids = json_array();
    json_t *locals = json_array();
    int error =
        json_object_set_new(answer, "groups", gids) | json_object_set_new(answer, "local_groups", locals)
            ? ENOMEM
            : 0;
    const bool known = json_array_size(names) > 0 && read_services(&services);
    if (known)
        __nss_configure_lookup("group", services.others);
    for (size_t i = 0; !error && i < json_array_size(names); i++)
        error = find_group(json_string_value(json_array_get(names, i)), gids, locals);
    if (known)
        __nss_configure_lookup("group", services.all);
    return error;
}

static json_t *answer_question(const json_t *question)
{
    json_t *answer = json_object();
    struct services services;
    if (read_services(&services)) /* glibc does not read the file again once it was told */
        __nss_configure_lookup("group", services.all);
    int error = answer_subject(answer, "caller", json_object_get(question, "caller"));
    if (!error)
        error = answer_subject(answer, "user", json_object_get(question, "user"));
    if (!error && json_object_get(question, "user"))
        error = answer_gone(answer, json_object_get(question, "user"));
    if (!error)
        error = answer_groups(answer, json_object_get(question, "groups"));
    if (!error)
        error = answer_others(answer, json_object_get(question, "others"));
    if (!error)
        error = answer_principals(answer, json_object_get(question, "principals"),
                                  json_object_get(question, "holders"));
    if (!error)
        return answer;
    json_decref(answer);
    return json_pack("{s:s}", "error", strerror(error));
}

int main(void)
{
    for (;;) {
        alarm(IDLE_SECONDS);
        json_t *question = json_loadf(stdin, JSON_DISABLE_EOF_CHECK, NULL);
        if (!question)
            return 0;
        alarm(0);
        json_t *answer = answer_question(question);
        json_decref(question);
        const int r = answer ? json_dumpf(answer, stdout, JSON_COMPACT) : -1;
        json_decref(answer);
        if (r < 0 || putchar('\n') == EOF || fflush(stdout) == EOF)
            return 1;
    }
}
