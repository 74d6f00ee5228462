/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See the header. Parses with the table of options of all programs (options.c) and the program's table of commands. */
#include "cli/runner.h"

#include "cli/complete.h"
#include "cli/help.h"
#include "cli/options.h"
#include "cli/pager.h"

#include "common/cleanup.h"
#include "common/names.h"
#include "common/paths.h"
#include "common/similar.h"
#include "common/strv.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

/* ---- parsing ---------------------------------------------------------------------------------------------- */

enum { LONG_BASE = 256 }; /* codes of long options: above all letters */

static void getopt_tables(char *ret_letters, struct option *ret_long)
{
    *ret_letters++ = ':';
    for (size_t i = 0; i < N_OPTIONS; i++) {
        ret_long[i] = (struct option){.name = options_rows[i].name,
                                      .has_arg = options_rows[i].argument ? required_argument : no_argument,
                                      .val = (int)(LONG_BASE + i)};
        if (options_rows[i].letter) {
            *ret_letters++ = options_rows[i].letter;
            if (options_rows[i].argument)
                *ret_letters++ = ':';
        }
    }
    *ret_letters = '\0';
    ret_long[N_OPTIONS] = (struct option){0};
}

static const struct option_row *find_option(int code)
{
    for (size_t i = 0; i < N_OPTIONS; i++)
        if (code == (int)(LONG_BASE + i) || (options_rows[i].letter && code == options_rows[i].letter))
            return &options_rows[i];
    return NULL;
}

/* `text` begins with "--", and may have a value. */
static int refuse_option(const struct invocation *invocation, const char *text)
{
    _cleanup_free_ char *name = strndup(text + 2, strcspn(text + 2, "="));
    struct similar similar = {.typed = name ? name : ""};

    for (size_t i = 0; i < N_OPTIONS; i++)
        if (options_rows[i].help && options_concern(invocation->program, &options_rows[i]))
            similar_try(&similar, options_rows[i].name);
    if (similar.best)
        return command_usage(invocation, "there is no option --%s; do you mean --%s?", similar.typed,
                             similar.best);
    return command_usage(invocation, "there is no option %s, or several begin with it", text);
}

/* Parses the options, before and after operands. 0 or an exit code; *ret_takes are the options given. */
static int parse_options(struct invocation *invocation, int argc, char *argv[], uint64_t *ret_takes,
                         const struct option_row **ret_instead)
{
    char letters[2 * N_OPTIONS + 2];
    struct option longs[N_OPTIONS + 1];
    int code, r = 0;

    getopt_tables(letters, longs);
    opterr = 0;
    optind = 0; /* start over: the tests call this more than once */
    while (r == 0 && (code = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
        const struct option_row *option = find_option(code);

        if (code == ':')
            return command_usage(invocation, "the option %s needs a value", argv[optind - 1]);
        if (!option && optopt > 0 && optopt < LONG_BASE)
            return command_usage(invocation, "there is no option -%c", optopt);
        if (!option && optopt >= LONG_BASE)
            return command_usage(invocation, "the option --%s takes no value", find_option(optopt)->name);
        if (!option)
            return refuse_option(invocation, argv[optind - 1]);
        *ret_takes |= option->takes;
        if (option->instead)
            *ret_instead = option;
        else
            r = option->set(invocation, optarg);
    }
    return r;
}

/* The command that the first word names, or the first two; *ret_words is how many. */
static const struct command *find_command(const struct program *program, char *const *words, int *ret_words)
{
    for (const struct command *command = program->commands; command->name; command++) {
        const char *second = strchr(command->name, ' ');
        const size_t first = strcspn(command->name, " ");
        if (strncmp(command->name, words[0], first) != 0 || words[0][first])
            continue;
        *ret_words = second ? 2 : 1;
        if (!second || (words[1] && strcmp(words[1], second + 1) == 0))
            return command;
    }
    return NULL;
}

static int refuse_unknown_command(const struct invocation *invocation, const char *typed)
{
    struct similar similar = {.typed = typed};

    for (const struct command *command = invocation->program->commands; command->name; command++)
        similar_try(&similar, command->name);
    for (const struct command_family *family = invocation->program->families; family && family->name;
         family++)
        similar_try(&similar, family->name);
    if (similar.best)
        return command_usage(invocation, "there is no command '%s'; do you mean '%s'?", typed, similar.best);
    return command_usage(invocation, "there is no command '%s'", typed);
}

/* What is wrong with the words in a command's place. */
static int refuse_command(const struct invocation *invocation, char *const *words)
{
    if (!command_family(invocation->program, words[0]))
        return refuse_unknown_command(invocation, words[0]);
    if (!words[1])
        return command_usage(invocation, "'%s' is the first word of several commands", words[0]);
    _cleanup_free_ char *typed = output_format("%s %s", words[0], words[1]);
    return refuse_unknown_command(invocation, typed);
}

/* The command for a request's number, or USER/PACKAGE, in a command's place. NULL: there is none. */
static const struct command *find_bare(const struct program *program, const char *word)
{
    const struct command *command = program->commands;

    while (command->name && !(command->takes & TAKES_BARE))
        command++;
    return command->name && options_read_id(word, &(int64_t){0}) ? command : NULL;
}

static int parse_ids(struct invocation *invocation)
{
    invocation->ids = calloc(invocation->n_operands + 1, sizeof(*invocation->ids));
    if (!invocation->ids)
        return command_usage(invocation, "there are too many request numbers");
    for (size_t i = 0; i < invocation->n_operands; i++)
        if (options_parse_id(invocation, invocation->command->takes, invocation->operands[i],
                             &invocation->ids[i]) != 0)
            return EX_USAGE;
    return 0;
}

/* Finds the command, its operands, and options that it does not take. 0 or an exit code. */
static int parse_operands(struct invocation *invocation, int argc, char *argv[], uint64_t takes)
{
    int words = 0;
    const struct command *command = optind < argc ? find_command(invocation->program, argv + optind, &words)
                                                  : invocation->program->commands;

    if (!command)
        command = find_bare(invocation->program, argv[optind]);
    if (!command)
        return refuse_command(invocation, argv + optind);
    invocation->command = command;
    if (takes & ~command->takes)
        for (size_t i = 0; i < N_OPTIONS; i++)
            if (options_rows[i].takes & takes & ~command->takes)
                return command_usage(invocation, "the command '%s' takes no --%s", command->name,
                                     options_rows[i].name);
    if (invocation->csv && invocation->output.json)
        return command_usage(invocation, "--csv and --json are two ways to print; give one");
    if (options_parse_until(invocation) != 0)
        return EX_USAGE;
    if (invocation->duration > 0 && invocation->until > 0)
        return command_usage(invocation,
                             "a duration and --until are two ways to say one thing; give one of them");
    if (invocation->start > 0 && invocation->until > 0 && invocation->until <= invocation->start)
        return command_usage(invocation,
                             "--until is not after --start; give a later end, or an earlier start");
    invocation->operands = argv + optind + words;
    invocation->n_operands = (size_t)(argc - (int)(invocation->operands - argv));
    if (invocation->n_operands < (size_t)command->min)
        return command_usage(invocation, "the command '%s' needs %.*s", command->name,
                             (int)strcspn(command->arguments, "."), command->arguments);
    if (command->max >= 0 && invocation->n_operands > (size_t)command->max)
        return command_usage(invocation, "the command '%s' does not take '%s'", command->name,
                             invocation->operands[command->max]);
    return command->takes & TAKES_IDS ? parse_ids(invocation) : 0;
}

static int check_utf8(const struct invocation *invocation, int argc, char *argv[])
{
    for (int i = 1; i < argc; i++)
        if (!text_is_utf8(argv[i]))
            return command_usage(invocation, "argument %d, '%s', is not UTF-8; write it in a UTF-8 terminal",
                                 i, argv[i]);
    return 0;
}

/* ---- start and end ---------------------------------------------------------------------------------------- */

/* Opens descriptors 0 to 2 if they are closed, so that no socket becomes one. Writing to such a stdout fails. */
static void hold_standard_descriptors(void)
{
    int fd;

    do
        fd = open("/dev/null", O_RDONLY);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0)
        close(fd);
}

