/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The grant file as text. Rule 1: what is not understood in full is refused; render and parse hold each other. */
#include "common/cleanup.h"
#include "common/grantfile.h"
#include "tests/support/suite.h"

#include <errno.h>
#include <string.h>

#define USER_HEAD "accesspkg-grants 1\nuser alice 1001\nwritten 1763935940\n"

static const char user_text[] =
    "# Access packages that alice holds on this host. Written by accesspkgd; edits are lost.\n" USER_HEAD
    "package db-admins 1763935940 1763950340 12\n"
    "package backup 1763935940 forever 13\n"
    "group 2001 dbadmins 1763935940 1763950340\n"
    "group 34 domain%20users 1763935940 forever\n"
    "end\n";

START_TEST(spans)
{
    const struct grant_span span = {100, 200}, forever = {100, GRANT_FOREVER}, empty = {100, 100};
    ck_assert(!grant_span_holds(&span, 99));
    ck_assert(grant_span_holds(&span, 100));
    ck_assert(grant_span_holds(&span, 199));
    ck_assert(!grant_span_holds(&span, 200));
    ck_assert(grant_span_holds(&forever, GRANT_FOREVER - 1));
    ck_assert(!grant_span_holds(&empty, 100));
    ck_assert(!grant_span_holds(&(struct grant_span){0}, 0));
}
END_TEST

START_TEST(read_user)
{
    struct grant_user file;
    ck_assert_int_eq(grant_user_parse(user_text, strlen(user_text), &file), 0);
    ck_assert_str_eq(file.user, "alice");
    ck_assert_uint_eq(file.uid, 1001);
    ck_assert_int_eq(file.written, 1763935940);
    ck_assert_uint_eq(file.n_packages, 2);
    ck_assert_str_eq(file.packages[0].name, "db-admins");
    ck_assert_int_eq(file.packages[0].span.start, 1763935940);
    ck_assert_int_eq(file.packages[0].span.end, 1763950340);
    ck_assert_int_eq(file.packages[0].assignment, 12);
    ck_assert_int_eq(file.packages[1].span.end, GRANT_FOREVER);
    ck_assert_uint_eq(file.n_groups, 2);
    ck_assert_uint_eq(file.groups[0].gid, 2001);
    ck_assert_str_eq(file.groups[0].name, "dbadmins");
    ck_assert_str_eq(file.groups[1].name, "domain users");
    ck_assert_int_eq(file.groups[1].span.end, GRANT_FOREVER);
    grant_user_deinit(&file);
    ck_assert_ptr_null(file.memory);
}
END_TEST

START_TEST(render_is_what_was_read)
{
    _cleanup_free_ char *user = NULL;
    size_t size;
    struct grant_user user_file;
    ck_assert_int_eq(grant_user_parse(user_text, strlen(user_text), &user_file), 0);
    FILE *out = open_memstream(&user, &size);
    ck_assert_int_eq(grant_user_render(&user_file, out), 0);
    fclose(out);
    ck_assert_str_eq(user, user_text);
    grant_user_deinit(&user_file);
}
END_TEST

/* A power cut or a full disk leaves the beginning of a file; none of these may count. Copies of the exact size. */
START_TEST(truncated_at_every_byte)
{
    for (size_t size = 0; size < strlen(user_text); size++) {
        _cleanup_free_ char *text = malloc(size + !size);
        memcpy(text, user_text, size);
        struct grant_user file = {.uid = 77};
        ck_assert_msg(grant_user_parse(text, size, &file) == -EBADMSG, "cut at byte %zu", size);
        ck_assert_uint_eq(file.uid, 77);
    }
}
END_TEST

/* No change of a single byte may crash, or give a span another meaning than its own digits say. */
START_TEST(every_byte_changed)
{
    static const char others[] = {'\0', '\n', ' ', '#', '%', '-', '/', '0', '9', 'f', '\x7f', '\xff'};
    for (size_t i = 0; i < strlen(user_text); i++) {
        for (size_t j = 0; j < sizeof(others); j++) {
            _cleanup_free_ char *text = strdup(user_text);
            struct grant_user file;
            text[i] = others[j];
            const int r = grant_user_parse(text, strlen(user_text), &file);
            ck_assert(r == 0 || r == -EBADMSG);
            if (r == 0)
                grant_user_deinit(&file);
        }
    }
}
END_TEST

