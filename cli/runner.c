/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One table of options for all programs; a program brings its table of commands. Knows nothing of the bus. */
#include "cli/runner.h"

#include "cli/pager.h"
#include "cli/when.h"

#include "common/duration.h"
#include "common/names.h"
#include "common/paths.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

/* ---- options ---------------------------------------------------------------------------------------------- */

static int set_reason(struct invocation *invocation, const char *value);
static int set_duration(struct invocation *invocation, const char *value);
static int set_start(struct invocation *invocation, const char *value);
static int set_override(struct invocation *invocation, const char *value);
static int set_package(struct invocation *invocation, const char *value);
static int set_dry_run(struct invocation *invocation, const char *value);
static int set_to(struct invocation *invocation, const char *value);
static int set_until(struct invocation *invocation, const char *value);
static int set_revoke(struct invocation *invocation, const char *value);
static int set_limit(struct invocation *invocation, const char *value);
static int set_yes(struct invocation *invocation, const char *value);
static int set_wait(struct invocation *invocation, const char *value);
static int set_no_pager(struct invocation *invocation, const char *value);
static int set_since(struct invocation *invocation, const char *value);
static int set_user(struct invocation *invocation, const char *value);
static int set_request(struct invocation *invocation, const char *value);
static int set_json(struct invocation *invocation, const char *value);
static int print_help(const struct program *program, const struct command *command);
static int print_version(const struct program *program, const struct command *command);
static int print_completion(const struct program *program, const struct command *command);

static const struct option_row {
    const char *name;
    char letter;          /* 0: none */
    const char *argument; /* NULL: takes none */
    unsigned takes;       /* the command must take this */
    int (*set)(struct invocation *invocation, const char *value);
    /* Runs in place of any command; `command` NULL: none was named. */
    int (*instead)(const struct program *program, const struct command *command);
    const char *help; /* NULL: not shown */
} options[] = {
    {"reason", 'm', "TEXT", TAKES_REASON, set_reason, NULL, "why; those whom it concerns read it"},
    {"justification", 0, "TEXT", TAKES_REASON, set_reason, NULL, "the same as --reason"},
    {"duration", 'd', "TIME", TAKES_DURATION, set_duration, NULL, "for how long, as 90m, 4h, 1d or forever"},
    {"for", 0, "TIME", TAKES_FOR, set_duration, NULL, "give less time than was asked for"},
    {"start", 0, "WHEN", TAKES_START, set_start, NULL, "begin later: +2h, 14:30 or '2026-11-24 09:00'"},
    {"override", 0, NULL, TAKES_OVERRIDE, set_override, NULL, "although it is incompatible; wants -m"},
    {"package", 0, "NAME", TAKES_PACKAGE, set_package, NULL, "this package (import needs it)"},
    {"dry-run", 0, NULL, TAKES_DRY_RUN, set_dry_run, NULL, "change nothing, say what would be done"},
    {"to", 0, "USER", TAKES_TO, set_to, NULL, "who may decide in your name"},
    {"until", 0, "WHEN", TAKES_UNTIL, set_until, NULL, "until when: +2d, 18:00 or '2026-11-24 09:00'"},
    {"revoke", 0, "USER", TAKES_REVOKE, set_revoke, NULL, "end what you delegated to, or received from"},
    {"yes", 'y', NULL, TAKES_YES, set_yes, NULL, "do not ask whether to go on"},
    {"wait", 0, NULL, TAKES_WAIT, set_wait, NULL, "stay until it is decided; Ctrl-C leaves it filed"},
    {"request", 0, "ID", TAKES_REQUEST, set_request, NULL, "only what concerns this request"},
    {"user", 0, "USER", TAKES_USER, set_user, NULL, "only what this user did, or what concerns them"},
    {"since", 0, "WHEN", TAKES_SINCE, set_since, NULL, "from when on: 7d (ago), 14:30 or '2026-11-01'"},
    {"limit", 'n', "N", TAKES_LIMIT, set_limit, NULL, "only the newest N"},
    {"no-pager", 0, NULL, TAKES_PAGER, set_no_pager, NULL, "do not page what is long"},
    {"json", 0, NULL, 0, set_json, NULL, "print JSON, for programs"},
    {"help", 'h', NULL, 0, NULL, print_help, "show this help"},
    {"version", 'V', NULL, 0, NULL, print_version, "show the version"},
    {"print-completion", 0, NULL, 0, NULL, print_completion, NULL},
};

