/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the suites of package files share: a packages.d of a test's own, and what is told of it. */
#pragma once

#include "helperd/config/packages.h"
#include "tests/support/folder.h"

#include <check.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PACKAGE "[package]\ngroups = g\n"
#define POLICY  PACKAGE "[policy]\napprovers = bob\n"

static char folder[FOLDER_MAX];
static struct problems problems;
static struct packages *packages;

static inline void make_folder(void)
{
    folder_make(folder);
    problems = (struct problems){0};
    packages = NULL;
}

static inline void remove_folder(void)
{
    packages_free(packages);
    problems_deinit(&problems);
    folder_remove(folder);
}

static inline char *path_of(const char *name, char ret[256])
{
    snprintf(ret, 256, "%s/%s", folder, name);
    return ret;
}

static inline void put_bytes(const char *name, const char *bytes, size_t size)
{
    char path[256];
    folder_write_bytes(path_of(name, path), bytes, size);
}

static inline void put(const char *name, const char *text)
{
    put_bytes(name, text, strlen(text));
}

/* In the place of those that were loaded before. */
static inline int load(void)
{
    packages_free(packages);
    packages = NULL;
    return packages_load(folder, getuid(), &packages, &problems);
}

static inline void print_problems(void)
{
    for (size_t i = 0; i < problems.count; i++)
        fprintf(stderr, "  told: %s\n", problems.items[i].text);
}

static inline bool told(bool error, const char *fragment)
{
    for (size_t i = 0; i < problems.count; i++)
        if (problems.items[i].error == error && strstr(problems.items[i].text, fragment))
            return true;
    print_problems();
    return false;
}

static inline const struct package *load_one(const char *text)
{
    put("one.conf", text);
    const int r = load();
    if (r != 0)
        print_problems();
    ck_assert_int_eq(r, 0);
    ck_assert_uint_eq(packages->count, 1);
    return packages_find(packages, "one");
}

static inline void load_all(void)
{
    const int r = load();
    ck_assert_msg(r == 0, "%s", problems.count ? problems.items[0].text : strerror(-r));
}

/* A package in a line: what it gives, who asks (NULL: everybody), who approves (NULL: nobody has to). */
static inline void define(const char *name, const char *gives, const char *requestors, const char *approvers)
{
    char file[64], text[1024];
    snprintf(text, sizeof(text), "[package]\ngroups = %s\n[policy]\n%s%s\n%s%s\n", gives,
             requestors ? "requestors = " : "", requestors ? requestors : "",
             approvers ? "approvers = " : "approval = none", approvers ? approvers : "");
    snprintf(file, sizeof(file), "%s.conf", name);
    put(file, text);
}
