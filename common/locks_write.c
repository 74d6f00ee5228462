/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Writes root's locks: the records, and the folders that are exchanged for grant files. For root, with accesspkgd running or
 * not; must not wait for anything but the disk. What a lock needs is prepared in locks/ itself, so that a full disk keeps
 * none from being set.
 */
#include "common/locks.h"

#include "common/cleanup.h"
#include "common/grantdir.h"
#include "common/grantdir_open.h"
#include "common/identity.h"
#include "common/locks_record.h"
#include "common/names.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define SPARE_RECORD ".spare-record"
#define SPARE_FOLDER ".spare-folder"
#define INSIDE       "locked"

enum { SPARE_SIZE = 4 * LOCK_WHY_MAX, TRIES = 100, NEW_NAME_MAX = 48 };

/* No encoded name starts with a dot. A name for each process: two may lock at a time. */
static const char *new_name(const char *what, char ret[NEW_NAME_MAX])
{
    snprintf(ret, NEW_NAME_MAX, ".new-%s-%ld", what, (long)getpid());
    return ret;
}

static const char note[] =
    "This user is locked. By whom and why: pkg-admin status. To lift it: pkg-admin unlock\n";

void lock_new_id(struct lock *lock)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char bytes[(LOCK_ID_MAX - 1) / 2] = {0};
    if (getentropy(bytes, sizeof(bytes)) < 0) /* of a kernel without one: the time tells two locks apart */
        memcpy(bytes, &lock->at, sizeof(lock->at));
    for (size_t i = 0; i < sizeof(bytes); i++) {
        lock->id[2 * i] = digits[bytes[i] >> 4];
        lock->id[2 * i + 1] = digits[bytes[i] & 15];
    }
    lock->id[LOCK_ID_MAX - 1] = '\0';
}

static int sync_fd(int fd)
{
    return fsync(fd) < 0 ? -errno : 0;
}

/* ---- the folder locks/ ---- */

/* accesspkgd reads it by its group, which is the state folder's. */
static int give_to_group(int fd, int top, mode_t mode)
{
    struct stat st;
    return fstat(top, &st) < 0 || fchown(fd, (uid_t)-1, st.st_gid) < 0 || fchmod(fd, mode) < 0 ? -errno : 0;
}

