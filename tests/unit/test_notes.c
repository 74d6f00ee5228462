/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The root service's notes of members of /etc/group, and whom a note is about after a rename. */
#include "common/strv.h"
#include "helperd/privileged/holder.h"
#include "helperd/privileged/notes.h"
#include "tests/support/folder.h"
#include "tests/support/suite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[FOLDER_MAX];
static int fd;

static const struct note alice = {
    .user = (char *)"alice", .group = (char *)"dbadmins", .uid = 1001, .gid = 2001, .until = 1795965600};

static void setup(void)
{
    folder_make(folder);
    ck_assert_int_eq(chmod(folder, 0700), 0);
    fd = notes_open(folder);
    ck_assert_int_ge(fd, 0);
}

static void teardown(void)
{
    close(fd);
    folder_remove(folder);
}

static size_t count_notes(void)
{
    struct note_list notes = {0};
    ck_assert_int_eq(notes_load(fd, &(struct note){0}, &notes), 0);
    const size_t count = notes.count;
    notes_deinit(&notes);
    return count;
}

static int64_t until_of(const struct note *key)
{
    struct note note = {0};
    ck_assert_int_eq(notes_find(fd, key, &note), 0);
    const int64_t until = note.until;
    note_deinit(&note);
    return until;
}

static void check_same(const struct note *a, const struct note *b)
{
    ck_assert_str_eq(a->user, b->user);
    ck_assert_str_eq(a->group, b->group);
    ck_assert_uint_eq(a->uid, b->uid);
    ck_assert_uint_eq(a->gid, b->gid);
    ck_assert_int_eq(a->until, b->until);
    ck_assert(!a->damaged);
}

/* ---- the folder ---- */

START_TEST(a_note_comes_and_goes)
{
    struct note note = {0};
    ck_assert_int_eq(notes_find(fd, &alice, &note), NOTES_E_NONE);
    ck_assert(!notes_any(folder));
    ck_assert_int_eq(notes_write(fd, &alice), 0);
    ck_assert(notes_any(folder));
    ck_assert_int_eq(notes_find(fd, &alice, &note), 0);
    check_same(&note, &alice);
    ck_assert_int_eq(notes_set_until(fd, &note, NOTE_ENDED), 0);
    ck_assert_int_eq(until_of(&alice), NOTE_ENDED);
    note.until = NOTE_ENDED;
    ck_assert_int_eq(notes_set_until(fd, &note, NOTE_FOREVER), 0);
    ck_assert_int_eq(until_of(&alice), NOTE_FOREVER);
    ck_assert_uint_eq(count_notes(), 1);
    note_deinit(&note);
    ck_assert_int_eq(notes_remove(fd, &alice), 0);
    ck_assert_int_eq(notes_remove(fd, &alice), 0); /* rule 7 */
    ck_assert_uint_eq(count_notes(), 0);
}
END_TEST

static size_t count_of(const char *user, gid_t gid)
{
    struct note_list notes = {0};
    ck_assert_int_eq(notes_load(fd, &(struct note){.user = (char *)user, .gid = gid}, &notes), 0);
    const size_t count = notes.count;
    notes_deinit(&notes);
    return count;
}

START_TEST(notes_of_one_are_found)
{
    struct note other = alice;
    ck_assert_int_eq(notes_write(fd, &other), 0);
    other.gid = 7;
    ck_assert_int_eq(notes_write(fd, &other), 0);
    other.user = (char *)"bob";
    other.uid = 1002;
    ck_assert_int_eq(notes_write(fd, &other), 0);
    ck_assert_uint_eq(count_of(NULL, 0), 3);
    ck_assert_uint_eq(count_of("alice", 0), 2);
    ck_assert_uint_eq(count_of(NULL, 7), 2);
    ck_assert_uint_eq(count_of("alice", 7), 1);
    ck_assert_uint_eq(count_of("carol", 0), 0);
}
END_TEST

static const char *const users[] = {"DOM\\user", "user@example.org", "a b/../c", ".", "..", "\xff", "1.2.x"};

START_TEST(any_name_can_be_noted)
{
    struct note wanted = alice, note = {0};
    wanted.user = (char *)users[_i];
    wanted.group = (char *)users[_i];
    ck_assert_int_eq(notes_write(fd, &wanted), 0);
    ck_assert_int_eq(notes_find(fd, &wanted, &note), 0);
    check_same(&note, &wanted);
    note_deinit(&note);
    ck_assert_uint_eq(count_notes(), 1);
}
END_TEST

