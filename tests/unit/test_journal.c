/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The audit log in the journal (helperd/lifecycle/journal.h): one line for each line of it, with user and package, once it
 * is committed, whatever users typed. That the manual has each event and each MESSAGE_ID.
 */
#include "helperd/lifecycle/journal.h"
#include "helperd/store/sql.h"
#include "tests/support/acts.h"
#include "tests/support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ASKED                                                                                                \
    "[package]\ngroups = dbadmins\n[policy]\nduration = 1h\nmax_duration = 4h\nextension = "                 \
    "allowed\napprovers = bob carol\n"

static struct fixture fixture;
static FILE *captured;
static char text[64 * 1024];

/* From the fixture on stderr is a file of ours, until logged(). Each case runs in a process of its own. */
static void setup(void)
{
    fixture_init(&fixture, "asked", ASKED, NULL);
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

START_TEST(from_asking_to_the_end)
{
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "asked", "ticket 4711", NULL), 0);
    ck_assert_int_eq(fixture_decide(&fixture, "bob", 1, true, "go on", NULL), 0);
    ck_assert_int_eq(acts_extend(&fixture, "alice", "asked", 60, NULL), 0);
    ck_assert_int_eq(acts_revoke(&fixture, "alice", "asked", "done"), 0);
    ck_assert_str_eq(logged(), "alice/asked: requested by alice (request 1): ticket 4711\n"
                               "alice/asked: approved by bob (request 1): go on\n"
                               "alice/asked: given (request 1, assignment 1): dbadmins\n"
                               "alice/asked: requested by alice (request 2): more\n"
                               "alice/asked: needs no approval (request 2): the policy asks nobody\n"
                               "alice/asked: extended (request 2, assignment 1)\n"
                               "alice/asked: revoked by root (request 1, assignment 1): done\n");
}
END_TEST

START_TEST(by_the_clock_and_by_an_administrator)
{
    const struct assign_terms terms = {.package = "asked", .reason = "on call"};
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "asked", NULL, NULL), 0);
    ck_assert_int_eq(acts_assign(&fixture, "dave", &terms, NULL), 0);
    acts_pass(&fixture, 14 * 24 * 3600);
    ck_assert_str_eq(logged(), "alice/asked: requested by alice (request 1)\n"
                               "dave/asked: assigned by root (request 2): on call\n"
                               "dave/asked: given (request 2, assignment 1): dbadmins\n"
                               "dave/asked: ended (request 2, assignment 1)\n"
                               "alice/asked: not decided in time (request 1)\n");
}
END_TEST

/* About no request: whom it is about stands in front all the same. */
START_TEST(about_a_user_alone)
{
    ck_assert_int_eq(acts_delegate(&fixture, "bob", "carol", fixture.now + 3600), 0);
    ck_assert_ptr_eq(
        strstr(logged(), "bob: decisions delegated by bob: from bob (uid 1002) to carol (uid 1003)"), text);
}
END_TEST

/* What was not committed is in no journal either; what was done again by itself is there once. */
START_TEST(without_a_commit_nothing)
{
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "asked", "x", NULL), 0);
    ck_assert_int_eq(sqlite3_exec(fixture.engine.store->database,
                                  "CREATE TRIGGER refuses BEFORE INSERT ON decision BEGIN SELECT"
                                  " raise(ABORT, 'no room'); END",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    ck_assert_int_ne(fixture_decide(&fixture, "bob", 1, true, "go on", NULL), 0);
    ck_assert_ptr_null(strstr(logged(), "approved by"));
    fseek(captured, 0, SEEK_END);
    ck_assert_int_eq(sqlite3_exec(fixture.engine.store->database, "DROP TRIGGER refuses", NULL, NULL, NULL),
                     SQLITE_OK);
    acts_pass(&fixture, 60);
    ck_assert_int_eq(fixture_decide(&fixture, "bob", 1, true, "go on", NULL), 0);
    const char *approved = strstr(logged(), "alice/asked: approved by bob (request 1): go on\n");
    ck_assert_ptr_nonnull(approved);
    ck_assert_ptr_null(strstr(approved + strlen("alice/asked: approved by"), "approved by"));
}
END_TEST

/* Rule 10: no text begins a line, or takes a terminal over, whatever let it in. */
START_TEST(a_text_stays_in_its_line)
{
    struct journal journal = {0};
    const struct journal_subject subject = {"ali\nce", NULL};
    const struct audit line = {
        .actor = "b\x1b[2Job", .request = 7, .detail = "x\nalice/asked: approved by bob (request 1)\r\u202e"};
    ck_assert_int_eq(journal_note(&journal, AUDIT_DENY, &line, &subject), 0);
    journal_write(&journal);
    ck_assert_str_eq(logged(), "ali\\x0ace: denied by b\\x1b[2Job (request 7): "
                               "x\\x0aalice/asked: approved by bob (request 1)\\x0d\\xe2\\x80\\xae\n");
}
END_TEST

static const struct {
    const char *kind, *id;
} kinds[] = {
#define X(kind, id, what) {#kind, id},
    JOURNAL_KINDS(X)
#undef X
};

static const struct {
    const char *kind, *event, *words;
} events[] = {
#define X(kind, name, event, words) {#kind, event, words},
    JOURNAL_EVENTS(X)
#undef X
};

/* docs/man/accesspkgd.8 has a list of ids and one of events, in the order of the tables. */
START_TEST(the_manual_has_them_all)
{
    static char page[256 * 1024];
    FILE *in = fopen("docs/man/accesspkgd.8", "re");
    ck_assert_ptr_nonnull(in);
    page[fread(page, 1, sizeof(page) - 1, in)] = '\0';
    fclose(in);
    const char *at = strstr(page, "\n.Sh JOURNAL\n");
    ck_assert_ptr_nonnull(at);
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        char row[256];
        snprintf(row, sizeof(row), "\n.It Li %s\n", kinds[i].id);
        at = strstr(at, row);
        ck_assert_msg(at, "accesspkgd.8 lacks, or has elsewhere:%s", row);
        for (size_t k = 0; k < sizeof(events) / sizeof(events[0]); k++) {
            if (strcmp(events[k].kind, kinds[i].kind) != 0)
                continue;
            snprintf(row, sizeof(row), "\n.Cm %s\n.Pq %s ", events[k].event, events[k].words);
            at = strstr(at, row);
            ck_assert_msg(at, "accesspkgd.8 lacks, or has elsewhere:%s", row);
        }
    }
}
END_TEST

int main(void)
{
    suite_case("journal", setup, fixture_teardown);
    suite_add(from_asking_to_the_end, by_the_clock_and_by_an_administrator, about_a_user_alone,
              without_a_commit_nothing, a_text_stays_in_its_line);
    suite_case("manual", NULL, NULL);
    suite_add(the_manual_has_them_all);
    return suite_run();
}
