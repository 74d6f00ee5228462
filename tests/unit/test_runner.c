/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cli/runner.c: what a command line becomes, and that a wrong one never reaches a command. */
#include "cli/runner.h"
#include "dbus/contract.h"
#include "tests/support/suite.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

static struct invocation seen;
static int64_t seen_ids[8];
static int runs;

static int remember(struct invocation *invocation)
{
    seen = *invocation;
    for (size_t i = 0; invocation->ids && i < invocation->n_operands && i < 8; i++)
        seen_ids[i] = invocation->ids[i];
    runs++;
    return 3;
}

static const struct command commands[] = {
    {"list", "", 0, 0, TAKES_LIMIT, remember, "lists"},
    {"act", "ID...", 1, -1, TAKES_IDS | TAKES_REASON, remember, "acts"},
    {"look", "ID", 1, 1, TAKES_IDS | TAKES_USERS | TAKES_BARE, remember, "looks"},
    {"own", "ID...", 1, -1, TAKES_IDS | TAKES_OWN, remember, "is one's own"},
    {"many", "ID...", 1, -1, TAKES_IDS | TAKES_USERS | TAKES_SEVERAL, remember, "takes several"},
    {"submit", "NAME", 1, 1, TAKES_REASON | TAKES_DURATION, remember, "submits"},
    {"gate open", "NAME", 1, 1, TAKES_REPORT, remember, "opens"},
    {"gate shut", "", 0, 0, TAKES_ALL, remember, "shuts"},
    {0},
};

static const struct command_family families[] = {{"gate", "has two words: gate --help"}, {0}};
static const struct program program = {"prog", "tests the runner", commands, 1, families};

/* The texts on stdout and stderr of the last run. */
static char out[8192], err[8192];

static void capture(const char *path, int fd)
{
    int file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);

    ck_assert_int_ge(file, 0);
    ck_assert_int_eq(dup2(file, fd), fd);
    close(file);
}

static void collect(int fd, char *ret, size_t size)
{
    ssize_t length;

    fflush(NULL);
    length = pread(fd, ret, size - 1, 0);
    ck_assert_int_ge(length, 0);
    ret[length] = '\0';
}

/* Runs with the real descriptors turned to files without names. */
static int run(const char *const words[])
{
    char *argv[16] = {(char *)"prog"};
    char path[] = "/tmp/test-runner-XXXXXX";
    int argc = 1, saved[2] = {dup(STDOUT_FILENO), dup(STDERR_FILENO)}, code;

    while (words[argc - 1])
        argc++;
    memcpy(argv + 1, words, (size_t)(argc - 1) * sizeof(*argv));
    close(mkstemp(path));
    capture(path, STDOUT_FILENO);
    unlink(path);
    capture(path, STDERR_FILENO);
    unlink(path);
    runs = 0;
    memset(&seen, 0, sizeof(seen));
    memset(seen_ids, 0, sizeof(seen_ids));
    code = runner_main(&program, argc, argv);
    collect(STDOUT_FILENO, out, sizeof(out));
    collect(STDERR_FILENO, err, sizeof(err));
    dup2(saved[0], STDOUT_FILENO);
    dup2(saved[1], STDERR_FILENO);
    close(saved[0]);
    close(saved[1]);
    return code;
}

#define RUN(...) run((const char *[]){__VA_ARGS__ __VA_OPT__(, ) NULL})

START_TEST(a_bare_call_runs_the_first_command)
{
    ck_assert_int_eq(RUN(), 3);
    ck_assert_int_eq(runs, 1);
    ck_assert_str_eq(seen.command->name, "list");
    ck_assert_uint_eq(seen.n_operands, 0);
}
END_TEST

