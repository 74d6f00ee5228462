/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All of /etc/group read as a file: which lines count, what is no such file, and the words for who stands there. */
#include "common/groupfile.h"
#include "tests/support/folder.h"
#include "tests/support/suite.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char path[64];

static void setup(void)
{
    strcpy(path, "/tmp/accesspkg-groupfile-XXXXXX");
    const int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    close(fd);
}

static void teardown(void)
{
    unlink(path);
}

static void put(const char *text)
{
    folder_write(path, text);
}

/* "a 7 alice bob; b 8 carol": the lines, as they were read. */
static void check_lines(const char *text, const char *expected)
{
    struct groupfile file = {0};
    char *shown = NULL;
    size_t size = 0;
    put(text);
    ck_assert_int_eq(groupfile_read(path, NULL, &file), 0);
    FILE *out = open_memstream(&shown, &size);
    for (size_t i = 0; i < file.count; i++) {
        fprintf(out, "%s%s %u", i ? "; " : "", file.lines[i].name, file.lines[i].gid);
        for (size_t m = 0; m < file.lines[i].n_members; m++)
            fprintf(out, " %s", file.lines[i].members[m]);
    }
    ck_assert_int_eq(fclose(out), 0);
    ck_assert_str_eq(shown, expected);
    free(shown);
    groupfile_deinit(&file);
    ck_assert_ptr_null(file.lines);
}

START_TEST(lines_with_members_count)
{
    check_lines("", "");
    check_lines("a:x:7:\nb:x:8:\n", "");
    check_lines("a:x:7:bob,alice\nroot:x:0:\nb:x:8:carol", "a 7 alice bob; b 8 carol");
    check_lines("a:x:7:alice,\nno line\n\n#b:x:8:bob\na:x:9:bob\n", "a 7 alice; a 9 bob");
    check_lines("a:x:7:z,y,x,y,Z\n", "a 7 Z x y y z");
    check_lines("e:x:7:x\nb:x:7:x\nc:x:1:x\nd:x:2:x\na:x:3:x\n", "a 3 x; b 7 x; c 1 x; d 2 x; e 7 x");
}
END_TEST

START_TEST(lines_of_a_user_and_by_name)
{
    static const char text[] = "d:x:4:x\nb:x:2:y\na:x:1:x,y\nc:x:3:y\nb:x:5:y,z\n";
    static const char *const names[] = {"a", "b", "c", "d"};
    struct groupfile file = {0};
    put(text);
    ck_assert_int_eq(groupfile_read(path, "x", &file), 0);
    ck_assert_uint_eq(file.count, 2);
    ck_assert_str_eq(file.lines[0].name, "a");
    ck_assert_str_eq(file.lines[1].name, "d");
    groupfile_deinit(&file);
    ck_assert_int_eq(groupfile_read(path, "nobody", &file), 0);
    ck_assert_uint_eq(file.count, 0);
    ck_assert_ptr_null(groupfile_named(&file, "a"));
    ck_assert_int_eq(groupfile_read(path, NULL, &file), 0);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        ck_assert_str_eq(groupfile_named(&file, names[i])->name, names[i]);
    const struct groupfile_line *line = groupfile_named(&file, "b");
    ck_assert_str_eq(line[1].name, "b");
    ck_assert_uint_eq(line[0].gid + line[1].gid, 7);
    ck_assert_ptr_null(groupfile_named(&file, ""));
    ck_assert_ptr_null(groupfile_named(&file, "bb"));
    ck_assert_ptr_null(groupfile_named(&file, "e"));
    groupfile_deinit(&file);
}
END_TEST

START_TEST(a_long_line)
{
    enum { MEMBERS = 20000 };
    struct groupfile file = {0};
    char *text = malloc(MEMBERS * 12 + 64);
    char *at = text + sprintf(text, "g:x:7:");
    for (int i = 0; i < MEMBERS; i++)
        at += sprintf(at, "%suser%d", i ? "," : "", i);
    strcpy(at, "\nlast:x:8:alice\n");
    put(text);
    free(text);
    ck_assert_int_eq(groupfile_read(path, NULL, &file), 0);
    ck_assert_uint_eq(file.count, 2);
    ck_assert(groupfile_lists(&file.lines[0], "user0"));
    ck_assert(groupfile_lists(&file.lines[0], "user19999"));
    ck_assert(!groupfile_lists(&file.lines[0], "user20000"));
    ck_assert(!groupfile_lists(&file.lines[0], ""));
    ck_assert(groupfile_lists(&file.lines[1], "alice"));
    groupfile_deinit(&file);
}
END_TEST

/* Whatever stands in its place neither holds up who reads it nor fills their memory. */
START_TEST(no_such_file)
{
    struct groupfile file = {0};
    put("a:x:7:alice\n");
    ck_assert_int_eq(truncate(path, 16 * 1024 * 1024 + 1), 0);
    ck_assert_int_eq(groupfile_read(path, NULL, &file), -EFBIG);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(groupfile_read(path, NULL, &file), -ENOENT);
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    ck_assert_int_eq(groupfile_read(path, NULL, &file), -EINVAL);
    ck_assert_int_eq(groupfile_read("/dev/zero", NULL, &file), -EINVAL);
    ck_assert_int_eq(groupfile_read("/tmp", NULL, &file), -EINVAL);
    ck_assert_ptr_null(file.lines);
}
END_TEST

/* The command can be pasted, whatever the names are. */
START_TEST(words)
{
    char *text = groupfile_say_standing("carol", "dbadmins");
    ck_assert_str_eq(text, "carol is also in the group dbadmins in /etc/group, where accesspkg did not add "
                           "them; to remove them: gpasswd -d carol dbadmins");
    free(text);
    text = groupfile_say_standing("CORP\\bob", "x;reboot");
    ck_assert_ptr_nonnull(strstr(text, "gpasswd -d 'CORP\\bob' 'x;reboot'"));
    free(text);
}
END_TEST

int main(void)
{
    suite_case("groupfile", setup, teardown);
    suite_add(lines_with_members_count, lines_of_a_user_and_by_name, a_long_line, no_such_file, words);
    return suite_run();
}