/* Without a locale, text is UTF-8, too: the bus sends UTF-8, and tables must align. */
static void choose_locale(void)
{
    if (!setlocale(LC_CTYPE, "") || strcmp(nl_langinfo(CODESET), "ANSI_X3.4-1968") == 0)
        setlocale(LC_CTYPE, "C.UTF-8");
}

/* `words`: what was given in a command's place; the first is NULL: nothing. */
static int run_instead(const struct option_row *option, struct invocation *invocation, char *const *words)
{
    const struct program *program = invocation->program;
    int taken = 0;
    const struct command *command = words[0] ? find_command(program, words, &taken) : NULL;
    const struct command_family *family = words[0] ? command_family(program, words[0]) : NULL;

    switch (option->instead) {
    case OPTION_HELP:
        return !command && family ? help_print_family(program, family) : help_print(program, command);
    case OPTION_VERSION:
        return help_print_version(program, command);
    case OPTION_COMPLETION:
        return words[0] ? complete_print(invocation, words) : help_print_completion(program);
    case OPTION_NONE:
        break;
    }
    return EX_SOFTWARE;
}

static int finish_invocation(struct invocation *invocation, int code)
{
    pager_end(&invocation->output);
    int r = output_finish(&invocation->output);

    client_close(&invocation->client);
    strv_free(invocation->found);
    free(invocation->ids);
    json_decref(invocation->shown);
    /* A closed pipe (head, less) is no error. */
    if (r == 0 || r == -EPIPE)
        return code;
    output_message(invocation->program->name,
                   "the output could not be written: %s. What is shown is incomplete.", strerror(-r));
    return code == 0 ? EX_IOERR : code;
}

int runner_main(const struct program *program, int argc, char *argv[])
{
    struct invocation invocation = {.program = program};
    const struct option_row *instead = NULL;
    uint64_t takes = 0;
    int code;

    hold_standard_descriptors();
    choose_locale();
    signal(SIGPIPE, SIG_IGN);
    output_init(&invocation.output, false);
    code = check_utf8(&invocation, argc, argv);
    if (code == 0)
        code = parse_options(&invocation, argc, argv, &takes, &instead);
    if (code == 0 && instead)
        code = run_instead(instead, &invocation, argv + optind);
    else if (code == 0)
        code = parse_operands(&invocation, argc, argv, takes);
    if (code == 0 && !instead) {
        if ((invocation.command->takes & TAKES_PAGER) && !invocation.no_pager)
            pager_begin(&invocation.output);
        code = invocation.command->run(&invocation);
    }
    return finish_invocation(&invocation, code);
}
