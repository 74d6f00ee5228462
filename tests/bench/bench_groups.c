/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Rows 2 and 3: what a module in nsswitch.conf adds to getgrouplist of a user who holds nothing, of one who holds two
 * groups, and to getgrgid of a group that is nobody's. The line "group:" is changed in the process, in small blocks.
 * Usage: bench_groups SIZE ROUNDS; SIZE is the number of grant files, for the names of the sides.
 */
#include "tests/bench/bench.h"

#include <dlfcn.h>
#include <grp.h>
#include <nss.h>
#include <stdio.h>
#include <string.h>

enum { BLOCK = 20, GROUPS_MAX = 64, PRIMARY = 100, NOBODY_S = 54321 };

static const struct {
    const char *name;
    const char *line;
} settings[] = {
    {"without", "files"}, {"with", "files accesspkg"}, {"systemd", "files systemd"}, {"sss", "files sss"}};

enum { SETTINGS = sizeof(settings) / sizeof(settings[0]), QUESTIONS = 3 };

static const char *const questions[QUESTIONS] = {"none", "two", "foreign"};

static double ask(int question)
{
    gid_t groups[GROUPS_MAX];
    int count = GROUPS_MAX;
    char buffer[1024];
    struct group entry;
    struct group *found = NULL;
    const double begin = bench_now();
    if (question < 2)
        getgrouplist(question == 0 ? "carol" : "alice", PRIMARY, groups, &count);
    else
        getgrgid_r(NOBODY_S, &entry, buffer, sizeof(buffer), &found);
    return bench_now() - begin;
}

static int count_groups(const char *user)
{
    gid_t groups[GROUPS_MAX];
    int count = GROUPS_MAX;
    return getgrouplist(user, PRIMARY, groups, &count);
}

static void set(int setting)
{
    if (__nss_configure_lookup("group", settings[setting].line) != 0 ||
        __nss_configure_lookup("initgroups", settings[setting].line) != 0)
        bench_fail("the line \"group: %s\" cannot be set", settings[setting].line);
}

/* What is measured must be what it is said to be. */
static void check(void)
{
    set(0);
    const int alice = count_groups("alice"), carol = count_groups("carol");
    set(1);
    if (count_groups("alice") != alice + 2 || count_groups("carol") != carol)
        bench_fail("alice should get two groups and carol none");
}

/* A line may name a module that this host lacks; glibc goes on without it. */
static bool is_there(int setting)
{
    char library[64];
    const char *last = strrchr(settings[setting].line, ' ');
    if (!last)
        return true;
    snprintf(library, sizeof(library), "libnss_%s.so.2", last + 1);
    return dlopen(library, RTLD_NOW) != NULL;
}

static void run_block(int setting, bool counts, struct side sides[SETTINGS][QUESTIONS])
{
    set(setting);
    for (int question = 0; question < QUESTIONS; question++) {
        ask(question);
        for (int i = 0; i < BLOCK; i++) {
            const double took = ask(question);
            if (counts)
                side_add(&sides[setting][question], took);
        }
    }
}

int main(int argc, char **argv)
{
    struct side sides[SETTINGS][QUESTIONS];
    if (argc != 3)
        bench_fail("usage: bench_groups SIZE ROUNDS");
    const int rounds = (int)bench_number(argv[2]);
    check();
    for (int i = 0; i < SETTINGS; i++)
        for (int k = 0; k < QUESTIONS; k++)
            side_name(&sides[i][k], "us", "%s.%s@%s", questions[k], settings[i].name, argv[1]);
    for (int round = -1; round < rounds; round++)
        for (int setting = 0; setting < SETTINGS; setting++)
            if (is_there(setting))
                run_block(setting, round >= 0, sides);
    for (int i = 0; i < SETTINGS; i++)
        for (int k = 0; k < QUESTIONS; k++)
            if (sides[i][k].count > 0)
                side_print(&sides[i][k]);
    return 0;
}