START_TEST(a_name_that_fits_no_file_is_refused)
{
    char name[251];
    memset(name, 'a', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    struct note wanted = alice;
    wanted.user = name;
    ck_assert_int_eq(notes_write(fd, &wanted), -ENAMETOOLONG);
    ck_assert(!notes_any(folder));
}
END_TEST

#define TEXT                                                                                                 \
    "accesspkg-note 1\nuntil 00000000001795965600\nuser alice\nuid 1001\ngroup dbadmins\ngid 2001\nend\n"

static const char *const damaged[] = {
    "",
    "accesspkg-note 1\nuntil 0000000000179",
    "accesspkg-note 2\nuntil 00000000001795965600\nuser alice\nuid 1001\ngroup dbadmins\ngid 2001\nend\n",
    "accesspkg-note 1\nuntil 1795965600\nuser alice\nuid 1001\ngroup dbadmins\ngid 2001\nend\n",
    "accesspkg-note 1\nuntil -0000000001795965600\nuser alice\nuid 1001\ngroup dbadmins\ngid 2001\nend\n",
    "accesspkg-note 1\nuntil 00000000001795965600\nuser bob\nuid 1001\ngroup dbadmins\ngid 2001\nend\n",
    "accesspkg-note 1\nuntil 00000000001795965600\nuser alice\nuid 0\ngroup dbadmins\ngid 2001\nend\n",
    "accesspkg-note 1\nuntil 00000000001795965600\nuser alice\nuid 1001\ngroup dbadmins\ngid 1\nend\n",
    TEXT "x",
};

static void put(const char *name, const char *text, mode_t mode)
{
    char path[256];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    folder_write(path, text);
    ck_assert_int_eq(chmod(path, mode), 0);
}

/* It counts as ended: nobody keeps a membership by it. */
START_TEST(a_damaged_note_has_ended)
{
    struct note note = {0};
    put("2001.1001.alice", damaged[_i], 0600);
    ck_assert_int_eq(notes_find(fd, &alice, &note), 0);
    ck_assert(note.damaged);
    ck_assert_int_eq(note.until, NOTE_ENDED);
    ck_assert_str_eq(note.user, "alice");
    ck_assert_int_eq(notes_set_until(fd, &note, NOTE_FOREVER), -EBADMSG);
    ck_assert_int_eq(notes_write(fd, &alice), 0); /* who still has it is noted anew */
    note_deinit(&note);
    ck_assert_int_eq(until_of(&alice), alice.until);
}
END_TEST

START_TEST(the_text_stays_as_it_is)
{
    put("2001.1001.alice", TEXT, 0600);
    ck_assert_int_eq(until_of(&alice), 1795965600);
}
END_TEST

static const struct {
    const char *name;
    mode_t mode;
} strange[] = {{"2001.1001.alice", 0666},  {"2001.1001", 0600},         {"alice", 0600},
               {"02001.1001.alice", 0600}, {"2001.1001.al%69ce", 0600}, {"2001.-1.alice", 0600}};

START_TEST(what_is_no_note_is_passed_over)
{
    put(strange[_i].name, TEXT, strange[_i].mode);
    ck_assert_uint_eq(count_notes(), 0);
    ck_assert(notes_any(folder)); /* it is not ours to remove */
}
END_TEST

START_TEST(links_and_remains_are_passed_over)
{
    char path[256];
    put("elsewhere", TEXT, 0600);
    snprintf(path, sizeof(path), "%s/2001.1001.alice", folder);
    ck_assert_int_eq(symlink("elsewhere", path), 0);
    put(".new", "accesspkg-no", 0600); /* of a killed writer */
    ck_assert_uint_eq(count_notes(), 0);
    snprintf(path, sizeof(path), "%s/.new", folder);
    ck_assert_int_eq(access(path, F_OK), -1);
}
END_TEST

static const mode_t open_modes[] = {0701, 0710, 0750, 0770, 0777};

START_TEST(a_folder_of_others_is_refused)
{
    ck_assert_int_eq(chmod(folder, open_modes[_i]), 0);
    ck_assert_int_eq(notes_open(folder), -EPERM);
}
END_TEST

START_TEST(what_is_no_folder_is_refused)
{
    char link[FOLDER_MAX + 8];
    snprintf(link, sizeof(link), "%s/link", folder);
    ck_assert_int_eq(symlink(".", link), 0);
    ck_assert_int_eq(notes_open(link), -EPERM);
    ck_assert_int_eq(notes_open("/dev/null"), -EPERM);
    ck_assert_int_eq(notes_open("/nonexistent"), -ENOENT);
}
END_TEST

/* ---- whom it is about ---- */

#define PASSWD "root:x:0:0::/:/bin/sh\n"

static const struct {
    const char *passwd;
    const char *group;
    int result;
    const char *found; /* "GROUP: USERS"; NULL: nobody */
} holders[] = {
    {PASSWD "alice:x:1001:1::/:\n", "dbadmins:x:2001:bob,alice\n", 0, "dbadmins: alice"},
    {PASSWD "alice:x:1001:1::/:\n", "dbadmins:x:2001:bob\nother:x:7:alice\n", 0, NULL},
    /* renamed: by uid, and the standing member who has the old name now stays */
    {PASSWD "alicia:x:1001:1::/:\n", "dbadmins:x:2001:bob,alicia\n", 0, "dbadmins: alicia"},
    {PASSWD "alicia:x:1001:1::/:\nalice:x:1009:1::/:\n", "dbadmins:x:2001:alice,alicia\n", 0,
     "dbadmins: alicia"},
    {PASSWD "alicia:x:1001:1::/:\n", "dbadmins:x:2001:bob,alice\n", 0, "dbadmins: alice"},
    /* gone, or of a directory: by the noted name */
    {PASSWD, "dbadmins:x:2001:bob,alice\n", 0, "dbadmins: alice"},
    /* two accounts with one uid */
    {PASSWD "twin:x:1001:1::/:\nalice:x:1001:1::/:\n", "dbadmins:x:2001:twin,alice\n", 0, "dbadmins: alice"},
    {PASSWD "twin:x:1001:1::/:\nalice:x:1001:1::/:\n", "dbadmins:x:2001:twin\n", 0, NULL},
    /* a group renamed, renumbered, gone; another that has its name by now */
    {PASSWD "alice:x:1001:1::/:\n", "dbas:x:2001:alice\n", 0, "dbas: alice"},
    {PASSWD "alice:x:1001:1::/:\n", "dbadmins:x:7:alice\ndbas:x:2001:alice\n", 0, "dbas: alice"},
    {PASSWD "alice:x:1001:1::/:\n", "dbadmins:x:7:alice\n", 0, "dbadmins: alice"},
    {PASSWD "alice:x:1001:1::/:\n", "dbadmins:x:0:alice\n", 0, NULL},
    {PASSWD "alice:x:1001:1::/:\n", "other:x:7:alice\n", 0, NULL},
    {PASSWD "alice:x:1001:1::/:\n", "dba1:x:2001:\ndba2:x:2001:alice\n", 0, "dba2: alice"},
    /* a file that is being replaced proves nothing */
    {"", "dbadmins:x:2001:alice\n", -ENODATA, NULL},
    {PASSWD "alice:x:1001:1::/:\n", "", -ENODATA, NULL},
};

START_TEST(finds_the_holder)
{
    struct holder holder = {0};
    put("passwd", holders[_i].passwd, 0644);
    put("group", holders[_i].group, 0644);
    ck_assert_int_eq(holder_find(folder, &alice, &holder), holders[_i].result);
    if (!holders[_i].found) {
        ck_assert_ptr_null(holder.users);
    } else {
        char text[128];
        char *joined = strv_join(holder.users, " ");
        snprintf(text, sizeof(text), "%s: %s", holder.group, joined);
        ck_assert_str_eq(text, holders[_i].found);
        free(joined);
    }
    holder_deinit(&holder);
}
END_TEST

START_TEST(missing_files_prove_nothing)
{
    struct holder holder = {0};
    ck_assert_int_eq(holder_find(folder, &alice, &holder), -ENOENT);
    put("passwd", PASSWD, 0644);
    ck_assert_int_eq(holder_find(folder, &alice, &holder), -ENOENT);
}
END_TEST

int main(void)
{
    suite_case("notes", setup, teardown);
    suite_add(a_note_comes_and_goes, notes_of_one_are_found, a_name_that_fits_no_file_is_refused,
              the_text_stays_as_it_is, links_and_remains_are_passed_over, what_is_no_folder_is_refused,
              missing_files_prove_nothing);
    suite_rows(any_name_can_be_noted, users);
    suite_rows(a_damaged_note_has_ended, damaged);
    suite_rows(what_is_no_note_is_passed_over, strange);
    suite_rows(a_folder_of_others_is_refused, open_modes);
    suite_rows(finds_the_holder, holders);
    return suite_run();
}
