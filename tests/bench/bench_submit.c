/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Row 5: how many requests are filed in a second, each answered when it is durable, by 64 users at once, beside commits of
 * one row each that SQLite makes durable one after the other. In turn in one run, with slow_sync.so in both processes.
 * Usage: bench_submit NAME DELAY FIRST ROUNDS; DELAY in microseconds for each sync; FIRST is the number of the first of the
 * packages that nobody asked for yet: PACKAGES are used in each round, and in one before them that does not count.
 */
#include "tests/bench/bench.h"

#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CALLERS = 64, PACKAGES = 32, COMMITS = 100, WARM_UP = 1 /* round, which does not count */ };

#define YARDSTICK "/var/lib/accesspkg/yardstick.db"

static void set_delay(int delay)
{
    const int fd = open(BENCH_DELAY, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0 || pwrite(fd, &delay, sizeof(delay), 0) != sizeof(delay) || close(fd) < 0)
        bench_fail(BENCH_DELAY " cannot be written");
}

static sqlite3 *open_yardstick(void)
{
    sqlite3 *database = NULL;
    unlink(YARDSTICK);
    if (sqlite3_open(YARDSTICK, &database) != SQLITE_OK ||
        sqlite3_exec(database,
                     "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                     "CREATE TABLE t (a INTEGER PRIMARY KEY, b)",
                     NULL, NULL, NULL) != SQLITE_OK)
        bench_fail("the yardstick's database cannot be made");
    return database;
}

/* Commits in a second; *took has the microseconds of each. */
static double commit(sqlite3 *database, struct side *took)
{
    const double begin = bench_now();
    for (int i = 0; i < COMMITS; i++) {
        const double one = bench_now();
        if (sqlite3_exec(database, "INSERT INTO t (b) VALUES ('a request of a hundred bytes or so')", NULL,
                         NULL, NULL) != SQLITE_OK)
            bench_fail("%s", sqlite3_errmsg(database));
        side_add(took, bench_now() - one);
    }
    return COMMITS * 1e6 / (bench_now() - begin);
}

/* By libdbus alone: what a caller costs is to leave the processors to who is measured. */
static void submit(DBusConnection *connection, int package)
{
    char text[32];
    const char *user = "", *name = text;
    DBusMessageIter arguments, list;
    DBusMessage *call = dbus_message_new_method_call(BUS_NAME, BUS_PATH, BUS_INTERFACE_MANAGER, "Submit");
    snprintf(text, sizeof(text), "bench%d", package);
    dbus_message_iter_init_append(call, &arguments);
    dbus_message_iter_append_basic(&arguments, DBUS_TYPE_STRING, &user);
    dbus_message_iter_open_container(&arguments, DBUS_TYPE_ARRAY, "s", &list);
    dbus_message_iter_append_basic(&list, DBUS_TYPE_STRING, &name);
    dbus_message_iter_close_container(&arguments, &list);
    dbus_message_iter_open_container(&arguments, DBUS_TYPE_ARRAY, "{sv}", &list);
    dbus_message_iter_close_container(&arguments, &list);
    DBusError error = DBUS_ERROR_INIT;
    DBusMessage *answer = dbus_connection_send_with_reply_and_block(connection, call, -1, &error);
    if (!answer)
        bench_fail("Submit: %s", error.message);
    dbus_message_unref(answer);
    dbus_message_unref(call);
}

static void call_in_rounds(int caller, int first, int rounds, pthread_barrier_t *barrier)
{
    char user[16];
    struct client client;
    snprintf(user, sizeof(user), "c%d", caller + 1);
    bench_become(user);
    bench_open(&client);
    for (int round = 0; round < WARM_UP + rounds; round++) {
        pthread_barrier_wait(barrier);
        for (int i = 0; i < PACKAGES; i++)
            submit(client.connection, first + round * PACKAGES + i);
        pthread_barrier_wait(barrier);
    }
    client_close(&client);
    _exit(0);
}

static pthread_barrier_t *make_barrier(void)
{
    pthread_barrierattr_t shared;
    pthread_barrier_t *barrier =
        mmap(NULL, sizeof(*barrier), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pthread_barrierattr_init(&shared);
    pthread_barrierattr_setpshared(&shared, PTHREAD_PROCESS_SHARED);
    if (barrier == MAP_FAILED || pthread_barrier_init(barrier, &shared, CALLERS + 1) != 0)
        bench_fail("no barrier can be made");
    return barrier;
}

static void measure(const char *name, int rounds, pthread_barrier_t *barrier)
{
    struct side submits, commits, commit_took;
    sqlite3 *yardstick = open_yardstick();
    side_name(&submits, "/s", "submits@%s", name);
    side_name(&commits, "/s", "commits@%s", name);
    side_name(&commit_took, "us", "commit@%s", name);
    for (int round = 0; round < WARM_UP + rounds; round++) {
        const double single = commit(yardstick, &commit_took);
        const double begin = bench_now();
        pthread_barrier_wait(barrier);
        pthread_barrier_wait(barrier);
        const double shared = CALLERS * PACKAGES * 1e6 / (bench_now() - begin);
        if (round < WARM_UP)
            continue;
        side_add(&commits, single);
        side_add(&submits, shared);
    }
    sqlite3_close(yardstick);
    unlink(YARDSTICK);
    side_print(&submits);
    side_print(&commits);
    side_print(&commit_took);
}

int main(int argc, char **argv)
{
    if (argc != 5)
        bench_fail("usage: bench_submit NAME DELAY FIRST ROUNDS");
    const int delay = (int)bench_number(argv[2]), first = (int)bench_number(argv[3]);
    const int rounds = (int)bench_number(argv[4]);
    set_delay(delay);
    pthread_barrier_t *barrier = make_barrier();
    for (int caller = 0; caller < CALLERS; caller++)
        if (fork() == 0)
            call_in_rounds(caller, first, rounds, barrier);
    alarm(120); /* a caller that failed leaves the others at the barrier */
    measure(argv[1], rounds, barrier);
    set_delay(0);
    while (wait(NULL) > 0)
        continue;
    return 0;
}
