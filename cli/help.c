/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints help and completion from the tables of commands and options. Help fits on a screen of 24 lines by 80
 * columns: a program lists its commands, a command its options; the rest is in the manual. */
#include "cli/help.h"

#include "cli/options.h"

#include <stdio.h>
#include <string.h>

/* Blank lines stand where the commands of a program leave room: with the prompt behind it, the screen has 24. */
enum { CELL_MAX = 64, ROWS_MAX = 23, ROWS_BESIDE = 7 };

/* "approve ID..." */
static void command_cell(const struct command *command, char ret[CELL_MAX])
{
    snprintf(ret, CELL_MAX, "%s%s%s", command->name, command->arguments[0] ? " " : "", command->arguments);
}

/* The row of the program's help: of a family one, at its first command. False: none. */
static bool program_row(const struct program *program, const struct command *command, char ret[CELL_MAX],
                        const char **ret_help)
{
    const struct command_family *family = command_family(program, command->name);
    const bool begins = command == program->commands || command_family(program, command[-1].name) != family;

    *ret_help = family ? family->help : command->help;
    if (family)
        snprintf(ret, CELL_MAX, "%s COMMAND", family->name);
    else
        command_cell(command, ret);
    return !family || begins;
}

/* "-m, --reason TEXT"; without a letter, blanks in its place. */
static void option_cell(const struct option_row *option, char ret[CELL_MAX])
{
    const char letter[] = {'-', option->letter, ',', ' ', '\0'};

    snprintf(ret, CELL_MAX, "%s--%s%s%s", option->letter ? letter : "    ", option->name,
             option->argument ? " " : "", option->argument ? option->argument : "");
}

static bool is_shown(const struct option_row *option, const struct command *command)
{
    return option->help && (option->takes & ~command->takes) == 0;
}

/* The width of the longest cell in the left column: of the options of a command, or (NULL) of the commands. */
static int column_width(const struct program *program, const struct command *command)
{
    char cell[CELL_MAX];
    const char *help;
    size_t longest = 0;

    for (const struct command *row = program->commands; !command && row->name; row++) {
        program_row(program, row, cell, &help);
        longest = strlen(cell) > longest ? strlen(cell) : longest;
    }
    for (size_t i = 0; command && i < N_OPTIONS; i++) {
        option_cell(&options_rows[i], cell);
        if (is_shown(&options_rows[i], command) && strlen(cell) > longest)
            longest = strlen(cell);
    }
    return (int)longest;
}

static const char *gap_of(const struct program *program)
{
    char cell[CELL_MAX];
    const char *help;
    int rows = ROWS_BESIDE;

    for (const struct command *command = program->commands; command->name; command++)
        rows += program_row(program, command, cell, &help);
    return rows <= ROWS_MAX ? "\n" : "";
}

static void print_commands(const struct program *program, int width)
{
    char cell[CELL_MAX];
    const char *help;

    /* Where not even the blank lines have room, behind the usage. */
    printf("%sCommands (without one: %s):\n", *gap_of(program) ? "\n\n" : "  ", program->commands[0].name);
    for (const struct command *command = program->commands; command->name; command++)
        if (program_row(program, command, cell, &help))
            printf("  %-*s  %s\n", width, cell, help);
}

static void print_options(const struct command *command, int width)
{
    char cell[CELL_MAX];

    printf("\nOptions:\n");
    for (size_t i = 0; i < N_OPTIONS; i++)
        if (is_shown(&options_rows[i], command)) {
            option_cell(&options_rows[i], cell);
            printf("  %-*s  %s\n", width, cell, options_rows[i].help);
        }
}

/* On one line: the screen is for the commands. */
static void print_options_of_all(const char *name, const char *gap)
{
    const char *before = "Options: --";

    fputs(gap, stdout);

    for (size_t i = 0; i < N_OPTIONS; i++)
        if (options_rows[i].help && options_rows[i].takes == 0) {
            printf("%s%s", before, options_rows[i].name);
            before = " --";
        }
    printf("; more: COMMAND --help, man %s\n", name);
}

int help_print(const struct program *program, const struct command *command)
{
    const char *name = program->name;
    const int width = column_width(program, command);
    char cell[CELL_MAX] = "[COMMAND]";

    if (command)
        command_cell(command, cell);
    printf("%s%s%s: %s\n%sUsage: %s %s [OPTION]...", name, command ? " " : "", command ? command->name : "",
           command ? command->help : program->help, command ? "\n" : gap_of(program), name, cell);
    if (!command) {
        print_commands(program, width);
        print_options_of_all(name, gap_of(program));
        return 0;
    }
    putchar('\n');
    print_options(command, width);
    if (command->takes & (TAKES_IDS | TAKES_REQUEST))
        printf("\nID is a request's number, or USER/PACKAGE, as alice/db-admins%s%s%s.\n",
               command->takes & TAKES_OWN ? "; or the PACKAGE\nthat you asked for" : "",
               command->takes & TAKES_USERS ? "; or a USER of whom\none request waits for you" : "",
               command->takes & TAKES_SEVERAL ? "; or several: 3-7, all" : "");
    printf("\nMore, and what the exit codes mean: man %s\n", name);
    return 0;
}

int help_print_family(const struct program *program, const struct command_family *family)
{
    char cell[CELL_MAX];

    printf("%s %s: %s\n\nUsage: %s %s COMMAND [OPTION]...\n\nCommands:\n", program->name, family->name,
           family->help, program->name, family->name);
    for (const struct command *command = program->commands; command->name; command++)
        if (command_family(program, command->name) == family) {
            command_cell(command, cell);
            printf("  %-28s  %s\n", cell, command->help);
        }
    print_options_of_all(program->name, "\n");
    return 0;
}

int help_print_version(const struct program *program, const struct command *command)
{
    (void)command;
    printf("%s (accesspkg) %s\n", program->name, ACCESSPKG_VERSION);
    return 0;
}

/* A row for each command (name, operands, options), then for each option (name, argument), separated by tabs. */
static void print_completion_rows(const struct program *program)
{
    for (const struct command *command = program->commands; command->name; command++) {
        printf("command\t%s\t%s\t", command->name, *command->arguments ? command->arguments : "-");
        for (size_t i = 0; i < N_OPTIONS; i++)
            if (options_rows[i].help && (options_rows[i].takes & ~command->takes) == 0)
                printf("--%s ", options_rows[i].name);
        printf("\n");
    }
    for (size_t i = 0; i < N_OPTIONS; i++)
        if (options_rows[i].argument && options_concern(program, &options_rows[i])) {
            printf("option\t--%s\t%s\n", options_rows[i].name, options_rows[i].argument);
            if (options_rows[i].letter)
                printf("option\t-%c\t%s\n", options_rows[i].letter, options_rows[i].argument);
        }
}

/* One line with the first words of all commands, one with all options, then a row for each. */
int help_print_completion(const struct program *program)
{
    const char *before = "", *help;
    char cell[CELL_MAX];

    for (const struct command *command = program->commands; command->name; command++)
        if (program_row(program, command, cell, &help)) {
            printf("%s%.*s", before, (int)strcspn(command->name, " "), command->name);
            before = " ";
        }
    before = "\n";
    for (size_t i = 0; i < N_OPTIONS; i++)
        if (options_rows[i].help && options_concern(program, &options_rows[i])) {
            printf("%s--%s", before, options_rows[i].name);
            before = " ";
        }
    printf("\n");
    print_completion_rows(program);
    return 0;
}
