/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/support/live_directory.h"

#include "tests/support/live.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define FOLDER "/run/directory"

/* Replaced, so that nobody reads half of it. */
static void write_file(const char *path, const char *text)
{
    char fresh[256];
    snprintf(fresh, sizeof(fresh), "%s.new", path);
    FILE *out = fopen(fresh, "we");
    ck_assert_ptr_nonnull(out);
    ck_assert_int_ge(fputs(text, out), 0);
    ck_assert_int_eq(fclose(out), 0);
    ck_assert_int_eq(chmod(fresh, 0644), 0);
    ck_assert_int_eq(rename(fresh, path), 0);
}

void live_directory_set_users(const char *users)
{
    write_file(FOLDER "/passwd", users);
}

void live_directory_set_groups(const char *groups)
{
    write_file(FOLDER "/group", groups);
}

void live_directory_set_mode(const char *mode)
{
    write_file(FOLDER "/mode", mode);
}

void live_directory_start(const char *services, const char *users, const char *groups)
{
    char text[512];
    mkdir(FOLDER, 0755);
    live_directory_set_users(users);
    live_directory_set_groups(groups);
    live_directory_set_mode("");
    snprintf(text, sizeof(text), "%s/tests/nss\n", getenv("ACCESSPKG_BUILD"));
    write_file("/etc/ld.so.conf.d/directory.conf", text);
    live_expect("root", "ldconfig && cp -n /etc/nsswitch.conf /run/directory/nsswitch.conf", 0, "");
    snprintf(text, sizeof(text), "passwd: files directory\ngroup: %s\nshadow: files\nhosts: files\n",
             services);
    write_file("/etc/nsswitch.conf", text);
}

void live_directory_stop(void)
{
    live_directory_set_mode("");
    live_expect("root", "cp /run/directory/nsswitch.conf /etc/nsswitch.conf", 0, "");
}
