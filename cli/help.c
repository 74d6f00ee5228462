/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints help and completion from the tables of commands and options. Help fits on a screen of 24 lines by 80
 * columns: a program lists its commands, a command its options; the rest is in the manual. */
#include "cli/help.h"

#include "cli/options.h"

#include <stdio.h>
#include <string.h>

enum { CELL_MAX = 64 };

/* "approve ID..." */
static void command_cell(const struct command *command, char ret[CELL_MAX])
{
    snprintf(ret, CELL_MAX, "%s%s%s", command->name, command->arguments[0] ? " " : "", command->arguments);
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
    size_t longest = 0;

    for (const struct command *row = program->commands; !command && row->name; row++) {
        command_cell(row, cell);
        longest = strlen(cell) > longest ? strlen(cell) : longest;
    }
    for (size_t i = 0; command && i < N_OPTIONS; i++) {
        option_cell(&options_rows[i], cell);
        if (is_shown(&options_rows[i], command) && strlen(cell) > longest)
            longest = strlen(cell);
    }
    return (int)longest;
}

static void print_commands(const struct program *program, int width)
{
    char cell[CELL_MAX];

    printf("\nCommands (without one: %s):\n", program->commands[0].name);
    for (const struct command *command = program->commands; command->name; command++) {
        command_cell(command, cell);
        printf("  %-*s  %s\n", width, cell, command->help);
    }
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
static void print_options_of_all(const char *name)
{
    const char *before = "\nOptions: --";

    for (size_t i = 0; i < N_OPTIONS; i++)
        if (options_rows[i].help && options_rows[i].takes == 0) {
            printf("%s%s", before, options_rows[i].name);
            before = ", --";
        }
    printf("; others: COMMAND --help. See man %s\n", name);
}

int help_print(const struct program *program, const struct command *command)
{
    const char *name = program->name;
    const int width = column_width(program, command);
    char cell[CELL_MAX] = "[COMMAND]";

    if (command)
        command_cell(command, cell);
    printf("%s%s%s: %s\n\nUsage: %s %s [OPTION]...\n", name, command ? " " : "", command ? command->name : "",
           command ? command->help : program->help, name, cell);
    if (!command) {
        print_commands(program, width);
        print_options_of_all(name);
        return 0;
    }
    print_options(command, width);
    if (command->takes & (TAKES_IDS | TAKES_REQUEST))
        printf("\nID is a request's number, or USER/PACKAGE, as alice/db-admins.\n");
    printf("\nMore, and what the exit codes mean: man %s\n", name);
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

/* One line with all commands, one with all options, then a row for each. */
int help_print_completion(const struct program *program, const struct command *command)
{
    const char *before = "";

    for (command = program->commands; command->name; command++, before = " ")
        printf("%s%s", before, command->name);
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
