/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Between the bus and libdbus: what is wanted passes byte for byte, with its descriptors; all else is skipped unread. */
#include "dbus/contract.h"
#include "dbus/server_header.h"
#include "dbus/server_sieve.h"
#include "tests/support/suite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { BYTES_MAX = 1024 * 1024, CALLS = 60 };

static struct ev_loop *loop;
static struct sieve *sieve;
static int bus;   /* what the bus writes to */
static int inner; /* what libdbus has */
static size_t asked;

/* Of callers whose number is odd nothing is wanted. */
static bool is_wanted(const struct bus_header *header, void *data)
{
    (void)data;
    asked++;
    ck_assert(strncmp(header->sender, ":1.", 3) == 0);
    return atoi(header->sender + 3) % 2 == 0;
}

static void setup(void)
{
    int pair[2];
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    bus = pair[0];
    inner = pair[1];
    asked = 0;
    loop = ev_loop_new(EVFLAG_AUTO);
    ck_assert_int_eq(sieve_new(loop, inner, is_wanted, NULL, &sieve), 0);
}

static void teardown(void)
{
    sieve_free(sieve);
    ev_loop_destroy(loop);
    close(bus);
    close(inner);
}

/* A call of caller number `from` with a text of this length. New bytes. */
static char *make_call(int from, size_t length, int *ret_size)
{
    char sender[16];
    char *bytes = NULL;
    char *text = calloc(1, length + 1);
    snprintf(sender, sizeof(sender), ":1.%d", from);
    memset(text, 'x', length);
    DBusMessage *call = dbus_message_new_method_call(BUS_NAME, BUS_PATH, BUS_INTERFACE_MANAGER, "Submit");
    ck_assert(dbus_message_append_args(call, DBUS_TYPE_STRING, &text, DBUS_TYPE_INVALID));
    ck_assert(dbus_message_set_sender(call, sender));
    dbus_message_set_serial(call, (dbus_uint32_t)from + 1);
    ck_assert(dbus_message_marshal(call, &bytes, ret_size));
    dbus_message_unref(call);
    free(text);
    return bytes;
}

/* ---- headers ---- */

START_TEST(test_header)
{
    struct bus_header header;
    uint64_t whole = 0;
    int size;
    char *bytes = make_call(4, 1000, &size);
    const size_t own = (size_t)size - 1008;
    for (size_t have = 0; have < own / 8 * 8; have++) {
        char *part = malloc(have ? have : 1); /* of no byte more, for a sanitizer to see */
        memcpy(part, bytes, have);
        ck_assert_int_eq(header_read((unsigned char *)part, have, &header, &whole), HEADER_E_MORE);
        free(part);
    }
    ck_assert_int_eq(header_read((unsigned char *)bytes, (size_t)size, &header, &whole), 0);
    ck_assert_uint_eq(whole, (uint64_t)size);
    ck_assert_uint_eq(header.size, whole);
    ck_assert_int_eq(header.type, DBUS_MESSAGE_TYPE_METHOD_CALL);
    ck_assert_uint_eq(header.serial, 5);
    ck_assert(!header.no_reply && !header.has_files);
    ck_assert_str_eq(header.sender, ":1.4");
    dbus_free(bytes);
}
END_TEST

/* The bus passes on what a caller wrote in the other order of bytes as it came. */
START_TEST(test_other_order)
{
    static const unsigned char bytes[] = {
        'B', 1, 1,   1, 0, 0,   0, 9, 0, 0, 0,   7, 0, 0, 0, 23, /* the fields */
        8,   1, 'g', 0, 1, 's', 0, 0, 7, 1, 's', 0, 0, 0, 0, 6,  ':', '1', '.', '4', '2', '2', 0, 0};
    struct bus_header header;
    uint64_t size;
    ck_assert_int_eq(header_read(bytes, sizeof(bytes), &header, &size), 0);
    ck_assert_uint_eq(size, 40 + 9);
    ck_assert_uint_eq(header.serial, 7);
    ck_assert(header.no_reply);
    ck_assert_str_eq(header.sender, ":1.422");
}
END_TEST