static const char *const bad_users[] = {
    "",
    "\n",
    "end\n",
    USER_HEAD,
    USER_HEAD "end",
    USER_HEAD "end\n\n",
    USER_HEAD "end\n# more\n",
    USER_HEAD "end \n",
    USER_HEAD " end\n",
    USER_HEAD "\nend\n",
    USER_HEAD "end\nend\n",
    USER_HEAD "written 1763935940\nend\n",
    "accesspkg-grants 2\nuser alice 1001\nwritten 1\nend\n",
    "accesspkg-grants 1 1\nuser alice 1001\nwritten 1\nend\n",
    "accesspkg-grants\nuser alice 1001\nwritten 1\nend\n",
    "accesspkg-members 1\nuser alice 1001\nwritten 1\nend\n",
    "accesspkg-grants 1\nwritten 1\nuser alice 1001\nend\n",
    "accesspkg-grants 1\r\nuser alice 1001\r\nwritten 1\r\nend\r\n",
    "accesspkg-grants 1\nuser alice\nwritten 1\nend\n",
    "accesspkg-grants 1\nuser alice 1001 \nwritten 1\nend\n",
    "accesspkg-grants 1\nuser  alice 1001\nwritten 1\nend\n",
    "accesspkg-grants 1\nuser alice 4294967295\nwritten 1\nend\n", /* the uid that means nobody */
    "accesspkg-grants 1\nuser alice 4294968297\nwritten 1\nend\n", /* 1001 in 32 bits */
    "accesspkg-grants 1\nuser alice -1\nwritten 1\nend\n",
    "accesspkg-grants 1\nuser alice 01001\nwritten 1\nend\n",
    "accesspkg-grants 1\nuser alice 0x3e9\nwritten 1\nend\n",
    "accesspkg-grants 1\nuser ../x 1001\nwritten 1\nend\n",
    "accesspkg-grants 1\nuser DOM\\user 1001\nwritten 1\nend\n",
    "accesspkg-grants 1\nuser %61lice 1001\nwritten 1\nend\n", /* a second spelling of alice */
    "accesspkg-grants 1\nuser alice 1001\nwritten -1\nend\n",
    "accesspkg-grants 1\nuser alice 1001\nwritten 9223372036854775807\nend\n",
    "accesspkg-grants 1\nuser alice 1001\nwritten 99999999999999999999\nend\n",
    USER_HEAD "package DB 1 2 3\nend\n",
    USER_HEAD "package ../x 1 2 3\nend\n",
    USER_HEAD "package p 1 2\nend\n",
    USER_HEAD "package p 1 2 3 4\nend\n",
    USER_HEAD "package p forever 2 3\nend\n",
    USER_HEAD "package p 1 Forever 3\nend\n",
    USER_HEAD "package p 1 9223372036854775807 3\nend\n",
    USER_HEAD "package p 1 -2 3\nend\n",
    USER_HEAD "package p 1 2e9 3\nend\n",
    USER_HEAD "package p\t1 2 3\nend\n",
    USER_HEAD "group 0 root 1 2\nend\n",
    USER_HEAD "group 00 root 1 2\nend\n",
    USER_HEAD "group 4294967296 root 1 2\nend\n", /* 0 in 32 bits */
    USER_HEAD "group 4294967295 x 1 2\nend\n",
    USER_HEAD "group 2001 a/b 1 2\nend\n",
    USER_HEAD "group 2001  1 2\nend\n",
    USER_HEAD "member alice 1 2\nend\n",
    USER_HEAD "packages p 1 2 3\nend\n",
    USER_HEAD "pack\nend\n",
};

START_TEST(refuse_user)
{
    struct grant_user file = {.uid = 77};
    const char *text = bad_users[_i];
    ck_assert_msg(grant_user_parse(text, strlen(text), &file) == -EBADMSG, "accepted:\n%s", text);
    ck_assert_uint_eq(file.uid, 77);
}
END_TEST

START_TEST(zero_bytes)
{
    static const char in_name[] = "accesspkg-grants 1\nuser ali\0ce 1001\nwritten 1\nend\n";
    static const char behind[] = USER_HEAD "end\n\0";
    static const char in_number[] = "accesspkg-grants 1\nuser alice 10\00001\nwritten 1\nend\n";
    struct grant_user file;
    ck_assert_int_eq(grant_user_parse(in_name, sizeof(in_name) - 1, &file), -EBADMSG);
    ck_assert_int_eq(grant_user_parse(behind, sizeof(behind) - 1, &file), -EBADMSG);
    ck_assert_int_eq(grant_user_parse(in_number, sizeof(in_number) - 1, &file), -EBADMSG);
}
END_TEST

START_TEST(comments_and_extremes)
{
    static const char text[] =
        "#\n# \x1b and anything\naccesspkg-grants 1\n# here too\nuser root 0\nwritten 0\n"
        "# and here\npackage p 0 0 0\n"
        "package p 9223372036854775806 9223372036854775806 9223372036854775807\n"
        "group 4294967294 g 2 1\nend\n";
    struct grant_user file;
    ck_assert_int_eq(grant_user_parse(text, sizeof(text) - 1, &file), 0);
    ck_assert_uint_eq(file.n_packages, 2);
    ck_assert_int_eq(file.packages[1].span.start, GRANT_FOREVER - 1);
    ck_assert_int_eq(file.packages[1].assignment, INT64_MAX);
    ck_assert_uint_eq(file.groups[0].gid, 4294967294u);
    grant_user_deinit(&file);
}
END_TEST

