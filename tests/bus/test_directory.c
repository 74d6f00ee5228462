/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Found, absent, not answered: common/directory.c through the real glibc, beside a directory that answers each way, in
 * each place of nsswitch.conf. Needs no daemon.
 */
#include "common/directory.h"
#include "tests/support/live.h"
#include "tests/support/live_directory.h"
#include "tests/support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#define USERS  "karl@corp:x:5001:5000:Karl:/home/karl:/bin/sh\n"
#define GROUPS "corp:x:5000:\nfar:x:5002:karl@corp,alice\n"

static void setup(void)
{
    live_directory_start("files directory", USERS, GROUPS);
}

static void use_line(const char *services)
{
    FILE *out = fopen("/etc/nsswitch.new", "we");
    ck_assert_ptr_nonnull(out);
    ck_assert_int_gt(fprintf(out, "passwd: %s\ngroup: %s\n", services, services), 0);
    ck_assert_int_eq(fclose(out), 0);
    ck_assert_int_eq(rename("/etc/nsswitch.new", "/etc/nsswitch.conf"), 0);
}

#define NO   DIRECTORY_UNANSWERED
#define NONE DIRECTORY_ABSENT

/* What is said of a name that nobody has. */
static const struct {
    const char *services;
    const char *mode;
    enum directory_answer answer;
} ghosts[] = {
    {"files directory", "", NONE},
    {"files directory", "notfound", NONE},
    /* Without a word in errno, with 0, and with what getgrnam(3) calls "not found". */
    {"files directory", "unavail", NO},
    {"files directory", "unavail=0", NO},
    {"files directory", "unavail=2", NO},
    {"files directory", "unavail=3", NO},
    {"files directory", "unavail=111", NO},
    {"files directory", "tryagain", NO},
    {"files directory", "tryagain=0", NO},
    {"files directory", "tryagain=11", NO},
    {"files directory", "tryagain=34", NO},
    /* Behind it one that denies: glibc's answer is "not found". */
    {"directory files", "unavail", NO},
    {"directory files", "unavail=2", NO},
    {"directory files", "tryagain=11", NO},
    {"files directory systemd", "unavail=111", NO},
    {"files directory [UNAVAIL=continue] systemd", "unavail", NO},
    {"files directory accesspkg", "unavail=111", NO},
    {"files directory accesspkg", "", NONE},
    {"files directory [SUCCESS=merge] systemd", "", NONE},
    /* What is not installed is not asked, by glibc neither. */
    {"files directory nosuch", "", NONE},
    {"files nosuch", "", NONE},
    {"files nosuch directory", "unavail", NO},
    {"files no/such", "", NONE},
    /* What is not asked need not answer. */
    {"files", "unavail", NONE},
    {"files [NOTFOUND=return] directory", "unavail", NONE},
    {"files [notfound=Return] directory", "unavail", NONE},
    {"files [!SUCCESS=return] directory", "unavail", NONE},
    {"files [NOTFOUND=return NOTFOUND=continue] directory", "unavail", NO},
    {"files [!NOTFOUND=return] directory", "unavail", NO},
    {"files[NOTFOUND=return]directory", "unavail", NONE},
};
enum { N_GHOSTS = sizeof(ghosts) / sizeof(ghosts[0]) };

/* A service that always wants a larger buffer has glibc ask for one until there is no memory, which is no fault here. */
const char *__asan_default_options(void);
__attribute__((visibility("default"))) const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1:max_allocation_size_mb=64";
}

START_TEST(a_name_that_nobody_has)
{
    const struct passwd *user = NULL;
    const struct group *group = NULL;
    use_line(ghosts[_i].services);
    live_directory_set_mode(ghosts[_i].mode);
    ck_assert_int_eq(directory_user("ghost", &user), ghosts[_i].answer);
    ck_assert_int_eq(directory_user_by_uid(5555, &user), ghosts[_i].answer);
    ck_assert_int_eq(directory_group("ghost", &group), ghosts[_i].answer);
    ck_assert_int_eq(directory_group_by_gid(5555, &group), ghosts[_i].answer);
    ck_assert_ptr_null(user);
    ck_assert_ptr_null(group);
    /* The files of this host are asked first, whoever is down behind them. */
    const bool first = strncmp(ghosts[_i].services, "files", 5) == 0;
    ck_assert(!first || directory_user("alice", &user) == DIRECTORY_FOUND);
    ck_assert(!first || directory_group("staff", &group) == DIRECTORY_FOUND);
}
END_TEST

START_TEST(a_name_is_found_as_the_directory_writes_it)
{
    const struct passwd *user = NULL;
    const struct group *group = NULL;
    ck_assert_int_eq(directory_user("KARL@Corp", &user), DIRECTORY_FOUND);
    ck_assert_str_eq(user->pw_name, "karl@corp");
    ck_assert_int_eq(directory_user_by_uid(5001, &user), DIRECTORY_FOUND);
    ck_assert_int_eq(directory_group("FAR", &group), DIRECTORY_FOUND);
    ck_assert_str_eq(group->gr_name, "far");
    ck_assert_int_eq(directory_group_by_gid(5002, &group), DIRECTORY_FOUND);
    live_directory_set_mode("unavail passwd karl@corp\n");
    ck_assert_int_eq(directory_user("karl@corp", &user), DIRECTORY_UNANSWERED);
    ck_assert_int_eq(directory_user("ghost", &user), DIRECTORY_ABSENT);
    ck_assert_int_eq(directory_group("far", &group), DIRECTORY_FOUND);
}
END_TEST

