/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The sample for webhooks, as its head says to install it, with the real curl, against a server that answers by script. */
#include "tests/support/live.h"
#include "tests/support/notices.h"
#include "tests/support/suite.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define FREE "[package]\ngroups = auditors\n[policy]\nduration = 1h\napproval = none\n"
#define PATH "/hooks/S3CRET?a=1&b=%22"
#define URL  "/etc/accesspkg/webhook.url"

static int server;
static unsigned port;
static char request[65536]; /* the last one */
static const char *body;    /* of it */

static void listen_here(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(server, (struct sockaddr *)&address, size), 0);
    ck_assert_int_eq(listen(server, 16), 0);
    ck_assert_int_eq(getsockname(server, (struct sockaddr *)&address, &size), 0);
    port = ntohs(address.sin_port);
}

static void write_url(const char *path)
{
    char command[512];
    snprintf(command, sizeof(command), "echo 'http://127.0.0.1:%u%s' >" URL, port, path);
    live_expect("root", command, 0, "");
}

static void setup(void)
{
    live_start("free", FREE, NULL);
    live_expect("root",
                "install -m 755 /usr/share/doc/accesspkg/examples/notify.d/webhook.sample " NOTICES_FOLDER
                "webhook && install -m 640 -g accesspkg-notify /dev/null " URL,
                0, "");
    listen_here();
    write_url(PATH);
}

static void teardown(void)
{
    close(server);
    live_stop();
    live_expect("root", "rm -f " URL, 0, "");
}

static void wait_readable(int fd)
{
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    ck_assert_msg(poll(&wait, 1, NOTICES_WAIT_MS) == 1, "no request came, or no more of it: %s", request);
}

