/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Does one thing N times, for tests/costs/run to count what that takes: costs WHAT N, in a private root.
 *   prepare      writes what the others need
 *   granted      PAM transactions of alice, whom a grant lets in
 *   no-grant     getgrouplist of bob, who holds nothing
 *   two-groups   ... of alice, who holds two groups
 *   submit       requests to accesspkgd, each by a process of its own
 * With COSTS_TWICE set, getgrouplist is called twice each time, to show that the guard sees it.
 */
#include "common/grantdir.h"
#include "common/paths.h"
#include "tests/support/live_calls.h"
#include "tests/support/suite.h"

#include <grp.h>
#include <security/pam_appl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define CONFDIR "/tmp/costs-pam"

enum { TIMES_MAX = 60, GROUPS_MAX = 32, ALICE = 1001 };

static int times;

static _Noreturn void die(const char *what)
{
    fprintf(stderr, "costs: %s failed\n", what);
    exit(1);
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");
    if (!file || fputs(text, file) < 0 || fclose(file) != 0)
        die(path);
}

/* As accesspkgd and `pkg-admin reload` leave them. */
static void prepare(void)
{
    static const struct allow_entry entries[] = {{2501, "reports"}, {2502, "vault"}};
    const struct grant_span span = {0, GRANT_FOREVER};
    struct grant_group groups[] = {{.gid = 2501, .name = "reports", .span = span},
                                   {.gid = 2502, .name = "vault", .span = span}};
    struct grant_package package = {.name = "db-admins", .span = span, .assignment = 12};
    const struct grant_user file = {.user = "alice",
                                    .uid = ALICE,
                                    .written = 1700000000,
                                    .packages = &package,
                                    .n_packages = 1,
                                    .groups = groups,
                                    .n_groups = 2};
    if (grantdir_write_user(PATH_STATE, &file, false) < 0 ||
        chown(PATH_STATE "/grants/user/alice", 990, 990) < 0 ||
        grantdir_write_allow(PATH_STATE, entries, 2) < 0 || mkdir(CONFDIR, 0755) < 0)
        die("preparing");
    write_file(CONFDIR "/granted", "account required pam_accesspkg.so package=db-admins\n");
    write_file(CONFDIR "/other", "account required pam_deny.so\n");
}

static void let_in(void)
{
    const struct pam_conv conversation = {NULL, NULL};
    pam_handle_t *pamh = NULL;
    int code = pam_start_confdir("granted", "alice", &conversation, CONFDIR, &pamh);
    if (code == PAM_SUCCESS)
        code = pam_acct_mgmt(pamh, 0);
    if (pam_end(pamh, code) != PAM_SUCCESS || code != PAM_SUCCESS)
        die("a granted check");
}

/* `expected`: groups of the module's. */
static void look_up(const char *user, int expected)
{
    gid_t groups[GROUPS_MAX];
    int count = GROUPS_MAX, found = 0;
    if (getgrouplist(user, 1, groups, &count) < 0)
        die("getgrouplist");
    for (int i = 0; i < count; i++)
        found += groups[i] == 2501 || groups[i] == 2502;
    if (found != expected)
        die("a look-up of groups");
}

static void look_up_bob(void)
{
    look_up("bob", 0);
}

static void look_up_alice(void)
{
    look_up("alice", 2);
}

static void repeat(void (*once)(void))
{
    for (int i = 0; i < times; i++) {
        once();
        if (getenv("COSTS_TWICE"))
            once();
    }
}

/* A Check test only because tests/support/live.h reports through Check. The same packages however many are asked for. */
START_TEST(submit)
{
    static const char text[] = "[package]\ngroups = dbadmins\n[policy]\napprovers = bob\n";
    char name[32];
    write_file(PATH_CONFIG, "[limits]\npending_per_user = 1000\n[decisions]\naccount_state = no\n");
    live_start("p", text, NULL);
    for (int i = 0; i < TIMES_MAX; i++) {
        snprintf(name, sizeof(name), "p%d", 100 + i);
        live_write_package(name, text);
    }
    live_expect("root", "pkg-admin reload", 0, "");
    ck_assert_int_eq(live_stop_daemon(SIGTERM), 0);
    write_file("/tmp/costs/counted", "");
    live_start_daemon();
    /* Counted, it is ready without its name: a start waits two seconds for the bus. */
    live_expect("root",
                "until dbus-send --system --print-reply --dest=org.freedesktop.DBus / "
                "org.freedesktop.DBus.GetNameOwner string:" BUS_NAME "; do :; done 2>/dev/null",
                0, "");
    for (int i = 0; i < times; i++) {
        snprintf(name, sizeof(name), "p%d", 100 + i);
        live_file("alice", name);
    }
    ck_assert_int_eq(live_stop_daemon(SIGTERM), 0);
    live_stop();
}
END_TEST

static int run_submit(void)
{
    suite_case("submit", NULL, NULL);
    suite_add(submit);
    return suite_run();
}

int main(int argc, char **argv)
{
    const char *what = argc == 3 ? argv[1] : "";
    times = argc == 3 ? atoi(argv[2]) : 0;
    if (times < 0 || times > TIMES_MAX)
        die("reading how often");
    if (strcmp(what, "prepare") == 0)
        prepare();
    else if (strcmp(what, "granted") == 0)
        repeat(let_in);
    else if (strcmp(what, "no-grant") == 0)
        repeat(look_up_bob);
    else if (strcmp(what, "two-groups") == 0)
        repeat(look_up_alice);
    else if (strcmp(what, "submit") == 0)
        return run_submit();
    else
        die("reading what to do");
    return 0;
}