/* nsswitch.conf counts as it is now: glibc reads it again by itself. */
START_TEST(the_line_may_change)
{
    const struct group *group = NULL;
    use_line("files");
    ck_assert_int_eq(directory_group("far", &group), DIRECTORY_ABSENT);
    use_line("files directory");
    ck_assert_int_eq(directory_group("far", &group), DIRECTORY_FOUND);
    live_expect("root",
                "printf 'passwd: files\\ngroup: files\\ngroup : files directory\\n' >/etc/nsswitch.conf", 0,
                "");
    ck_assert_int_eq(directory_group("far", &group), DIRECTORY_FOUND); /* of two lines the last */
    live_directory_set_mode("unavail\n");
    ck_assert_int_eq(directory_group("far", &group), DIRECTORY_UNANSWERED);
    live_expect("root", "rm /etc/nsswitch.conf", 0, "");
    ck_assert_int_eq(directory_group("far", &group), DIRECTORY_ABSENT);
}
END_TEST

/* /etc/group that cannot be read is no answer either. */
START_TEST(the_files_may_be_away)
{
    const struct group *group = NULL;
    live_expect("root", "mv /etc/group /etc/group.away", 0, "");
    ck_assert_int_eq(directory_group("ghost", &group), DIRECTORY_UNANSWERED);
    live_expect("root", ": >/etc/group", 0, "");
    ck_assert_int_eq(directory_group("ghost", &group), DIRECTORY_UNANSWERED);
    live_expect("root", "mv /etc/group.away /etc/group", 0, "");
    ck_assert_int_eq(directory_group("ghost", &group), DIRECTORY_ABSENT);
}
END_TEST

/* getgrouplist leaves out the groups of a service that is down, without a word. */
static const struct {
    const char *lines;
    const char *mode;
    bool all;
} memberships[] = {
    {"group: files directory", "", true},
    {"group: files directory", "notfound", true},
    {"group: files directory", "unavail", false},
    {"group: files directory", "tryagain=11", false},
    {"group: directory files", "unavail", false},
    {"group: files directory accesspkg", "unavail", false},
    {"group: files", "unavail", true},
    {"group: files nosuch", "", true},
    {"group: files directory", "unavail initgroups bob", true},
    {"group: files directory\ninitgroups: files", "unavail", true},
    /* That line ends at the first service that knows the user. */
    {"group: files\ninitgroups: files directory", "unavail", true},
    {"group: files\ninitgroups: files [SUCCESS=continue] directory", "unavail", false},
    {"group: files\ninitgroups: directory files", "unavail", false},
    {"group: files\ninitgroups: directory files", "", true},
    {"group: files [NOTFOUND=return] directory", "", true},
    {"group: directory [NOTFOUND=return] files", "notfound", true},
    {"group: directory [UNAVAIL=return] files", "unavail", false},
    {"group: directory [!UNAVAIL=return] files", "unavail", false},
    {"group: directory files directory", "", true},
};
enum { N_MEMBERSHIPS = sizeof(memberships) / sizeof(memberships[0]) };

START_TEST(whether_all_groups_are_known)
{
    char command[512];
    snprintf(command, sizeof(command), "printf 'passwd: files\\n%s\\n' >/etc/nsswitch.conf",
             memberships[_i].lines);
    live_expect("root", command, 0, "");
    live_directory_set_mode(memberships[_i].mode);
    struct directory_groups groups;
    gid_t expected[64];
    int count = 64;
    ck_assert_int_ge(getgrouplist("alice", 1001, expected, &count), 0);
    ck_assert_int_eq(directory_groups("alice", 1001, &groups), 0);
    ck_assert_int_eq(groups.whole, memberships[_i].all);
    ck_assert_int_eq(groups.count, count);
    ck_assert_mem_eq(groups.gids, expected, (size_t)count * sizeof(*expected));
    free(groups.gids);
}
END_TEST

/* A command that is kept waiting ends by itself, and says why. */
START_TEST(patience_ends)
{
    const struct passwd *user = NULL;
    char words[512] = "";
    int ends[2], status = 0;
    live_directory_set_mode("hang passwd ghost\n");
    ck_assert_int_eq(pipe(ends), 0);
    const pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        directory_set_patience(1);
        _exit(directory_user("karl@corp", &user) == DIRECTORY_FOUND && directory_user("ghost", &user) ? 1
                                                                                                      : 2);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), EX_UNAVAILABLE);
    ck_assert_int_gt(read(ends[0], words, sizeof(words) - 1), 0);
    ck_assert_ptr_nonnull(strstr(words, "took more than 1 s and was given up; nothing was written"));
}
END_TEST

int main(void)
{
    suite_case("directory", setup, live_directory_stop);
    suite_timeout(30);
    suite_loop(a_name_that_nobody_has, 0, N_GHOSTS);
    suite_add(a_name_is_found_as_the_directory_writes_it, the_line_may_change, the_files_may_be_away,
              patience_ends);
    suite_loop(whether_all_groups_are_known, 0, N_MEMBERSHIPS);
    return suite_run();
}
