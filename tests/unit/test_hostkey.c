/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The host's key: made once, kept, and never replaced. */
#include "helperd/host/hostkey.h"
#include "tests/support/folder.h"
#include "tests/support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[FOLDER_MAX];
static char key[FOLDER_MAX + 16];

static void make_folder(void)
{
    folder_make(folder);
    snprintf(key, sizeof(key), "%s/" HOSTKEY_FILE, folder);
}

static void remove_folder(void)
{
    folder_remove(folder);
}

START_TEST(test_made_once)
{
    struct stat made;
    char *first = hostkey_load(folder);
    ck_assert_ptr_nonnull(first);
    ck_assert_uint_eq(strlen(first), strlen("SHA256:") + 43);
    ck_assert_int_eq(strncmp(first, "SHA256:", 7), 0);
    ck_assert_int_eq(lstat(key, &made), 0);
    ck_assert_uint_eq(made.st_mode & 07777, 0600);
    char *second = hostkey_load(folder);
    ck_assert_str_eq(second, first);
    free(first);
    free(second);
    folder_shell(folder, "test \"$(ls -A)\" = " HOSTKEY_FILE); /* nothing else is left */
}
END_TEST

/* A start that was cut off. */
START_TEST(test_draft_is_left)
{
    folder_shell(folder, "echo half >" HOSTKEY_FILE ".new; echo half >" HOSTKEY_FILE ".new.pub");
    char *made = hostkey_load(folder);
    ck_assert_ptr_nonnull(made);
    free(made);
    folder_shell(folder, "test \"$(ls -A)\" = " HOSTKEY_FILE);
}
END_TEST

/* What may be there in its place. */
static const char *const others[] = {
    "echo damaged >" HOSTKEY_FILE,
    "mkdir " HOSTKEY_FILE,
    "ln -s /dev/null " HOSTKEY_FILE,
    "ssh-keygen -q -t ed25519 -N '' -f elsewhere && ln -s elsewhere " HOSTKEY_FILE,
    "ssh-keygen -q -t ed25519 -N '' -f " HOSTKEY_FILE " && chmod 0666 " HOSTKEY_FILE,
};

START_TEST(test_not_replaced)
{
    folder_shell(folder, "%s && ls -lR >before", others[_i]);
    ck_assert_ptr_null(hostkey_load(folder));
    folder_shell(folder, "mv before .before && ls -lR >.after && sed -i /before/d .before && "
                         "sed -i /^total/d .before .after && diff .before .after");
}
END_TEST

int main(void)
{
    suite_case("hostkey", make_folder, remove_folder);
    suite_add(test_made_once, test_draft_is_left);
    suite_rows(test_not_replaced, others);
    return suite_run();
}