enum { N_OPTIONS = sizeof(options) / sizeof(*options), LONG_BASE = 256 };

/* Whether a command of the program takes what the option sets. */
static bool option_concerns(const struct program *program, const struct option_row *option)
{
    unsigned takes = 0;

    for (const struct command *command = program->commands; command->name; command++)
        takes |= command->takes;
    return (option->takes & ~takes) == 0;
}

static int set_reason(struct invocation *invocation, const char *value)
{
    invocation->reason = value;
    return runner_check_text(invocation, value);
}

static int set_duration(struct invocation *invocation, const char *value)
{
    if (duration_parse_or_forever(value, &invocation->duration) < 0)
        return runner_usage(invocation,
                            "'%s' is no duration; write it as 90m, 4h or 1d, ten years at most, or forever",
                            value);
    return 0;
}

static int set_start(struct invocation *invocation, const char *value)
{
    const int64_t now = time(NULL);

    if (when_parse(value, now, &invocation->start) < 0)
        return runner_usage(invocation, "'%s' is no time; write it as +2h, 14:30 or '2026-11-24 09:00'",
                            value);
    if (invocation->start <= now)
        return runner_usage(invocation, "'%s' is in the past; leave --start away to begin at once", value);
    return 0;
}

static int set_to(struct invocation *invocation, const char *value)
{
    invocation->to = value;
    return 0;
}

static int set_revoke(struct invocation *invocation, const char *value)
{
    invocation->revoke = value;
    return 0;
}

static int set_until(struct invocation *invocation, const char *value)
{
    const int64_t now = time(NULL);

    if (when_parse(value, now, &invocation->until) < 0)
        return runner_usage(invocation, "'%s' is no time; write it as +2d, 18:00 or '2026-11-24 09:00'",
                            value);
    if (invocation->until <= now)
        return runner_usage(invocation, "'%s' is in the past; an end lies ahead", value);
    return 0;
}

static int set_override(struct invocation *invocation, const char *value)
{
    (void)value;
    invocation->override = true;
    return 0;
}

static int set_package(struct invocation *invocation, const char *value)
{
    invocation->package = value;
    return 0;
}

static int set_dry_run(struct invocation *invocation, const char *value)
{
    (void)value;
    invocation->dry_run = true;
    return 0;
}

/* A number of decimal digits, at least 1, and nothing else: no sign, no blank, no 0x. */
static bool parse_positive(const char *text, int64_t *ret)
{
    char *end;

    if (text[0] < '0' || text[0] > '9')
        return false;
    errno = 0;
    int64_t number = strtoll(text, &end, 10);
    if (errno != 0 || *end != '\0' || number < 1)
        return false;
    *ret = number;
    return true;
}

static int set_limit(struct invocation *invocation, const char *value)
{
    if (!parse_positive(value, &invocation->limit))
        return runner_usage(invocation, "'%s' is no limit; give a number from 1 on", value);
    return 0;
}

static int set_yes(struct invocation *invocation, const char *value)
{
    (void)value;
    invocation->yes = true;
    return 0;
}

static int set_wait(struct invocation *invocation, const char *value)
{
    (void)value;
    invocation->wait = true;
    return 0;
}

static int set_no_pager(struct invocation *invocation, const char *value)
{
    (void)value;
    invocation->no_pager = true;
    return 0;
}

