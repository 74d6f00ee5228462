/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The look-up processes: whatever one of them does, each question is answered once, or refused in time (rule 1). */
#include "common/cleanup.h"
#include "helperd/host/lookup.h"
#include "helperd/policy/request.h"
#include "tests/support/folder.h"
#include "tests/support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ASKED_MAX = 64 };

static struct ev_loop *loop;
static struct lookup *lookup;
static char folder[FOLDER_MAX];
static char program[96];

/* What came back, in order; a question's data points at its place. */
static struct answer {
    int times;
    struct facts *facts;
} answers[ASKED_MAX];
static size_t wanted;

static void setup(void)
{
    folder_make(folder);
    snprintf(program, sizeof(program), "%s/program", folder);
    loop = ev_loop_new(EVFLAG_AUTO);
    ck_assert_ptr_nonnull(loop);
    memset(answers, 0, sizeof(answers));
    wanted = 0;
}

static void teardown(void)
{
    lookup_free(lookup);
    lookup = NULL;
    for (size_t i = 0; i < ASKED_MAX; i++)
        facts_free(answers[i].facts);
    ev_loop_destroy(loop);
    folder_remove(folder);
}

/* A look-up process made of shell: `body` is run with the folder as $folder. */
static void use(const char *body, double timeout)
{
    FILE *out = fopen(program, "we");
    ck_assert_ptr_nonnull(out);
    fprintf(out, "#!/bin/sh\nfolder=%s\n%s\n", folder, body);
    ck_assert_int_eq(fclose(out), 0);
    ck_assert_int_eq(chmod(program, 0755), 0);
    lookup = lookup_new(loop, program, timeout);
    ck_assert_ptr_nonnull(lookup);
}

static void on_answer(struct facts *facts, void *data)
{
    struct answer *answer = data;
    answer->times++;
    answer->facts = facts;
    if (--wanted == 0)
        ev_break(loop, EVBREAK_ALL);
}

static void ask(size_t place)
{
    char *groups[] = {(char *)"dbadmins", NULL};
    const struct inquiry inquiry = {.caller = 1001, .user = (char *)"bob", .groups = groups};
    ck_assert_int_eq(lookup_ask(lookup, &inquiry, on_answer, &answers[place]), 0);
    ck_assert_int_eq(answers[place].times, 0); /* never from inside lookup_ask */
    wanted++;
}

static void check_principal_unknown(const struct facts *facts)
{
    ck_assert_ptr_null(facts_principal(facts, "%dba-leads"));
}

static const struct facts *ask_and_wait(void)
{
    ask(0);
    ev_run(loop, 0);
    ck_assert_int_eq(answers[0].times, 1);
    return answers[0].facts;
}

/* A question has no line end: it is read up to its last brace. */
#define READ "q=$(dd bs=65536 count=1 2>/dev/null); "
#define CALLER                                                                                               \
    "{\"caller\": {\"name\": \"alice\", \"uid\": 1001, \"may_log_in\": true, \"groups\": [\"staff\"]}}"
#define REST   "{\"user\": null}\n{\"group\": 0, \"gid\": 2001}"
#define ANSWER CALLER "\n" REST "\n{\"end\": true}"

/* Nothing follows from it. */
static void check_nothing(const struct facts *facts)
{
    ck_assert_ptr_nonnull(facts);
    ck_assert(!facts->caller && !facts->caller_known && !facts->user_known);
    ck_assert(!facts_group(facts, "dbadmins")->known);
}

static void check_answer(const struct facts *facts)
{
    ck_assert_ptr_nonnull(facts);
    ck_assert(facts_are_whole(facts) && !facts->late);
    ck_assert_str_eq(facts->caller->name, "alice");
    ck_assert_uint_eq(facts->caller->uid, 1001);
    ck_assert_ptr_null(facts->user);
    ck_assert_uint_eq(facts_gid(facts, "dbadmins"), 2001);
    ck_assert_ptr_null(facts_group(facts, "others"));
}

START_TEST(test_whole)
{
    use("while " READ "[ -n \"$q\" ]; do echo '" ANSWER "'; done", 10);
    check_answer(ask_and_wait());
}
END_TEST

/* The pieces wait for each other at a pipe: the reader cannot have seen them as one. */
START_TEST(test_in_pieces)
{
    use(READ "printf '{\"caller\": '; dd if=/dev/zero bs=1 count=60000 2>/dev/null | tr '\\0' ' ';"
             " answer='" CALLER "'; printf '%s' \"${answer#*: }\"; echo; echo '" REST
             "'; echo '{\"end\": true}';"
             " cat >/dev/null",
        10);
    check_answer(ask_and_wait());
}
END_TEST

