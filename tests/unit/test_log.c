/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The log: one line per event, whatever text it quotes (rule 10), with a priority where the journal reads it. */
#include "common/log.h"
#include "tests/support/suite.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static char text[64 * 1024];
static FILE *captured;

/* From here on stderr is a file of ours, until logged(). Each case runs in a process of its own. */
static void capture(void)
{
    captured = tmpfile();
    ck_assert_ptr_nonnull(captured);
    ck_assert_int_eq(dup2(fileno(captured), STDERR_FILENO), STDERR_FILENO);
}

static const char *logged(void)
{
    rewind(captured);
    text[fread(text, 1, sizeof(text) - 1, captured)] = '\0';
    return text;
}

START_TEST(one_line)
{
    capture();
    errno = 77;
    log_error("user %s: %d", "alice\n<0>forged\x1b[2J\xe2\x80\x8f", 5);
    ck_assert_int_eq(errno, 77);
    ck_assert_str_eq(logged(), "user alice\\x0a<0>forged\\x1b[2J\\xe2\\x80\\x8f: 5\n");
}
END_TEST

START_TEST(debug_when_asked)
{
    capture();
    log_debug("one");
    log_set_debug(true);
    log_debug("two");
    log_set_debug(false);
    log_debug("three");
    ck_assert_str_eq(logged(), "two\n");
}
END_TEST

START_TEST(one_a_minute)
{
    struct log_limit limit = {0};
    size_t others = 7;
    ck_assert(log_may_write(&limit, 1000, &others));
    ck_assert_uint_eq(others, 0);
    ck_assert(!log_may_write(&limit, 1000, &others));
    ck_assert(!log_may_write(&limit, 1059, &others));
    ck_assert(log_may_write(&limit, 1060, &others));
    ck_assert_uint_eq(others, 2);
    ck_assert(log_may_write(&limit, 1120, &others));
    ck_assert_uint_eq(others, 0);
}
END_TEST

START_TEST(priority_for_the_journal)
{
    char stream[64];
    struct stat st;
    capture();
    ck_assert_int_eq(fstat(STDERR_FILENO, &st), 0);
    snprintf(stream, sizeof(stream), "%llu:%llu", (unsigned long long)st.st_dev,
             (unsigned long long)st.st_ino);
    setenv("JOURNAL_STREAM", stream, 1);
    log_warning("low disk");
    setenv("JOURNAL_STREAM", "1:1", 1); /* the parent's journal, not our stderr */
    log_warning("low disk");
    setenv("JOURNAL_STREAM", "nonsense", 1);
    log_warning("low disk");
    unsetenv("JOURNAL_STREAM");
    ck_assert_str_eq(logged(), "<4>low disk\nlow disk\nlow disk\n");
}
END_TEST

/* A journal that hangs holds nothing up; when it reads again lines are whole again. */
START_TEST(a_journal_that_hangs)
{
    enum { LINES = 2000 };
    char stream[64];
    struct stat st;
    int ends[2];
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    ck_assert_int_eq(dup2(ends[0], STDERR_FILENO), STDERR_FILENO);
    ck_assert_int_eq(fstat(STDERR_FILENO, &st), 0);
    snprintf(stream, sizeof(stream), "%llu:%llu", (unsigned long long)st.st_dev,
             (unsigned long long)st.st_ino);
    setenv("JOURNAL_STREAM", stream, 1);
    errno = 77;
    for (int i = 0; i < LINES; i++)
        log_warning("%01000d", i);
    ck_assert_int_eq(errno, 77);
    unsetenv("JOURNAL_STREAM");
    size_t size = 0;
    for (ssize_t n; (n = recv(ends[1], text, sizeof(text), MSG_DONTWAIT)) > 0;)
        size += (size_t)n;
    ck_assert_uint_gt(size, 0);
    ck_assert_uint_lt(size, LINES * 1000);
    setenv("JOURNAL_STREAM", stream, 1);
    log_warning("again");
    const ssize_t n = recv(ends[1], text, sizeof(text) - 1, MSG_DONTWAIT);
    ck_assert_int_gt(n, 0);
    text[n] = '\0';
    const char *last = *text == '\n' ? text + 1 : text; /* behind a line that was cut */
    ck_assert_str_eq(last, "<4>again\n");
}
END_TEST

START_TEST(long_text_is_cut)
{
    enum { SIZE = 40 * 1024 };
    static const struct {
        char filling;
        const char *end;
    } cases[] = {{'\n', "\\x0a...\n"}, {'x', "xxxx...\n"}};
    char *much = malloc(SIZE);
    memset(much, cases[_i].filling, SIZE - 1);
    much[SIZE - 1] = '\0';
    capture();
    log_info("%s", much);
    const size_t length = strlen(logged());
    ck_assert_uint_lt(length, SIZE);
    ck_assert_str_eq(text + length - 8, cases[_i].end);
    ck_assert_ptr_eq(strchr(text, '\n'), text + length - 1);
    free(much);
}
END_TEST

int main(void)
{
    suite_case("log", NULL, NULL);
    suite_add(one_line, debug_when_asked, one_a_minute, priority_for_the_journal, a_journal_that_hangs);
    suite_loop(long_text_is_cut, 0, 2);
    return suite_run();
}