static int set_since(struct invocation *invocation, const char *value)
{
    const int64_t now = time(NULL);

    if (when_parse_past(value, now, &invocation->since) < 0)
        return runner_usage(invocation, "'%s' is no time; write it as 7d (ago), 14:30 or '2026-11-01 09:00'",
                            value);
    if (invocation->since > now)
        return runner_usage(invocation, "'%s' lies ahead; --since looks back", value);
    return 0;
}

static int set_user(struct invocation *invocation, const char *value)
{
    invocation->user = value;
    return 0;
}

static int set_request(struct invocation *invocation, const char *value)
{
    invocation->request = value;
    return runner_parse_id(invocation, value, &(int64_t){0});
}

static int set_json(struct invocation *invocation, const char *value)
{
    (void)value;
    invocation->output.json = true;
    return 0;
}

/* ---- what is printed instead of running a command --------------------------------------------------------- */

static void help_row(const char *left, const char *argument, const char *help)
{
    char cell[40];

    snprintf(cell, sizeof(cell), "%s%s%s", left, argument[0] ? " " : "", argument);
    printf("  %-26s %s\n", cell, help);
}

static void help_of_program(const struct program *program)
{
    printf("%s: %s\n\nUsage: %s [COMMAND] [OPTION]...\n\nCommands (without one: %s; more of each: %s COMMAND "
           "--help):\n",
           program->name, program->help, program->name, program->commands[0].name, program->name);
    for (const struct command *command = program->commands; command->name; command++)
        help_row(command->name, command->arguments, command->help);
}

static int print_help(const struct program *program, const struct command *command)
{
    if (command)
        printf("%s %s: %s\n\nUsage: %s %s%s%s [OPTION]...\n", program->name, command->name, command->help,
               program->name, command->name, command->arguments[0] ? " " : "", command->arguments);
    else
        help_of_program(program);
    printf("\nOptions:\n");
    for (size_t i = 0; i < N_OPTIONS; i++) {
        const char letter[] = {'-', options[i].letter, ',', ' ', '\0'};
        char left[32];

        if (!options[i].help || !option_concerns(program, &options[i]) ||
            (command && (options[i].takes & ~command->takes)))
            continue;
        snprintf(left, sizeof(left), "%s--%s", options[i].letter ? letter : "    ", options[i].name);
        help_row(left, options[i].argument ? options[i].argument : "", options[i].help);
    }
    printf(
        "\nExit codes: 0 done; 1 refused by a state or a policy; 64 wrong usage; 67 no such user; 69 "
        "accesspkgd\n"
        "does not answer; 74 the output could not be written; 75 too much at once, try again later; 77 not\n"
        "allowed; 78 the configuration has errors. Of several the highest counts.\n");
    return 0;
}

static int print_version(const struct program *program, const struct command *command)
{
    (void)command;
    printf("%s (accesspkg) %s\n", program->name, ACCESSPKG_VERSION);
    return 0;
}

/* The commands' rows: name, operands, options; then the options': name, what it takes. Parted by tabs. */
static void print_completion_rows(const struct program *program)
{
    for (const struct command *command = program->commands; command->name; command++) {
        printf("command\t%s\t%s\t", command->name, *command->arguments ? command->arguments : "-");
        for (size_t i = 0; i < N_OPTIONS; i++)
            if (options[i].help && (options[i].takes & ~command->takes) == 0)
                printf("--%s ", options[i].name);
        printf("\n");
    }
    for (size_t i = 0; i < N_OPTIONS; i++)
        if (options[i].argument && option_concerns(program, &options[i])) {
            printf("option\t--%s\t%s\n", options[i].name, options[i].argument);
            if (options[i].letter)
                printf("option\t-%c\t%s\n", options[i].letter, options[i].argument);
        }
}

/* Two lines of words, commands and options, then a row for each, for packaging/completions. */
static int print_completion(const struct program *program, const struct command *command)
{
    const char *before = "";

    for (command = program->commands; command->name; command++, before = " ")
        printf("%s%s", before, command->name);
    before = "\n";
    for (size_t i = 0; i < N_OPTIONS; i++)
        if (options[i].help && option_concerns(program, &options[i])) {
            printf("%s--%s", before, options[i].name);
            before = " ";
        }
    printf("\n");
    print_completion_rows(program);
    return 0;
}

