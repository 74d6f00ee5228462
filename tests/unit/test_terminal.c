/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A notice as a line for terminals, and which terminals take it. */
#include "common/names.h"
#include "common/outbox.h"
#include "helperd/notify/terminal/line.h"
#include "helperd/notify/words.h"
#include "helperd/session/terminal.h"
#include "tests/support/suite.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <pty.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

static char line[LINE_SIZE];

/* ---- the line ---- */

/* Each event as accesspkg-notify words it; those that want no act stay away. */
static const struct {
    const char *event;
    const char *line; /* NULL: not for terminals */
} events[] = {
    {"request-waits", "alice asks for db. To approve: pkg-approve approve 7"},
    {"reminder", "Still waiting: alice asks for db. To approve: pkg-approve approve 7"},
    {"decided-by-other", NULL},
    {"approved", NULL},
    {"denied", "Your request for db was denied. Why: pkg-request status 7"},
    {"expired",
     "Nobody decided on your request for db in time. To ask again: pkg-request submit db -m 'REASON'"},
    {"withdrawn", NULL},
    {"fulfilled",
     "You have db now. Its groups come with a new login. To hand it back: pkg-request return db"},
    {"partially-fulfilled", "You have db only in part. What is missing: pkg-request status 7"},
    {"ends-soon", NULL},
    {"extended", NULL},
    {"ended", NULL},
    {"revoked", "Your access to db was revoked. Why: pkg-request status 7"},
    {"emergency", "EMERGENCY: alice took db without approval. To review: pkg-approve review 7"},
    {"review-overdue", "EMERGENCY: nobody has reviewed that alice took db without approval. To review: "
                       "pkg-approve review 7"},
    {"review-done", NULL},
};

START_TEST(each_event)
{
    ck_assert_uint_eq(sizeof(events) / sizeof(*events), OUTBOX_EVENT_COUNT);
    json_t *notice = json_pack("{s:s, s:s, s:s, s:s, s:i}", "event", events[_i].event, "user", "alice",
                               "package", "db", "anew", "db -m 'REASON'", "request", 7);
    ck_assert_int_eq(words_add(notice, NULL), 0);
    ck_assert_int_eq(line_compose(notice, line), events[_i].line ? 0 : LINE_E_NOT_HERE);
    if (events[_i].line)
        ck_assert_str_eq(line, events[_i].line);
    json_decref(notice);
}
END_TEST

/* Rule 10. */
static const struct {
    const char *summary;
    const char *command; /* NULL: none */
    const char *line;
} texts[] = {
    {"x", NULL, "x."},
    {"\x1b[2J\a\r\nroot: \xc2\x9b", NULL, "\\x1b[2J\\x07\\x0d\\x0aroot: \\xc2\\x9b."},
    {"\xe2\x80\xaetxt.exe \xff", "pkg-x", "\\xe2\\x80\\xaetxt.exe \\xff. To approve: pkg-x"},
    {"Gr\xc3\xb6\xc3\x9f"
     "e",
     "pkg-x",
     "Gr\xc3\xb6\xc3\x9f"
     "e. To approve: pkg-x"},
    {"x", "pkg-x\nreboot", "x."}, /* not what it looks like */
    {"x", "pkg-x \x1b[8m; reboot", "x."},
};

START_TEST(visible_text_alone)
{
    json_t *notice = json_object();
    json_object_set_new(notice, "event", json_string("request-waits"));
    json_object_set_new(notice, "summary", json_string_nocheck(texts[_i].summary));
    if (texts[_i].command)
        json_object_set_new(notice, "commands", json_pack("[s, s]", texts[_i].command, "pkg-other"));
    ck_assert_int_eq(line_compose(notice, line), 0);
    ck_assert_str_eq(line, texts[_i].line);
    json_decref(notice);
}
END_TEST

/* A command that is cut short is another command. */
START_TEST(bounded)
{
    char text[4096];
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    json_t *notice = json_pack("{s:s, s:s, s:[s]}", "event", "reminder", "summary", text, "commands", text);
    ck_assert_int_eq(line_compose(notice, line), 0);
    ck_assert_uint_lt(strlen(line), 300);
    ck_assert_ptr_nonnull(strstr(line, "xxx...."));
    ck_assert_ptr_null(strstr(line, "To approve"));
    json_decref(notice);
}
END_TEST

