/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether an account has expired or is locked (rule 9): the lines that the tools of a host write, and files that are
 * damaged, doubled or empty. */
#include "helperd/privileged/shadow.h"
#include "tests/support/folder.h"
#include "tests/support/suite.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HASH "$y$j9T$abc$def"

enum { TODAY = 20000 };

static char etc[FOLDER_MAX];

static void setup(void)
{
    folder_make(etc);
}

static void teardown(void)
{
    folder_remove(etc);
}

/* ---- one line ---- */

static const struct {
    const char *line;
    enum account_state state;
    int64_t day;
} lines[] = {
    /* useradd; useradd of Red Hat; adduser --disabled-password; chpasswd */
    {"bob:!:19900:0:99999:7:::", ACCOUNT_OPEN, 0},
    {"bob:!!:19900:0:99999:7:::", ACCOUNT_OPEN, 0},
    {"bob:*:19900:0:99999:7:::", ACCOUNT_OPEN, 0},
    {"bob:" HASH ":19900:0:99999:7:::", ACCOUNT_OPEN, 0},
    {"bob::19900:0:99999:7:::", ACCOUNT_OPEN, 0}, /* passwd -d */
    {"bob:!:19900::::::", ACCOUNT_OPEN, 0},       /* systemd-sysusers of old */
    /* usermod -L, passwd -l; that of Red Hat */
    {"bob:!" HASH ":19900:0:99999:7:::", ACCOUNT_LOCKED, 0},
    {"bob:!!" HASH ":19900:0:99999:7:::", ACCOUNT_LOCKED, 0},
    {"bob:!*:19900:0:99999:7:::", ACCOUNT_OPEN, 0}, /* systemd-sysusers: there is no password to lock */
    {"bob:!" HASH ":19900:0:99999:7::19999:", ACCOUNT_LOCKED, 0},
    /* chage -E, usermod -e: its day, the day before, the day after, none, 0 */
    {"bob:" HASH ":19900:0:99999:7::20000:", ACCOUNT_EXPIRED, 20000},
    {"bob:" HASH ":19900:0:99999:7::20001:", ACCOUNT_OPEN, 0},
    {"bob:!:19900:0:99999:7::19999:", ACCOUNT_EXPIRED, 19999},
    {"bob:" HASH ":19900:0:99999:7::0:", ACCOUNT_EXPIRED, 0},
    {"bob:" HASH ":19900:0:99999:7::1:", ACCOUNT_EXPIRED, 1},
    {"bob:" HASH ":0:0:99999:7::19999:", ACCOUNT_EXPIRED, 19999},
    /* usermod -f, chage -I: today is the first day behind 19900 + 90 + 9; the last one before */
    {"bob:" HASH ":19900:0:90:7:9::", ACCOUNT_INACTIVE, 20000},
    {"bob:" HASH ":19900:0:90:7:10::", ACCOUNT_OPEN, 0},
    {"bob:" HASH ":19900:0:98:7:0::", ACCOUNT_INACTIVE, 19999},
    {"bob:" HASH ":19900:0:90:7:::", ACCOUNT_OPEN, 0}, /* the password alone expired */
    {"bob:" HASH ":19900:0::7:10::", ACCOUNT_OPEN, 0},
    {"bob:" HASH "::0:90:7:10::", ACCOUNT_OPEN, 0},      /* no ageing */
    {"bob:" HASH ":0:0:90:7:10::", ACCOUNT_OPEN, 0},     /* chage -d 0: to be changed at the next login */
    {"bob:" HASH ":20100:0:90:7:10::", ACCOUNT_OPEN, 0}, /* changed tomorrow */
    {"bob:" HASH ":2147483647:0:2147483647:7:2147483647::", ACCOUNT_OPEN, 0},
    {"bob:!:19900:0:90:7:9::", ACCOUNT_INACTIVE, 20000}, /* sshd refuses the keys of these, too */
    {"bob:" HASH ":19900:0:90:7:9:20500:", ACCOUNT_INACTIVE, 20000},
    {"bob:" HASH ":19900:0:90:7:10:19999:", ACCOUNT_EXPIRED, 19999},
};

