/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "common/locks_record.h"

#include "common/cleanup.h"
#include "common/identity.h"
#include "common/names.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { RECORD_MAX = 4 * LOCK_WHY_MAX };

static bool is_trusted(const struct stat *st, uid_t root)
{
    return S_ISREG(st->st_mode) && st->st_uid == root && !(st->st_mode & (S_IWGRP | S_IWOTH));
}

void lock_deinit(struct lock *lock)
{
    free(lock->user);
    free(lock->why);
    free(lock->lifted_why);
    *lock = (struct lock){0};
}

int lock_read(int folder, const char *name, uid_t root, char **ret_text, struct stat *ret_stat)
{
    *ret_stat = (struct stat){0};
    _cleanup_close_ int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, ret_stat) < 0)
        return -errno;
    if (!is_trusted(ret_stat, root))
        return -EPERM;
    if (ret_stat->st_size >= RECORD_MAX)
        return -EFBIG;
    char *text = calloc(1, RECORD_MAX);
    if (!text)
        return -ENOMEM;
    size_t used = 0;
    ssize_t n;
    while ((n = read(fd, text + used, RECORD_MAX - 1 - used)) != 0) {
        if (n < 0 && errno != EINTR) {
            const int r = -errno;
            free(text);
            return r;
        }
        used += n > 0 ? (size_t)n : 0;
    }
    *ret_text = text;
    return 0;
}

/* Takes the next line, "KEY VALUE", and returns the value in place, new memory; NULL: there is none, or no memory. */
static char *take_line(const char **text, const char *key)
{
    const size_t length = strcspn(*text, "\n"), skip = strlen(key);
    if ((*text)[length] != '\n' || length < skip || strncmp(*text, key, skip) != 0 ||
        (length > skip && (*text)[skip] != ' '))
        return NULL;
    const char *value = *text + skip + (length > skip);
    *text += length + 1;
    return strndup(value, length - skip - (length > skip));
}

static bool parse_number(const char *word, int64_t most, int64_t *ret)
{
    char *end = NULL;
    if (!word || *word < '0' || *word > '9')
        return false;
    errno = 0;
    *ret = strtoll(word, &end, 10);
    return errno == 0 && *end == '\0' && *ret <= most;
}

static bool take_number(const char **text, const char *key, int64_t *ret)
{
    _cleanup_free_ char *word = take_line(text, key);
    return parse_number(word, INT64_MAX, ret);
}

static bool parse_uid(const char *word, uid_t *ret)
{
    int64_t number = 0;
    if (word && strcmp(word, "-") == 0) {
        *ret = UID_UNSET;
        return true;
    }
    const bool ok = parse_number(word, UINT32_MAX - 1, &number);
    *ret = (uid_t)number;
    return ok;
}

static bool take_uid(const char **text, const char *key, uid_t *ret)
{
    _cleanup_free_ char *word = take_line(text, key);
    return parse_uid(word, ret);
}

static bool take_uids(const char **text, const char *key, uid_t *ret_first, uid_t *ret_second)
{
    _cleanup_free_ char *words = take_line(text, key);
    char *rest = words;
    const char *first = strsep(&rest, " ");
    return first && rest && parse_uid(first, ret_first) && parse_uid(rest, ret_second);
}

static bool take_text(const char **text, const char *key, char **ret)
{
    *ret = take_line(text, key);
    return *ret != NULL;
}

static bool take_id(const char **text, char ret[LOCK_ID_MAX])
{
    _cleanup_free_ char *word = take_line(text, "id");
    if (!word || !*word || strlen(word) >= LOCK_ID_MAX || strspn(word, "0123456789abcdef-") != strlen(word))
        return false;
    strcpy(ret, word);
    return true;
}

static bool take_end(const char *text)
{
    return strcmp(text, "end\n") == 0;
}

int lock_parse(const char *text, const char *user, struct lock *ret)
{
    static const char begin[] = "accesspkg-lock 1\n";
    struct lock lock = {.user = strdup(user)};
    const bool right = lock.user && strncmp(text, begin, strlen(begin)) == 0;
    text += right ? strlen(begin) : 0;
    if (right && take_id(&text, lock.id) && take_uid(&text, "uid", &lock.uid) &&
        take_number(&text, "at", &lock.at) && take_uids(&text, "by", &lock.by, &lock.login) &&
        take_text(&text, "why", &lock.why) && take_number(&text, "lifted", &lock.lifted) &&
        take_uids(&text, "lifted-by", &lock.lifted_by, &lock.lifted_login) &&
        take_text(&text, "lifted-why", &lock.lifted_why) && take_end(text)) {
        *ret = lock;
        return 0;
    }
    lock_deinit(&lock);
    return -EBADMSG;
}

static void put_uid(FILE *out, uid_t uid)
{
    if (uid == UID_UNSET)
        fputs(" -", out);
    else
        fprintf(out, " %u", uid);
}

/* Visible, so that it is one line (rule 10). */
static void put_text(FILE *out, const char *key, const char *text)
{
    char line[LOCK_WHY_MAX + 1];
    text_visible(text ? text : "", line, sizeof(line));
    fprintf(out, "%s%s%s\n", key, *line ? " " : "", line);
}

void lock_render(const struct lock *lock, FILE *out)
{
    fprintf(out, "accesspkg-lock 1\nid %s\nuid", lock->id);
    put_uid(out, lock->uid);
    fprintf(out, "\nat %" PRId64 "\nby", lock->at);
    put_uid(out, lock->by);
    put_uid(out, lock->login);
    putc('\n', out);
    put_text(out, "why", lock->why);
    fprintf(out, "lifted %" PRId64 "\nlifted-by", lock->lifted);
    put_uid(out, lock->lifted_by);
    put_uid(out, lock->lifted_login);
    putc('\n', out);
    put_text(out, "lifted-why", lock->lifted_why);
    fputs("end\n", out);
}