START_TEST(no_notice)
{
    static const char *const bad[] = {"{}", "{\"event\": \"reminder\"}", "{\"summary\": \"x\"}",
                                      "{\"event\": 1, \"summary\": \"x\"}"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        json_t *notice = json_loads(bad[i], 0, NULL);
        ck_assert_int_eq(line_compose(notice, line), -EINVAL);
        json_decref(notice);
    }
    json_t *newer = json_pack("{s:s, s:s}", "event", "unheard-of", "summary", "x");
    ck_assert_int_eq(line_compose(newer, line), LINE_E_NOT_HERE);
    json_decref(newer);
}
END_TEST

/* ---- terminals ---- */

static int master;
static int slave;
static char path[64];

static void open_terminal(void)
{
    struct termios raw;
    ck_assert_int_eq(openpty(&master, &slave, path, NULL, NULL), 0);
    ck_assert_int_eq(fchmod(slave, 0620), 0);
    ck_assert_int_eq(tcgetattr(slave, &raw), 0);
    cfmakeraw(&raw);
    ck_assert_int_eq(tcsetattr(slave, TCSANOW, &raw), 0);
    ck_assert_int_eq(fcntl(master, F_SETFL, O_NONBLOCK), 0);
}

static void close_terminal(void)
{
    close(slave);
    close(master);
}

static const char *shown(void)
{
    static char text[65536];
    const ssize_t got = read(master, text, sizeof(text) - 1);
    text[got > 0 ? got : 0] = '\0';
    return text;
}

static int put(enum terminal_manners manners)
{
    return terminal_write(path, getuid(), manners, "hello\r\n");
}

START_TEST(takes_a_line)
{
    ck_assert_int_eq(put(TERMINAL_IF_WANTED), 0);
    ck_assert_str_eq(shown(), "hello\r\n");
}
END_TEST

START_TEST(mesg_counts_where_it_is_asked)
{
    ck_assert_int_eq(fchmod(slave, 0600), 0);
    ck_assert_int_eq(put(TERMINAL_IF_WANTED), -EACCES);
    ck_assert_str_eq(shown(), "");
    ck_assert_int_eq(put(TERMINAL_ANYWAY), 0);
    ck_assert_str_eq(shown(), "hello\r\n");
}
END_TEST

START_TEST(never_waits)
{
    int r = 0;
    ck_assert_int_eq(tcflow(slave, TCOOFF), 0);
    ck_assert_int_eq(put(TERMINAL_IF_WANTED), -EAGAIN);
    ck_assert_int_eq(tcflow(slave, TCOON), 0);
    for (int i = 0; r == 0 && i < 65536; i++) /* nobody reads */
        r = put(TERMINAL_IF_WANTED);
    ck_assert_int_eq(r, -EAGAIN);
}
END_TEST

START_TEST(passes_over_what_is_no_terminal_of_theirs)
{
    ck_assert_int_eq(terminal_write(path, getuid() + 1, TERMINAL_IF_WANTED, "x"), -EPERM);
    ck_assert_int_eq(terminal_write("/dev/null", getuid(), TERMINAL_IF_WANTED, "x"), -EPERM);
    ck_assert_int_eq(terminal_write("/dev/stdin", getuid(), TERMINAL_IF_WANTED, "x"), -ELOOP);
    ck_assert_str_eq(shown(), "");
}
END_TEST

/* Each of a person's, whatever is in between. */
START_TEST(tells_each)
{
    char *const terminals[] = {(char *)"/dev/null", path, NULL};
    char *const none[] = {NULL};
    terminal_tell(terminals, getuid(), TERMINAL_IF_WANTED, "hello\r\n");
    ck_assert_str_eq(shown(), "hello\r\n");
    terminal_tell(none, getuid(), TERMINAL_IF_WANTED, "hello\r\n");
    terminal_tell(terminals, getuid() + 1, TERMINAL_IF_WANTED, "hello\r\n");
    ck_assert_str_eq(shown(), "");
}
END_TEST

/* ---- an owner who holds the line discipline up ---- */

/* Memory whose first use waits for ever, as any user has it from FUSE. */
static void *memory_that_waits(void)
{
    struct uffdio_api api = {.api = UFFD_API};
    const size_t size = (size_t)sysconf(_SC_PAGESIZE);
    const int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC);
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct uffdio_register range = {.range = {(uintptr_t)memory, size}, .mode = UFFDIO_REGISTER_MODE_MISSING};
    return fd >= 0 && ioctl(fd, UFFDIO_API, &api) == 0 && ioctl(fd, UFFDIO_REGISTER, &range) == 0 ? memory
                                                                                                  : NULL;
}

