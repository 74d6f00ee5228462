/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Root's locks in the file system: their records, and the folders in the place of grant files. */
#include "common/identity.h"
#include "common/locks.h"
#include "common/names.h"
#include "tests/support/suite.h"
#include "tests/unit/grantfiles.h"

#include <errno.h>
#include <sys/inotify.h>

static struct lock make(const char *user, uid_t uid, const char *why)
{
    struct lock lock = {.user = (char *)user,
                        .uid = uid,
                        .at = NOW,
                        .by = 0,
                        .login = UID_UNSET,
                        .why = (char *)why,
                        .lifted_by = UID_UNSET,
                        .lifted_login = UID_UNSET,
                        .lifted_why = (char *)""};
    lock_new_id(&lock);
    return lock;
}

static void set(const char *user, uid_t uid, const char *why)
{
    const struct lock lock = make(user, uid, why);
    ck_assert_int_eq(locks_write(state, &lock), 0);
    ck_assert_int_eq(locks_close(state, user), 0);
}

static struct locks load(void)
{
    struct locks locks = {0};
    ck_assert_int_eq(locks_load(state, &locks), 0);
    return locks;
}

START_TEST(none_at_first)
{
    struct locks locks = load();
    ck_assert_uint_eq(locks.count, 0);
    ck_assert_ptr_null(locks_find(&locks, "alice", 1001));
    locks_deinit(&locks);
}
END_TEST

START_TEST(written_and_read)
{
    const struct lock lock = make("alice", 1001, "stolen: laptop");
    ck_assert_int_eq(locks_write(state, &lock), 0);
    struct locks locks = load();
    ck_assert_uint_eq(locks.count, 1);
    const struct lock *read = &locks.items[0];
    ck_assert_str_eq(read->user, "alice");
    ck_assert_str_eq(read->why, "stolen: laptop");
    ck_assert_str_eq(read->id, lock.id);
    ck_assert_int_eq(read->at, NOW);
    ck_assert_uint_eq(read->uid, 1001);
    ck_assert_uint_eq(read->by, 0);
    ck_assert_uint_eq(read->login, UID_UNSET);
    ck_assert_int_eq(read->lifted, 0);
    ck_assert(!read->closed);
    ck_assert_ptr_eq(locks_find(&locks, "alice", 7), read);
    ck_assert_ptr_eq(locks_find(&locks, "renamed", 1001), read); /* usermod -l */
    ck_assert_ptr_null(locks_find(&locks, "bob", UID_UNSET));
    ck_assert_ptr_null(locks_find(&locks, "bob", 1002));
    locks_deinit(&locks);
    struct stat st;
    ck_assert_int_eq(stat(in_state("locks"), &st), 0);
    ck_assert_uint_eq(st.st_mode & 07777, 0750);
    ck_assert_int_eq(stat(in_state("locks/alice"), &st), 0);
    ck_assert_uint_eq(st.st_mode & 07777, 0640); /* the reason is not everybody's */
}
END_TEST