START_TEST(options_stand_anywhere)
{
    ck_assert_int_eq(RUN("-m", "why", "act", "--json", "12", "7"), 3);
    ck_assert_str_eq(seen.reason, "why");
    ck_assert(seen.output.json);
    ck_assert_uint_eq(seen.n_operands, 2);
    ck_assert_int_eq(seen_ids[0], 12);
    ck_assert_int_eq(seen_ids[1], 7);
    ck_assert_int_eq(RUN("submit", "db", "--justification=a b", "-d", "90m"), 3);
    ck_assert_str_eq(seen.reason, "a b");
    ck_assert_int_eq(seen.duration, 5400);
    ck_assert_int_eq(RUN("act", "alice/db-admins", "7"), 3); /* 0: to be asked of the bus */
    ck_assert_int_eq(seen_ids[0], 0);
    ck_assert_int_eq(seen_ids[1], 7);
    ck_assert_int_eq(RUN("--limit", "5"), 3);
    ck_assert_int_eq(seen.limit, 5);
    ck_assert_int_eq(RUN("gate", "--report", "open", "it"), 3);
    ck_assert_str_eq(seen.command->name, "gate open");
    ck_assert_uint_eq(seen.n_operands, 1);
    ck_assert(seen.report);
}
END_TEST

static const struct {
    const char *words[5];
    const char *says;
} usage_errors[] = {
    {{"nonsense"}, "there is no command 'nonsense'. Try: prog --help"},
    {{"sumbit"}, "there is no command 'sumbit'; do you mean 'submit'? Try: prog --help"},
    {{"gaet"}, "there is no command 'gaet'; do you mean 'gate'? Try: prog --help"},
    {{"gate", "opne"}, "there is no command 'gate opne'; do you mean 'gate open'? Try: prog --help"},
    {{"act", "1", "--raeson", "x"}, "there is no option --raeson; do you mean --reason? Try: prog --help"},
    {{"act", "1", "--resaon=x"}, "there is no option --resaon; do you mean --reason?"},
    {{"--untill"}, "there is no option --untill, or several"}, /* no command of this program takes --until */
    {{"12,13"}, "there is no command '12,13'"},
    {{"3-7"}, "there is no command '3-7'"},
    {{"0"}, "there is no command '0'"},
    {{"12", "13"}, "the command 'look' does not take '13'"},
    {{"12", "-m", "why"}, "the command 'look' takes no --reason"},
    {{"act", "alice"}, "'alice' is no request number"},
    {{"act", "3-7"}, "'3-7' is no request number"},
    {{"look", "3-7"}, "'3-7' is no request number"},
    {{"look", "3x"}, "'3x' is no request number"},
    {{"many", "7-3"}, "'7-3' is no request number"},
    {{"many", "0-3"}, "'0-3' is no request number"},
    {{"many", "3-"}, "'3-' is no request number"},
    {{"many", "3-4-5"}, "'3-4-5' is no request number"},
    {{"many", "3-99999999999999999999"}, "is no request number"},
    {{"many", ""}, "'' is no request number"},
    {{"many", "+3"}, "'+3' is no request number"},
    {{"own", "Prod"}, "'Prod' is no request number"}, /* a package's name has no capital */
    {{"own", "0"}, "'0' is no request number"},
    {{"gate"}, "'gate' is the first word of several commands. Try: prog --help"},
    {{"gate", "lift"}, "there is no command 'gate lift'"},
    {{"gate", "open"}, "the command 'gate open' needs NAME. Try: prog gate open --help"},
    {{"gate", "shut", "--report"}, "the command 'gate shut' takes no --report"},
    {{"--nonsense"}, "there is no option --nonsense, or several begin with it"},
    {{"--re"}, "there is no option --re, or several begin with it"},
    {{"-x"}, "there is no option -x"},
    {{"act"}, "needs ID. Try: prog act --help"},
    {{"act", "-m"}, "-m needs a value"},
    {{"act", "1", "--json=yes"}, "the option --json takes no value"},
    {{"list", "extra"}, "'extra'"},
    {{"list", "-m", "why"}, "takes no --reason. Try: prog list --help"},
    {{"act", "1", "-d", "1h"}, "takes no --duration"},
    {{"submit", "a", "b"}, "'b'"},
    {{"submit", "a", "-d", "soon"}, "'soon' is no duration"},
    {{"submit", "a", "-d", "-1"}, "'-1' is no duration"},
    {{"submit", "a", "-d", "4"}, "'4' has no unit; write it as 90m, 4h, 1d or 2w"},
    {{"submit", "a", "-d", "0"}, "'0' has no unit"},
    {{"submit", "a", "--start", "+4"}, "'+4' is no time"},
    {{"list", "-n", "0"}, "'0' is no limit"},
    {{"act", "0"}, "'0' is no request number"},
    {{"act", "-3"}, "-3"},
    {{"act", "--", "-3"}, "'-3' is no request number"},
    {{"act", "+3"}, "'+3' is no request number"},
    {{"act", " 3"}, "' 3' is no request number"},
    {{"act", "3x"}, "'3x' is no request number"},
    {{"act", "0x3"}, "'0x3' is no request number"},
    {{"act", ""}, "'' is no request number"},
    {{"act", "/db"}, "'/db' is no request number; write one as 3, or USER/PACKAGE as alice/db-admins"},
    {{"act", "alice/"}, "'alice/' is no request number"},
    {{"act", "1", "12,13"}, "'12,13' is no request number"},
    {{"act", "9223372036854775808"}, "is no request number"},
    {{"act", "1", "-m", "\xff"}, "argument 4, '\\xff', is not UTF-8"},
    {{"submit", "\xed\xa0\x80"}, "argument 2"},
    {{"submit", "a\x1b[2J", "b\x1b[2J"}, "'b\\x1b[2J'"},
};