/* Whatever stands there, it is read within its bounds. */
START_TEST(test_damaged)
{
    int size;
    char *bytes = make_call(4, 0, &size);
    srand(7);
    for (int i = 0; i < 50000; i++) {
        struct bus_header header;
        uint64_t whole;
        unsigned char *copy = malloc((size_t)size);
        memcpy(copy, bytes, (size_t)size);
        for (int k = rand() % 4; k >= 0; k--)
            copy[rand() % size] = rand() % 2 ? (unsigned char)rand() : (unsigned char)(rand() % 2 * 255);
        if (header_read(copy, (size_t)size, &header, &whole) == 0)
            ck_assert(header.sender >= (char *)copy &&
                      header.sender + strlen(header.sender) < (char *)copy + size);
        free(copy);
    }
    dbus_free(bytes);
}
END_TEST

/* ---- what passes ---- */

static size_t read_inner(char *ret, size_t size)
{
    const ssize_t got = recv(inner, ret, size, MSG_DONTWAIT);
    ck_assert(got >= 0 || errno == EAGAIN);
    return got > 0 ? (size_t)got : 0;
}

/* However the bytes come, and however large a message is; waited for, and in the loop, where it rests. */
START_TEST(test_passes)
{
    static char sent[BYTES_MAX], expected[BYTES_MAX], got[BYTES_MAX];
    size_t n_sent = 0, n_expected = 0, n_got = 0, at = 0;
    srand((unsigned)_i + 1);
    for (int i = 0; i < CALLS; i++) {
        const int from = rand() % 20;
        int size;
        char *bytes = make_call(from, (size_t)(rand() % 8 ? rand() % 300 : rand() % 100000), &size);
        ck_assert_uint_lt(n_sent + (size_t)size, BYTES_MAX);
        memcpy(sent + n_sent, bytes, (size_t)size);
        n_sent += (size_t)size;
        if (from % 2 == 0) {
            memcpy(expected + n_expected, bytes, (size_t)size);
            n_expected += (size_t)size;
        }
        dbus_free(bytes);
    }
    while (at < n_sent || n_got < n_expected || asked < CALLS) {
        const size_t most = (size_t)(_i % 3 == 0 ? 1 + rand() % 3 : _i % 3 == 1 ? 1 + rand() % 2000 : 200000);
        const ssize_t n = send(bus, sent + at, n_sent - at < most ? n_sent - at : most, MSG_DONTWAIT);
        at += n > 0 ? (size_t)n : 0;
        if (_i < 3)
            sieve_wait(sieve, 0);
        else
            ev_run(loop, EVRUN_NOWAIT);
        n_got += read_inner(got + n_got, sizeof(got) - n_got);
    }
    ck_assert_uint_eq(n_got, n_expected);
    ck_assert_mem_eq(got, expected, n_expected);
    ck_assert_uint_eq(asked, CALLS);
}
END_TEST

START_TEST(test_other_way)
{
    char text[100000], got[sizeof(text)];
    size_t n_sent = 0, n_got = 0;
    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = (char)i;
    while (n_got < sizeof(text)) {
        const ssize_t n = send(inner, text + n_sent, sizeof(text) - n_sent, MSG_DONTWAIT);
        n_sent += n > 0 ? (size_t)n : 0;
        ck_assert(n_sent == n_got || sieve_holds_back(sieve) || n_got < n_sent);
        sieve_wait(sieve, 0);
        const ssize_t taken = recv(bus, got + n_got, sizeof(got) - n_got, MSG_DONTWAIT);
        n_got += taken > 0 ? (size_t)taken : 0;
    }
    ck_assert_mem_eq(text, got, sizeof(text));
    ck_assert(!sieve_holds_back(sieve));
}
END_TEST

static void see_what_came(struct ev_loop *running, ev_prepare *prepare, int events)
{
    char *got = prepare->data;
    (void)running, (void)events;
    if (recv(bus, got, 1, MSG_DONTWAIT) < 0)
        *got = '-';
}