static void *read_into(void *memory)
{
    const ssize_t got = read(slave, memory, 1);
    return got == 1 ? memory : NULL;
}

static _Noreturn void hold_up(void)
{
    pthread_t reader;
    const int discipline = 0;
    void *memory = memory_that_waits();
    if (!memory || pthread_create(&reader, NULL, read_into, memory) != 0)
        _exit(1);
    for (;;)
        ioctl(slave, TIOCSETD, &discipline);
}

static int64_t now_ms(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static bool ends_within(pid_t pid, int64_t ms)
{
    for (const int64_t began = now_ms(); now_ms() - began < ms;)
        if (waitpid(pid, NULL, WNOHANG) == pid)
            return true;
    return false;
}

enum { HOLDING_MS = 3000, TRIES = 20 };

/* Until somebody who only opens it has to wait. False: the owner has ended; so it has where its reader was not the first. */
static bool is_held_up(pid_t owner)
{
    const int64_t began = now_ms();
    while (waitpid(owner, NULL, WNOHANG) == 0) {
        if (now_ms() - began > HOLDING_MS) {
            kill(owner, SIGKILL);
            continue;
        }
        const pid_t pid = fork();
        if (pid == 0)
            _exit(put(TERMINAL_IF_WANTED) < 0);
        if (ends_within(pid, 300))
            continue;
        kill(pid, SIGKILL);
        return true;
    }
    return false;
}

START_TEST(no_owner_holds_others_up)
{
    char *const terminals[] = {path, path, path, NULL};
    bool held_up = false;
    pid_t owner = -1;
    if (!memory_that_waits()) {
        puts("no userfaultfd(2): a terminal whose owner holds it up was left out");
        return;
    }
    for (int i = 0; i < TRIES && !held_up; i++) {
        ck_assert_int_eq(write(master, "x", 1), 1);
        owner = fork();
        if (owner == 0)
            hold_up();
        held_up = is_held_up(owner);
    }
    ck_assert(held_up);
    const int64_t began = now_ms();
    terminal_tell(terminals, getuid(), TERMINAL_ANYWAY, "hello\r\n");
    ck_assert_int_lt(now_ms() - began, 3000);
    kill(owner, SIGKILL);
    ck_assert_int_eq(waitpid(owner, NULL, 0), owner);
}
END_TEST

START_TEST(vanished)
{
    ck_assert_int_eq(close(master), 0);
    ck_assert_int_lt(put(TERMINAL_IF_WANTED), 0); /* hung up, its other side still open */
    ck_assert_int_eq(close(slave), 0);
    ck_assert_int_eq(put(TERMINAL_IF_WANTED), -ENOENT);
}
END_TEST

START_TEST(frame)
{
    char framed[LINE_SIZE + 128];
    char host[64] = "";
    char expected[256];
    gethostname(host, sizeof(host) - 1);
    terminal_frame("hello", framed, sizeof(framed));
    snprintf(expected, sizeof(expected), "\r\n\aAccess packages on %s: hello\r\n", host);
    ck_assert_str_eq(framed, expected);
}
END_TEST

/* Rule 10, for a name that a host was given by DHCP, say: the kernel takes any bytes. */
START_TEST(frame_of_an_odd_host)
{
    static const char name[] = "db\x1b[2J7";
    char framed[LINE_SIZE + 128];
    ck_assert_int_eq(unshare(CLONE_NEWUTS), 0);
    ck_assert_int_eq(sethostname(name, strlen(name)), 0);
    terminal_frame("hello", framed, sizeof(framed));
    ck_assert_str_eq(framed, "\r\n\aAccess packages on db\\x1b[2J7: hello\r\n");
    ck_assert_int_eq(sethostname("", 0), 0);
    terminal_frame("hello", framed, sizeof(framed));
    ck_assert_str_eq(framed, "\r\n\aAccess packages on this host: hello\r\n");
}
END_TEST

int main(void)
{
    suite_case("line", NULL, NULL);
    suite_rows(each_event, events);
    suite_rows(visible_text_alone, texts);
    suite_add(bounded, no_notice);
    suite_case("terminals", open_terminal, close_terminal);
    suite_add(takes_a_line, mesg_counts_where_it_is_asked, never_waits,
              passes_over_what_is_no_terminal_of_theirs, tells_each, no_owner_holds_others_up, vanished,
              frame);
    if (geteuid() == 0)
        suite_add(frame_of_an_odd_host);
    else
        puts("not root: the case that names its host was left out");
    return suite_run();
}