START_TEST(too_large)
{
    const size_t size = GRANTFILE_USER_MAX + 1;
    _cleanup_free_ char *text = malloc(size);
    memset(text, '#', size);
    memcpy(text + size - strlen(USER_HEAD "end\n") - 1, "\n" USER_HEAD "end\n",
           strlen(USER_HEAD "end\n") + 1);
    struct grant_user file;
    ck_assert_int_eq(grant_user_parse(text, size, &file), -EBADMSG);
    ck_assert_int_eq(grant_user_parse(text + 1, size - 1, &file), 0);
    grant_user_deinit(&file);
}
END_TEST

START_TEST(names_of_200_characters)
{
    char name[201], text[512];
    memset(name, 'u', 200);
    name[200] = '\0';
    snprintf(text, sizeof(text), "accesspkg-grants 1\nuser %s 1001\nwritten 1\nend\n", name);
    struct grant_user file;
    ck_assert_int_eq(grant_user_parse(text, strlen(text), &file), 0);
    ck_assert_str_eq(file.user, name);
    grant_user_deinit(&file);
    snprintf(text, sizeof(text), "accesspkg-grants 1\nuser %s%.56s 1001\nwritten 1\nend\n", name, name);
    ck_assert_int_eq(grant_user_parse(text, strlen(text), &file), -EBADMSG);
}
END_TEST

/* What the parser would refuse is never written. */
START_TEST(render_refuses)
{
    static struct grant_package good = {.name = "p", .span = {1, 2}, .assignment = 1};
    static struct grant_package bad_name = {.name = "../p", .span = {1, 2}, .assignment = 1};
    static struct grant_package bad_start = {.name = "p", .span = {-1, 2}, .assignment = 1};
    static struct grant_package bad_end = {.name = "p", .span = {1, -2}, .assignment = 1};
    static struct grant_package bad_number = {.name = "p", .span = {1, 2}, .assignment = -1};
    static struct grant_group root = {.gid = 0, .name = "root", .span = {1, 2}};
    static struct grant_group nameless = {.gid = 1, .name = "", .span = {1, 2}};
    const struct {
        struct grant_user file;
        int result;
    } cases[] = {
        {{.user = "alice", .uid = 1, .written = 1, .packages = &good, .n_packages = 1}, 0},
        {{.user = "", .uid = 1, .written = 1}, -EINVAL},
        {{.user = "alice", .uid = (uid_t)-1, .written = 1}, -EINVAL},
        {{.user = "alice", .uid = 1, .written = -1}, -EINVAL},
        {{.user = "alice", .uid = 1, .written = 1, .packages = &bad_name, .n_packages = 1}, -EINVAL},
        {{.user = "alice", .uid = 1, .written = 1, .packages = &bad_start, .n_packages = 1}, -EINVAL},
        {{.user = "alice", .uid = 1, .written = 1, .packages = &bad_end, .n_packages = 1}, -EINVAL},
        {{.user = "alice", .uid = 1, .written = 1, .packages = &bad_number, .n_packages = 1}, -EINVAL},
        {{.user = "alice", .uid = 1, .written = 1, .groups = &root, .n_groups = 1}, -EINVAL},
        {{.user = "alice", .uid = 1, .written = 1, .groups = &nameless, .n_groups = 1}, -EINVAL},
    };
    FILE *out = fopen("/dev/null", "w");
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        ck_assert_msg(grant_user_render(&cases[i].file, out) == cases[i].result, "case %zu", i);
    fclose(out);
}
END_TEST

START_TEST(render_tells_a_full_disk)
{
    FILE *out = fopen("/dev/full", "w");
    setvbuf(out, NULL, _IONBF, 0);
    const struct grant_user file = {.user = "alice", .uid = 1, .written = 1};
    ck_assert_int_eq(grant_user_render(&file, out), -ENOSPC);
    fclose(out);
}
END_TEST

int main(void)
{
    suite_case("reading", NULL, NULL);
    suite_add(spans, read_user, truncated_at_every_byte, every_byte_changed);
    suite_rows(refuse_user, bad_users);
    suite_add(zero_bytes, comments_and_extremes, too_large, names_of_200_characters);
    suite_case("writing", NULL, NULL);
    suite_add(render_is_what_was_read, render_refuses, render_tells_a_full_disk);
    return suite_run();
}
