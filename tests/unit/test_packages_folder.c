/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* packages.d as a folder: which files are package files, and whose are believed (rule 1). */
#include "tests/support/suite.h"
#include "tests/unit/packagesd.h"

#include <errno.h>
#include <sys/stat.h>

START_TEST(many_files_are_found_by_name)
{
    for (int i = 0; i < 300; i++) {
        char name[32];
        snprintf(name, sizeof(name), "p%d.conf", i);
        put(name, POLICY);
    }
    put("a.conf", POLICY);
    put("a-b.conf", POLICY);
    put("a.b.conf", POLICY);
    ck_assert_int_eq(load(), 0);
    ck_assert_uint_eq(packages->count, 303);
    for (size_t i = 1; i < packages->count; i++)
        ck_assert(strcmp(packages->items[i - 1].name, packages->items[i].name) < 0);
    ck_assert_str_eq(packages_find(packages, "p123")->name, "p123");
    ck_assert_str_eq(packages_find(packages, "a")->name, "a");
    ck_assert_str_eq(packages_find(packages, "a-b")->name, "a-b");
    ck_assert_str_eq(packages_find(packages, "a.b")->name, "a.b");
    ck_assert_ptr_null(packages_find(packages, "p300"));
    ck_assert_ptr_null(packages_find(NULL, "a"));
}
END_TEST

START_TEST(what_editors_leave_behind_is_passed_over)
{
    char path[256];
    put("one.conf", POLICY);
    put("one.conf~", "nonsense");
    put(".one.conf.swp", "nonsense");
    put("one.conf.bak", "nonsense");
    put("README", "nonsense");
    ck_assert_int_eq(symlink("alice@host.1", path_of(".#one.conf", path)), 0);
    ck_assert_int_eq(mkdir(path_of("old.conf", path), 0777), 0);
    ck_assert_int_eq(load(), 0);
    ck_assert_uint_eq(packages->count, 1);
    ck_assert_uint_eq(problems.count, 0);
}
END_TEST

START_TEST(a_name_that_is_no_package_s)
{
    put("Foo.conf", POLICY);
    put("-x.conf", POLICY);
    put("a b.conf", POLICY);
    put("\x1b[31m.conf", POLICY);
    ck_assert_int_eq(load(), -EINVAL);
    ck_assert_uint_eq(problems.errors, 4);
    ck_assert(told(true, "Foo.conf: the file's name is the package's: lower-case letters"));
    ck_assert(told(true, "\\x1b[31m.conf: the file's name")); /* rule 10 */
}
END_TEST

START_TEST(an_empty_folder_is_a_warning)
{
    ck_assert_int_eq(load(), 0);
    ck_assert_uint_eq(packages->count, 0);
    ck_assert_ptr_null(packages_find(packages, "a"));
    ck_assert(told(false, "no package is defined"));
}
END_TEST

START_TEST(a_missing_folder)
{
    ck_assert_int_eq(packages_load("/nonexistent/packages.d", 0, &packages, &problems), -ENOENT);
    ck_assert(told(true, "/nonexistent/packages.d: there is no such folder; create it"));
}
END_TEST

START_TEST(a_link_is_refused)
{
    char path[256];
    put("target", POLICY);
    ck_assert_int_eq(symlink("target", path_of("one.conf", path)), 0);
    ck_assert_int_eq(load(), -EINVAL);
    ck_assert(told(true, "one.conf: is a symbolic link"));
}
END_TEST

START_TEST(a_fifo_is_refused_and_hangs_nobody)
{
    char path[256];
    ck_assert_int_eq(mkfifo(path_of("one.conf", path), 0644), 0);
    ck_assert_int_eq(load(), -EINVAL);
    ck_assert(told(true, "one.conf: is no regular file"));
}
END_TEST