/* Nothing of these is believed, not even what stands before it, and the next question gets a process of its own. */
START_TEST(test_bad_answers)
{
    static const char *const bodies[] = {
        READ "echo 'nonsense'; cat >/dev/null",
        READ "echo '[]'; cat >/dev/null",
        READ "echo '{}'; cat >/dev/null",
        READ "echo; cat >/dev/null",
        READ "echo '{\"group\": 1, \"gid\": 1}'; cat >/dev/null",    /* too many */
        READ "echo '{\"caller\": {\"uid\": 1}}'; cat >/dev/null",    /* no name */
        READ "echo '{\"caller\": \"alice\"}'; cat >/dev/null",       /* no subject */
        READ "echo '" CALLER "'; echo '" CALLER "'; cat >/dev/null", /* twice */
        READ "echo '" CALLER "'; echo nonsense; cat >/dev/null",
        READ "printf '\377\376\n'; cat >/dev/null",
        READ "exec head -c 4000000 /dev/zero",                                         /* no end of it */
        READ "echo '" CALLER "'; yes \"$(printf '{\"principals\": true%2000s' '}')\"", /* and of this */
        READ "printf '{\"caller\": '", /* ends in the middle */
        READ "echo '" CALLER "'",
        "exit 1",
        "kill -9 $$",
    };
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        use(bodies[i], 100); /* the longest of them, a flood, is read to its bound on the busiest machine */
        check_nothing(ask_and_wait());
        ck_assert(!answers[0].facts->late);
        lookup_free(lookup);
        facts_free(answers[0].facts);
        memset(answers, 0, sizeof(answers));
    }
    use("while " READ "[ -n \"$q\" ]; do echo '" ANSWER "'; done", 10);
    check_answer(ask_and_wait());
}
END_TEST

START_TEST(test_no_program)
{
    lookup = lookup_new(loop, "/nonexistent/program", .2);
    check_nothing(ask_and_wait());
}
END_TEST

START_TEST(test_silent)
{
    use("exec tail -f /dev/null", .2);
    const double before = ev_time();
    check_nothing(ask_and_wait());
    ck_assert(answers[0].facts->late);
    ck_assert(ev_time() - before < 5);
}
END_TEST

/* What hangs takes nothing with it that was found before. */
START_TEST(test_hangs_in_the_middle)
{
    use(READ "echo '" CALLER "'; printf '{\"user\": '; exec tail -f /dev/null", .5);
    const struct facts *facts = ask_and_wait();
    ck_assert_str_eq(facts->caller->name, "alice");
    ck_assert(!facts->user_known && facts->late && !facts_are_whole(facts));
}
END_TEST

/* Principals alone are not worth the whole time. */
START_TEST(test_hangs_among_principals)
{
    use(READ "echo '" CALLER "'; echo '" REST "'; echo '{\"principals\": true}'; exec tail -f /dev/null",
        600);
    const double before = ev_time();
    const struct facts *facts = ask_and_wait();
    ck_assert(ev_time() - before < 60);
    ck_assert(facts->late && facts_are_whole(facts));
    check_principal_unknown(facts);
}
END_TEST

/* How often the journal has these words. */
static int count_logged(const char *words)
{
    char path[96], line[1024];
    int count = 0;
    snprintf(path, sizeof(path), "%s/log", folder);
    FILE *file = fopen(path, "re");
    ck_assert_ptr_nonnull(file);
    while (fgets(line, sizeof(line), file))
        count += strstr(line, words) != NULL;
    fclose(file);
    return count;
}

static void log_to_file(void)
{
    char path[96];
    snprintf(path, sizeof(path), "%s/log", folder);
    ck_assert_ptr_nonnull(freopen(path, "we", stderr));
}

static void ask_again(void)
{
    facts_free(answers[0].facts);
    memset(answers, 0, sizeof(answers));
    ask_and_wait();
}

static int begun, over;

static void on_outage(bool lasts, void *data)
{
    (void)data;
    begun += lasts;
    over += !lasts;
}

/* One that needs no directory: nothing but who calls. */
static void ask_another(void)
{
    const struct inquiry inquiry = {.caller = 1001};
    facts_free(answers[0].facts);
    memset(answers, 0, sizeof(answers));
    ck_assert_int_eq(lookup_ask(lookup, &inquiry, on_answer, &answers[0]), 0);
    wanted++;
    ev_run(loop, 0);
    ck_assert(facts_are_whole(answers[0].facts));
}

static void bring_up(void)
{
    char path[96];
    snprintf(path, sizeof(path), "%s/up", folder);
    FILE *file = fopen(path, "we");
    ck_assert_ptr_nonnull(file);
    fclose(file);
}

