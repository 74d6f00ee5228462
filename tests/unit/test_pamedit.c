/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The text of a file of pam.d with our lines in it: files at random, what a person is shown. The files: test_pamwire.c. */
#include "common/pamedit.h"
#include "tests/support/folder.h"
#include "tests/support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OURS "account    required     pam_accesspkg.so package=db  " PAMEDIT_MARK "\n"

static char root[FOLDER_MAX];

static void put(const char *service, const char *text)
{
    char path[256];
    snprintf(path, sizeof(path), "%s/etc/pam.d/%s", root, service);
    folder_write(path, text);
}

static void setup(void)
{
    folder_make(root);
    folder_shell(root, "mkdir -p etc/pam.d");
    put("common-account", "account [success=1 new_authtok_reqd=done default=ignore] pam_unix.so\n"
                          "account requisite pam_deny.so\naccount required pam_permit.so\n");
    put("common-auth", "auth required pam_unix.so\n");
}

static void teardown(void)
{
    folder_remove(root);
}

START_TEST(a_diff_is_one_hunk)
{
    static const char before[] = "1\n2\n3\n4\n5\n6\n7", after[] = "1\n2\n3\n4\nnew\n5\n6\n7";
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    pamedit_diff(before, after, out);
    pamedit_diff(before, before, out);
    pamedit_diff("", "a\n", out);
    pamedit_diff("a", "a\n", out);
    fclose(out);
    ck_assert_str_eq(text, "@@ -2,6 +2,7 @@\n 2\n 3\n 4\n+new\n 5\n 6\n 7\n\\ No newline at end of file\n"
                           "@@ -0,0 +1,1 @@\n+a\n"
                           "@@ -1,1 +1,1 @@\n-a\n\\ No newline at end of file\n+a\n");
    free(text);
}
END_TEST

/* ---- any file --------------------------------------------------------------------------------------------------- */

static unsigned long long seed = 20261129;

static unsigned any(unsigned below)
{
    seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
    return (unsigned)(seed >> 33) % below;
}

/* A file of such lines, some of them broken in two, the last one perhaps without its end. */
static void make_any(char *ret, size_t size)
{
    static const char *const lines[] = {
        "# a comment \\",
        "",
        "  \t",
        "@include common-auth",
        "@include common-account",
        "auth [success=2 default=die] pam_unix.so",
        "account required pam_nologin.so",
        "account requisite pam_time.so",
        "-account\tsufficient  pam_localuser.so",
        "account [success=1 default=ignore] pam_succeed_if.so user = robot",
        "account [default=die success=ok] pam_access.so # so",
        "account include common-account",
        "account substack common-account",
        "account optional pam_permit.so",
        "account required \\\n# between\n pam_unix.so \\\n nullok",
        "session optional pam_permit.so",
    };
    size_t used = 0;
    for (unsigned i = any(8) + 1; i > 0; i--)
        used += (size_t)snprintf(ret + used, size - used, "%s%s", lines[any(sizeof(lines) / sizeof(*lines))],
                                 i == 1 && any(2) ? "" : "\n");
}

/* The same entries, and ours among them; nothing before it ends the phase, jumps or is included. */
static void compare_phases(const struct pamstack *before, const struct pamstack *after)
{
    size_t i = 0;
    ck_assert_uint_eq(after->n_entries, before->n_entries + 1);
    for (; strcmp(pamd_module(after->entries[i].line), "pam_accesspkg.so") != 0; i++) {
        ck_assert_int_eq(after->entries[i].include, -1);
        for (int code = 0; code < PAMD_CODES; code++) {
            ck_assert_int_le(after->entries[i].line->actions[code], 0);
            ck_assert_int_ne(after->entries[i].line->actions[code], PAMD_DONE);
        }
        ck_assert_str_eq(pamd_module(after->entries[i].line), pamd_module(before->entries[i].line));
    }
    for (; i < before->n_entries; i++)
        ck_assert_str_eq(pamd_module(after->entries[i + 1].line), pamd_module(before->entries[i].line));
}

START_TEST(any_file_gets_the_line_where_it_is_asked)
{
    char path[256], text[1024] = "";
    snprintf(path, sizeof(path), "%s/etc/pam.d/svc", root);
    int placed = 0;
    for (int i = 0; i < 3000; i++) {
        struct pamstack before, after;
        struct findings stumbles = {0};
        char *rest, *lines;
        size_t at, size, rest_size;
        make_any(text, sizeof(text));
        const struct pamstack_place old = {root, path, text, strlen(text)};
        ck_assert_int_eq(pamstack_load_at(&old, "svc", PAMD_ACCOUNT, &stumbles, &before), 0);
        if (pamedit_place(&before, &stumbles, &at) == 0) {
            char *whole = pamedit_insert(text, strlen(text), at, OURS, &size);
            const struct pamstack_place new = {root, path, whole, size};
            ck_assert_int_eq(pamstack_load_at(&new, "svc", PAMD_ACCOUNT, &stumbles, &after), 0);
            ck_assert_uint_eq(stumbles.count, 0);
            compare_phases(&before, &after);
            ck_assert_int_eq(pamedit_strip(whole, size, &rest, &rest_size, &lines), 0);
            ck_assert_str_eq(rest, text);
            ck_assert_str_eq(lines, OURS);
            pamstack_deinit(&after);
            free(whole);
            free(rest);
            free(lines);
            placed++;
        }
        pamstack_deinit(&before);
        findings_deinit(&stumbles);
    }
    ck_assert_int_gt(placed, 1000);
}
END_TEST

int main(void)
{
    suite_case("text", setup, teardown);
    suite_add(a_diff_is_one_hunk, any_file_gets_the_line_where_it_is_asked);
    return suite_run();
}
