/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads /etc/group as a file, never through NSS, and never writes it. See the header. */
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

/* ---- all of it ---- */

/* Nothing that whoever put it there could keep us waiting with. */
static int open_file(const char *path, FILE **ret)
{
    struct stat status;
    _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 || fstat(fd, &status) < 0)
        return -errno;
    if (!S_ISREG(status.st_mode))
        return -EINVAL;
    if (status.st_size > SIZE_LIMIT)
        return -EFBIG;
    *ret = fdopen(fd, "r");
    if (!*ret)
        return -errno;
    steal_fd(&fd);
    return 0;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int add_line(struct groupfile *file, const struct group *line)
{
    struct groupfile_line *grown = file->lines;
    if ((file->count & (file->count - 1)) == 0) /* full at each power of two */
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
    qsort(added.members, added.n_members, sizeof(*added.members), by_name);
    return 0;
}

int groupfile_read(const char *path, struct groupfile *ret)
{
    struct groupfile file = {0};
    _cleanup_fclose_ FILE *in = NULL;
    int r = open_file(path, &in);
    for (const struct group *line; r == 0 && (line = fgetgrent(in));)
        if (line->gr_mem[0])
            r = add_line(&file, line);
    if (r == 0 && ferror(in))
        r = -EIO;
    if (r == 0)
        *ret = file;
    else
        groupfile_deinit(&file);
    return r;
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
    return bsearch(&user, line->members, line->n_members, sizeof(*line->members), by_name);
}

/* ---- words ---- */

char *groupfile_say_standing(const char *user, const char *group)
{
    char shown_user[NAME_ENCODED_MAX + 1], shown_group[NAME_ENCODED_MAX + 1];
    char user_word[TEXT_WORD_MAX], group_word[TEXT_WORD_MAX];
    char *text = NULL;
    if (asprintf(&text,
                 "%s stands in the group %s in /etc/group as well, which accesspkg did not do; to take them "
                 "out: gpasswd -d %s %s",
                 text_visible(user, shown_user, sizeof(shown_user)),
                 text_visible(group, shown_group, sizeof(shown_group)), text_word(user, user_word),
                 text_word(group, group_word)) < 0)
        return NULL;
    return text;
}