static int make_locks(const char *state)
{
    _cleanup_folder_ struct grantdir_folder top = {-1, 0};
    int r = grantdir_open_folder(AT_FDCWD, state, S_IWOTH, &top);
    if (r == 0 && top.owner != geteuid())
        r = -EPERM;
    if (r < 0)
        return r;
    char new[NEW_NAME_MAX];
    if (mkdirat(top.fd, new_name("locks", new), 0700) < 0)
        return -errno;
    _cleanup_close_ int fd = openat(top.fd, new, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    r = fd < 0 ? -errno : give_to_group(fd, top.fd, 0750);
    /* Under its name only when accesspkgd may read, and so watch it. */
    if (r == 0 && renameat2(top.fd, new, top.fd, "locks", RENAME_NOREPLACE) < 0)
        r = -errno;
    if (r < 0)
        unlinkat(top.fd, new, AT_REMOVEDIR);
    return r < 0 && r != -EEXIST ? r : sync_fd(top.fd);
}

/* Whoever may add to the state folder must not keep root from a lock. -ENOENT: nothing is in the way any more. */
static int move_away_planted(const struct grantdir_folder *top)
{
    struct stat st;
    char new[NEW_NAME_MAX];
    if (fstatat(top->fd, "locks", &st, AT_SYMLINK_NOFOLLOW) < 0)
        return -errno;
    if (S_ISDIR(st.st_mode) && st.st_uid == top->owner)
        return 0;
    return renameat(top->fd, "locks", top->fd, new_name("planted", new)) < 0 ? -errno : -ENOENT;
}

/* Puts right what a chmod, chown or restored backup did: else neither we nor accesspkgd would read what is in it. */
static int mend_locks(const struct grantdir_folder *top)
{
    struct stat st, above;
    _cleanup_close_ int fd = openat(top->fd, "locks", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0 || fstat(top->fd, &above) < 0)
        return -errno;
    if ((st.st_mode & 07777) == 0750 && st.st_gid == above.st_gid)
        return 0;
    return give_to_group(fd, top->fd, 0750);
}

static int open_or_make_locks(const char *state, struct grantdir_folder *ret)
{
    _cleanup_folder_ struct grantdir_folder top = {-1, 0};
    int r = grantdir_open_folder(AT_FDCWD, state, S_IWOTH, &top);
    if (r == 0)
        r = move_away_planted(&top);
    if (r == 0)
        r = mend_locks(&top);
    if (r == -ENOENT)
        r = make_locks(state);
    return r < 0 ? r : locks_open_folder(state, ret);
}

/* ---- records ---- */

static int write_all(int fd, const char *text, size_t size)
{
    for (size_t done = 0; done < size;) {
        const ssize_t n = pwrite(fd, text + done, size - done, (off_t)done);
        if (n < 0 && errno != EINTR)
            return -errno;
        done += n > 0 ? (size_t)n : 0;
    }
    return ftruncate(fd, (off_t)size) < 0 ? -errno : sync_fd(fd);
}

static int write_file(int folder, const char *name, int flags, const char *text, size_t size)
{
    _cleanup_close_ int fd = openat(folder, name, O_WRONLY | O_NOFOLLOW | O_CLOEXEC | flags, 0640);
    if (fd < 0)
        return -errno;
    const int r = give_to_group(fd, folder, 0640);
    return r < 0 ? r : write_all(fd, text, size);
}

/* Under the record's temporary name. Without room for a new file it takes the spare one, which has it. */
static int write_new_record(int folder, const char *new, const char *text, size_t size)
{
    const int r = write_file(folder, new, O_CREAT | O_TRUNC, text, size);
    if (r == 0)
        return 0;
    unlinkat(folder, new, 0);
    if (write_file(folder, SPARE_RECORD, 0, text, size) < 0)
        return r;
    return renameat(folder, SPARE_RECORD, folder, new) < 0 ? -errno : 0;
}

/* Whether the record is still of this lock: somebody may have locked the user again. 0; -ESTALE; other -errno. */
static int check_same(int folder, const char *name, const struct lock *lock, uid_t root)
{
    struct stat st;
    struct lock now = {0};
    _cleanup_free_ char *text = NULL;
    int r = lock_read(folder, name, root, &text, &st);
    if (r == 0)
        r = lock_parse(text, lock->user, &now);
    if (r == 0 && strcmp(now.id, lock->id) != 0)
        r = -ESTALE;
    lock_deinit(&now);
    return r;
}

/* Exchanges the records and looks at what was there: another lock goes back. */
static int replace_same(int folder, const char *new, const char *name, const struct lock *lock, uid_t root)
{
    if (renameat2(folder, new, folder, name, RENAME_EXCHANGE) == 0) {
        const int r = check_same(folder, new, lock, root) == -ESTALE ? -ESTALE : 0;
        if (r < 0 && renameat2(folder, new, folder, name, RENAME_EXCHANGE) < 0)
            return -errno;
        unlinkat(folder, new, 0);
        return r;
    }
    if (errno == ENOENT && renameat2(folder, new, folder, name, RENAME_NOREPLACE) == 0)
        return 0;
    /* It has come meanwhile; or the file system has no RENAME_EXCHANGE. */
    const int r = errno == EEXIST ? -ESTALE : check_same(folder, name, lock, root);
    return r == -ESTALE ? r : renameat(folder, new, folder, name) < 0 ? -errno : 0;
}

/* Writes the record under its temporary name. */
static int prepare_record(const char *state, const struct lock *lock, const char *new,
                          struct grantdir_folder *ret)
{
    _cleanup_free_ char *text = NULL;
    size_t size = 0;
    const int r = open_or_make_locks(state, ret);
    FILE *out = r == 0 ? open_memstream(&text, &size) : NULL;
    if (r < 0 || !out)
        return r < 0 ? r : -ENOMEM;
    lock_render(lock, out);
    return fclose(out) != 0 ? -ENOMEM : write_new_record(ret->fd, new, text, size);
}

/* `same`: only what is of this lock, or none, is replaced. */
static int put_record(const char *state, const struct lock *lock, bool same)
{
    char name[NAME_ENCODED_MAX + 1], new[NEW_NAME_MAX];
    _cleanup_folder_ struct grantdir_folder folder = {-1, 0};
    int r = name_encode(lock->user, name, sizeof(name));
    if (r == 0)
        r = prepare_record(state, lock, new_name("record", new), &folder);
    if (r == 0 && same)
        r = replace_same(folder.fd, new, name, lock, folder.owner);
    else if (r == 0 && renameat(folder.fd, new, folder.fd, name) < 0)
        r = -errno;
    if (r < 0 && folder.fd >= 0)
        unlinkat(folder.fd, new, 0);
    return r < 0 ? r : sync_fd(folder.fd);
}

int locks_write(const char *state, const struct lock *lock)
{
    return put_record(state, lock, false);
}

int locks_lift(const char *state, const struct lock *lock)
{
    return put_record(state, lock, true);
}

int locks_remove(const char *state, const struct lock *lock)
{
    char name[NAME_ENCODED_MAX + 1];
    _cleanup_folder_ struct grantdir_folder folder = {-1, 0};
    int r = name_encode(lock->user, name, sizeof(name));
    if (r == 0)
        r = locks_open_folder(state, &folder);
    if (r == 0)
        r = check_same(folder.fd, name, lock, folder.owner);
    if (r == 0 && unlinkat(folder.fd, name, 0) < 0)
        r = -errno;
    return r == -ENOENT || r == -ESTALE ? 0 : r < 0 ? r : sync_fd(folder.fd);
}

/* ---- folders in the place of grant files ---- */

static void empty_folder(int fd)
{
    DIR *entries = fdopendir(fd);
    if (!entries) {
        close(fd);
        return;
    }
    for (const struct dirent *entry; (entry = readdir(entries));)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            unlinkat(fd, entry->d_name, 0);
    closedir(entries);
}

/* A file, or a folder with nothing but files. */
static int remove_any(int at, const char *name)
{
    if (unlinkat(at, name, 0) == 0 || errno == ENOENT)
        return 0;
    const int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0)
        empty_folder(fd);
    return unlinkat(at, name, AT_REMOVEDIR) < 0 && errno != ENOENT ? -errno : 0;
}

