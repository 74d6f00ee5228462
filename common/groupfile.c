/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "common/groupfile.h"

#include "common/cleanup.h"
#include "common/names.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <string.h>
#include <sys/stat.h>

enum { SIZE_LIMIT = 16 * 1024 * 1024 };

int groupfile_find(const char *path, const char *name, gid_t *ret_gid, strv *ret_members)
{
    _cleanup_fclose_ FILE *in = fopen(path, "re");
    if (!in)
        return -errno;
    strv members = NULL;
    gid_t gid = 0;
    int r = GROUPFILE_E_NONE;
    for (const struct group *line; r >= 0 && (line = fgetgrent(in));) {
        if (strcmp(line->gr_name, name) != 0)
            continue;
        if (r == 0) {
            r = -ENOTUNIQ;
            break;
        }
        gid = line->gr_gid;
        members = strv_copy(line->gr_mem);
        r = members ? 0 : -ENOMEM;
    }
    if (r >= 0 && ferror(in))
        r = -EIO;
    if (r != 0) {
        strv_free(members);
        return r;
    }
    *ret_gid = gid;
    *ret_members = members;
    return 0;
}

/* ---- the whole file ---- */

/* Into memory, because fgetgrent() on a file seeks twice a line. Without blocking, if a FIFO is in the file's place. */
static int read_regular(const char *path, char **ret_text, size_t *ret_size)
{
    struct stat status;
    _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 || fstat(fd, &status) < 0)
        return -errno;
    if (!S_ISREG(status.st_mode))
        return -EINVAL;
    if (status.st_size > SIZE_LIMIT)
        return -EFBIG;
    const size_t size = (size_t)status.st_size;
    _cleanup_free_ char *text = malloc(size + 1);
    size_t got = 0;
    ssize_t r = 1;
    while (text && r > 0 && got < size) {
        r = read(fd, text + got, size - got);
        got += r > 0 ? (size_t)r : 0;
    }
    if (!text || r < 0)
        return -errno;
    *ret_text = steal_ptr(text);
    *ret_size = got;
    return 0;
}

static int by_member(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int add_groupfile_line(struct groupfile *file, const struct group *line)
{
    struct groupfile_line *grown = file->lines;
    if ((file->count & (file->count - 1)) == 0) /* the array is full at each power of two */
        grown = reallocarray(grown, file->count ? file->count * 2 : 1, sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    file->lines = grown;
    const struct groupfile_line added = {
        .name = strdup(line->gr_name),
        .gid = line->gr_gid,
        .members = strv_copy(line->gr_mem),
        .n_members = strv_length(line->gr_mem),
    };
    grown[file->count++] = added;
    if (!added.name || !added.members)
        return -ENOMEM;
    qsort(added.members, added.n_members, sizeof(*added.members), by_member);
    return 0;
}

static int by_line(const void *a, const void *b)
{
    return strcmp(((const struct groupfile_line *)a)->name, ((const struct groupfile_line *)b)->name);
}

int groupfile_read(const char *path, const char *user, struct groupfile *ret)
{
    struct groupfile file = {0};
    _cleanup_free_ char *text = NULL;
    size_t size = 0;
    int r = read_regular(path, &text, &size);
    _cleanup_fclose_ FILE *in = r == 0 && size > 0 ? fmemopen(text, size, "r") : NULL;
    if (r == 0 && size > 0 && !in)
        r = -errno;
    for (const struct group *line; r == 0 && in && (line = fgetgrent(in));)
        if (user ? strv_contains(line->gr_mem, user) : line->gr_mem[0] != NULL)
            r = add_groupfile_line(&file, line);
    if (r == 0 && file.count > 0)
        qsort(file.lines, file.count, sizeof(*file.lines), by_line);
    if (r == 0)
        *ret = file;
    else
        groupfile_deinit(&file);
    return r;
}

const struct groupfile_line *groupfile_named(const struct groupfile *file, const char *name)
{
    size_t low = 0;
    for (size_t high = file->count; low < high;) {
        const size_t middle = low + (high - low) / 2;
        if (strcmp(file->lines[middle].name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < file->count && strcmp(file->lines[low].name, name) == 0 ? &file->lines[low] : NULL;
}

void groupfile_deinit(struct groupfile *file)
{
    for (size_t i = 0; i < file->count; i++) {
        free(file->lines[i].name);
        strv_free(file->lines[i].members);
    }
    free(file->lines);
    *file = (struct groupfile){0};
}

bool groupfile_lists(const struct groupfile_line *line, const char *user)
{
    return bsearch(&user, line->members, line->n_members, sizeof(*line->members), by_member);
}

/* ---- words ---- */

char *groupfile_say_standing(const char *user, const char *group)
{
    char shown_user[NAME_ENCODED_MAX + 1], shown_group[NAME_ENCODED_MAX + 1];
    char user_word[TEXT_WORD_MAX], group_word[TEXT_WORD_MAX];
    char *text = NULL;
    if (asprintf(&text,
                 "%s is also in the group %s in /etc/group, where accesspkg did not add them; to remove "
                 "them: gpasswd -d %s %s",
                 text_visible(user, shown_user, sizeof(shown_user)),
                 text_visible(group, shown_group, sizeof(shown_group)), text_word(user, user_word),
                 text_word(group, group_word)) < 0)
        return NULL;
    return text;
}