/* What was written in a turn of the loop is with the bus before that waits, if it is told. */
START_TEST(test_send_soon)
{
    char got = 0;
    ev_prepare last;
    ev_prepare_init(&last, see_what_came);
    last.data = &got;
    ev_set_priority(&last, EV_MINPRI);
    ev_prepare_start(loop, &last);
    for (int i = 0; i < 4; i++) {
        const bool told = i % 2 == 0;
        ck_assert_int_eq(send(inner, "a", 1, 0), 1);
        if (told)
            sieve_send_soon(sieve, false);
        ev_run(loop, EVRUN_NOWAIT);
        ck_assert_int_eq(got, told ? 'a' : '-');
        if (!told)
            ck_assert_int_eq(recv(bus, &got, 1, 0), 1);
    }
    ev_prepare_stop(loop, &last);
}
END_TEST

/* Where the pair is full libdbus would try with each message more: it is emptied without waiting for the loop. */
START_TEST(test_send_at_once)
{
    for (int i = 0; i < 4; i++) {
        const bool full = i % 2 == 1;
        char got[4096] = {0};
        while (send(inner, got, sizeof(got), MSG_DONTWAIT) > 0)
            continue;
        sieve_send_soon(sieve, full);
        ck_assert_int_eq(send(inner, got, 1, MSG_DONTWAIT), full ? 1 : -1);
        while (recv(bus, got, sizeof(got), MSG_DONTWAIT) > 0 || sieve_holds_back(sieve))
            sieve_wait(sieve, 0);
    }
}
END_TEST

static int64_t microseconds(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000 + time.tv_nsec / 1000;
}

/* Behind a call that is not wanted nothing is read for a moment; behind one that is wanted, all is at once. */
START_TEST(test_rests)
{
    char got[4096];
    int size[2];
    char *calls[] = {make_call(4, 10, &size[0]), make_call(3, 10, &size[1])};
    for (int i = 0; i < 200; i++) {
        const bool rests = i % 2;
        const int64_t began = microseconds();
        asked = 0;
        ck_assert_int_eq(send(bus, calls[rests], (size_t)size[rests], 0), size[rests]);
        ev_run(loop, EVRUN_NOWAIT);
        ck_assert_uint_eq(asked, 1);
        ck_assert_int_eq(send(bus, calls[0], (size_t)size[0], 0), size[0]);
        ev_run(loop, EVRUN_NOWAIT);
        ck_assert(rests || asked == 2);
        while (asked < 2)
            ev_run(loop, EVRUN_ONCE);
        ck_assert(!rests || microseconds() - began >= SIEVE_REST_US);
        ck_assert_uint_eq(read_inner(got, sizeof(got)), (size_t)(rests ? size[0] : 2 * size[0]));
    }
    dbus_free(calls[0]);
    dbus_free(calls[1]);
}
END_TEST

/* Large ones are read on at once, for their room in the socket is small. */
START_TEST(test_rests_not_after_much)
{
    int size[2];
    char *calls[] = {make_call(3, 20000, &size[0]), make_call(4, 10, &size[1])};
    for (size_t i = 1; i < 50; i++) {
        ck_assert_int_eq(send(bus, calls[0], (size_t)size[0], 0), size[0]);
        ev_run(loop, EVRUN_NOWAIT);
        ck_assert_int_eq(send(bus, calls[1], (size_t)size[1], 0), size[1]);
        ev_run(loop, EVRUN_NOWAIT);
        ck_assert_uint_eq(asked, 2 * i);
    }
    dbus_free(calls[0]);
    dbus_free(calls[1]);
}
END_TEST

static char *make_odd(int type, int *ret_size)
{
    static char path[20000];
    char *bytes = NULL;
    memset(path, 'x', sizeof(path) - 1);
    path[0] = '/';
    DBusMessage *message = dbus_message_new(type);
    dbus_message_set_path(message, path);
    dbus_message_set_member(message, "Submit");
    dbus_message_set_reply_serial(message, 1);
    dbus_message_set_sender(message, ":1.4");
    dbus_message_set_serial(message, 1);
    ck_assert(dbus_message_marshal(message, &bytes, ret_size));
    dbus_message_unref(message);
    return bytes;
}