START_TEST(a_file_that_others_may_write_is_refused)
{
    static const mode_t modes[] = {0664, 0646, 0666};
    char path[256];
    put("one.conf", POLICY);
    ck_assert_int_eq(chmod(path_of("one.conf", path), modes[_i]), 0);
    ck_assert_int_eq(load(), -EINVAL);
    ck_assert(told(true, "one.conf: others than its owner may write to it"));
}
END_TEST

/* ... where root checks it; the daemon itself fails to open it. */
START_TEST(a_file_that_root_alone_may_read_is_refused)
{
    char path[256];
    put("one.conf", POLICY);
    ck_assert_int_eq(chown(path_of("one.conf", path), 0, 0), 0);
    ck_assert_int_eq(chmod(path, 0640), 0);
    ck_assert_int_eq(load(), -EINVAL);
    ck_assert(told(true, "one.conf: root alone may read it (mode 0640)"));
    ck_assert_int_eq(chown(path, 0, 990), 0);
    problems_deinit(&problems);
    problems = (struct problems){0};
    ck_assert_int_eq(load(), 0);
}
END_TEST

START_TEST(a_folder_that_others_may_write_is_refused)
{
    put("one.conf", POLICY);
    ck_assert_int_eq(chmod(folder, 0775), 0);
    ck_assert_int_eq(load(), -EINVAL);
    ck_assert(told(true, "others than its owner may write to it (mode 0775)"));
}
END_TEST

START_TEST(a_folder_that_root_alone_may_read_is_refused)
{
    static const mode_t modes[] = {0700, 0711, 0744, 0750};
    put("one.conf", POLICY);
    ck_assert_int_eq(chmod(folder, modes[_i]), 0);
    ck_assert_int_eq(load(), -EINVAL);
    ck_assert(told(true, "root alone may read it"));
}
END_TEST

START_TEST(a_folder_behind_a_link_is_refused)
{
    char path[256];
    ck_assert_int_eq(symlink(folder, path_of("link", path)), 0);
    ck_assert_int_lt(packages_load(path, getuid(), &packages, &problems), 0);
    ck_assert_uint_eq(problems.errors, 1);
    ck_assert(told(true, "/link is a symbolic link"));
}
END_TEST

START_TEST(somebody_else_s_folder_is_refused)
{
    put("one.conf", POLICY);
    ck_assert_int_eq(packages_load(folder, getuid() + 1, &packages, &problems), -EINVAL);
    ck_assert(told(true, "belongs to uid"));
}
END_TEST

START_TEST(somebody_else_s_file_is_refused)
{
    char path[256];
    put("one.conf", POLICY);
    ck_assert_int_eq(chown(path_of("one.conf", path), 1, (gid_t)-1), 0);
    ck_assert_int_eq(load(), -EINVAL);
    ck_assert(told(true, "one.conf: belongs to uid 1, and only uid 0"));
}
END_TEST

START_TEST(a_file_that_is_too_large_is_refused)
{
    char path[256];
    put("one.conf", POLICY);
    ck_assert_int_eq(truncate(path_of("one.conf", path), 1024 * 1024 + 1), 0);
    ck_assert_int_eq(load(), -EINVAL);
    ck_assert(told(true, "one.conf: larger than 1024 KiB"));
}
END_TEST

int main(void)
{
    suite_case("the folder", make_folder, remove_folder);
    suite_add(many_files_are_found_by_name, what_editors_leave_behind_is_passed_over,
              a_name_that_is_no_package_s, an_empty_folder_is_a_warning, a_missing_folder, a_link_is_refused,
              a_fifo_is_refused_and_hangs_nobody);
    suite_loop(a_file_that_others_may_write_is_refused, 0, 3);
    suite_add(a_folder_that_others_may_write_is_refused, a_folder_behind_a_link_is_refused,
              somebody_else_s_folder_is_refused, a_file_that_is_too_large_is_refused);
    if (getuid() == 0) {
        suite_add(somebody_else_s_file_is_refused, a_file_that_root_alone_may_read_is_refused);
        suite_loop(a_folder_that_root_alone_may_read_is_refused, 0, 4);
    }
    return suite_run();
}