START_TEST(a_usage_error_is_one_line_and_runs_nothing)
{
    const char *words[6] = {0};

    memcpy(words, usage_errors[_i].words, sizeof(usage_errors[_i].words));
    ck_assert_int_eq(run(words), EX_USAGE);
    ck_assert_int_eq(runs, 0);
    ck_assert_msg(strstr(err, usage_errors[_i].says) != NULL, "%s", err);
    ck_assert_msg(strstr(err, "Try: prog ") != NULL, "%s", err);
    ck_assert_msg(strstr(err, "--help\n") != NULL, "%s", err);
    ck_assert_ptr_eq(strchr(err, '\n'), err + strlen(err) - 1);
    ck_assert_ptr_null(strchr(err, '\x1b'));
    ck_assert_str_eq(out, "");
}
END_TEST

/* What is no number is left for the bus. */
START_TEST(names_and_ranges_where_they_are_taken)
{
    ck_assert_int_eq(RUN("many", "3-7", "all", "carol", "12", "a/b"), 3);
    ck_assert_uint_eq(seen.n_operands, 5);
    for (size_t i = 0; i < 5; i++)
        ck_assert_int_eq(seen_ids[i], i == 3 ? 12 : 0);
    ck_assert_int_eq(RUN("own", "production", "3d-lab"), 3);
    ck_assert_int_eq(seen_ids[1], 0);
}
END_TEST

START_TEST(a_bare_number_is_shown)
{
    ck_assert_int_eq(RUN("12"), 3);
    ck_assert_str_eq(seen.command->name, "look");
    ck_assert_int_eq(seen_ids[0], 12);
    ck_assert_int_eq(RUN("--json", "alice/db"), 3);
    ck_assert_str_eq(seen.command->name, "look");
    ck_assert(seen.output.json);
}
END_TEST

START_TEST(a_reason_has_a_longest_length)
{
    char reason[BUS_TEXT_MAX + 2];

    memset(reason, 'x', sizeof(reason));
    reason[BUS_TEXT_MAX + 1] = '\0';
    ck_assert_int_eq(RUN("act", "1", "-m", reason), EX_USAGE);
    ck_assert_ptr_nonnull(strstr(err, "4097 bytes"));
    ck_assert_int_eq(runs, 0);
    reason[BUS_TEXT_MAX] = '\0';
    ck_assert_int_eq(RUN("act", "1", "-m", reason), 3);
}
END_TEST

