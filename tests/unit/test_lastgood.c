/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The copy of the last good policy: written anew when something differs, and only then. */
#include "helperd/config/lastgood.h"
#include "tests/support/folder.h"
#include "tests/support/suite.h"

#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>

static char folder[FOLDER_MAX];
static char config[FOLDER_MAX + 32], packages[FOLDER_MAX + 32], copy[FOLDER_MAX + 32];

static void make(void)
{
    folder_make(folder);
    snprintf(config, sizeof(config), "%s/accesspkg.conf", folder);
    snprintf(packages, sizeof(packages), "%s/packages.d", folder);
    snprintf(copy, sizeof(copy), "%s/" LASTGOOD_FOLDER, folder);
    folder_shell(folder, "mkdir packages.d && echo a >packages.d/a.conf && echo b >packages.d/b.conf && "
                         "touch packages.d/empty.conf && seq 5000 >packages.d/long.conf");
}

static void clear(void)
{
    folder_remove(folder);
}

/* Whether this made a new copy, which is as the policy is. */
static bool save(void)
{
    struct stat before = {0}, after;
    stat(copy, &before);
    ck_assert_int_eq(lastgood_save(config, packages, folder), 0);
    ck_assert_int_eq(stat(copy, &after), 0);
    folder_shell(folder, "diff -x settings packages.d " LASTGOOD_FOLDER
                         " && (test ! -e accesspkg.conf || diff accesspkg.conf " LASTGOOD_FOLDER "/settings)"
                         " && test -e " LASTGOOD_FOLDER "/settings && test ! -e policy.new");
    return before.st_ino != after.st_ino;
}

START_TEST(test_changes)
{
    static const char *const changes[] = {
        "echo c >packages.d/a.conf",
        "echo >>packages.d/long.conf",
        "truncate -s 4096 packages.d/long.conf",
        "rm packages.d/b.conf",
        "touch packages.d/c.conf",
        "mv packages.d/c.conf packages.d/d.conf",
        "echo '[limits]' >accesspkg.conf",
        "rm accesspkg.conf",
        "echo damaged >" LASTGOOD_FOLDER "/a.conf",
        "rm " LASTGOOD_FOLDER "/a.conf",
        "touch " LASTGOOD_FOLDER "/more.conf",
        "rm " LASTGOOD_FOLDER "/settings",
    };
    ck_assert(save());
    ck_assert(!save());
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        folder_shell(folder, "%s", changes[i]);
        ck_assert_msg(save(), "%s", changes[i]);
        ck_assert_msg(!save(), "%s", changes[i]);
    }
}
END_TEST

int main(void)
{
    suite_case("lastgood", make, clear);
    suite_add(test_changes);
    return suite_run();
}