/* A reason of several lines, or names of users that are none of a file, stay within their line and their folder. */
START_TEST(odd_texts)
{
    char why[LOCK_WHY_MAX + 1];
    memset(why, 'w', sizeof(why) - 1);
    why[sizeof(why) - 1] = '\0';
    set("../x", UID_UNSET, "a\nlifted 7\nend\n");
    set("CORP\\Zoë .", UID_UNSET, why);
    struct locks locks = load();
    ck_assert_uint_eq(locks.count, 2);
    ck_assert_ptr_nonnull(locks_find(&locks, "../x", UID_UNSET));
    const struct lock *lock = locks_find(&locks, "CORP\\Zoë .", UID_UNSET);
    ck_assert_uint_gt(strlen(lock->why), 4000);
    locks_deinit(&locks);
    char longest[NAME_ENCODED_MAX + 2];
    memset(longest, 'n', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    ck_assert_int_eq(locks_close(state, longest), -ENAMETOOLONG);
}
END_TEST

START_TEST(closed)
{
    put_text("grants/user/alice", ALICE);
    ck_assert_int_eq(read_alice(), 0);
    set("alice", 1001, "x");
    ck_assert_int_eq(read_alice(), -EISDIR);
    ck_assert(locks_is_closed(state, "alice"));
    ck_assert_int_eq(count_entries("grants/user"), 1);
    /* No file comes there again, whoever writes it, and the folder does not go with rmdir or unlink. */
    put_text("grants/user/.new", ALICE);
    ck_assert_int_eq(rename(in_state("grants/user/.new"), "/dev/null/x"), -1);
    char from[600], to[600];
    snprintf(from, sizeof(from), "%s/grants/user/.new", state);
    snprintf(to, sizeof(to), "%s/grants/user/alice", state);
    ck_assert_int_eq(rename(from, to), -1);
    ck_assert_int_eq(unlink(to), -1);
    ck_assert_int_eq(rmdir(to), -1);
    ck_assert_int_eq(unlink(from), 0);
    ck_assert_int_eq(locks_close(state, "alice"), 0); /* twice */
    ck_assert_int_eq(locks_open(state, "alice"), 0);
    ck_assert_int_eq(read_alice(), -ENOENT);
    ck_assert_int_eq(locks_open(state, "alice"), 0);
    ck_assert_int_eq(count_entries("grants/user"), 0);
    ck_assert_int_eq(count_entries("locks"), 1);
}
END_TEST

/* What accesspkgd's user may have put there instead. */
START_TEST(over_anything)
{
    folder_shell(state,
                 "mkdir grants/user/alice; touch grants/user/alice/x; ln -s /etc/passwd grants/user/bob");
    set("bob", 1002, "");
    ck_assert(locks_is_closed(state, "bob"));
    set("alice", 1001, "");
    ck_assert(locks_is_closed(state, "alice"));
}
END_TEST

START_TEST(folder_alone)
{
    folder_shell(state, "mkdir grants/user/alice; touch grants/user/alice/x");
    struct locks locks = load();
    const struct lock *lock = locks_find(&locks, "alice", UID_UNSET);
    ck_assert_ptr_nonnull(lock);
    ck_assert(lock->closed);
    ck_assert_uint_eq(lock->uid, UID_UNSET);
    ck_assert_str_eq(lock->why, "");
    ck_assert_str_ne(lock->id, "");
    locks_deinit(&locks);
}
END_TEST

/* What a start takes does not grow with the grant files: they are not listed where the folders are those of the records. */
START_TEST(files_passed_over)
{
    struct stat before, after;
    set("alice", 1001, "x");
    put_text("grants/user/carol", ALICE); /* so a look at the list is noted in the folder's atime */
    ck_assert_int_eq(stat(in_state("grants/user"), &before), 0);
    struct locks locks = load();
    ck_assert_int_eq(stat(in_state("grants/user"), &after), 0);
    if (before.st_nlink > 2)
        ck_assert_int_eq(before.st_atim.tv_nsec, after.st_atim.tv_nsec);
    ck_assert_uint_eq(locks.count, 1);
    ck_assert(locks.items[0].closed);
    locks_deinit(&locks);
    folder_shell(state, "mkdir grants/user/bob");
    locks = load();
    ck_assert_uint_eq(locks.count, 2);
    ck_assert_ptr_nonnull(locks_find(&locks, "bob", UID_UNSET));
    locks_deinit(&locks);
}
END_TEST

/* MUST 2. */
START_TEST(damaged)
{
    static const char *const texts[] = {"", "accesspkg-lock 2\n", "accesspkg-lock 1\nid x\n"};
    set("alice", 1001, "x");
    folder_shell(state, "cp locks/alice whole");
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        put_text("locks/alice", texts[i]);
        struct locks locks = load();
        ck_assert_ptr_nonnull(locks_find(&locks, "alice", UID_UNSET));
        locks_deinit(&locks);
    }
    struct stat st;
    ck_assert_int_eq(stat(in_state("whole"), &st), 0);
    for (off_t size = 0; size < st.st_size; size++) {
        folder_shell(state, "head -c %ld whole >locks/alice", (long)size);
        struct locks locks = load();
        ck_assert_ptr_nonnull(locks_find(&locks, "alice", UID_UNSET));
        locks_deinit(&locks);
    }
}
END_TEST

START_TEST(untrusted)
{
    set("alice", 1001, "x");
    struct locks locks = {0};
    ck_assert_int_eq(chmod(in_state("locks"), 0770), 0);
    ck_assert_int_eq(locks_load(state, &locks), -EPERM);
    ck_assert_int_eq(chmod(in_state("locks"), 0750), 0);
    folder_shell(state, "chmod 666 locks/alice");
    locks = load(); /* somebody else may have written it: a lock, whatever it says */
    ck_assert_ptr_nonnull(locks_find(&locks, "alice", UID_UNSET));
    locks_deinit(&locks);
}
END_TEST

