/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What sd_notify(3) and sd_listen_fds(3) promise, of both kinds of socket, and of values that are none. */
#include "common/supervisor.h"
#include "tests/support/suite.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* A manager's socket of this name, "@" for an abstract one. */
static int listen_as(const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const size_t length = strlen(name);
    memcpy(address.sun_path, name, length);
    if (*name == '@')
        address.sun_path[0] = '\0';
    const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(
        bind(fd, (struct sockaddr *)&address, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)),
        0);
    setenv("NOTIFY_SOCKET", name, 1);
    return fd;
}

static void expect_told(const char *name)
{
    char text[64] = "";
    const int fd = listen_as(name);
    supervisor_notify("READY=1");
    ck_assert_int_eq(recv(fd, text, sizeof(text) - 1, 0), 7);
    ck_assert_str_eq(text, "READY=1");
    ck_assert_int_eq(recv(fd, text, sizeof(text) - 1, 0), -1);
    close(fd);
}

START_TEST(told)
{
    char name[64];
    snprintf(name, sizeof(name), "@accesspkg-test-supervisor-%d", getpid());
    expect_told(name);
    snprintf(name, sizeof(name), "/tmp/accesspkg-test-supervisor-%d", getpid());
    expect_told(name);
    unlink(name);
}
END_TEST

/* Nothing is opened for it, and nothing breaks. */
START_TEST(nobody_listens)
{
    char long_name[200];
    memset(long_name, 'x', sizeof(long_name) - 1);
    long_name[0] = '/';
    long_name[sizeof(long_name) - 1] = '\0';
    const char *const names[] = {"", "/", "@", "relative", "vsock:2:1234", long_name, "/nowhere/at/all"};
    const int before = dup(STDERR_FILENO);
    close(before);
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        setenv("NOTIFY_SOCKET", names[i], 1);
        supervisor_notify("READY=1");
    }
    unsetenv("NOTIFY_SOCKET");
    supervisor_notify("READY=1");
    const int after = dup(STDERR_FILENO);
    ck_assert_int_eq(after, before);
    close(after);
}
END_TEST

START_TEST(sockets)
{
    char own[16];
    char another[16];
    snprintf(own, sizeof(own), "%d", getpid());
    snprintf(another, sizeof(another), "%d", getppid());
    const struct {
        const char *process;
        const char *count;
        int passed;
    } cases[] = {{own, "1", 1},  {own, "3", 3},     {own, "", 0},   {own, "-1", 0}, {own, "1x", 0},
                 {own, NULL, 0}, {another, "1", 0}, {NULL, "1", 0}, {"", "1", 0},   {own, "99999999999", 0}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        cases[i].process ? setenv("LISTEN_PID", cases[i].process, 1) : unsetenv("LISTEN_PID");
        cases[i].count ? setenv("LISTEN_FDS", cases[i].count, 1) : unsetenv("LISTEN_FDS");
        ck_assert_msg(supervisor_sockets() == cases[i].passed, "case %zu", i);
    }
}
END_TEST

int main(void)
{
    suite_case("supervisor", NULL, NULL);
    suite_add(told, nobody_listens, sockets);
    return suite_run();
}
