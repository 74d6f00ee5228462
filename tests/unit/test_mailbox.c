/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cli/mailbox.c: messages are counted by the lines that begin them, and nothing but a plain file is read. */
#include "cli/mailbox.h"
#include "tests/support/folder.h"
#include "tests/support/suite.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64], path[96];
static struct mailbox mailbox;

static void setup(void)
{
    folder_make(folder);
    snprintf(path, sizeof(path), "%s/box", folder);
    mailbox = (struct mailbox){.messages = -1};
}

static void teardown(void)
{
    folder_remove(folder);
}

static FILE *begin(void)
{
    FILE *file = fopen(path, "we");

    ck_assert_ptr_nonnull(file);
    return file;
}

static const struct {
    const char *text;
    int messages;
} texts[] = {
    {"", 0},
    {"From", 0},
    {"From ", 1},
    {"From a\n\nx\n", 1},
    {"From a\n\n>From b\n From c\nxFrom d\nFrom: e\nFro\nFrom \n", 2},
    {"no mailbox at all\n", 0},
    {"\n\nFrom a\nFrom b", 2},
    {"FFrom a\nFroFrom b\n", 0},
};

START_TEST(a_message_begins_with_its_line)
{
    FILE *file = begin();

    fputs(texts[_i].text, file);
    ck_assert_int_eq(fclose(file), 0);
    ck_assert_int_eq(mailbox_count(path, &mailbox), 0);
    ck_assert_int_eq(mailbox.messages, texts[_i].messages);
    ck_assert(!mailbox.more);
    ck_assert_int_gt(mailbox.last, 1500000000);
}
END_TEST

/* Wherever what is read at a time ends, in the line that begins a message too. */
START_TEST(messages_of_any_length)
{
    enum { MESSAGES = 2000 };
    FILE *file = begin();

    for (int i = 0; i < MESSAGES; i++)
        fprintf(file, "From MAILER-DAEMON\n%0*d\n", i % 257 + 1, i);
    ck_assert_int_eq(fclose(file), 0);
    ck_assert_int_eq(mailbox_count(path, &mailbox), 0);
    ck_assert_int_eq(mailbox.messages, MESSAGES);
}
END_TEST

/* Whoever fills the mailbox cannot keep the command busy. */
START_TEST(what_is_read_has_a_bound)
{
    enum { BOUND = 16 * 1024 * 1024 };
    FILE *file = begin();

    fputs("From a\n", file);
    ck_assert_int_eq(fseek(file, BOUND, SEEK_SET), 0);
    fputs("\nFrom b\n", file);
    ck_assert_int_eq(fclose(file), 0);
    ck_assert_int_eq(mailbox_count(path, &mailbox), 0);
    ck_assert_int_eq(mailbox.messages, 1);
    ck_assert(mailbox.more);
    ck_assert_int_eq(truncate(path, BOUND), 0);
    ck_assert_int_eq(mailbox_count(path, &mailbox), 0);
    ck_assert(!mailbox.more);
}
END_TEST

START_TEST(nothing_else_is_read)
{
    char link[112];

    ck_assert_int_eq(mailbox_count(path, &mailbox), -ENOENT);
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    ck_assert_int_eq(mailbox_count(path, &mailbox), -EINVAL); /* and it did not wait for a writer */
    ck_assert_int_eq(mailbox_count(folder, &mailbox), -EINVAL);
    snprintf(link, sizeof(link), "%s/link", folder);
    ck_assert_int_eq(symlink("/etc/passwd", link), 0);
    ck_assert_int_eq(mailbox_count(link, &mailbox), -ELOOP);
    ck_assert_int_eq(mailbox.messages, -1);
}
END_TEST

int main(void)
{
    suite_case("counting", setup, teardown);
    suite_rows(a_message_begins_with_its_line, texts);
    suite_add(messages_of_any_length, what_is_read_has_a_bound, nothing_else_is_read);
    return suite_run();
}