/* ---- parsing ---------------------------------------------------------------------------------------------- */

int runner_usage(const struct invocation *invocation, const char *format, ...)
{
    char *text;
    va_list arguments;

    va_start(arguments, format);
    if (vasprintf(&text, format, arguments) < 0)
        text = NULL;
    va_end(arguments);
    output_message(invocation->program->name, "%s. Try: %s --help", text ? text : "this cannot be understood",
                   invocation->program->name);
    free(text);
    return EX_USAGE;
}

int runner_check_text(const struct invocation *invocation, const char *text)
{
    if (strlen(text) > BUS_TEXT_MAX)
        return runner_usage(invocation, "the text is %zu bytes long; at most %d are allowed", strlen(text),
                            BUS_TEXT_MAX);
    if (!text_is_utf8(text))
        return runner_usage(invocation, "the text is not UTF-8; write it in a UTF-8 terminal");
    return 0;
}

static void getopt_tables(char *ret_letters, struct option *ret_long)
{
    *ret_letters++ = ':';
    for (size_t i = 0; i < N_OPTIONS; i++) {
        ret_long[i] = (struct option){.name = options[i].name,
                                      .has_arg = options[i].argument ? required_argument : no_argument,
                                      .val = (int)(LONG_BASE + i)};
        if (options[i].letter) {
            *ret_letters++ = options[i].letter;
            if (options[i].argument)
                *ret_letters++ = ':';
        }
    }
    *ret_letters = '\0';
    ret_long[N_OPTIONS] = (struct option){0};
}

static const struct option_row *option_of(int code)
{
    for (size_t i = 0; i < N_OPTIONS; i++)
        if (code == (int)(LONG_BASE + i) || (options[i].letter && code == options[i].letter))
            return &options[i];
    return NULL;
}