/* A header that is too long to be read hides nobody's call (rule 15). */
START_TEST(test_odd)
{
    static const int types[] = {DBUS_MESSAGE_TYPE_METHOD_CALL, DBUS_MESSAGE_TYPE_SIGNAL,
                                DBUS_MESSAGE_TYPE_METHOD_RETURN};
    static char got[65536];
    char *expected[2];
    size_t n_got = 0;
    int size[2];
    for (size_t i = 0; i < 3; i++) {
        expected[0] = make_odd(types[i], &size[0]);
        ck_assert_int_eq(send(bus, expected[0], (size_t)size[0], 0), size[0]);
        if (types[i] != DBUS_MESSAGE_TYPE_METHOD_RETURN)
            dbus_free(expected[0]);
    }
    expected[1] = make_call(4, 10, &size[1]);
    ck_assert_int_eq(send(bus, expected[1], (size_t)size[1], 0), size[1]);
    for (int i = 0; i < 8; i++) {
        sieve_wait(sieve, 0);
        n_got += read_inner(got + n_got, sizeof(got) - n_got);
    }
    ck_assert_uint_eq(n_got, (size_t)(size[0] + size[1]));
    ck_assert_mem_eq(got, expected[0], (size_t)size[0]);
    ck_assert_mem_eq(got + size[0], expected[1], (size_t)size[1]);
    ck_assert_uint_eq(asked, 1);
    dbus_free(expected[0]);
    dbus_free(expected[1]);
}
END_TEST

/* ---- descriptors ---- */

static void send_with_file(const char *bytes, size_t size, int fd)
{
    char space[CMSG_SPACE(sizeof(int))] = {0};
    struct iovec part = {(void *)bytes, size};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof(space)};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    *header = (struct cmsghdr){
        .cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
    memcpy(CMSG_DATA(header), &fd, sizeof(fd));
    ck_assert_int_eq(sendmsg(bus, &message, 0), (int)size);
}