START_TEST(lifted)
{
    struct lock lock = make("alice", 1001, "x");
    ck_assert_int_eq(locks_close(state, "alice"), 0);
    lock.lifted = NOW + 5;
    lock.lifted_by = 0;
    lock.lifted_login = 1002;
    lock.lifted_why = (char *)"found again";
    ck_assert_int_eq(locks_write(state, &lock), 0);
    struct locks locks = load(); /* interrupted: it stands */
    ck_assert_ptr_nonnull(locks_find(&locks, "alice", 1001));
    locks_deinit(&locks);
    ck_assert_int_eq(locks_open(state, "alice"), 0);
    locks = load();
    ck_assert_ptr_null(locks_find(&locks, "alice", 1001));
    const struct lock *record = locks_record(&locks, "alice");
    ck_assert_int_eq(record->lifted, NOW + 5);
    ck_assert_uint_eq(record->lifted_login, 1002);
    ck_assert_str_eq(record->lifted_why, "found again");
    locks_deinit(&locks);
    ck_assert_int_eq(locks_remove(state, &lock), 0);
    ck_assert_int_eq(locks_remove(state, &lock), 0);
    locks = load();
    ck_assert_uint_eq(locks.count, 0);
    locks_deinit(&locks);
    /* Somebody locks the user again while the lifting of the former lock is told. */
    set("alice", 1001, "again");
    ck_assert_int_eq(locks_remove(state, &lock), 0);
    locks = load();
    ck_assert_str_eq(locks_find(&locks, "alice", UID_UNSET)->why, "again");
    locks_deinit(&locks);
}
END_TEST

/* The grant files of one uid under other names. */
/* Killed in between, the command must have shut out readers, who do not look at records. */
START_TEST(folder_before_record)
{
    char path[300], events[4096];
    int record = -1, folder = -1, first = 0;
    const struct lock lock = make("alice", 1001, "stolen");
    ck_assert_int_eq(locks_prepare(state), 0);
    const int inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    snprintf(path, sizeof(path), "%s/grants/user", state);
    const int users = inotify_add_watch(inotify, path, IN_MOVED_TO);
    snprintf(path, sizeof(path), "%s/locks", state);
    ck_assert_int_ge(inotify_add_watch(inotify, path, IN_MOVED_TO), 0);
    locks_set(state, &lock, &record, &folder);
    ck_assert_int_eq(record, 0);
    ck_assert_int_eq(folder, 0);
    ck_assert(locks_is_closed(state, "alice"));
    const ssize_t size = read(inotify, events, sizeof(events));
    for (ssize_t at = 0; at < size && !first;) {
        const struct inotify_event *event = (const void *)(events + at);
        first = strcmp(event->name, "alice") == 0 ? event->wd : 0;
        at += (ssize_t)(sizeof(*event) + event->len);
    }
    ck_assert_int_eq(first, users);
    close(inotify);
    struct locks locks = load();
    ck_assert_uint_eq(locks.count, 1);
    ck_assert_str_eq(locks.items[0].why, "stolen");
    locks_deinit(&locks);
}
END_TEST

/* The user is locked again between the look at a lock and its lifting. */
START_TEST(lifted_too_late)
{
    set("alice", 1001, "first");
    struct locks locks = load();
    locks.items[0].lifted = NOW;
    set("alice", 1001, "second");
    ck_assert_int_eq(locks_lift(state, &locks.items[0]), -ESTALE);
    locks_deinit(&locks);
    locks = load();
    ck_assert_uint_eq(locks.count, 1);
    ck_assert_str_eq(locks.items[0].why, "second");
    ck_assert_int_eq(locks.items[0].lifted, 0);
    locks.items[0].lifted = NOW;
    ck_assert_int_eq(locks_lift(state, &locks.items[0]), 0);
    ck_assert_int_eq(locks_open(state, "alice"), 0);
    locks_deinit(&locks);
    locks = load();
    ck_assert_int_eq(locks_record(&locks, "alice")->lifted, NOW);
    locks_deinit(&locks);
}
END_TEST

START_TEST(others)
{
    put_text("grants/user/alice", ALICE);
    const struct lock bob = make("bob", 1002, "x"), alias = make("alias", 1001, "x");
    const struct lock unknown = make("carol", UID_UNSET, "x");
    ck_assert_int_eq(locks_remove_others(state, &bob), 0);
    ck_assert_int_eq(locks_remove_others(state, &unknown), 0);
    ck_assert_int_eq(read_alice(), 0);
    ck_assert_int_eq(locks_remove_others(state, &alias), 0);
    ck_assert_int_eq(read_alice(), -ENOENT);
}
END_TEST

