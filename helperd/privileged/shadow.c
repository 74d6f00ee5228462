/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helperd/privileged/shadow.h"

#include "common/cleanup.h"

#include <ctype.h>
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool shadow_is_locked(const char *password)
{
    const char *hash = password + strspn(password, "!");
    return *password == '!' && *hash && *hash != '*';
}

/* As pam_unix judges (shadow's isexpired() has an account inactive a day sooner); glibc gives -1 for an empty field. */
enum account_state shadow_judge(const struct spwd *line, int64_t today, int64_t *ret_day)
{
    *ret_day = 0;
    if (shadow_is_locked(line->sp_pwdp))
        return ACCOUNT_LOCKED;
    if (line->sp_expire != -1 && today >= line->sp_expire) {
        *ret_day = line->sp_expire;
        return ACCOUNT_EXPIRED;
    }
    /* A last change of 0 asks for a new password at the next login, and no change at all switches ageing off. */
    if (line->sp_lstchg <= 0 || line->sp_max < 0 || line->sp_inact < 0)
        return ACCOUNT_OPEN;
    const int64_t inactive = (int64_t)line->sp_lstchg + line->sp_max + line->sp_inact + 1;
    if (today < inactive)
        return ACCOUNT_OPEN;
    *ret_day = inactive;
    return ACCOUNT_INACTIVE;
}

/* ---- the files ---- */

static FILE *open_file(const char *etc, const char *name)
{
    char path[256];
    snprintf(path, sizeof(path), "%s/%s", etc, name);
    return fopen(path, "re");
}

/* Keeps the strictest. 0 or -ENOMEM. */
static int note_state(struct shadow_verdict *verdict, const char *user, enum account_state state, int64_t day)
{
    if (verdict->user && state <= verdict->state)
        return 0;
    char *copy = strdup(user);
    if (!copy)
        return -ENOMEM;
    free(verdict->user);
    verdict->user = copy;
    verdict->state = state;
    verdict->day = day;
    return 0;
}

/* Lines that begin with + or - are for a directory, and no accounts. */
static bool is_account(const struct passwd *line)
{
    return line->pw_name && *line->pw_name && *line->pw_name != '+' && *line->pw_name != '-';
}

static int add_account(struct shadow_verdict *verdict, const struct passwd *line)
{
    if (strv_contains(verdict->names, line->pw_name))
        return 0;
    const int r = strv_add(&verdict->names, line->pw_name);
    /* On a host without shadow passwords the lock stands here. */
    const bool locked = line->pw_passwd && shadow_is_locked(line->pw_passwd);
    return r < 0 ? r : note_state(verdict, line->pw_name, locked ? ACCOUNT_LOCKED : ACCOUNT_ABSENT, 0);
}

/* The uid of the first account with this name; (uid_t)-1: none. */
static uid_t find_uid(FILE *in, const char *user)
{
    for (const struct passwd *line; (line = fgetpwent(in));)
        if (is_account(line) && strcmp(line->pw_name, user) == 0)
            return line->pw_uid;
    return (uid_t)-1;
}

static int read_passwd(const char *etc, const struct shadow_question *question,
                       struct shadow_verdict *verdict)
{
    _cleanup_fclose_ FILE *in = open_file(etc, "passwd");
    const uid_t uid = in && question->user ? find_uid(in, question->user) : question->uid;
    bool any = false;
    int r = in ? 0 : -errno;
    if (in)
        rewind(in);
    for (const struct passwd *line; r == 0 && (line = fgetpwent(in));) {
        any = true;
        if (is_account(line) && uid != (uid_t)-1 && line->pw_uid == uid)
            r = add_account(verdict, line);
    }
    if (r == 0 && !any)
        r = -ENODATA;
    if (r == 0 && question->user && !strv_contains(verdict->names, question->user)) {
        r = strv_add(&verdict->names, question->user);
        if (r == 0)
            r = note_state(verdict, question->user, ACCOUNT_ABSENT, 0);
    }
    return r;
}

/* Takes it off the names that are left to find, so that the first line counts. NULL: it is not among them. */
static char *take_name(strv names, const char *name)
{
    const size_t count = strv_length(names);
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0) {
            char *taken = names[i];
            names[i] = names[count - 1];
            names[count - 1] = NULL;
            return taken;
        }
    return NULL;
}

/* Judges the line if it is of one of the accounts, which are `left` to find. */
static int read_line(char *line, int64_t today, strv left, struct shadow_verdict *verdict)
{
    char name[256];
    const size_t length = strcspn(line, ":");
    if (length >= sizeof(name) || !line[length])
        return 0;
    memcpy(name, line, length);
    name[length] = '\0';
    _cleanup_free_ char *taken = take_name(left, name);
    if (!taken)
        return 0;
    int64_t day = 0;
    const struct spwd *entry = sgetspent(line);
    if (entry && entry->sp_pwdp) {
        const enum account_state state = shadow_judge(entry, today, &day);
        return note_state(verdict, taken, state, day);
    }
    free(verdict->user);
    verdict->user = strdup(taken);
    return verdict->user ? -EBADMSG : -ENOMEM;
}

static int read_shadow(const char *etc, int64_t today, struct shadow_verdict *verdict)
{
    _cleanup_fclose_ FILE *in = open_file(etc, "shadow");
    _cleanup_free_ char *line = NULL;
    size_t size = 0;
    bool any = false;
    if (!in)
        return -errno;
    strv left = strv_copy(verdict->names);
    int r = left ? 0 : -ENOMEM;
    while (r == 0 && (errno = 0, getline(&line, &size, in)) > 0) {
        char *start = line + strspn(line, " \t");
        start[strcspn(start, "\n")] = '\0';
        any |= strchr(start, ':') != NULL;
        if (*start != '#')
            r = read_line(start, today, left, verdict);
    }
    if (r == 0 && ferror(in))
        r = errno ? -errno : -EIO;
    strv_free(left);
    return r == 0 && !any ? -ENODATA : r;
}

int shadow_find(const char *etc, const struct shadow_question *question, struct shadow_verdict *ret)
{
    *ret = (struct shadow_verdict){.state = ACCOUNT_ABSENT, .names = calloc(1, sizeof(*ret->names))};
    int r = ret->names ? read_passwd(etc, question, ret) : -ENOMEM;
    return r < 0 ? r : read_shadow(etc, question->today, ret);
}

void shadow_verdict_deinit(struct shadow_verdict *verdict)
{
    free(verdict->user);
    strv_free(verdict->names);
    *verdict = (struct shadow_verdict){0};
}
