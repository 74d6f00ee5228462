/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The host's key: made once, kept, and never replaced. */
#include "helperd/host/fingerprint.h"
#include "helperd/host/hostkey.h"
#include "tests/support/folder.h"
#include "tests/support/suite.h"

#include <stdbool.h>
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

static char *read_key(void)
{
    char text[8192] = "";
    FILE *in = fopen(key, "re");
    ck_assert_ptr_nonnull(in);
    ck_assert_uint_gt(fread(text, 1, sizeof(text) - 1, in), 0);
    fclose(in);
    return strdup(text);
}

/* Of the kind that is made here, which is read without ssh-keygen, and of others. */
static const struct {
    const char *options;
    bool own_kind;
} kinds[] = {
    {"-t ed25519 -N ''", true},     {"-t rsa -b 2048 -N ''", false},        {"-t ecdsa -N ''", false},
    {"-t ed25519 -N secret", true}, {"-t rsa -b 2048 -N '' -m PEM", false},
};

START_TEST(test_fingerprint)
{
    folder_shell(folder,
                 "ssh-keygen -q %s -f " HOSTKEY_FILE " && ssh-keygen -l -f " HOSTKEY_FILE
                 " >said && rm " HOSTKEY_FILE ".pub",
                 kinds[_i].options);
    char *text = read_key(), *fingerprint = fingerprint_of_key(text), *loaded = hostkey_load(folder);
    ck_assert_int_eq(fingerprint != NULL, kinds[_i].own_kind);
    ck_assert_ptr_nonnull(loaded);
    folder_shell(folder, "grep -qF '%s ' said", loaded);
    if (fingerprint)
        ck_assert_str_eq(fingerprint, loaded);
    free(loaded);
    free(fingerprint);
    /* Cut short at any place it is none. */
    for (size_t size = strlen(text) - 2; kinds[_i].own_kind && size > 0; size--) {
        text[size] = '\0';
        ck_assert_ptr_null(fingerprint_of_key(text));
    }
    free(text);
}
END_TEST

/* Lengths that lead outside, another number of keys, what is no base64. */
static const char *const broken[] = {
    "b3BlbnNzaC1rZXktdjEA",                                         /* the magic alone */
    "b3BlbnNzaC1rZXktdjEA/////wAAAARub25lAAAABG5vbmUAAAAA",         /* a cipher of 4 GiB */
    "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAACAAAAAA==", /* two keys */
    "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAA/w==", /* a key that is not there */
    "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZWQyNTUxMAAAACAAAAAAAAAAAAAAAAAAAAAA"
    "\n"
    "AAAAAAAAAAAAAAAAAAAAAAAAAAA=", /* no such kind: ssh-ed25510 */
    "*",
    "",
};

START_TEST(test_broken)
{
    char text[512];
    snprintf(text, sizeof(text),
             "-----BEGIN OPENSSH PRIVATE KEY-----\n%s\n-----END OPENSSH PRIVATE KEY-----\n", broken[_i]);
    ck_assert_ptr_null(fingerprint_of_key(text));
}
END_TEST

int main(void)
{
    suite_case("hostkey", make_folder, remove_folder);
    suite_add(test_made_once, test_draft_is_left);
    suite_rows(test_not_replaced, others);
    suite_rows(test_fingerprint, kinds);
    suite_rows(test_broken, broken);
    return suite_run();
}
