/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An event of the log at the journal's own socket, at the path where systemd has it: the fields beside the line, whatever
 * stands in them; without a socket, or with one that is full, the line is on stderr.
 */
#include "common/log.h"
#include "tests/support/suite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define FOLDER "/run/systemd/journal"

static char text[64 * 1024];
static FILE *captured;

/* stderr is a file that passes for the journal's stream. */
static void setup(void)
{
    char stream[64];
    struct stat st;
    captured = tmpfile();
    ck_assert_ptr_nonnull(captured);
    ck_assert_int_eq(dup2(fileno(captured), STDERR_FILENO), STDERR_FILENO);
    ck_assert_int_eq(fstat(STDERR_FILENO, &st), 0);
    snprintf(stream, sizeof(stream), "%llu:%llu", (unsigned long long)st.st_dev,
             (unsigned long long)st.st_ino);
    setenv("JOURNAL_STREAM", stream, 1);
    mkdir("/run/systemd", 0755);
    mkdir(FOLDER, 0755);
    unlink(FOLDER "/socket");
}

static const char *on_stderr(void)
{
    rewind(captured);
    text[fread(text, 1, sizeof(text) - 1, captured)] = '\0';
    return text;
}

static int listen_as_journal(void)
{
    const struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = FOLDER "/socket"};
    const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

static const char *take(int fd)
{
    const ssize_t size = recv(fd, text, sizeof(text) - 1, 0);
    ck_assert_int_gt(size, 0);
    text[size] = '\0';
    return text;
}

static const struct log_field fields[] = {
    {"MESSAGE_ID", "82811f5063dd4ff3b393d28f6c468375"},
    {"ACCESSPKG_USER", "al\nMESSAGE=forged\nice"},
    {"ACCESSPKG_PACKAGE", NULL},
};
enum { FIELDS = sizeof(fields) / sizeof(fields[0]) };

START_TEST(fields_beside_the_line)
{
    const int journal = listen_as_journal();
    errno = 77;
    log_event(LOG_NOTICE, "alice: asked\nPRIORITY=0", fields, FIELDS);
    ck_assert_int_eq(errno, 77);
    ck_assert_str_eq(take(journal), "PRIORITY=5\nSYSLOG_IDENTIFIER=test_journal\n"
                                    "MESSAGE_ID=82811f5063dd4ff3b393d28f6c468375\n"
                                    "ACCESSPKG_USER=al\\x0aMESSAGE=forged\\x0aice\n"
                                    "MESSAGE=alice: asked\\x0aPRIORITY=0\n");
    ck_assert_str_eq(on_stderr(), "");
}
END_TEST

START_TEST(a_long_line_is_cut)
{
    enum { SIZE = 40 * 1024 };
    const int journal = listen_as_journal();
    char *much = malloc(SIZE);
    memset(much, 'x', SIZE - 1);
    much[SIZE - 1] = '\0';
    log_event(LOG_NOTICE, much, fields, FIELDS);
    const char *got = take(journal);
    ck_assert_uint_lt(strlen(got), SIZE);
    ck_assert_str_eq(got + strlen(got) - 5, "x...\n");
    free(much);
}
END_TEST

/* No journal, one that is not the process's own, one that takes no more: the line is not lost, and nobody waits. */
START_TEST(without_it_on_stderr)
{
    log_event(LOG_NOTICE, "one", fields, FIELDS);
    ck_assert_str_eq(on_stderr(), "<5>one\n");
    const int journal = listen_as_journal();
    for (int i = 0; i < 100000 && *on_stderr() == '<' && !strstr(text, "full"); i++)
        log_event(LOG_NOTICE, "full", fields, FIELDS);
    ck_assert_str_eq(on_stderr(), "<5>one\n<5>full\n");
    while (recv(journal, text, sizeof(text), 0) > 0)
        ;
    log_event(LOG_NOTICE, "again", fields, FIELDS);
    ck_assert_ptr_nonnull(strstr(take(journal), "\nMESSAGE=again\n"));
    setenv("JOURNAL_STREAM", "1:1", 1);
    log_event(LOG_NOTICE, "elsewhere", fields, FIELDS);
    ck_assert_str_eq(on_stderr(), "<5>one\n<5>full\nelsewhere\n");
}
END_TEST

int main(void)
{
    suite_case("journal", setup, NULL);
    suite_add(fields_beside_the_line, a_long_line_is_cut, without_it_on_stderr);
    return suite_run();
}
