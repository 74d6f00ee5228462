/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is kept of a file is used while it is the same file, and never where a change might go unnoticed. */
#include "common/file_seen.h"
#include "tests/support/folder.h"
#include "tests/support/suite.h"

#include <stdio.h>
#include <unistd.h>

/* Two files that nobody has changed for a while. */
#define ONE   "/bin/cat"
#define OTHER "/bin/sh"

static char folder[FOLDER_MAX], path[FOLDER_MAX + 16];

static void setup(void)
{
    folder_make(folder);
    snprintf(path, sizeof(path), "%s/file", folder);
}

static void teardown(void)
{
    folder_remove(folder);
}

static void lead_to(const char *target)
{
    unlink(path);
    ck_assert_int_eq(symlink(target, path), 0);
}

static void write_text(const char *text)
{
    FILE *out = fopen(path, "we");
    ck_assert_ptr_nonnull(out);
    ck_assert(fputs(text, out) >= 0 && fclose(out) == 0);
}

START_TEST(a_file_that_rests_is_read_once)
{
    struct file_seen seen = {0};
    lead_to(ONE);
    ck_assert(!file_seen_still(&seen, path));
    ck_assert(file_seen_still(&seen, path));
    ck_assert(file_seen_still(&seen, path));
}
END_TEST

START_TEST(another_file_is_read)
{
    struct file_seen seen = {0};
    lead_to(ONE);
    ck_assert(!file_seen_still(&seen, path));
    lead_to(OTHER);
    ck_assert(!file_seen_still(&seen, path));
    ck_assert(file_seen_still(&seen, path));
}
END_TEST

/* Its next change may leave time and size as they are. */
START_TEST(a_file_that_was_just_changed_is_read_again)
{
    struct file_seen seen = {0};
    write_text("a");
    ck_assert(!file_seen_still(&seen, path));
    ck_assert(!file_seen_still(&seen, path));
}
END_TEST

START_TEST(what_is_no_file_is_read_again)
{
    struct file_seen seen = {0};
    ck_assert(!file_seen_still(&seen, path));
    ck_assert(!file_seen_still(&seen, path));
    ck_assert(!file_seen_still(&seen, "/dev/null"));
    ck_assert(!file_seen_still(&seen, "/dev/null"));
}
END_TEST

int main(void)
{
    suite_case("file_seen", setup, teardown);
    suite_add(a_file_that_rests_is_read_once, another_file_is_read,
              a_file_that_was_just_changed_is_read_again, what_is_no_file_is_read_again);
    return suite_run();
}