/* Reads so many bytes, with which one descriptor comes, or none. Says whether it is this file's. */
static bool comes_with(size_t size, const struct stat *file)
{
    char bytes[4096];
    bool same = false;
    for (size_t have = 0; have < size;) {
        char space[CMSG_SPACE(sizeof(int) * 8)];
        struct iovec part = {bytes, size - have};
        struct msghdr message = {
            .msg_iov = &part, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof(space)};
        sieve_wait(sieve, 0);
        const ssize_t got = recvmsg(inner, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
        struct cmsghdr *header = got > 0 ? CMSG_FIRSTHDR(&message) : NULL;
        have += got > 0 ? (size_t)got : 0;
        if (header) {
            struct stat now;
            int fd;
            ck_assert_uint_eq(header->cmsg_len, CMSG_LEN(sizeof(int)));
            memcpy(&fd, CMSG_DATA(header), sizeof(fd));
            ck_assert_int_eq(fstat(fd, &now), 0);
            same = now.st_ino == file->st_ino && now.st_dev == file->st_dev;
            close(fd);
        }
    }
    return same;
}

/* A descriptor goes with its message or not at all: never with another one. */
START_TEST(test_files)
{
    const int files[] = {open("/", O_RDONLY | O_CLOEXEC), open("/proc", O_RDONLY | O_CLOEXEC)};
    struct stat file[2];
    int size[2];
    char *calls[] = {make_call(3, 200, &size[0]), make_call(4, 200, &size[1])};
    ck_assert(fstat(files[0], &file[0]) == 0 && fstat(files[1], &file[1]) == 0);
    for (int cut = 0; cut < size[0]; cut += 7) {
        if (cut > 0) /* its last bytes come with those of the next */
            send_with_file(calls[0], (size_t)(size[0] - cut), files[0]);
        else
            send_with_file(calls[0], (size_t)size[0], files[0]);
        if (cut > 0 && cut % 2) {
            sieve_wait(sieve, 0);
        }
        ck_assert_int_eq(send(bus, calls[0] + size[0] - cut, (size_t)cut, 0), cut);
        ck_assert_int_eq(send(bus, calls[1], (size_t)size[1], 0), size[1]);
        send_with_file(calls[1], (size_t)size[1], files[1]);
        ck_assert(!comes_with((size_t)size[1], &file[0]));
        ck_assert_msg(comes_with((size_t)size[1], &file[1]), "cut %d", cut);
    }
    const int next = dup(files[0]);
    ck_assert_int_lt(next, 32); /* none is left open */
    close(next);
    close(files[0]);
    close(files[1]);
    dbus_free(calls[0]);
    dbus_free(calls[1]);
}
END_TEST

/* At its end the daemon sends its answers, when nobody is left to say what is wanted. */
START_TEST(test_stop_reading)
{
    char got[64];
    int size;
    char *call = make_call(4, 10, &size);
    sieve_stop_reading(sieve);
    ck_assert_int_eq(send(bus, call, (size_t)size, 0), size);
    ck_assert_int_eq(send(inner, "answer", 6, 0), 6);
    for (int i = 0; i < 3; i++)
        sieve_wait(sieve, 0);
    ck_assert_int_eq(recv(bus, got, sizeof(got), MSG_DONTWAIT), 6);
    ck_assert_uint_eq(read_inner(got, sizeof(got)), 0);
    ck_assert_uint_eq(asked, 0);
    dbus_free(call);
}
END_TEST

/* Without a descriptor for each of its ends there is none, and nothing is left of it. */
START_TEST(test_no_descriptors)
{
    int pair[2];
    struct sieve *second = NULL;
    struct rlimit limit;
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    const int first_free = dup(pair[0]);
    close(first_free);
    getrlimit(RLIMIT_NOFILE, &limit);
    for (int more = 0; more < 5; more++) {
        const rlim_t most = (rlim_t)first_free + (rlim_t)more;
        const struct rlimit few = {most, limit.rlim_max};
        ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
        const int r = sieve_new(loop, pair[1], is_wanted, NULL, &second);
        setrlimit(RLIMIT_NOFILE, &limit);
        ck_assert_int_eq(r, more < 4 ? -EMFILE : 0);
        ck_assert_int_eq(send(pair[0], "x", 1, 0), 1);
        ev_run(loop, EVRUN_NOWAIT);
        if (r == 0)
            sieve_free(second);
        const int next = dup(pair[0]);
        ck_assert_int_eq(next, first_free);
        close(next);
    }
    close(pair[0]);
    close(pair[1]);
}
END_TEST

/* What came before the end is there still, though it rests. */
START_TEST(test_end)
{
    char got[4096];
    int size;
    char *unwanted = make_call(3, 10, &size);
    ck_assert_int_eq(send(bus, unwanted, (size_t)size, 0), size);
    ev_run(loop, EVRUN_NOWAIT);
    dbus_free(unwanted);
    char *call = make_call(4, 10, &size);
    ck_assert_int_eq(send(bus, call, (size_t)size, 0), size);
    ck_assert_int_eq(shutdown(bus, SHUT_WR), 0);
    while (recv(inner, got, sizeof(got), MSG_DONTWAIT | MSG_PEEK) < 0)
        ev_run(loop, EVRUN_ONCE);
    ev_run(loop, EVRUN_NOWAIT);
    ck_assert_int_eq(recv(inner, got, sizeof(got), 0), size);
    ck_assert_int_eq(recv(inner, got, sizeof(got), 0), 0);
    dbus_free(call);
}
END_TEST

int main(void)
{
    suite_case("header", NULL, NULL);
    suite_add(test_header, test_other_order, test_damaged);
    suite_case("sieve", setup, teardown);
    suite_timeout(30);
    suite_loop(test_passes, 0, 6);
    suite_add(test_odd, test_other_way, test_send_soon, test_send_at_once, test_rests,
              test_rests_not_after_much, test_files, test_stop_reading, test_no_descriptors, test_end);
    return suite_run();
}