/* Not empty: rmdir(2) and rename(2) leave it alone. */
static int fill_folder(int at, const char *name)
{
    _cleanup_close_ int folder = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (folder < 0)
        return -errno;
    _cleanup_close_ int fd =
        openat(folder, INSIDE, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0644);
    if (fd < 0)
        return -errno;
    const int r = write_all(fd, note, sizeof(note) - 1);
    /* An empty file is enough; its text is a courtesy. */
    if (r < 0 && r != -ENOSPC && r != -EDQUOT && r != -EFBIG)
        return r;
    if (fchmod(fd, 0644) < 0 || fchmod(folder, 0755) < 0)
        return -errno;
    return sync_fd(folder);
}

static int make_folder(int at, const char *name)
{
    remove_any(at, name);
    const int r = mkdirat(at, name, 0755) < 0 ? -errno : fill_folder(at, name);
    if (r < 0)
        remove_any(at, name);
    return r;
}

static bool is_in_place(int users, uid_t root, const char *name)
{
    struct stat st;
    return fstatat(users, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode) && st.st_uid == root;
}

/* Puts what is called `from` in the place of the grant file, whether accesspkgd writes one meanwhile or not. */
static int put_in_place(int locks, const char *from, int users, const char *name)
{
    for (int i = 0; i < TRIES; i++) {
        if (renameat2(locks, from, users, name, RENAME_EXCHANGE) == 0) {
            remove_any(locks, from);
            return 0;
        }
        if (errno == ENOENT && renameat2(locks, from, users, name, RENAME_NOREPLACE) == 0)
            return 0;
        if (errno != EEXIST && errno != ENOENT)
            return -errno;
    }
    return -EBUSY;
}

