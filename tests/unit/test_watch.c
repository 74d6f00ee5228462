/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The watch on folders of its own, with the kernel's inotify: what is told, and what survives a replaced folder. */
#include "helperd/host/watch.h"
#include "tests/support/folder.h"
#include "tests/support/suite.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[FOLDER_MAX];
static char etc[96];
static char state[96];
static struct ev_loop *loop;
static struct watch *watch;
static char told[4096];
static const char *waited_for;
static bool timed_out;

static const char *const set_names[] = {"user",  "shadow",   "locks", "passwd",
                                        "group", "nsswitch", "allow", "pam"};

static void on_changed(enum watch_set set, const char *name, void *data)
{
    (void)data;
    char line[256];
    snprintf(line, sizeof(line), "%s:%s\n", set_names[set], name ? name : "*");
    if (!strstr(told, line)) /* one change may be several events */
        strncat(told, line, sizeof(told) - strlen(told) - 1);
    if (waited_for && strstr(told, waited_for))
        ev_break(loop, EVBREAK_ALL);
}

static void on_timeout(struct ev_loop *of, ev_timer *timer, int events)
{
    (void)timer, (void)events;
    timed_out = true;
    ev_break(of, EVBREAK_ALL);
}

/* Runs the loop until this was told. */
static void wait_for(const char *line)
{
    ev_timer timer;
    ev_timer_init(&timer, on_timeout, 10., 0.);
    ev_timer_start(loop, &timer);
    waited_for = line;
    timed_out = false;
    if (!strstr(told, line))
        ev_run(loop, 0);
    ck_assert_msg(!timed_out, "waited for %s, was told\n%s", line, told);
    ev_timer_stop(loop, &timer);
}

/* What came until the watch had told all that came before this. */
static void expect(const char *what)
{
    folder_shell(folder, "touch state/grants/user/last etc/passwd");
    wait_for("user:last\n");
    wait_for("passwd:*\n");
    ck_assert_msg(strstr(told, what), "wanted %s, was told\n%s", what, told);
    told[0] = '\0';
}

static void expect_not(const char *what)
{
    folder_shell(folder, "touch state/grants/user/last etc/passwd");
    wait_for("user:last\n");
    wait_for("passwd:*\n");
    ck_assert_msg(!strstr(told, what), "was told\n%s", told);
    told[0] = '\0';
}

static void setup(void)
{
    folder_make(folder);
    snprintf(etc, sizeof(etc), "%s/etc", folder);
    snprintf(state, sizeof(state), "%s/state", folder);
    folder_shell(
        folder, "mkdir -p etc/pam.d state/grants/user state/allow state/locks && touch etc/passwd etc/group");
    loop = ev_loop_new(EVFLAG_AUTO);
    told[0] = '\0';
    ck_assert_int_eq(watch_new(loop, &(struct watch_folders){etc, state}, on_changed, NULL, &watch), 0);
}

static void teardown(void)
{
    watch_free(watch);
    ev_loop_destroy(loop);
    folder_remove(folder);
}

START_TEST(test_grant_files)
{
    static const struct {
        const char *change, *told;
    } cases[] = {
        {"echo x >state/grants/user/alice", "user:alice\n"},
        {"echo x >>state/grants/user/alice", "user:alice\n"},
        {"chmod 600 state/grants/user/alice", "user:alice\n"},
        {"echo y >state/grants/user/.new-1 && mv state/grants/user/.new-1 state/grants/user/alice",
         "user:alice\n"},
        {"mv state/grants/user/alice state/away", "user:alice\n"},
        {"ln -s /etc/passwd state/grants/user/bob", "user:bob\n"},
        {"rm state/grants/user/bob", "user:bob\n"},
        {"mkdir state/grants/user/carol", "user:carol\n"},
        {"echo x >state/allow/gid-2001", "allow:*\n"},
        {"rm state/allow/gid-2001", "allow:*\n"},
        {"echo x >state/locks/alice", "locks:alice\n"},
        {"echo x >state/locks/.new-1; mv state/locks/.new-1 state/locks/bob", "locks:bob\n"},
        {"rm state/locks/alice", "locks:alice\n"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        folder_shell(folder, "%s", cases[i].change);
        if (strncmp(cases[i].told, "allow", 5) == 0)
            wait_for(cases[i].told);
        expect(cases[i].told);
    }
}
END_TEST

/* Service files of PAM, as dpkg and people change them: a file that is called as one of /etc is another one. */
START_TEST(test_services)
{
    static const char *const changes[] = {"echo x >etc/pam.d/.new && mv etc/pam.d/.new etc/pam.d/shadow",
                                          "echo y >>etc/pam.d/shadow", "rm etc/pam.d/shadow"};
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        folder_shell(folder, "%s", changes[i]);
        wait_for("pam:*\n");
        expect_not("shadow");
    }
    folder_shell(folder, "rm -r etc/pam.d");
    expect_not("nsswitch");
    folder_shell(folder, "mkdir etc/pam.d");
    wait_for("pam:*\n");
}
END_TEST