START_TEST(test_line)
{
    int64_t day = -1;
    const struct spwd *line = sgetspent(lines[_i].line);
    ck_assert_ptr_nonnull(line);
    ck_assert_msg(shadow_judge(line, TODAY, &day) == lines[_i].state, "%s", lines[_i].line);
    ck_assert_msg(day == lines[_i].day, "%s: %lld", lines[_i].line, (long long)day);
}
END_TEST

/* ---- the files ---- */

#define PASSWD                                                                                               \
    "root:x:0:0:root:/root:/bin/bash\nbob:x:1002:1002::/home/bob:/bin/sh\n"                                  \
    "bobby:x:1002:1002::/home/bob:/bin/sh\nold:!" HASH ":1005:1005::/:/bin/sh\n"                             \
    "dave:x:1004:1004::/:/bin/sh\n+@people::1006:1006:::\n+eve::1007:1007:::\n"
#define OPEN(name)   name ":" HASH ":19900:0:99999:7:::\n"
#define LOCKED(name) name ":!" HASH ":19900:0:99999:7:::\n"
#define ROOT         OPEN("root")

static const struct {
    const char *shadow;
    const char *user; /* NULL: asked by uid */
    uid_t uid;
    int r;
    enum account_state state;
    const char *whose; /* "": nobody's */
    const char *names;
} files[] = {
    {ROOT OPEN("bob") OPEN("bobby"), NULL, 1002, 0, ACCOUNT_OPEN, "bob", "bob bobby"},
    {ROOT OPEN("bob") OPEN("bobby"), "bob", -1, 0, ACCOUNT_OPEN, "bob", "bob bobby"},
    /* Two names of one uid: either one's lock counts. */
    {ROOT OPEN("bob") LOCKED("bobby"), NULL, 1002, 0, ACCOUNT_LOCKED, "bobby", "bob bobby"},
    {ROOT OPEN("bobby") LOCKED("bob"), "bobby", -1, 0, ACCOUNT_LOCKED, "bob", "bob bobby"},
    {ROOT OPEN("bobby") "bob:*:1:0:9:7::19000:\n", "bob", -1, 0, ACCOUNT_EXPIRED, "bob", "bob bobby"},
    /* The first line of a name counts, as glibc has it. */
    {ROOT OPEN("bob") LOCKED("bob"), "bob", -1, 0, ACCOUNT_OPEN, "bob", "bob bobby"},
    {ROOT LOCKED("bob") OPEN("bob"), "bob", -1, 0, ACCOUNT_LOCKED, "bob", "bob bobby"},
    /* Not here: a directory's to say. In a directory and in shadow: what shadow says. */
    {ROOT OPEN("bob"), NULL, 4711, 0, ACCOUNT_ABSENT, "", ""},
    {ROOT OPEN("bob"), "zoe@corp", -1, 0, ACCOUNT_ABSENT, "zoe@corp", "zoe@corp"},
    {ROOT LOCKED("zoe"), "zoe", -1, 0, ACCOUNT_LOCKED, "zoe", "zoe"},
    {ROOT, "dave", -1, 0, ACCOUNT_ABSENT, "dave", "dave"},
    /* Names that only begin, or end, alike. */
    {ROOT LOCKED("dav") LOCKED("davee") LOCKED("Dave"), "dave", -1, 0, ACCOUNT_ABSENT, "dave", "dave"},
    /* Lines for a directory, comments, blanks. */
    {ROOT LOCKED("+dave") "+\n-dave:!x::::::\n+:!x::::::\n", "dave", -1, 0, ACCOUNT_ABSENT, "dave", "dave"},
    {ROOT LOCKED("+eve") LOCKED("eve"), NULL, 1007, 0, ACCOUNT_ABSENT, "", ""},
    {ROOT "#" LOCKED("dave") "\n\n  " LOCKED("dave"), "dave", -1, 0, ACCOUNT_LOCKED, "dave", "dave"},
    {ROOT "dave:!" HASH ":19900:0:99999:7:::", "dave", -1, 0, ACCOUNT_LOCKED, "dave", "dave"},
    /* A host without shadow passwords keeps the lock in passwd. */
    {ROOT, NULL, 1005, 0, ACCOUNT_LOCKED, "old", "old"},
    {ROOT OPEN("old"), "old", -1, 0, ACCOUNT_LOCKED, "old", "old"},
    /* What cannot be understood is no answer, if it is about these. */
    {ROOT "dave:" HASH ":soon:0:99999:7:::\n", "dave", -1, -EBADMSG, ACCOUNT_UNKNOWN, "dave", NULL},
    {ROOT "dave:" HASH ":19900:0:99999:7::never:\n", "dave", -1, -EBADMSG, ACCOUNT_UNKNOWN, "dave", NULL},
    {ROOT "dave:" HASH ":19900:0:-1:7:::\n", "dave", -1, -EBADMSG, ACCOUNT_UNKNOWN, "dave",
     NULL}, /* nor by getspnam */
    {ROOT "dave:\n" OPEN("dave"), "dave", -1, -EBADMSG, ACCOUNT_UNKNOWN, "dave", NULL},
    {ROOT "erin:" HASH ":soon:0:99999:7:::\n" OPEN("dave"), "dave", -1, 0, ACCOUNT_OPEN, "dave", "dave"},
    {"", "dave", -1, -ENODATA, ACCOUNT_UNKNOWN, NULL, NULL},
    {"\n\n", "dave", -1, -ENODATA, ACCOUNT_UNKNOWN, NULL, NULL},
};

