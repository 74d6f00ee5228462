/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Row 7: assignments that all end in one second (bench_seed ends). From then until the last of their users has a grant file
 * that says so, or none; and how long calls of somebody else take meanwhile. Usage: bench_ends COUNT AT
 */
#include "tests/bench/bench.h"

#include "common/paths.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LOOK_EACH_MS = 20, LONGEST_S = 120 };

static volatile sig_atomic_t over;

static void on_signal(int number)
{
    (void)number;
    over = 1;
}

/* bob's calls, one after the other, until the parent says that it is over. */
static void call_meanwhile(void)
{
    struct client client;
    struct side side;
    side_name(&side, "ms", "ends.call");
    bench_become("bob");
    bench_open(&client);
    while (!over)
        side_add(&side, bench_call(&client, client_message("ListPackages", "", NULL), NULL) / 1e3);
    side_print(&side);
    client_close(&client);
    _exit(0);
}

/* Every second user keeps something: their file is written anew. */
static bool is_done(long user, double at)
{
    char path[128];
    struct stat file;
    snprintf(path, sizeof(path), PATH_STATE "/grants/user/e%ld", user);
    if (stat(path, &file) < 0)
        return errno == ENOENT;
    return user % 2 == 0 && (double)file.st_mtim.tv_sec >= at;
}

/* Those before `from` are done. */
static long find_next(long from, long count, double at)
{
    while (from <= count && is_done(from, at))
        from++;
    return from;
}

int main(int argc, char **argv)
{
    if (argc != 3)
        bench_fail("usage: bench_ends COUNT AT");
    const long count = bench_number(argv[1]);
    const double at = (double)bench_number(argv[2]);
    long next = 1;
    if (is_done(1, at) || bench_time() > at)
        bench_fail("nothing is left that would end");
    signal(SIGTERM, on_signal);
    if (at > bench_time())
        poll(NULL, 0, (int)((at - bench_time()) * 1e3));
    const pid_t caller = fork();
    if (caller == 0)
        call_meanwhile();
    while ((next = find_next(next, count, at)) <= count && bench_time() < at + LONGEST_S)
        poll(NULL, 0, LOOK_EACH_MS);
    bench_tell("s", bench_time() - at, "ends");
    bench_tell("", next <= count, "ends.left");
    kill(caller, SIGTERM);
    waitpid(caller, NULL, 0);
    return 0;
}