START_TEST(restored)
{
    set("alice", 1001, "x");
    folder_shell(state, "mv grants/user/alice grants/user/.aside");
    struct locks locks = load();
    ck_assert(!locks_record(&locks, "alice")->closed);
    ck_assert_ptr_nonnull(locks_find(&locks, "alice", UID_UNSET));
    locks_deinit(&locks);
    put_text("grants/user/alice", ALICE);
    ck_assert_int_eq(locks_restore(state), 0);
    ck_assert_int_eq(read_alice(), -EISDIR);
}
END_TEST

/* accesspkgd's user, who may add to the state folder, made a locks/ of their own where there was none. */
START_TEST(planted)
{
    folder_shell(state, "mkdir -m 755 locks; touch locks/bob");
    if (chown(in_state("locks"), 990, (gid_t)-1) < 0)
        return;
    struct locks locks = {0};
    ck_assert_int_eq(locks_load(state, &locks), -EPERM);
    set("alice", 1001, "x");
    locks = load();
    ck_assert_uint_eq(locks.count, 1);
    ck_assert_ptr_nonnull(locks_find(&locks, "alice", UID_UNSET));
    locks_deinit(&locks);
}
END_TEST

/* A chmod, a chown, a backup put back by hand: a lock takes hold all the same, and accesspkgd may read it. */
START_TEST(mended)
{
    static const char *const faults[] = {"mkdir -m 770 locks", "mkdir -m 700 locks", ": >locks",
                                         "ln -s /tmp locks"};
    for (size_t i = 0; i < sizeof(faults) / sizeof(*faults); i++) {
        struct stat st;
        folder_shell(state, "rm -rf locks grants/user/alice; %s", faults[i]);
        put_text("grants/user/alice", ALICE);
        set("alice", 1001, faults[i]);
        ck_assert_int_eq(read_alice(), -EISDIR);
        ck_assert_int_eq(lstat(in_state("locks"), &st), 0);
        ck_assert_int_eq(st.st_mode & 07777, 0750);
        struct locks locks = load();
        ck_assert_str_eq(locks_find(&locks, "alice", UID_UNSET)->why, faults[i]);
        locks_deinit(&locks);
    }
}
END_TEST

/* Without locks/ the folder is a lock. */
START_TEST(no_locks)
{
    put_text("grants/user/alice", ALICE);
    folder_shell(state, "mkdir -p .new-locks-%ld/x", (long)getpid());
    const struct lock lock = make("alice", 1001, "x");
    ck_assert_int_eq(locks_write(state, &lock), -EEXIST);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(locks_close(state, "alice"), 0);
        ck_assert_int_eq(read_alice(), -EISDIR);
        ck_assert(locks_is_closed(state, "alice"));
    }
}
END_TEST

START_TEST(no_state_folder)
{
    const struct lock lock = make("alice", 1001, "x");
    ck_assert_int_eq(locks_write("/nowhere", &lock), -ENOENT);
    ck_assert_int_eq(locks_close("/nowhere", "alice"), -ENOENT);
    folder_shell(state, "rm -r grants");
    ck_assert_int_eq(locks_close(state, "alice"), 0);
    ck_assert_int_eq(locks_open(state, "alice"), 0);
}
END_TEST

/* Prepared, a lock takes nothing from the disk but what it has already. */
START_TEST(spare)
{
    ck_assert_int_eq(locks_prepare(state), 0);
    ck_assert_int_eq(locks_prepare(state), 0);
    struct stat st;
    ck_assert_int_eq(stat(in_state("locks/.spare-record"), &st), 0);
    ck_assert_int_ge(st.st_blocks * 512, 16384);
    ck_assert_int_eq(stat(in_state("locks/.spare-folder/locked"), &st), 0);
    struct locks locks = load();
    ck_assert_uint_eq(locks.count, 0);
    locks_deinit(&locks);
}
END_TEST

int main(void)
{
    suite_case("locks", state_setup, state_teardown);
    suite_add(none_at_first, written_and_read, odd_texts, closed, over_anything, folder_alone,
              files_passed_over, damaged, untrusted, lifted, folder_before_record, lifted_too_late, others,
              restored, planted, mended, no_locks, no_state_folder, spare);
    return suite_run();
}