/* The next request, whole; the connection it came on. */
static int take_request(void)
{
    size_t size = 0;
    size_t length = 0;
    wait_readable(server);
    const int fd = accept4(server, NULL, NULL, SOCK_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    memset(request, 0, sizeof(request));
    for (body = NULL; !body || strlen(body) < length;) {
        wait_readable(fd);
        const ssize_t got = read(fd, request + size, sizeof(request) - 1 - size);
        ck_assert_int_gt(got, 0);
        size += (size_t)got;
        body = strstr(request, "\r\n\r\n");
        body = body ? body + 4 : NULL;
        const char *header = strstr(request, "\r\nContent-Length: ");
        length = header ? strtoul(header + strlen("\r\nContent-Length: "), NULL, 10) : 0;
    }
    return fd;
}

static void answer(int fd, const char *status)
{
    ck_assert_int_gt(dprintf(fd, "HTTP/1.1 %s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", status), 0);
    close(fd);
}

static bool is_asked(void)
{
    struct pollfd wait = {.fd = server, .events = POLLIN};
    return poll(&wait, 1, 0) == 1;
}

static void tell_something(void)
{
    live_expect("dave", "pkg-request submit free", 0, "");
}

/* The body is what every program gets, and the address is nobody's to see meanwhile. */
START_TEST(test_posted)
{
    notices_write_hook("copy", "#!/bin/sh\ncat >/tmp/copy\n", 0755);
    live_start_notify("25", "1");
    tell_something();
    const int fd = take_request();
    ck_assert_msg(strncmp(request, "POST " PATH " HTTP/1.1\r\n", strlen("POST " PATH " HTTP/1.1\r\n")) == 0,
                  "%s", request);
    ck_assert_ptr_nonnull(strstr(request, "\r\nContent-Type: application/json\r\n"));
    ck_assert_ptr_null(strstr(request, "\r\nExpect:"));
    live_expect("root", "cat /proc/[0-9]*/comm", 0, "\ncurl\n");
    live_expect("root", "grep -l 'S3CRE[T]' /proc/[0-9]*/cmdline /proc/[0-9]*/environ", 1, "");
    ck_assert_str_eq(live_output, "");
    answer(fd, "204 No Content");
    notices_wait_for(0);
    live_expect("root", "cat /tmp/copy", 0, "\"event\":\"fulfilled\"");
    ck_assert_str_eq(body, live_output);
    ck_assert(!is_asked());
}
END_TEST

static const struct {
    const char *status;
    const char *says;
    bool given_up;
} answers[] = {
    {"500 Internal Server Error", "webhook: exit status 75: The webhook answered 500.", false},
    {"503 Service Unavailable", "webhook: exit status 75: The webhook answered 503.", false},
    {"301 Moved Permanently\r\nLocation: /elsewhere", "webhook: exit status 75: The webhook answered 301.",
     false},
    {"401 Unauthorized", "webhook: exit status 75: The webhook answered 401.", false},
    {"404 Not Found", "webhook: exit status 75: The webhook answered 404.", false},
    {"429 Too Many Requests", "webhook: exit status 75: The webhook answered 429.", false},
    {"410 Gone", "webhook: exit status 67: The webhook answered 410: it is gone.", true},
    {"413 Content Too Large",
     "webhook: exit status 65: The webhook answered 413: the notice is too large for it.", true},
};

/* Nothing but 2xx is an arrival. What may be mended is shown and tried until it works; what cannot is given up. */
START_TEST(test_answers)
{
    live_start_notify("25", "0.2");
    tell_something();
    answer(take_request(), answers[_i].status);
    if (answers[_i].given_up) {
        notices_wait_for(0);
        live_expect("root",
                    "sqlite3 /var/lib/accesspkg/state.db \"SELECT detail FROM audit WHERE event = "
                    "'undelivered'\"",
                    0, answers[_i].says);
        ck_assert(!is_asked());
        return;
    }
    notices_wait_for_failure(answers[_i].says);
    ck_assert_int_eq(notices_waiting(), 1);
    answer(take_request(), "200 OK");
    ck_assert_int_eq(strncmp(request, "POST " PATH " ", strlen("POST " PATH " ")), 0);
    notices_wait_for(0);
}
END_TEST

/* A server that says nothing, or half an answer, for ever: curl leaves before accesspkg-notify has to kill it. The first
 * time it leaves soon. */
START_TEST(test_hangs)
{
    live_expect("root", "grep -q -- '--max-time 20 ' " NOTICES_FOLDER "webhook && echo 1 >/tmp/seconds", 0,
                "");
    live_expect("root",
                "sed -i 's|--max-time 20 |--max-time $(cat /tmp/seconds) |' " NOTICES_FOLDER "webhook", 0,
                "");
    live_start_notify("25", "0.2");
    tell_something();
    const int fd = take_request();
    if (_i == 1)
        ck_assert_int_gt(dprintf(fd, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"), 0);
    live_expect("root", "echo 20 >/tmp/seconds", 0, "");
    notices_wait_for_failure("webhook: exit status 75: curl: (28) ");
    close(fd);
    answer(take_request(), "200 OK");
    notices_wait_for(0);
}
END_TEST

START_TEST(test_no_server)
{
    close(server);
    live_start_notify("25", "0.2");
    tell_something();
    notices_wait_for_failure("webhook: exit status 75: curl: (7) ");
    ck_assert_ptr_null(strstr(live_output, "S3CRET"));
    listen_here();
    write_url(PATH);
    answer(take_request(), "200 OK");
    notices_wait_for(0);
}
END_TEST

/* curl makes several addresses of these. */
START_TEST(test_globs)
{
    write_url("/{a,b}[1-3]");
    live_start_notify("25", "1");
    tell_something();
    const int fd = take_request();
    ck_assert_int_eq(strncmp(request, "POST /{a,b}[1-3] ", strlen("POST /{a,b}[1-3] ")), 0);
    answer(fd, "200 OK");
    notices_wait_for(0);
    ck_assert(!is_asked());
}
END_TEST

static const struct {
    const char *write; /* a command; PORT stands for the server's */
    const char *says;
} bad[] = {
    {"rm " URL, "Let " URL " hold the webhook's address, readable for accesspkg-notify."},
    {"chmod 600 " URL, "Let " URL " hold the webhook's address, readable for accesspkg-notify."},
    {": >" URL, URL " is empty: write the webhook's address into it."},
    {"echo >" URL, URL " is empty"},
    {"printf 'http://127.0.0.1:PORT/\\nx\\n' >" URL, URL " must be one line"},
    {"printf 'http://127.0.0.1:PORT/\\r\\n' >" URL, URL " must be one line"},
    {"printf 'http://127.0.0.1:PORT/\"\\noutput = \"/tmp/injected\"\\n' >" URL, URL " must be one line"},
    {"printf 'http://127.0.0.1:PORT/\" output = /tmp/injected' >" URL, URL " must be one line"},
    {"printf 'http://127.0.0.1:PORT/\"' >" URL, URL " must be one line"},
    {"printf 'http://127.0.0.1:PORT/\\\\' >" URL, URL " must be one line"},
    {"printf 'http://127.0.0.1:PORT/\\303\\266' >" URL, URL " must be one line"},
    {"echo 'file:///etc/passwd' >" URL, URL " must begin with https://"},
    {"echo '127.0.0.1:PORT/' >" URL, URL " must begin with https://"},
    {"echo 'http://' >" URL, URL " must begin with https://"},
};

/* Said with what to do, and posted to nobody; once it is mended the notice comes. */
START_TEST(test_bad_address)
{
    char command[512];
    char number[16];
    snprintf(number, sizeof(number), "%u", port);
    const char *at = strstr(bad[_i].write, "PORT");
    const size_t before = at ? (size_t)(at - bad[_i].write) : strlen(bad[_i].write);
    snprintf(command, sizeof(command), "%.*s%s%s", (int)before, bad[_i].write, at ? number : "",
             at ? at + strlen("PORT") : "");
    live_expect("root", command, 0, "");
    live_start_notify("25", "0.2");
    tell_something();
    notices_wait_for_failure("webhook: exit status 78: ");
    ck_assert_msg(strstr(live_output, bad[_i].says), "%s", live_output);
    ck_assert(!is_asked());
    live_expect("root", "test ! -e /tmp/injected", 0, "");
    live_expect("root", "install -m 640 -g accesspkg-notify /dev/null " URL, 0, "");
    write_url(PATH);
    answer(take_request(), "200 OK");
    notices_wait_for(0);
}
END_TEST

int main(void)
{
    suite_case("webhook", setup, teardown);
    suite_timeout(60);
    suite_add(test_posted);
    suite_rows(test_answers, answers);
    suite_loop(test_hangs, 0, 2);
    suite_add(test_no_server, test_globs);
    suite_rows(test_bad_address, bad);
    return suite_run();
}