/* An outage is told of once, with a count when it is over: when what failed is answered, not when something else is. */
START_TEST(test_an_outage_is_logged_once)
{
    char body[512];
    snprintf(body, sizeof(body),
             "while " READ "[ -n \"$q\" ]; do case $q in *bob*) if [ -e $folder/up ]; then echo '%s';"
             " else echo '{\"caller\": false}'; echo '{\"end\": true}'; fi;; *) echo '%s'; echo '{\"end\": "
             "true}';;"
             " esac; done",
             ANSWER, CALLER);
    log_to_file();
    use(body, 10);
    lookup_set_outage(lookup, on_outage, NULL);
    begun = over = 0;
    for (int i = 0; i < 20; i++)
        ask_again();
    ck_assert_int_eq(count_logged("says that it is not available"), 1);
    lookup_set_timeout(lookup, .2); /* the pause is measured by it */
    ask_again();
    lookup_set_timeout(lookup, 10);
    ask_another();
    ck_assert_int_eq(count_logged(""), 1);
    ck_assert_int_eq(begun, 1);
    bring_up();
    ask_again();
    check_answer(answers[0].facts);
    ck_assert_int_eq(over, 0);
    while (!over)
        ev_run(loop, EVRUN_ONCE);
    ck_assert_int_eq(begun, 1);
    ck_assert_int_eq(count_logged("answered again. 21 look-ups failed"), 1);
    ck_assert_int_eq(count_logged(""), 2);
}
END_TEST

/* One that ended for being idle while it was asked: the question goes to another. */
START_TEST(test_leaves_once)
{
    use("if mkdir $folder/once 2>/dev/null; then exit 0; fi;" READ "echo '" ANSWER "'; cat >/dev/null", 10);
    check_answer(ask_and_wait());
}
END_TEST

/* More questions than processes, of which the first hang: each is answered once. */
START_TEST(test_many)
{
    use("if mkdir $folder/first 2>/dev/null || mkdir $folder/second 2>/dev/null; then exec tail -f "
        "/dev/null; fi;"
        "while " READ "[ -n \"$q\" ]; do echo '" ANSWER "'; done",
        2);
    int refused = 0;
    for (size_t i = 0; i < ASKED_MAX; i++)
        ask(i);
    ev_run(loop, 0);
    for (size_t i = 0; i < ASKED_MAX; i++) {
        ck_assert_int_eq(answers[i].times, 1);
        refused += !answers[i].facts->caller_known;
    }
    ck_assert_int_eq(refused, 2);
}
END_TEST

/* Forgotten questions are never answered, and cost the others nothing. */
START_TEST(test_cancel)
{
    use("while " READ "[ -n \"$q\" ]; do echo '" ANSWER "'; done", 10);
    for (size_t i = 0; i < ASKED_MAX; i++)
        ask(i);
    for (size_t i = 0; i < ASKED_MAX; i += 2) {
        lookup_cancel(lookup, &answers[i]);
        wanted--;
    }
    ev_run(loop, 0);
    for (size_t i = 0; i < ASKED_MAX; i++)
        ck_assert_int_eq(answers[i].times, i % 2);
}
END_TEST

/* Whether 16 processes have begun. */
static int access_last(void)
{
    char path[FOLDER_MAX + 8];
    snprintf(path, sizeof(path), "%s/16", folder);
    return access(path, F_OK);
}

/* Nor do those wait on that are behind them, when all processes were at work on forgotten ones. */
START_TEST(test_cancel_at_work)
{
    enum { AT_WORK = 16, BEHIND = 3 };
    use("for i in $(seq 16); do if mkdir $folder/$i 2>/dev/null; then exec tail -f /dev/null; fi; done;"
        "while " READ "[ -n \"$q\" ]; do echo '" ANSWER "'; done",
        10);
    for (size_t i = 0; i < AT_WORK + BEHIND; i++)
        ask(i);
    while (access_last() < 0)
        ev_run(loop, EVRUN_NOWAIT);
    for (size_t i = 0; i < AT_WORK; i++) {
        lookup_cancel(lookup, &answers[i]);
        wanted--;
    }
    ev_run(loop, 0);
    for (size_t i = AT_WORK; i < AT_WORK + BEHIND; i++)
        ck_assert(answers[i].times == 1 && answers[i].facts->caller_known);
}
END_TEST

/* Freed with questions in the queue and at work. */
START_TEST(test_free)
{
    use("exec tail -f /dev/null", 10);
    for (size_t i = 0; i < ASKED_MAX; i++)
        ask(i);
    ev_run(loop, EVRUN_ONCE);
    lookup_free(lookup);
    lookup = NULL;
    for (size_t i = 0; i < ASKED_MAX; i++)
        ck_assert_int_eq(answers[i].times, 0);
}
END_TEST

int main(void)
{
    suite_case("lookup", setup, teardown);
    suite_timeout(30);
    suite_add(test_whole, test_in_pieces, test_bad_answers, test_no_program, test_silent,
              test_hangs_in_the_middle, test_hangs_among_principals, test_an_outage_is_logged_once,
              test_leaves_once, test_many, test_cancel, test_cancel_at_work, test_free);
    return suite_run();
}