static void write_files(const char *passwd, const char *shadow)
{
    char path[FOLDER_MAX + 16];
    snprintf(path, sizeof(path), "%s/passwd", etc);
    folder_write(path, passwd);
    snprintf(path, sizeof(path), "%s/shadow", etc);
    folder_write(path, shadow);
}

START_TEST(test_files)
{
    const struct shadow_question question = {files[_i].uid, files[_i].user, TODAY};
    struct shadow_verdict verdict;
    write_files(PASSWD, files[_i].shadow);
    ck_assert_int_eq(shadow_find(etc, &question, &verdict), files[_i].r);
    if (files[_i].whose)
        ck_assert_str_eq(verdict.user ? verdict.user : "", files[_i].whose);
    if (files[_i].r == 0) {
        char *names = strv_join(verdict.names, " ");
        ck_assert_int_eq(verdict.state, files[_i].state);
        ck_assert_str_eq(names, files[_i].names);
        free(names);
    }
    shadow_verdict_deinit(&verdict);
}
END_TEST

static int find_bob(void)
{
    const struct shadow_question question = {(uid_t)-1, "bob", TODAY};
    struct shadow_verdict verdict;
    const int r = shadow_find(etc, &question, &verdict);
    shadow_verdict_deinit(&verdict);
    return r;
}

START_TEST(test_files_missing)
{
    write_files(PASSWD, ROOT);
    ck_assert_int_eq(find_bob(), 0);
    write_files("", ROOT);
    ck_assert_int_eq(find_bob(), -ENODATA);
    folder_shell(etc, "rm passwd");
    ck_assert_int_eq(find_bob(), -ENOENT);
    write_files(PASSWD, ROOT);
    folder_shell(etc, "rm shadow");
    ck_assert_int_eq(find_bob(), -ENOENT);
    folder_shell(etc, "mkdir shadow");
    ck_assert_int_eq(find_bob(), -EISDIR);
}
END_TEST

/* A user who can write long lines elsewhere, many accounts, many names of one uid. */
START_TEST(test_files_large)
{
    folder_shell(
        etc,
        "{ echo bob:x:1002:1002::/:/bin/sh; seq 3000 | sed 's|.*|u&:x:1002:1002::/:/bin/sh|'; } >passwd");
    folder_shell(etc,
                 "{ head -c 200000 /dev/zero | tr '\\0' x; echo; seq 3000 | sed 's|.*|u&:!:1:0:9:7:::|'; "
                 "echo 'bob:!x:1:0:9:7:::'; } >shadow");
    const struct shadow_question question = {1002, NULL, TODAY};
    struct shadow_verdict verdict;
    ck_assert_int_eq(shadow_find(etc, &question, &verdict), 0);
    ck_assert_int_eq(verdict.state, ACCOUNT_LOCKED);
    ck_assert_str_eq(verdict.user, "bob");
    ck_assert_uint_eq(strv_length(verdict.names), 3001);
    shadow_verdict_deinit(&verdict);
}
END_TEST

int main(void)
{
    suite_case("shadow", setup, teardown);
    suite_rows(test_line, lines);
    suite_rows(test_files, files);
    suite_add(test_files_missing, test_files_large);
    return suite_run();
}