/* For file systems without RENAME_EXCHANGE, a grants/ on another one, or where locks/ cannot be had. */
static int make_in_place(int users, const char *name)
{
    for (int i = 0; i < TRIES; i++) {
        const int r = remove_any(users, name);
        if (r < 0)
            return r;
        if (mkdirat(users, name, 0755) == 0)
            return fill_folder(users, name);
        if (errno != EEXIST)
            return -errno;
    }
    return -EBUSY;
}

/* Without room for a new folder it takes the spare one. */
static int close_user(int locks, int users, const char *name)
{
    char new[NEW_NAME_MAX];
    const int made = make_folder(locks, new_name("folder", new));
    int r = made < 0 && renameat(locks, SPARE_FOLDER, locks, new) < 0 ? made
                                                                      : put_in_place(locks, new, users, name);
    if (r == -EINVAL || r == -ENOSYS || r == -EXDEV)
        r = make_in_place(users, name);
    remove_any(locks, new);
    return r;
}

static int close_in_users(const char *state, int users, const char *name)
{
    _cleanup_folder_ struct grantdir_folder locks = {-1, 0};
    const int usable = open_or_make_locks(state, &locks);
    const int r = is_in_place(users, geteuid(), name) ? fill_folder(users, name)
                  : usable == 0                       ? close_user(locks.fd, users, name)
                                                      : make_in_place(users, name);
    if (usable == 0)
        sync_fd(locks.fd);
    return r < 0 ? r : sync_fd(users);
}

int locks_close(const char *state, const char *user)
{
    char name[NAME_ENCODED_MAX + 1];
    _cleanup_folder_ struct grantdir_folder locks = {-1, 0}, users = {-1, 0};
    int r = name_encode(user, name, sizeof(name));
    if (r == 0)
        r = grantdir_open_users(state, &users);
    if (r < 0) /* there are no grant files; accesspkgd makes their folder */
        return r == -ENOENT ? open_or_make_locks(state, &locks) : r;
    r = close_in_users(state, users.fd, name);
    /* Without the folder, the file at least goes (rule 13). */
    if (r < 0)
        grantdir_remove_user(state, user);
    return r;
}

/* All that takes time is done before and after: in between there are two calls of the kernel, the folder first. Killed
 * there, the command leaves a lock that every reader sees. False: not that way; nothing was changed. */
static bool set_at_once(const char *state, const struct lock *lock, int *ret_record, int *ret_folder)
{
    char name[NAME_ENCODED_MAX + 1], record[NEW_NAME_MAX], new[NEW_NAME_MAX];
    _cleanup_folder_ struct grantdir_folder locks = {-1, 0}, users = {-1, 0};
    if (name_encode(lock->user, name, sizeof(name)) < 0 || grantdir_open_users(state, &users) < 0 ||
        is_in_place(users.fd, geteuid(), name) ||
        prepare_record(state, lock, new_name("record", record), &locks) < 0)
        return false;
    if (make_folder(locks.fd, new_name("folder", new)) < 0 ||
        put_in_place(locks.fd, new, users.fd, name) < 0) {
        remove_any(locks.fd, new);
        unlinkat(locks.fd, record, 0);
        return false;
    }
    *ret_record = renameat(locks.fd, record, locks.fd, name) < 0 ? -errno : sync_fd(locks.fd);
    *ret_folder = sync_fd(users.fd);
    return true;
}

