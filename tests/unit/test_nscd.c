/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Warns of an nscd that caches groups, in a folder of the test's own. */
#include "common/nscd.h"
#include "tests/support/folder.h"
#include "tests/support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static char root[FOLDER_MAX];

static void setup(void)
{
    static const char *const folders[] = {"etc", "var", "var/run", "var/run/nscd"};
    char path[128];
    folder_make(root);
    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", root, folders[i]);
        ck_assert_int_eq(mkdir(path, 0755), 0);
    }
}

static void teardown(void)
{
    folder_remove(root);
}

static int serve(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(address.sun_path, sizeof(address.sun_path), "%s/var/run/nscd/socket", root);
    ck_assert_int_eq(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    ck_assert_int_eq(listen(fd, 8), 0);
    return fd;
}

/* NULL: there is no such file. */
static void expect(const char *text, size_t findings)
{
    struct findings found = {0};
    char path[128];
    snprintf(path, sizeof(path), "%s/etc/nscd.conf", root);
    unlink(path);
    FILE *file = text ? fopen(path, "we") : NULL;
    ck_assert(!text || (file && fputs(text, file) >= 0 && fclose(file) == 0));
    nscd_check(root, &found);
    ck_assert_msg(found.count == findings, "%s", text ? text : "(none)");
    if (findings)
        ck_assert_ptr_nonnull(strstr(found.items[0], "/etc/nscd.conf: nscd runs and caches groups"));
    findings_deinit(&found);
}

START_TEST(only_where_it_runs)
{
    expect(NULL, 0);
    const int fd = serve();
    expect(NULL, 1);
    close(fd);
    expect(NULL, 0);
}
END_TEST

START_TEST(only_where_it_remembers_groups)
{
    const int fd = serve();
    expect("", 1);
    expect("\tenable-cache\t\tgroup\t\tyes\n", 1);
    expect("\tenable-cache\t\tgroup\t\tno\n", 0);
    expect("enable-cache group no", 0);
    expect("# enable-cache group no\nenable-cache passwd no\n", 1);
    expect("enable-cache group no\nenable-cache group yes\n", 1);
    close(fd);
}
END_TEST

int main(void)
{
    suite_case("nscd", setup, teardown);
    suite_add(only_where_it_runs, only_where_it_remembers_groups);
    return suite_run();
}