/* Reads the options, wherever they stand. 0 or an exit code; *ret_takes is what was given. */
static int parse_options(struct invocation *invocation, int argc, char *argv[], unsigned *ret_takes,
                         const struct option_row **ret_instead)
{
    char letters[2 * N_OPTIONS + 2];
    struct option longs[N_OPTIONS + 1];
    int code, r = 0;

    getopt_tables(letters, longs);
    opterr = 0;
    optind = 0; /* start over: the tests call this more than once */
    while (r == 0 && (code = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
        const struct option_row *option = option_of(code);

        if (code == ':')
            return runner_usage(invocation, "the option %s needs a value", argv[optind - 1]);
        if (!option && optopt > 0 && optopt < LONG_BASE)
            return runner_usage(invocation, "there is no option -%c", optopt);
        if (!option)
            return runner_usage(invocation, "the option %s is not known, not clear or takes no value",
                                argv[optind - 1]);
        *ret_takes |= option->takes;
        if (option->instead)
            *ret_instead = option;
        else
            r = option->set(invocation, optarg);
    }
    return r;
}

static const struct command *command_of(const struct program *program, const char *name)
{
    for (const struct command *command = program->commands; command->name; command++)
        if (strcmp(command->name, name) == 0)
            return command;
    return NULL;
}

int runner_parse_id(const struct invocation *invocation, const char *text, int64_t *ret)
{
    const char *slash = strrchr(text, '/');

    if (slash && slash != text && slash[1]) {
        *ret = 0;
        return 0;
    }
    if (parse_positive(text, ret))
        return 0;
    return runner_usage(invocation, "'%s' is no request number and no USER/PACKAGE", text);
}

static int parse_ids(struct invocation *invocation)
{
    invocation->ids = calloc(invocation->n_operands + 1, sizeof(*invocation->ids));
    if (!invocation->ids)
        return runner_usage(invocation, "there are too many request numbers");
    for (size_t i = 0; i < invocation->n_operands; i++)
        if (runner_parse_id(invocation, invocation->operands[i], &invocation->ids[i]) != 0)
            return EX_USAGE;
    return 0;
}

/* The command, its operands, and whether it takes the options that were given. */
static int parse_operands(struct invocation *invocation, int argc, char *argv[], unsigned takes)
{
    const struct command *command =
        optind < argc ? command_of(invocation->program, argv[optind]) : invocation->program->commands;

    if (!command)
        return runner_usage(invocation, "there is no command '%s'", argv[optind]);
    if (takes & ~command->takes)
        for (size_t i = 0; i < N_OPTIONS; i++)
            if (options[i].takes & takes & ~command->takes)
                return runner_usage(invocation, "the command '%s' takes no --%s", command->name,
                                    options[i].name);
    invocation->command = command;
    invocation->operands = argv + (optind < argc ? optind + 1 : argc);
    invocation->n_operands = (size_t)(argc - (int)(invocation->operands - argv));
    if (invocation->n_operands < (size_t)command->min)
        return runner_usage(invocation, "the command '%s' needs %.*s", command->name,
                            (int)strcspn(command->arguments, "."), command->arguments);
    if (command->max >= 0 && invocation->n_operands > (size_t)command->max)
        return runner_usage(invocation, "the command '%s' does not take '%s'", command->name,
                            invocation->operands[command->max]);
    return command->takes & TAKES_IDS ? parse_ids(invocation) : 0;
}

static int check_arguments(const struct invocation *invocation, int argc, char *argv[])
{
    for (int i = 1; i < argc; i++)
        if (!text_is_utf8(argv[i]))
            return runner_usage(invocation, "argument %d, '%s', is not UTF-8; write it in a UTF-8 terminal",
                                i, argv[i]);
    return 0;
}

/* ---- the frame -------------------------------------------------------------------------------------------- */

/* Descriptors 0 to 2 that were closed are opened, so that no socket becomes one; writing to such a stdout fails. */
static void hold_standard_descriptors(void)
{
    int fd;

    do
        fd = open("/dev/null", O_RDONLY);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0)
        close(fd);
}

/* Where nobody chose a locale, text is UTF-8 all the same: it comes so from the bus, and tables must align. */
static void choose_locale(void)
{
    if (!setlocale(LC_CTYPE, "") || strcmp(nl_langinfo(CODESET), "ANSI_X3.4-1968") == 0)
        setlocale(LC_CTYPE, "C.UTF-8");
}

static int finish(struct invocation *invocation, int code)
{
    pager_end(&invocation->output);
    int r = output_finish(&invocation->output);

    client_close(&invocation->client);
    free(invocation->ids);
    /* Who closes the pipe (head, less) has seen enough. */
    if (r == 0 || r == -EPIPE)
        return code;
    output_message(invocation->program->name,
                   "the output could not be written: %s. What is shown is incomplete", strerror(-r));
    return code == 0 ? EX_IOERR : code;
}

int runner_main(const struct program *program, int argc, char *argv[])
{
    struct invocation invocation = {.program = program};
    const struct option_row *instead = NULL;
    unsigned takes = 0;
    int code;

    hold_standard_descriptors();
    choose_locale();
    signal(SIGPIPE, SIG_IGN);
    output_init(&invocation.output, false);
    code = check_arguments(&invocation, argc, argv);
    if (code == 0)
        code = parse_options(&invocation, argc, argv, &takes, &instead);
    if (code == 0 && instead)
        code = instead->instead(program, optind < argc ? command_of(program, argv[optind]) : NULL);
    else if (code == 0)
        code = parse_operands(&invocation, argc, argv, takes);
    if (code == 0 && !instead) {
        if ((invocation.command->takes & TAKES_PAGER) && !invocation.no_pager)
            pager_begin(&invocation.output);
        code = invocation.command->run(&invocation);
    }
    return finish(&invocation, code);
}
