/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Notes of which assignments are used: common/usage.c. What is wrong with their folder keeps nobody out, and leads
 * nowhere else. */
#include "common/usage.h"
#include "tests/support/suite.h"
#include "tests/unit/statedir.h"

#include <errno.h>
#include <sys/time.h>
#include <time.h>

#define NOW INT64_C(1763940000)

static void setup(void)
{
    state_setup();
    ck_assert_int_eq(mkdir(in_state("used"), 0755), 0);
}

static int note(const char *folder, int64_t assignment, int64_t now)
{
    return usage_note(folder, &(struct usage_subject){assignment, NOW - 60}, now);
}

static struct usage use_of(int64_t assignment, int64_t start)
{
    struct usage use = {0};
    ck_assert_int_eq(usage_read(state, &(struct usage_subject){assignment, start}, &use), 0);
    return use;
}

static int64_t last_use(const char *folder, int64_t assignment)
{
    struct usage use = {0};
    const int r = usage_read(folder, &(struct usage_subject){assignment, NOW - 60}, &use);
    return r < 0 ? r : use.last;
}

START_TEST(noted_and_read)
{
    ck_assert_int_eq(last_use(state, 12), 0);
    ck_assert_int_eq(note(state, 12, NOW), 0);
    ck_assert_int_eq(last_use(state, 12), NOW);
    ck_assert_int_eq(last_use(state, 1), 0);
    ck_assert_int_eq(note(state, INT64_MAX, NOW), 0);
    ck_assert_int_eq(last_use(state, INT64_MAX), NOW);
    struct stat st;
    ck_assert_int_eq(stat(in_state("used/12"), &st), 0);
    ck_assert_int_eq(st.st_size, 0);
    ck_assert_int_eq(st.st_mode & 07777, 0600);
}
END_TEST

START_TEST(to_the_hour)
{
    static const struct {
        int64_t after, last;
    } uses[] = {
        {0, 0}, {USAGE_GRAIN - 1, 0}, {USAGE_GRAIN, USAGE_GRAIN}, {USAGE_GRAIN + 5, USAGE_GRAIN}, {-1, -1},
    };
    for (size_t i = 0; i < sizeof(uses) / sizeof(uses[0]); i++) {
        ck_assert_int_eq(note(state, 12, NOW + uses[i].after), 0);
        ck_assert_int_eq(last_use(state, 12), NOW + uses[i].last); /* the last: a clock that was set back */
    }
}
END_TEST

/* The first use stays what it was; cleaning by age spares its note for as long as there are others. */
START_TEST(first_and_last)
{
    const struct timeval old[] = {{NOW, 0}, {NOW, 0}};
    struct stat st;
    ck_assert_int_eq(use_of(12, NOW - 60).first, 0);
    for (int64_t hour = 0; hour < 5; hour++)
        ck_assert_int_eq(note(state, 12, NOW + hour * USAGE_GRAIN), 0);
    ck_assert_int_eq(use_of(12, NOW - 60).first, NOW);
    ck_assert_int_eq(use_of(12, NOW - 60).last, NOW + 4 * USAGE_GRAIN);
    ck_assert_int_eq(utimes(in_state("used/12.first"), old), 0);
    ck_assert_int_eq(note(state, 12, NOW + 5 * USAGE_GRAIN), 0);
    ck_assert_int_eq(stat(in_state("used/12.first"), &st), 0);
    ck_assert_int_eq(st.st_atim.tv_sec, NOW + 5 * USAGE_GRAIN);
    ck_assert_int_eq(st.st_mtim.tv_sec, NOW);
    ck_assert_int_eq(st.st_size, 0);
}
END_TEST

/* A store that is lost gives its numbers anew: what was noted of the former assignment is not of this one. */
START_TEST(number_given_anew)
{
    ck_assert_int_eq(note(state, 12, NOW), 0);
    ck_assert_int_eq(use_of(12, NOW + 1).first, 0);
    ck_assert_int_eq(use_of(12, NOW + 1).last, 0);
    ck_assert_int_eq(usage_note(state, &(struct usage_subject){12, NOW + 1}, NOW + 5), 0);
    ck_assert_int_eq(use_of(12, NOW + 1).first, NOW + 5);
    ck_assert_int_eq(use_of(12, NOW + 1).last, NOW + 5);
}
END_TEST

/* The note of an older version has no first use: none is made up. */
START_TEST(noted_by_an_older_version)
{
    ck_assert_int_eq(note(state, 12, NOW), 0);
    ck_assert_int_eq(unlink(in_state("used/12.first")), 0);
    ck_assert_int_eq(note(state, 12, NOW + USAGE_GRAIN), 0);
    ck_assert_int_eq(use_of(12, NOW - 60).first, 0);
    ck_assert_int_eq(use_of(12, NOW - 60).last, NOW + USAGE_GRAIN);
}
END_TEST

START_TEST(no_folder)
{
    ck_assert_int_eq(rmdir(in_state("used")), 0);
    ck_assert_int_eq(note(state, 12, NOW), -ENOENT);
    ck_assert_int_eq(last_use(state, 12), -ENOENT);
    ck_assert_int_eq(note("/nonexistent", 12, NOW), -ENOENT);
}
END_TEST

/* Into a folder that a link leads to, or that others may write, nothing is put. */
START_TEST(folder_of_somebody_else)
{
    ck_assert_int_eq(rmdir(in_state("used")), 0);
    char target[512];
    snprintf(target, sizeof(target), "%s", in_state("grants"));
    ck_assert_int_eq(symlink(target, in_state("used")), 0);
    ck_assert_int_eq(note(state, 12, NOW), -ENOTDIR);
    ck_assert_int_ne(access(in_state("grants/12"), F_OK), 0);
    ck_assert_int_eq(unlink(in_state("used")), 0);
    ck_assert_int_eq(mkdir(in_state("used"), 0755), 0);
    ck_assert_int_eq(chmod(in_state("used"), 0775), 0);
    ck_assert_int_eq(note(state, 12, NOW), -EPERM);
    ck_assert_int_eq(chmod(in_state("used"), 0757), 0);
    ck_assert_int_eq(note(state, 12, NOW), -EPERM);
    if (geteuid() == 0) {
        ck_assert_int_eq(chmod(in_state("used"), 0755), 0);
        ck_assert_int_eq(chown(in_state("used"), 990, 990), 0);
        ck_assert_int_eq(note(state, 12, NOW), -EPERM);
    }
}
END_TEST

/* A link in it is not followed: what it leads to keeps its time. */
START_TEST(link_in_it)
{
    put_text("victim", "text");
    const struct timeval old[] = {{1000, 0}, {1000, 0}};
    ck_assert_int_eq(utimes(in_state("victim"), old), 0);
    char target[512];
    snprintf(target, sizeof(target), "%s", in_state("victim"));
    ck_assert_int_eq(symlink(target, in_state("used/12")), 0);
    ck_assert_int_eq(symlink(target, in_state("used/12.first")), 0);
    note(state, 12, NOW);
    note(state, 12, time(NULL) + 2 * USAGE_GRAIN);
    struct stat st;
    ck_assert_int_eq(stat(in_state("victim"), &st), 0);
    ck_assert_int_eq(st.st_mtim.tv_sec, 1000);
}
END_TEST

int main(void)
{
    suite_case("notes", setup, state_teardown);
    suite_add(noted_and_read, to_the_hour, first_and_last, number_given_anew, noted_by_an_older_version,
              no_folder, folder_of_somebody_else, link_in_it);
    return suite_run();
}
