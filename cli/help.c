/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Words from the tables of commands and options, for people and for shells. */
#include "cli/help.h"

#include "cli/options.h"

#include <stdio.h>

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

int help_print(const struct program *program, const struct command *command)
{
    if (command)
        printf("%s %s: %s\n\nUsage: %s %s%s%s [OPTION]...\n", program->name, command->name, command->help,
               program->name, command->name, command->arguments[0] ? " " : "", command->arguments);
    else
        help_of_program(program);
    printf("\nOptions:\n");
    for (size_t i = 0; i < N_OPTIONS; i++) {
        const char letter[] = {'-', options_rows[i].letter, ',', ' ', '\0'};
        char left[32];

        if (!options_rows[i].help || !options_concern(program, &options_rows[i]) ||
            (command && (options_rows[i].takes & ~command->takes)))
            continue;
        snprintf(left, sizeof(left), "%s--%s", options_rows[i].letter ? letter : "    ",
                 options_rows[i].name);
        help_row(left, options_rows[i].argument ? options_rows[i].argument : "", options_rows[i].help);
    }
    printf(
        "\nExit codes: 0 done; 1 refused by a state or a policy; 64 wrong usage; 67 no such user; 69 "
        "accesspkgd\n"
        "does not answer; 74 the output could not be written; 75 too much at once, try again later; 77 not\n"
        "allowed; 78 the configuration has errors. Of several the highest counts.\n");
    return 0;
}

int help_print_version(const struct program *program, const struct command *command)
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

/* Two lines of words, commands and options, then a row for each, for packaging/completions. */
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