/* A program tells its commands, a command its options. */
START_TEST(help_comes_from_the_tables)
{
    ck_assert_int_eq(RUN("--help"), 0);
    ck_assert_int_eq(runs, 0);
    ck_assert_str_eq(err, "");
    ck_assert_str_eq(out, "prog: tests the runner\n\nUsage: prog [COMMAND] [OPTION]...\n\n"
                          "Commands (without one: list):\n"
                          "  list          lists\n  act ID...     acts\n  look ID       looks\n"
                          "  own ID...     is one's own\n  many ID...    takes several\n"
                          "  submit NAME   submits\n"
                          "  gate COMMAND  has two words: gate --help\n\n"
                          "Options: --lines --json --help --version; more: COMMAND --help, man prog\n");
    ck_assert_int_eq(RUN("act", "-h"), 0);
    ck_assert_int_eq(runs, 0);
    ck_assert_str_eq(out, "prog act: acts\n\nUsage: prog act ID... [OPTION]...\n\n"
                          "Options:\n"
                          "  -m, --reason TEXT         why; the people concerned read it\n"
                          "      --justification TEXT  the same as --reason\n"
                          "      --lines               print labelled lines instead of tables\n"
                          "      --json                print JSON, for programs\n"
                          "  -h, --help                show this help\n"
                          "  -V, --version             show the version\n\n"
                          "ID is a request's number, or USER/PACKAGE, as alice/db-admins.\n\n"
                          "More, and what the exit codes mean: man prog\n");
    ck_assert_int_eq(RUN("own", "--help"), 0);
    ck_assert_ptr_nonnull(strstr(out,
                                 "\nID is a request's number, or USER/PACKAGE, as alice/db-admins; or the "
                                 "PACKAGE\nthat you asked for.\n"));
    ck_assert_int_eq(RUN("many", "--help"), 0);
    ck_assert_ptr_nonnull(
        strstr(out, "; or a USER of whom\none request waits for you; or several: 3-7, all.\n"));
    ck_assert_int_eq(RUN("gate", "--help"), 0);
    ck_assert_str_eq(out, "prog gate: has two words: gate --help\n\nUsage: prog gate COMMAND [OPTION]...\n\n"
                          "Commands:\n  gate open NAME                opens\n"
                          "  gate shut                     shuts\n\n"
                          "Options: --lines --json --help --version; more: COMMAND --help, man prog\n");
    ck_assert_int_eq(RUN("gate", "shut", "--help"), 0);
    ck_assert_ptr_nonnull(strstr(out, "Usage: prog gate shut [OPTION]...\n"));
}
END_TEST

START_TEST(version_and_completion)
{
    ck_assert_int_eq(RUN("--version"), 0);
    ck_assert_ptr_eq(strstr(out, "prog (accesspkg) "), out);
    ck_assert_int_eq(RUN("--print-completion"), 0);
    ck_assert_str_eq(
        out, "list act look own many submit gate\n--reason --justification --duration --report --all "
             "--limit --lines --json --help "
             "--version\n"
             "command\tlist\t-\t--limit --lines --json --help --version \n"
             "command\tact\tID...\t--reason --justification --lines --json --help --version \n"
             "command\tlook\tID\t--lines --json --help --version \n"
             "command\town\tID...\t--lines --json --help --version \n"
             "command\tmany\tID...\t--lines --json --help --version \n"
             "command\tsubmit\tNAME\t--reason --justification --duration --lines --json --help --version \n"
             "command\tgate open\tNAME\t--report --lines --json --help --version \n"
             "command\tgate shut\t-\t--all --lines --json --help --version \n"
             "option\t--reason\tTEXT\noption\t-m\tTEXT\noption\t--justification\tTEXT\n"
             "option\t--duration\tTIME\noption\t-d\tTIME\noption\t--limit\tN\noption\t-n\tN\n");
}
END_TEST

int main(void)
{
    suite_case("command lines", NULL, NULL);
    suite_add(a_bare_call_runs_the_first_command, options_stand_anywhere);
    suite_rows(a_usage_error_is_one_line_and_runs_nothing, usage_errors);
    suite_add(names_and_ranges_where_they_are_taken, a_bare_number_is_shown);
    suite_add(a_reason_has_a_longest_length, help_comes_from_the_tables, version_and_completion);
    return suite_run();
}