void locks_set(const char *state, const struct lock *lock, int *ret_record, int *ret_folder)
{
    if (set_at_once(state, lock, ret_record, ret_folder))
        return;
    *ret_record = locks_write(state, lock);
    *ret_folder = locks_close(state, lock->user);
}

int locks_open(const char *state, const char *user)
{
    char name[NAME_ENCODED_MAX + 1], new[NEW_NAME_MAX];
    _cleanup_folder_ struct grantdir_folder locks = {-1, 0}, users = {-1, 0};
    int r = name_encode(user, name, sizeof(name));
    if (r == 0)
        r = open_or_make_locks(state, &locks);
    if (r < 0)
        return r;
    if ((r = grantdir_open_users(state, &users)) < 0)
        return r == -ENOENT ? 0 : r;
    if (!is_in_place(users.fd, locks.owner, name))
        return 0;
    remove_any(locks.fd, new_name("folder", new));
    if (renameat2(users.fd, name, locks.fd, new, RENAME_NOREPLACE) == 0)
        remove_any(locks.fd, new);
    else
        r = remove_any(users.fd, name);
    return r < 0 ? r : sync_fd(users.fd);
}

/* Whatever the clock says: it may be set forward again. 0 also for a file that no reader would take. */
static int remove_other(const char *state, const struct lock *lock, const char *user)
{
    struct grant_user file = {0};
    if (strcmp(user, lock->user) == 0 || grantdir_read_user(state, user, INT64_MAX / 2, &file) < 0)
        return 0;
    const bool is_other = file.uid == lock->uid;
    grant_user_deinit(&file);
    const int r = is_other ? grantdir_remove_user(state, user) : 0;
    return r == -ENOENT ? 0 : r;
}

/* Not grantdir_each_user(): that takes away what accesspkgd is about to rename. */
int locks_remove_others(const char *state, const struct lock *lock)
{
    _cleanup_folder_ struct grantdir_folder users = {-1, 0};
    int first = lock->uid == UID_UNSET ? -ENOENT : grantdir_open_users(state, &users);
    if (first < 0)
        return first == -ENOENT ? 0 : first;
    DIR *entries = fdopendir(users.fd);
    if (!entries)
        return -errno;
    users.fd = -1;
    for (const struct dirent *entry; (entry = readdir(entries));) {
        char user[NAME_ENCODED_MAX + 1];
        const int r =
            name_decode(entry->d_name, user, sizeof(user)) == 0 ? remove_other(state, lock, user) : 0;
        first = first < 0 ? first : r;
    }
    closedir(entries);
    return first;
}

/* ---- beforehand, and afterwards ---- */

static int reserve_record(int folder)
{
    struct stat st;
    if (fstatat(folder, SPARE_RECORD, &st, AT_SYMLINK_NOFOLLOW) == 0)
        return 0;
    _cleanup_close_ int fd =
        openat(folder, SPARE_RECORD, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640);
    int r = fd < 0 ? -errno : -posix_fallocate(fd, 0, SPARE_SIZE);
    if (r == 0)
        r = sync_fd(fd);
    if (r < 0 && fd >= 0)
        unlinkat(folder, SPARE_RECORD, 0);
    return r;
}

int locks_prepare(const char *state)
{
    struct stat st;
    _cleanup_folder_ struct grantdir_folder folder = {-1, 0};
    int r = open_or_make_locks(state, &folder);
    if (r == 0)
        r = reserve_record(folder.fd);
    if (r == 0 && fstatat(folder.fd, SPARE_FOLDER "/" INSIDE, &st, AT_SYMLINK_NOFOLLOW) < 0)
        r = make_folder(folder.fd, SPARE_FOLDER);
    return r;
}

int locks_restore(const char *state)
{
    struct locks locks = {0};
    int first = locks_load(state, &locks);
    for (size_t i = 0; i < locks.count; i++) {
        const int r =
            locks.items[i].lifted || locks.items[i].closed ? 0 : locks_close(state, locks.items[i].user);
        first = first < 0 ? first : r;
    }
    locks_deinit(&locks);
    return first;
}