/* The real tools replace these by rename; an editor may write into them. */
START_TEST(test_files_of_the_host)
{
    static const char *const files[][2] = {{"passwd", "passwd:*\n"},
                                           {"shadow", "shadow:*\n"},
                                           {"group", "group:*\n"},
                                           {"nsswitch.conf", "nsswitch:*\n"}};
    for (size_t i = 0; i < 4; i++) {
        folder_shell(folder, "echo x >etc/%s+ && mv etc/%s+ etc/%s", files[i][0], files[i][0], files[i][0]);
        wait_for(files[i][1]);
        told[0] = '\0';
        folder_shell(folder, "echo y >>etc/%s", files[i][0]);
        wait_for(files[i][1]);
        told[0] = '\0';
    }
    folder_shell(folder, "echo x >etc/hosts; echo x >etc/passwd-; touch state/state.db; rm state/state.db");
    expect_not("group:");
}
END_TEST

/* A file that is being written is nobody's yet. */
START_TEST(test_temporary_files)
{
    folder_shell(folder, "echo x >state/grants/user/.new-7-0 && rm state/grants/user/.new-7-0");
    expect_not("user:.");
}
END_TEST

/* Several changes of one command are told as one. */
START_TEST(test_pause)
{
    for (int i = 0; i < 50; i++)
        folder_shell(folder, "echo x >etc/group+ && mv etc/group+ etc/group");
    wait_for("group:*\n");
    told[0] = '\0';
    expect_not("group:*\n");
}
END_TEST

START_TEST(test_replaced_folders)
{
    static const struct {
        const char *change, *told;
    } cases[] = {
        {"mv state/grants/user state/old && mkdir state/grants/user", "user:*\n"},
        {"rm -r state/grants/user && mkdir state/grants/user", "user:*\n"},
        {"mv state/grants state/older && mkdir -p state/grants/user", "user:*\n"},
        {"rm -r state/allow && mkdir state/allow", "allow:*\n"},
        {"rm -r state/locks && mkdir state/locks", "locks:*\n"},
        {"rm -r etc/pam.d && mkdir etc/pam.d", "pam:*\n"},
        {"mv state state2 && mkdir -p state/grants/user state/allow", "user:*\n"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        folder_shell(folder, "%s", cases[i].change);
        /* The last one has no parent that is watched: that the folder itself went is what tells. */
        wait_for(cases[i].told);
        told[0] = '\0';
        folder_shell(folder, "echo x >state/grants/user/new");
        wait_for("user:new\n");
        told[0] = '\0';
    }
}
END_TEST

/* A folder that is made anew later than the other went. */
START_TEST(test_folder_comes_later)
{
    folder_shell(folder, "rm -r state/grants");
    wait_for("user:*\n");
    told[0] = '\0';
    folder_shell(folder, "mkdir state/grants");
    folder_shell(folder, "mkdir state/grants/user");
    wait_for("user:*\n");
    folder_shell(folder, "touch state/grants/user/alice");
    wait_for("user:alice\n");
}
END_TEST

/* When the kernel's queue ran over everything counts as changed. */
START_TEST(test_overflow)
{
    FILE *file = fopen("/proc/sys/fs/inotify/max_queued_events", "re");
    long most = 16384;
    ck_assert(file && fscanf(file, "%ld", &most) == 1);
    fclose(file);
    ck_assert_int_eq(chdir(state), 0);
    for (long i = 0; i < most + 10; i++) {
        char name[64];
        snprintf(name, sizeof(name), "grants/user/%ld", i % 2);
        const int fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
        ck_assert_int_ge(fd, 0);
        close(fd);
    }
    ck_assert_int_eq(chdir("/"), 0);
    wait_for("user:*\n");
    wait_for("passwd:*\n");
    wait_for("group:*\n");
    wait_for("nsswitch:*\n");
    wait_for("allow:*\n");
    told[0] = '\0';
    folder_shell(folder, "touch state/grants/user/alice");
    wait_for("user:alice\n");
}
END_TEST

/* Without inotify there is no watch, and that is all. */
START_TEST(test_no_inotify)
{
    struct rlimit limit;
    struct watch *other = NULL;
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    const struct rlimit none = {3, limit.rlim_max};
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
    ck_assert_int_lt(watch_new(loop, &(struct watch_folders){etc, state}, on_changed, NULL, &other), 0);
    ck_assert_ptr_null(other);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
}
END_TEST

/* A folder that is not there, or is none, costs the others nothing. */
START_TEST(test_missing_folders)
{
    struct watch *other = NULL;
    folder_shell(folder, "rm -r state/allow && touch state/allow");
    wait_for("allow:*\n");
    told[0] = '\0';
    watch_free(watch);
    ck_assert_int_eq(watch_new(loop, &(struct watch_folders){etc, state}, on_changed, NULL, &watch), 0);
    folder_shell(folder, "touch state/grants/user/alice");
    wait_for("user:alice\n");
    ck_assert(!watch_renew(watch));
    folder_shell(folder, "rm state/allow && mkdir state/allow");
    ck_assert(watch_renew(watch));
    folder_shell(folder, "touch state/allow/gid-7");
    wait_for("allow:*\n");
    ck_assert_int_eq(
        watch_new(loop, &(struct watch_folders){"/nonexistent", "/nonexistent"}, on_changed, NULL, &other),
        0);
    watch_free(other);
}
END_TEST

int main(void)
{
    suite_case("watch", setup, teardown);
    suite_timeout(60);
    suite_add(test_grant_files, test_files_of_the_host, test_services, test_temporary_files, test_pause,
              test_replaced_folders, test_folder_comes_later, test_overflow, test_no_inotify,
              test_missing_folders);
    return suite_run();
}
